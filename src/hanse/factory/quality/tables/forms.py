"""How values are written that are texts: as numbers, dates of several kinds, true and false, or as nothing of that.

A column of texts is read as another kind if nine of ten of its values are written so. A value with a leading zero is a name, no number.
Dates with slashes are read only where the column itself tells whether the day or the month comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from hanse.factory.quality.stated import ColumnRule
from hanse.factory.quality.tables.table import Column, Kind, chunks, collected

MOSTLY: Final = 0.9
_SIGN: Final = r"^[+-]?"
FORMS: Final = {
    "integer": _SIGN + r"(?:0|[1-9][0-9]*)$",
    "number": _SIGN + r"(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|(?i:nan|inf|infinity))$",
    "decimal-comma": r"^-?[0-9]{1,3}(?:\.[0-9]{3})*,[0-9]+$|^-?[0-9]+,[0-9]+$",
    "boolean": r"^(?i:true|false)$",
    "date-iso": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "moment-iso": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$",
    "date-dots": r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$",
    "date-slashes": r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$",
}
"""No value is written in two of these forms; what is written in none is `text`."""
DATES: Final = ("date-iso", "moment-iso", "date-dots", "date-slashes")
_NUMBERS: Final = ("integer", "number")
_DAY_FIRST: Final = r"^(?:1[3-9]|2[0-9]|3[01])/"
_MONTH_FIRST: Final = r"^[0-9]{1,2}/(?:1[3-9]|2[0-9]|3[01])/"
_HEAD: Final = 1_000
_TIMES: Final = ("%H", "%I", "%T", "%R")


def forms_of(raw: pl.LazyFrame, names: list[str], *, small: bool) -> dict[str, dict[str, int]]:
    """Count the values of columns of texts by their form; forms that do not occur are left out."""
    found: dict[str, dict[str, int]] = {}
    for some in chunks(names):
        asked = [(name, form, expression) for name in some for form, expression in _counts(name)]
        row = collected(raw.select([one.alias(str(number)) for number, (_, _, one) in enumerate(asked)]), small=small).row(0)
        for (name, form, _), count in zip(asked, row, strict=True):
            if count:
                found.setdefault(name, {})[form] = int(count)
    for forms in found.values():
        rest = forms.pop("all", 0) - sum(forms.get(form, 0) for form in FORMS)
        if rest:
            forms["text"] = rest
    return {name: found.get(name, {}) for name in names}


def read_as(column: str, type: str, forms: Mapping[str, int]) -> tuple[Column, pl.Expr]:
    """Return what a column of texts is, by its forms, and the expression that makes it so."""
    told = {form: count for form, count in forms.items() if form in FORMS or form == "text"}
    count = sum(told.values())
    kind = _kind(told, count)
    plain = pl.col(column).str.strip_chars()
    if kind == "number":
        whole = told.get("number", 0) == 0 and not forms.get("huge")
        made: pl.Expr = plain.cast(pl.Int64 if whole else pl.Float64, strict=False)
    elif kind == "boolean":
        lower = plain.str.to_lowercase()
        made = pl.when(lower.is_in(["true", "false"])).then(lower == "true")
    elif kind == "date":
        made = _dates(plain, forms)
    else:
        made = pl.col(column)
    return Column(column, kind, type, forms=told), made


def read_stated(column: str, forms: Mapping[str, int], rule: ColumnRule) -> tuple[Column, pl.Expr]:
    """Return a column of texts as the type that is stated, and the expression that makes it so."""
    told = {form: count for form, count in forms.items() if form in FORMS or form == "text"}
    kind: Kind = "number" if rule.type == "integer" else rule.type or "text"
    return Column(column, kind if told else "empty", "String", forms=told), stated_value(pl.col(column).str.strip_chars(), rule)


def stated_value(plain: pl.Expr, rule: ColumnRule) -> pl.Expr:
    """Return texts as the type that is stated, null where they are none."""
    if rule.type == "boolean":
        lower = plain.str.to_lowercase()
        return pl.when(lower.is_in(["true", "false"])).then(lower == "true")
    if rule.type == "date":
        form = rule.format or "%Y-%m-%d"
        if any(part in form for part in _TIMES):
            return plain.str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone(None)
        return plain.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    if rule.type not in ("number", "integer"):
        return plain
    number = plain.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() & (number.floor() == number)).then(number) if rule.type == "integer" else number


def dated_columns(raw: pl.LazyFrame, names: list[str], *, small: bool) -> list[str]:
    """Return those columns of texts that look like dates at their beginning."""
    if not names:
        return []
    found = []
    for some in chunks(names):
        head = collected(raw.select(some).head(_HEAD), small=small)
        for name in some:
            values = head[name].drop_nulls()
            dates = sum(int(values.str.contains(FORMS[form]).sum()) for form in DATES)
            if len(values) and dates >= MOSTLY * len(values):
                found.append(name)
    return found


def _kind(forms: Mapping[str, int], count: int) -> Kind:
    if not count:
        return "empty"
    kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (("number", _NUMBERS), ("date", DATES), ("boolean", ("boolean",)))
    for kind, some in kinds:
        if sum(forms.get(form, 0) for form in some) >= MOSTLY * count:
            return kind
    return "text"


def _counts(name: str) -> Iterator[tuple[str, pl.Expr]]:
    plain = pl.col(name).str.strip_chars()
    yield "all", pl.col(name).is_not_null().sum()
    for form, pattern in FORMS.items():
        yield form, plain.str.contains(pattern).sum()
    yield "huge", (plain.str.contains(FORMS["integer"]) & plain.cast(pl.Int64, strict=False).is_null()).sum()
    yield "day-first", plain.str.contains(_DAY_FIRST).sum()
    yield "month-first", plain.str.contains(_MONTH_FIRST).sum()


def _dates(plain: pl.Expr, forms: Mapping[str, int]) -> pl.Expr:
    """Return the moments (in UTC, to the microsecond) of the forms that a column has."""
    made: list[pl.Expr] = []
    if forms.get("date-iso"):
        made.append(_day(plain, "%Y-%m-%d"))
    if forms.get("moment-iso"):
        made += _moments(plain)
    if forms.get("date-dots"):
        made.append(_day(plain, "%d.%m.%Y"))
    order = {(True, False): "%d/%m/%Y", (False, True): "%m/%d/%Y"}.get((bool(forms.get("day-first")), bool(forms.get("month-first"))))
    if forms.get("date-slashes") and order:
        made.append(_day(plain, order))
    return pl.coalesce(made) if made else pl.lit(None, pl.Datetime("us"))


def _day(plain: pl.Expr, form: str) -> pl.Expr:
    return plain.str.to_date(form, strict=False).cast(pl.Datetime("us"))


def _moments(plain: pl.Expr) -> list[pl.Expr]:
    text = plain.str.replace(" ", "T", literal=True)
    zoned = text.str.replace(r"Z$", "+00:00").str.replace(r"T([0-9]{2}:[0-9]{2})([+-])", "T${1}:00${2}")
    moment = zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False, time_zone="UTC")
    bare = [text.str.to_datetime(form, time_unit="us", strict=False) for form in ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")]
    return [moment.dt.replace_time_zone(None), *bare]
