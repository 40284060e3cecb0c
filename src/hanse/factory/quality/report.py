"""A report on the quality of one version of a dataset, as a value: written in one way only, read back strictly, named by its digest.

All figures are rounded to nine significant digits, so that adding up in another order gives the same report.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from hanse.kernel.errors import Invalid, Malformed, TooLarge

FORMAT: Final = "hanse-quality/1"
MAX_SIZE: Final = 64 << 20
"""Bytes of a report."""
_DIGITS: Final = 9

Number: TypeAlias = int | float
Short = Annotated[str, Meta(max_length=512)]
Text = Annotated[str, Meta(max_length=4096)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
At = Annotated[datetime, Meta(tz=True)]
Figure = Number | None

Characteristic = Literal[
    "accuracy", "completeness", "consistency", "credibility", "currentness", "accessibility", "compliance", "efficiency", "precision",
    "traceability", "understandability", "availability", "portability", "recoverability", "auditability", "balance", "diversity",
    "effectiveness", "identifiability", "relevance", "representativeness", "similarity", "timeliness", "",
]  # fmt: skip
"""The characteristics of ISO/IEC 5259-2:2024 by name (it takes fifteen over from ISO/IEC 25012); empty where none fits."""


class Interval(Struct, frozen=True, forbid_unknown_fields=True):
    """Between `low` and `high` with the confidence `level`, by a `method` that is named."""

    low: float
    high: float
    method: Short
    level: float = 0.95


class Sample(Struct, frozen=True, forbid_unknown_fields=True):
    """How much was looked at: `size` `of` so many records (or cells, pairs, fields: the metric's formula says), and `how` it was drawn."""

    size: Count
    of: Count
    how: Short


class Metric(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is measured. `formula` says in words how the value comes about, `better` in which direction it is good (empty: neither)."""

    name: Short
    title: Short
    characteristic: Characteristic = ""
    formula: Text
    unit: Short = "share"
    better: Literal["higher", "lower", ""] = ""
    measure: Short = ""
    version: Short = ""


class Measurement(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One value: of which metric, of the whole version or of a table, a column, a group of records.

    Without a `value`, `why` tells why it was not measured. `exact` says that no more than counting and rounding was done; where an
    inference or a sample is behind the value there is an `interval`.
    """

    metric: Short
    value: Figure = None
    why: Text = ""
    table: Short = ""
    column: Short = ""
    group: Short = ""
    exact: bool = False
    interval: Interval | None = None
    sample: Sample | None = None
    note: Text = ""


class Bar(Struct, frozen=True, forbid_unknown_fields=True):
    """One bar of a histogram: of numbers and dates from `low` to below `high` (the last with its end), of words the `label`."""

    count: Count
    label: Short = ""
    low: Figure = None
    high: Figure = None


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The statistics of one column, or of one group of its records (`group`, e.g. `sex=f`).

    `mean`, `sd`, `least`, `most` and `quantiles` (5, 25, 50, 75, 95 %) are over the finite values; of texts over their lengths in
    characters, of dates in seconds since 1970. `sd` divides by n - 1. `distinct` counts values that are not null; it is an estimate
    unless `exact`. `bars` of words are the most frequent, those that occur fewer than five times left out.
    """

    table: Short
    column: Short
    kind: Literal["number", "text", "boolean", "date", "nested", "empty"]
    type: Short
    group: Short = ""
    count: Count
    nulls: Count
    distinct: Count | None = None
    exact: bool = True
    not_finite: Count = 0
    mean: float | None = None
    sd: float | None = None
    least: Figure = None
    most: Figure = None
    quantiles: tuple[float, ...] = ()
    bars: tuple[Bar, ...] = ()
    note: Text = ""


class Declared(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody said about the data, which was not measured: about what, what, and who says so."""

    about: Short
    text: Text
    source: Short


class Assessed(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was assessed. `version` is `name@number`, or the name of a file or folder; `root` the Merkle root over its files."""

    version: Short
    root: Sha256
    files: Count
    size: Count
    title: Short = ""
    provider: Short = ""
    agreement: Short = ""


class TableSize(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A table of the version: how many records and columns it has, of how many files it is; `unreadable` records were left out."""

    name: Short
    records: Count
    columns: Count
    files: Count
    unreadable: Count = 0
    note: Text = ""


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One report: `use` is what the data is assessed for, `by` who did it, `at` when, `moment` that for which ages are told.

    `stated` is the SHA-256 of what was stated about the data. `left_out` names files that are no table and no text, each with the reason.
    """

    format: Literal["hanse-quality/1"] = "hanse-quality/1"
    assessed: Assessed
    by: Short
    at: At
    moment: At
    software: Short
    use: Text
    stated: Sha256
    tables: tuple[TableSize, ...]
    metrics: tuple[Metric, ...]
    measurements: tuple[Measurement, ...]
    profiles: tuple[Profile, ...]
    declared: tuple[Declared, ...]
    left_out: tuple[Text, ...]

    def metric(self, name: str) -> Metric:
        """Return a metric by its name. Raises `KeyError`."""
        return {one.name: one for one in self.metrics}[name]

    def value(self, metric: str) -> Number | None:
        """Return the value of a metric for the whole version, or nothing if it has none."""
        for one in self.measurements:
            if one.metric == metric and not (one.table or one.column or one.group):
                return one.value
        return None


def write_report(report: Report) -> bytes:
    """Return the one way to write a report: JSON with all names in order."""
    return msgspec.json.encode(report, order="deterministic")


def digest_of_report(report: Report) -> str:
    """Return the SHA-256 of a report, in hexadecimal, however the file is laid out that it was read from."""
    return hashlib.sha256(write_report(report)).hexdigest()


def read_report(data: bytes) -> Report:
    """Read a report. Raises `TooLarge`, `Malformed` (no JSON) and `Invalid` (no report, or one that contradicts itself)."""
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A report has at most {MAX_SIZE >> 20} MiB.", where="report")
    try:
        report = msgspec.json.decode(data, type=Report)
    except msgspec.ValidationError as error:
        raise Invalid(f"This is no report on quality: {error}.", where="report", rule="report") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"This is no JSON: {error}.", where="report") from None
    _check(report)
    return report


def rounded(value: Number) -> Number:
    """Return a figure with nine significant digits; a whole number as it is. Raises `ValueError` for what is no number."""
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        raise ValueError("no finite number")
    return float(f"{value:.{_DIGITS - 1}e}")


def _check(report: Report) -> None:
    names = [one.name for one in report.metrics]
    known = set(names)
    if len(known) != len(names):
        raise Invalid("A metric is described twice.", where="metrics", rule="report")
    for number, one in enumerate(report.measurements):
        where = f"measurements[{number}]"
        if one.metric not in known:
            raise Invalid(f"The metric {one.metric[:80]!r} is not described.", where=where, rule="report")
        if (one.value is None) != bool(one.why):
            raise Invalid("A measurement has either a value or a reason why it has none.", where=where, rule="report")
        if one.value is not None and (one.sample is None or (not one.exact and one.interval is None and not one.note)):
            raise Invalid("A value comes with its sample and with how sure it is.", where=where, rule="report")
