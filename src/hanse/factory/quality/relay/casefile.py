"""The case file of a dispute: the comparison in words, and the documents that go into the archive beside the evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from hanse.evidence.kinds.quality import Difference
from hanse.factory.quality.relay.ports import Agreed, Material
from hanse.factory.quality.relay.records import Comparison, Row

JSON: Final = "application/json"
NO_REMEDY: Final = (
    "The agreement names no remedy and no duty that follows from a lack of quality: what is owed is for its parties or a court."
)


def comparison_bytes(comparison: Comparison) -> bytes:
    """Return the one way to write a comparison."""
    return msgspec.json.encode(comparison, order="deterministic")


def digest_of(comparison: Comparison) -> str:
    """Return its SHA-256."""
    return hashlib.sha256(comparison_bytes(comparison)).hexdigest()


def differences(rows: Sequence[Row]) -> tuple[Difference, ...]:
    """Return what a dispute is about; what was declared at two stages alike is there once."""
    found = (
        Difference(metric=row.metric, declared=row.declared, measured=row.measured, tolerance=row.tolerance or 0.0)
        for row in rows
        if row.measured is not None
    )
    return tuple(dict.fromkeys(found))


def remedies(agreed: Agreed | None) -> tuple[str, ...]:
    """Return what the agreement says about what follows, or that it says nothing."""
    return (NO_REMEDY,) if agreed is None or not agreed.remedies else agreed.remedies


def in_words(comparison: Comparison, disputed: Sequence[Row], agreed: Agreed | None) -> str:
    """Return the case for people: what was declared, by whom, what was measured, and what the agreement says."""
    return "\n".join(_lines(comparison, disputed, agreed)) + "\n"


def documents(comparison: Comparison, disputed: Sequence[Row], agreed: Agreed | None, more: Sequence[Material]) -> list[Material]:
    """Return the documents of the case file."""
    return [
        Material("quality-dispute", "dispute.txt", in_words(comparison, disputed, agreed).encode(), "text/plain; charset=utf-8"),
        Material("quality-comparison", "comparison.json", comparison_bytes(comparison), JSON),
        *more,
    ]


def _lines(comparison: Comparison, disputed: Sequence[Row], agreed: Agreed | None) -> Iterator[str]:
    yield f"Dispute about the quality of {comparison.version}"
    yield ""
    yield f"It came under the agreement {comparison.agreement} from {comparison.provider or 'a provider that is not known'}."
    yield f"The Merkle root over its files (SHA-256) is {comparison.root}."
    yield f"Our own assessment is {comparison.ours} (stage {comparison.stage}), with the report {comparison.report}."
    yield ""
    yield "What does not hold:"
    yield from (f"- {_sentence(row)}" for row in disputed)
    others = [row for row in comparison.rows if row not in disputed]
    if others:
        yield ""
        yield "What else was compared:"
        yield from (f"- {_sentence(row)}" for row in others)
    yield ""
    yield "What the agreement says about it:"
    yield from (f"- {line}" for line in remedies(agreed))
    yield ""
    yield "The whole agreement:"
    yield from (f"- {line}" for line in (agreed.words if agreed else ("It is not known here any more.",)))


def _sentence(row: Row) -> str:
    who = "the agreement asks for it" if row.stage == "agreement" else f"declared by {row.by} (stage {row.stage})"
    signed = (
        "" if row.stage == "agreement" else " and signed" if row.claim and not row.signed else f", not proved: {row.signed or 'no claim'}"
    )
    said = f"{row.metric}: {row.declared:g}, {who}{signed.rstrip('.')}"
    if row.measured is None:
        return f"{said}; {row.verdict}. {row.why}".rstrip()
    measured = f"measured {row.measured:g}, difference {row.difference or 0.0:+g}, tolerance {row.tolerance or 0.0:g}"
    return f"{said}; {measured}: {row.verdict}.{' ' + row.why if row.why else ''}"
