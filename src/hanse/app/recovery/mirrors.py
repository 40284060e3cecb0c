"""What becomes of mirrors in a restore: nothing is fetched again by itself that may have been ended or recalled.

Where the replaced database vouches for a participant, its mirrors go on from where they are (`carry`). Where it does not, a mirror is
refreshed by hand only until a person sets its schedule again; whether it may be kept at all is judged at the start, as always.
"""

from __future__ import annotations

import msgspec
from msgspec import structs

from hanse.app.recovery.restoring import Restoring
from hanse.factory.mirrors.records import Mirror, MirrorState


def halt_mirrors(restoring: Restoring) -> None:
    """Take the schedules away for which nobody vouches."""
    halted = 0
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM mirrors WHERE is_open = 1 ORDER BY tenant, name"):
        mirror = msgspec.json.decode(doc, type=Mirror)
        if mirror.tenant in restoring.vouched or mirror.state is not MirrorState.ACTIVE:
            continue
        problem = f"It was restored from a backup of {restoring.as_of}; what came after that nobody knows."
        restoring.tx.mirrors.put(structs.replace(mirror, every=None, due=None, transfer="", problem=problem))
        halted += 1
    if halted:
        restoring.counts["mirrors halted"] += halted
        restoring.advice.append("Mirrors are refreshed by hand only: `hanse mirror schedule` sets their times again.")
