"""Signed statements about quality, read and put together with what a catalogue declares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from hanse.dcat.model import Dataset
from hanse.dcat.quality import METRICS, name_of
from hanse.evidence import kinds as k
from hanse.evidence.dsse import Envelope, read_envelope
from hanse.evidence.kinds.quality import MAX_MEASURES
from hanse.evidence.statement import statement_of
from hanse.factory.quality.relay.records import Told
from hanse.factory.quality.report import Report
from hanse.kernel.errors import HanseError, Invalid, Malformed

UNSIGNED: Final = "Nobody signed for it."
_WRITES: Final = "`hanse quality show ID --claim FILE` writes one."
_ALLOWED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-")


class Read(Struct, frozen=True):
    """A claim that was read: its envelope, and what it says. Who made it is not proved yet."""

    envelope: Envelope
    root: str
    says: k.Assessed


def read_claim(raw: bytes) -> Read:
    """Read an envelope that holds an assessment. Raises `TooLarge`, `Malformed`, `Invalid` (`claim`) for another statement."""
    try:
        envelope = read_envelope(raw)
    except Malformed as fault:
        raise Malformed(fault.message, where="claim", rule=fault.rule, hint=_WRITES) from None
    statement = statement_of(envelope)
    says = statement.predicate
    if not isinstance(says, k.Assessed) or statement.subject.digest.sha256 != says.root or not says.by:
        raise Invalid("It is no signed assessment of quality.", where="claim", rule="claim", hint=_WRITES)
    return Read(envelope, says.root, says)


def figures_of(report: Report) -> tuple[k.Figure, ...]:
    """Return the measures of the whole version that a report has, at most 64 of them, as they are stated: numbers and nothing else."""
    found = []
    metrics = {one.name: one for one in report.metrics}
    for one in report.measurements:
        if one.value is None or one.table or one.column or one.group or not math.isfinite(one.value):
            continue
        metric, interval = metrics[one.metric], one.interval
        if name_of(METRICS + one.metric):
            low, high = (None, None) if interval is None else (interval.low, interval.high)
            method = "".join(char for char in f"{metric.measure}/{metric.version}" if char in _ALLOWED)[:128]
            found.append(k.Figure(metric=one.metric, value=float(one.value), method=method, low=low, high=high, better=metric.better))
    return tuple(found[:MAX_MEASURES])


def told_by(says: k.Assessed, claim: str, signed: str) -> list[Told]:
    """Return the figures of a claim; `signed` is why its signature proves nothing, empty where it was proved."""
    return [
        Told(
            metric=one.metric,
            value=one.value,
            by=says.by,
            stage=says.stage,
            root=says.root,
            stated=says.stated,
            moment=says.moment,
            method=one.method,
            low=one.low,
            high=one.high,
            claim=claim,
            signed=signed,
            better=one.better,
        )
        for one in says.measures
    ]


def declared(dataset: Dataset, provider: str, proved: Mapping[str, tuple[k.Assessed, str]]) -> list[Told]:
    """Return what a catalogue declared. `proved` has, by claim, what it says and why its signature proves nothing (empty: it does).

    What no claim says, or says otherwise, is declared by the provider's word alone.
    """
    found = [one for claim, (says, signed) in proved.items() for one in told_by(says, claim, signed)]
    said = {(one.claim, one.metric): one.value for one in found}
    for measure in dataset.measures:
        name = name_of(measure.metric) or measure.metric
        value = said.get((measure.claim, name))
        if value == measure.value:
            continue
        signed = UNSIGNED if value is None else f"The statement that it names says {value:g}."
        found.append(Told(metric=name, value=measure.value, by=provider, stage="provider", claim=measure.claim, signed=signed))
    return found


def claims_in(dataset: Dataset | None) -> Sequence[tuple[str, bytes]]:
    """Return the claims that come with a dataset, those that are named after what they hold."""
    found = []
    for one in () if dataset is None else dataset.claims:
        raw = one.envelope.encode()
        try:
            if read_claim(raw).envelope.hash == one.statement:
                found.append((one.statement, raw))
        except HanseError:
            continue
    return found
