"""Hands the assessment what other rooms can do: find personal data, find near duplicates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.factory.quality.ports import Finds, Near, Ports

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.factory.prepare.steps.duplicates.near import NearDuplicates


def ports(workshop: Path) -> Ports:
    """Return the ports, filled by the steps of preparation. What is not installed is not measured."""
    return Ports(scanner=_scanner(), near=_near(workshop))


class _Patterns:
    """The patterns of the step `personal`."""

    def __init__(self) -> None:
        from hanse.factory.prepare.steps.personal.step import Personal

        self.method = f"the patterns of the step `personal`, version {Personal.version}"

    def scan(self, texts: pa.LargeStringArray) -> Finds:
        """Return what is found."""
        from hanse.factory.prepare.steps.personal.scan import scan

        return scan(texts.fill_null(""))


class _MinHash:
    """The step `near-duplicates` with its defaults."""

    def __init__(self, workshop: Path) -> None:
        from hanse.factory.prepare.steps.duplicates.near import NearDuplicates

        self._step = NearDuplicates()
        self._into = workshop / "near"

    def count(self, texts: Iterable[Sequence[str]]) -> Near:
        """Count, by what the step would leave out."""
        step, parts = self._step, dict[str, list[str]]()
        self._into.mkdir(parents=True, exist_ok=True)
        step.decide(self._seen(texts, parts, step), self._into)
        left = sum(len(step.apply(_records(ids, [""] * len(ids), part), self._into).dropped) for part, ids in parts.items())
        records = sum(map(len, parts.values()))
        method = f"The step `near-duplicates`, version {step.version}: MinHash, similarity {step.similarity}, recall {step.recall}."
        return Near(left, records, method)

    def _seen(self, texts: Iterable[Sequence[str]], parts: dict[str, list[str]], step: NearDuplicates) -> Iterator[tuple[str, pa.Table]]:
        for number, batch in enumerate(texts):
            part = f"{number:06}"
            parts[part] = [f"{part}-{row}" for row in range(len(batch))]
            yield part, step.look(_records(parts[part], batch, part))


def _records(ids: Sequence[str], texts: Sequence[str], part: str) -> pa.Table:
    import pyarrow as pa

    schema = pa.schema([("id", pa.string()), ("source", pa.string()), ("text", pa.large_string())], metadata={"part": part})
    return pa.table({"id": ids, "source": [""] * len(ids), "text": list(texts)}, schema=schema)


def _scanner() -> _Patterns | None:
    try:
        return _Patterns()
    except ModuleNotFoundError:
        return None


def _near(workshop: Path) -> _MinHash | None:
    try:
        return _MinHash(workshop)
    except ModuleNotFoundError:
        return None
