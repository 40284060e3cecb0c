"""What becomes of usage in a restore: nothing that was used up comes back, and no fact that was taken back counts again.

Where the replaced database vouches for a participant, its facts and obligations are the newer word, and of two tallies the
higher counts. Where it does not, facts are forgotten: whoever knows them tells them again. What was used since the backup
nobody can know then; but contracts give no right before a person has confirmed them.
"""

from __future__ import annotations

import msgspec
from msgspec import structs

from hanse.app.recovery.restoring import Restoring
from hanse.odrl.facts import Done
from hanse.usage.records import Told


def restore_usage(restoring: Restoring) -> None:
    """Cut down tallies, facts and obligations."""
    _tallies(restoring)
    _told(restoring)
    _owed(restoring)


def _tallies(restoring: Restoring) -> None:
    for former in restoring.former.tallies:
        if former.tenant not in restoring.vouched:
            continue
        now = restoring.tx.uses.hold(former.tenant, former.agreement)
        most = structs.replace(
            former,
            count=max(former.count, now.count),
            volume=max(former.volume, now.volume),
            seconds=max(former.seconds, now.seconds),
            last=max((one.last for one in (former, now) if one.last is not None), default=None),
        )
        restoring.tx.uses.put_tally(most)


def _told(restoring: Restoring) -> None:
    newer = {(one.tenant, one.about, one.name): one for one in restoring.former.told}
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM told"):
        told = msgspec.json.decode(doc, type=Told)
        key = (told.tenant, told.about, told.name)
        if told.tenant in restoring.vouched and key in newer:
            continue
        restoring.tx.told.delete(*key)
        if told.tenant not in restoring.vouched:
            restoring.counts["facts to be told again"] += 1
    for one in newer.values():
        if one.tenant in restoring.vouched:
            restoring.tx.told.put(one)


def _owed(restoring: Restoring) -> None:
    for former in restoring.former.owed:
        if former.tenant in restoring.vouched and former.state is not Done.PENDING:
            restoring.tx.owed.put(former)
