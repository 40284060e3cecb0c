"""A restore under way: what its parts share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hanse.anchor.records import Space
from hanse.app.recovery.former import Former
from hanse.kernel.tenant import Tenant
from hanse.storage import Tx
from hanse.storage.stores.restores import Unconfirmed, UnconfirmedStore

WAITS: Final = "Restored from a backup; its holder's membership waits for a confirmation."
"""Why a credential is suspended whose holder has to be confirmed: the confirmation lifts this suspension and no other."""


@dataclass
class Restoring:
    """What was imported is in `tx`; `former` is what the replaced database knew, which may go on from the backup (`continues`).

    `same` are the participants that both know, `vouched` those for which the replaced database has the last word. `counts`
    tells what was done, `advice` what people have to do again, and `doubted` what waits for a confirmation, by kind and id.
    """

    tx: Tx
    former: Former
    now: datetime
    taken: datetime
    continues: bool
    same: set[Tenant] = field(default_factory=set)
    vouched: set[Tenant] = field(default_factory=set)
    doubted: set[tuple[str, str]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    advice: list[str] = field(default_factory=list)

    @property
    def as_of(self) -> str:
        """The moment of the backup, for people."""
        return f"{self.taken:%Y-%m-%d %H:%M} UTC"

    def doubt(self, tenant: Tenant, kind: str, id: str) -> None:
        """Note that a thing gives no right until a person confirms it."""
        UnconfirmedStore(self.tx.rows).put(Unconfirmed(tenant, kind, id, self.now))
        self.doubted.add((kind, id))
        self.counts[f"{kind}s to be confirmed"] += 1

    def knew(self, space: Space) -> bool:
        """Tell whether the replaced database had this very space, and not another one of its name."""
        earlier = self.former.spaces.get(space.name)
        return earlier is not None and _founding(earlier) == _founding(space)

    def vouches_for(self, space: Space) -> bool:
        """Tell whether it has the last word on the space."""
        return space.tenant in self.vouched and self.knew(space)


def _founding(space: Space) -> tuple[object, ...]:
    return space.tenant, space.anchor, space.url, space.created
