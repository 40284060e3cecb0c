"""What is stated about data: for what it is to be used, what holds in its columns, which population it stands for, what its label is.

All of it is optional. What is not stated is not measured, and the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from hanse.kernel.errors import Invalid
from hanse.kernel.wording import sentence

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Words = Annotated[tuple[Name, ...], Meta(max_length=1000)]
Said = Annotated[str, Meta(max_length=4096)]
Scalar = str | int | float | bool
Kind = Literal["number", "integer", "text", "boolean", "date"]
Compared = Literal["==", "!=", "<", "<=", ">", ">="]
_SUM: Final = 1e-6
_NUMBERS: Final = ("number", "integer")
_PATTERN: Final = 500
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.{1,200})`", re.DOTALL)


class _Part(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class ColumnRule(_Part, frozen=True, kw_only=True):
    """What holds in a column: its `type`, whether it is there, has no nulls, has no value twice; the range; a pattern; a list of values.

    `format` is how dates are written (`%d.%m.%Y`); `pattern` an expression that the whole text matches (RE2's language).
    """

    type: Kind | None = None
    format: Annotated[str, Meta(max_length=40)] = ""
    required: bool = True
    nullable: bool = True
    unique: bool = False
    min: int | float | str | None = None
    max: int | float | str | None = None
    min_length: Annotated[int, Meta(ge=0)] | None = None
    max_length: Annotated[int, Meta(ge=0)] | None = None
    pattern: Annotated[str, Meta(max_length=_PATTERN)] = ""
    among: Annotated[tuple[Scalar, ...], Meta(max_length=10_000)] = ()


class Condition(_Part, frozen=True, kw_only=True):
    """Compares a column with another `column`, or with a `value`."""

    left: Name
    op: Compared = msgspec.field(name="is")
    column: Annotated[str, Meta(max_length=256)] = ""
    value: Scalar | None = None


class Rule(_Part, frozen=True, kw_only=True):
    """What holds between columns: `then`, in records for which `when` holds (all, without)."""

    name: Name
    then: Condition
    when: Condition | None = None


class Label(_Part, frozen=True, kw_only=True):
    """Which column holds the label; which `classes` there are, which columns were labelled (`inputs`), and whose labels are where."""

    column: Name
    classes: Annotated[tuple[Scalar, ...], Meta(max_length=10_000)] = ()
    inputs: Words = ()
    annotators: Words = ()


class Time(_Part, frozen=True, kw_only=True):
    """Which column tells when a record was last true, how old it may be (days), and when it came in (`arrived`), at most how much later."""

    column: Name
    max_age: Annotated[float, Meta(gt=0)] | None = None
    arrived: Annotated[str, Meta(max_length=256)] = ""
    max_delay: Annotated[float, Meta(gt=0)] | None = None


class Bias(_Part, frozen=True, kw_only=True):
    """Which columns name groups of people, which one tells what became of them, and which of its values are favourable.

    `reference` names for an attribute the group that others are compared with; without, it is the one with the highest rate.
    """

    attributes: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=32)]
    outcome: Name
    favourable: Annotated[tuple[Scalar, ...], Meta(min_length=1, max_length=100)]
    reference: Mapping[Name, Scalar] = {}


class Setting(_Part, frozen=True, kw_only=True):
    """Where, how and for what the data was made, in words; and, where a column tells places, which ones are to be covered."""

    geographical: Said = ""
    behavioural: Said = ""
    functional: Said = ""
    contextual: Said = ""
    place_column: Annotated[str, Meta(max_length=256)] = ""
    places: Words = ()


class Relevance(_Part, frozen=True, kw_only=True):
    """What the use needs: these columns, languages (BCP 47; `language_column` tells them) and terms in the texts."""

    columns: Words = ()
    languages: Words = ()
    language_column: Name = "language"
    terms: Words = ()


class Stated(_Part, frozen=True, kw_only=True):
    """All that is stated. `population` gives for a column the share of each value among those whom the data stands for.

    `balance` names columns whose values should be even, `group_by` those for whose values statistics are made, `text` the column that
    holds texts, `at` the moment for which the data is assessed, if it is not now.
    """

    use: Said = ""
    at: Annotated[datetime, Meta(tz=True)] | None = None
    text: Annotated[str, Meta(max_length=256)] = ""
    columns: Annotated[Mapping[Name, ColumnRule], Meta(max_length=10_000)] = {}
    rules: Annotated[tuple[Rule, ...], Meta(max_length=1000)] = ()
    label: Label | None = None
    time: Time | None = None
    population: Annotated[Mapping[Name, Mapping[str, float]], Meta(max_length=100)] = {}
    balance: Words = ()
    group_by: Annotated[tuple[Name, ...], Meta(max_length=16)] = ()
    bias: Bias | None = None
    setting: Setting = Setting()
    relevance: Relevance = Relevance()

    def digest(self) -> str:
        """Return the SHA-256 of all of it, in hexadecimal."""
        return sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


_PARTS: Final = (Stated, ColumnRule, Rule, Condition, Label, Time, Bias, Setting, Relevance)


def stated_of(plain: object) -> Stated:
    """Return what is stated in plain values, checked. Raises `Invalid`, naming the field in `where`."""
    if isinstance(plain, Mapping):  # by the column's own name, which the checker of the whole does not tell
        for field, type in (("columns", ColumnRule), ("population", dict[str, float])):
            some = plain.get(field)
            for name, one in some.items() if isinstance(some, Mapping) else ():
                _convert(one, type, f"{field}.{name}")
    stated: Stated = _convert(plain, Stated, "")
    check_stated(stated)
    return stated


def _convert(plain: object, type: Any, place: str) -> Any:
    try:
        return msgspec.convert(plain, type)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        unknown = _UNKNOWN.fullmatch(what)
        where = ".".join(part for part in (place, at.strip("`."), unknown[1] if unknown else "") if part)
        raise Invalid(f"{sentence(what)}.", where=where or "use", rule="stated", hint=_hint(what, where.rpartition(".")[2])) from None


def _hint(what: str, name: str) -> str | None:
    if what.startswith("Invalid enum value"):
        return f"There are: {', '.join(get_args(Kind if name == 'type' else Compared))}."
    if not _UNKNOWN.fullmatch(what):
        return None
    near = get_close_matches(name, [field.encode_name for part in _PARTS for field in msgspec.structs.fields(part)], n=1)
    return f"Perhaps `{near[0]}` is meant." if near else "docs/howto/assess-quality.md shows what can be stated."


def check_stated(stated: Stated) -> None:
    """Raise `Invalid` for what makes no sense."""
    for fault, where in _faults(stated):
        raise Invalid(fault, where=where, rule="stated")


def _faults(stated: Stated) -> Iterator[tuple[str, str]]:
    for column, shares in stated.population.items():
        if not shares or any(not 0 <= one <= 1 for one in shares.values()) or abs(sum(shares.values()) - 1) > _SUM:
            yield "The shares of a population are between 0 and 1 and add up to 1.", f"population.{column}"
    for column, rule in stated.columns.items():
        yield from _rule_faults(rule, f"columns.{column}")
    for number, one in enumerate(stated.rules):
        for name, condition in (("then", one.then), ("when", one.when)):
            if condition is not None and bool(condition.column) == (condition.value is not None):
                yield "A rule compares with either a column or a value.", f"rules[{number}].{name}"


def _rule_faults(rule: ColumnRule, where: str) -> Iterator[tuple[str, str]]:
    for name, bound in (("min", rule.min), ("max", rule.max)):
        if bound is not None and (fault := _bound_fault(rule, bound)):
            yield fault, f"{where}.{name}"
    if rule.among and (fault := _list_fault(rule)):
        yield fault, f"{where}.among"
    if rule.format and rule.type != "date":
        yield "Only dates have a format.", f"{where}.format"
    if rule.pattern and rule.type not in (None, "text"):
        yield "Only texts have a pattern.", f"{where}.pattern"


def _bound_fault(rule: ColumnRule, bound: float | str) -> str:
    if rule.type not in (*_NUMBERS, "date"):
        return "Only numbers and dates have a least and a greatest value; state the type."
    if isinstance(bound, str) == (rule.type in _NUMBERS):
        return "A range of numbers is in numbers, one of dates in dates (2026-01-31)."
    return f"{bound[:40]!r} is no date, such as 2026-01-31." if isinstance(bound, str) and not is_date(bound) else ""


def _list_fault(rule: ColumnRule) -> str:
    if rule.type == "date" and not all(is_date(str(one)) for one in rule.among):
        return "A list of dates has dates, such as 2026-01-31."
    wrong = [one for one in rule.among if isinstance(one, bool | str)]
    return "A list of numbers has numbers." if rule.type in _NUMBERS and wrong else ""


def is_date(text: str) -> bool:
    """Tell whether a text is a date or a moment, such as 2026-01-31."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
