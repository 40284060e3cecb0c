"""Origin and risk of what a model was trained on: which share is from outside the EU, without clear rights, about persons, or not known.

Pure arithmetic over versions. Shares are of bytes, and of records and tokens where they are known of every version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.dcat.risk import OUTSIDE, PERSONAL, UNCLEAR, UNPLACED, UNTOLD, place_mark, unclear_rights
from hanse.factory.custody.ports import Amount

MARKS: Final = (OUTSIDE, UNPLACED, UNCLEAR, PERSONAL, UNTOLD)
_WORST: Final = 50


class Share(Struct, frozen=True, kw_only=True):
    """How much of all data has a mark: versions, bytes, and the share of bytes from 0 to 1; of records and tokens where all are known."""

    mark: str
    versions: int
    size: int
    share: float
    of_records: float | None = None
    of_tokens: float | None = None


class Advice(Struct, frozen=True, kw_only=True):
    """What to do about one mark of one version: whom to ask (a DID, or nobody), under which contract, for what."""

    version: str
    mark: str
    todo: str
    contract: str | None = None
    provider: str | None = None


class Risk(Struct, frozen=True, kw_only=True):
    """The risk of a set of versions: `size` bytes in all, a share per mark, each version's marks, and what to do, the largest first."""

    about: str
    size: int
    shares: tuple[Share, ...]
    marks: Mapping[str, tuple[str, ...]]
    advice: tuple[Advice, ...]


def marks_of(version: DatasetVersion) -> tuple[str, ...]:
    """Return the marks of a version by what is known of its origin."""
    origin, licence = version.origin, None if version.offered is None else version.offered.licence
    rights = UNCLEAR if unclear_rights(origin, licence) else None
    persons = PERSONAL if origin.personal else UNTOLD if origin.personal is None else None
    return tuple(mark for mark in (place_mark(origin), rights, persons) if mark is not None)


def risk_of(about: str, versions: Sequence[DatasetVersion], amounts: Mapping[str, Amount]) -> Risk:
    """Return the risk of a training run, or of any set of versions; each counts once."""
    distinct = list({one.id: one for one in versions}.values())
    marks = {one.id: marks_of(one) for one in distinct}
    size = sum(one.size for one in distinct)
    shares = tuple(_share(mark, [one for one in distinct if mark in marks[one.id]], distinct, amounts) for mark in MARKS)
    largest = sorted(distinct, key=lambda one: (-one.size, one.id))
    advice = [_advice(one, mark) for one in largest for mark in marks[one.id]]
    return Risk(about=about, size=size, shares=shares, marks=marks, advice=tuple(advice[: _WORST * len(MARKS)]))


def _share(mark: str, marked: Sequence[DatasetVersion], all_: Sequence[DatasetVersion], amounts: Mapping[str, Amount]) -> Share:
    size, whole = sum(one.size for one in marked), sum(one.size for one in all_)
    # Where all files are empty, bytes tell nothing: then versions are counted.
    share = size / whole if whole else len(marked) / len(all_) if all_ else 0.0
    ids = [one.id for one in marked]
    return Share(
        mark=mark,
        versions=len(marked),
        size=size,
        share=share,
        of_records=_ratio(ids, {one.id: amounts.get(one.id, Amount()).records for one in all_}),
        of_tokens=_ratio(ids, {one.id: amounts.get(one.id, Amount()).tokens for one in all_}),
    )


def _ratio(ids: Iterable[str], counts: Mapping[str, int | None]) -> float | None:
    known = {id: count for id, count in counts.items() if count is not None}
    whole = sum(known.values())
    return None if len(known) < len(counts) or not whole else sum(known[id] for id in ids) / whole


def _advice(version: DatasetVersion, mark: str) -> Advice:
    whom = "the provider" if version.provider is not None else "whoever brought the data"
    places, licence = ", ".join(version.origin.places), None if version.offered is None else version.offered.licence
    todo = {
        OUTSIDE: f"It comes from {places}: note why it may be used in the EU (transfer, copyright, export control), or take a version"
        f" from the EU instead: hanse acquire ... --eu-only",
        UNPLACED: f"Ask {whom} where it was collected (dct:spatial in the catalogue), and acquire the version anew once it says so.",
        UNCLEAR: f"Ask {whom} for a licence by its SPDX name (dct:license)"
        + (f"; {licence[:80]} is not known as one." if licence else ", or leave it out of the next training."),
        PERSONAL: "Note the legal ground of the processing and who decided on it, or have it anonymised: terms with `anonymize` do that.",
        UNTOLD: f"Ask {whom} whether it is about persons (rai:personalSensitiveInformation in its Croissant).",
    }[mark]
    return Advice(version=version.id, mark=mark, todo=todo, contract=version.agreement, provider=version.provider)
