"""Checks stated constraints of columns batch by batch: types and nulls here, ranges, lengths, patterns and lists by pandera."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from hanse.factory.quality.measures.conditions import dated, moment
from hanse.factory.quality.stated import ColumnRule
from hanse.factory.quality.subject import word
from hanse.factory.quality.tables.forms import stated_value
from hanse.factory.quality.tables.table import Column, Table
from hanse.kernel.errors import Invalid, Misconfigured

_TYPES: Final = {"number": "number", "integer": "number", "boolean": "boolean", "date": "date", "text": "text"}
_RAW: Final = " raw"
_SLICE: Final = 200_000


@dataclass
class Checked:
    """How many cells of a column break a constraint (`cells`), and how many break each of them."""

    cells: int = 0
    broken: dict[str, int] = field(default_factory=dict)

    def add(self, constraint: str, count: int) -> None:
        """Add what one batch showed."""
        self.broken[constraint] = self.broken.get(constraint, 0) + count


def check(table: Table, rules: Mapping[str, ColumnRule]) -> dict[str, Checked]:
    """Check the columns that have rules. Raises `Invalid` for a pattern that is none, `Misconfigured` without pandera."""
    found = {name: Checked(broken=dict.fromkeys(_named(rule), 0)) for name, rule in rules.items()}
    if not rules:
        return found
    values = [_value(table, name, rule).alias(name) for name, rule in rules.items()]
    there = [pl.col(name).is_not_null().alias(name + _RAW) for name in rules]
    lazy = table.raw.select(*values, *there)
    schema = _schema(rules)
    for batch in _batches(table, lazy):
        for name, rule in rules.items():
            _forms(batch, name, rule, found[name])
        _validate(schema, batch.select(list(rules)), found)
    return found


def _batches(table: Table, lazy: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    if table.small:
        return lazy.collect().iter_slices(_SLICE)
    return lazy.collect_batches(chunk_size=_SLICE, engine="streaming")


def _named(rule: ColumnRule) -> list[str]:
    given = {
        "type": rule.type is not None,
        "null": not rule.nullable,
        "range": rule.min is not None or rule.max is not None,
        "length": rule.min_length is not None or rule.max_length is not None,
        "pattern": bool(rule.pattern),
        "among": bool(rule.among),
    }
    return [name for name, there in given.items() if there]


def _forms(batch: pl.DataFrame, name: str, rule: ColumnRule, found: Checked) -> None:
    unfit = int((batch[name].is_null() & batch[name + _RAW]).sum())
    nulls = 0 if rule.nullable else int((~batch[name + _RAW]).sum())
    if rule.type is not None:
        found.add("type", unfit)
    if not rule.nullable:
        found.add("null", nulls)
    found.cells += unfit + nulls


def _value(table: Table, name: str, rule: ColumnRule) -> pl.Expr:
    """Return a column's values as the type that is stated, null where they are none."""
    column = table.column(name)
    assert column is not None
    raw = pl.col(name)
    if rule.type is None or rule.type == "text":
        fits = rule.type is None or column.type in ("String", "Null")
        return raw.cast(pl.String) if fits and column.kind != "nested" else pl.lit(None, pl.String)
    if column.type == "String":
        return stated_value(raw.str.strip_chars(), rule)
    return _native(raw, column, rule)


def _native(raw: pl.Expr, column: Column, rule: ColumnRule) -> pl.Expr:
    if _TYPES[rule.type or ""] != column.kind:
        return pl.lit(None, pl.Float64)
    if column.kind == "date":
        return dated(column.name)
    if column.kind == "boolean":
        return raw
    number = raw.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() & (number.floor() == number)).then(number) if rule.type == "integer" else number


def _schema(rules: Mapping[str, ColumnRule]) -> object:
    try:
        import pandera.polars as pa
    except ModuleNotFoundError:
        raise Misconfigured("Constraints of columns need the package pandera.", hint="pip install 'hanse[prepare]'") from None
    columns = {}
    for name, rule in rules.items():
        checks = []
        low, high = _bound(rule.min), _bound(rule.max)
        if low is not None:
            checks.append(pa.Check.ge(low, error="range"))
        if high is not None:
            checks.append(pa.Check.le(high, error="range"))
        if rule.min_length is not None or rule.max_length is not None:
            checks.append(pa.Check.str_length(rule.min_length, rule.max_length, error="length"))
        if rule.pattern:
            checks.append(pa.Check.str_matches(_pattern(rule.pattern, name), error="pattern"))
        if rule.among:
            checks.append(pa.Check.isin(_among(rule), error="among"))
        columns[name] = pa.Column(None, checks, nullable=True)
    return pa.DataFrameSchema(columns)


def _bound(value: float | str | None) -> object:
    return moment(value) if isinstance(value, str) else value


def _among(rule: ColumnRule) -> list[object]:
    if rule.type in ("number", "integer"):
        return [float(one) for one in rule.among if isinstance(one, int | float)]
    if rule.type == "date":
        return [moment(str(one)) for one in rule.among]
    return [*rule.among] if rule.type == "boolean" else [word(one) for one in rule.among]


def _pattern(pattern: str, column: str) -> str:
    whole = f"^(?:{pattern})$"
    try:
        pl.Series([""]).str.contains(whole, strict=True)
    except pl.exceptions.ComputeError as error:
        why = " ".join(str(error).split())[:200]
        raise Invalid(f"This pattern cannot be used: {why}.", where=f"columns.{column}.pattern", rule="stated") from None
    return whole


def _validate(schema: object, batch: pl.DataFrame, found: dict[str, Checked]) -> None:
    from pandera.errors import SchemaErrors

    try:
        schema.validate(batch, lazy=True)  # type: ignore[attr-defined]
    except SchemaErrors as errors:
        failures = errors.failure_cases
        for name, constraint, count in failures.group_by("column", "check").agg(pl.col("index").n_unique()).iter_rows():
            found[name].add(constraint, count)
        for name, count in failures.group_by("column").agg(pl.col("index").n_unique()).iter_rows():
            found[name].cells += count
