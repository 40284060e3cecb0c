"""What becomes of links with spaces in a restore: nothing is acquired without a person by a permission that may have been taken back.

Where the replaced database vouches for a participant, its links are as they are there (`carry`). Where it does not, an automated link
is an ordinary one again; the others stand, and what a link to a project has brought ends on its day.
"""

from __future__ import annotations

import msgspec
from msgspec import structs

from hanse.app.recovery.restoring import Restoring
from hanse.factory.links.records import Link, Mode


def loosen_links(restoring: Restoring) -> None:
    """Take the automation away for which nobody vouches."""
    loosened = 0
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM links ORDER BY tenant, space"):
        link = msgspec.json.decode(doc, type=Link)
        if link.tenant in restoring.vouched or link.ended is not None or link.mode is not Mode.AUTOMATED:
            continue
        why = f"It was restored from a backup of {restoring.as_of}; what was decided since nobody knows."
        changed = structs.replace(link, mode=Mode.PARTICIPANT, before=link.mode, since=restoring.now, by="restore", why=why)
        restoring.tx.links.put(changed)
        loosened += 1
    if loosened:
        restoring.counts["automated links made ordinary"] += loosened
        restoring.advice.append("Links that were automated are ordinary ones: `hanse link set automated` sets them again.")
