"""What is held for a mirror, and what was made of that: both go when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hanse.dcat.holding import DatasetVersion
from hanse.factory.facility.records import Staging, State, Stored
from hanse.factory.mirrors.records import Mirror


def begun(tx: Any, mirror: Mirror, *, own: bool) -> list[Staging]:
    """Return the intakes under a mirror's agreement: its own, with those of what is made of its versions; or all others."""
    ids = _own(tx, mirror)
    found: list[Staging] = [one for one in tx.facility.stagings(mirror.tenant) if mirror.agreement in one.intake.agreements]
    return [one for one in found if own is (one.intake.name == mirror.name or any(source.version in ids for source in one.intake.made_of))]


def _own(tx: Any, mirror: Mirror) -> dict[str, Stored]:
    """Return the mirror's versions by id, and what was made of them, whatever their state."""
    stored: Sequence[Stored] = tx.facility.of_agreement(mirror.tenant, mirror.agreement)
    found, more = dict[str, Stored](), [one for one in stored if one.version.name == mirror.name]
    while more:
        found |= {one.version.id: one for one in more}
        rest = [one for one in stored if one.version.id not in found]
        more = [one for one in rest if any(source.version in found for source in one.version.made_of)]
    return found


def remaining(tx: Any, mirror: Mirror) -> list[DatasetVersion]:
    """Return the mirror's versions that are not gone yet, and what was made of them, those included whose deletion was broken off."""
    found = [one for one in _own(tx, mirror).values() if one.state is not State.GONE]
    return sorted((one.version for one in found), key=lambda version: (version.name.encode(), version.number))


def others(tx: Any, mirror: Mirror) -> bool:
    """Tell whether something that neither is of this mirror nor was made of it is kept under its agreement."""
    stored: Sequence[Stored] = tx.facility.of_agreement(mirror.tenant, mirror.agreement)
    own = _own(tx, mirror)
    kept = any(one.state is not State.GONE and one.version.id not in own for one in stored)
    return kept or bool(begun(tx, mirror, own=False))
