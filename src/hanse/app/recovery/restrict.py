"""The restrictive side wins: what a backup brings back, cut down to what surely still holds.

Where the replaced database goes on from the backup (`Former.continues`), it has the last word on what was taken away.
What it cannot vouch for gives no right until a person confirms it: participants come back suspended, contracts ended,
assets withdrawn, members suspended, each noted as unconfirmed.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import msgspec
from msgspec import structs

from hanse.anchor.records import Member, Space
from hanse.anchor.standing import Status
from hanse.app.recovery.former import Former, shown
from hanse.connector.records import Asset, Contract
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant, Quota
from hanse.storage import Tx
from hanse.storage.erase import erase_tenant
from hanse.storage.stores.restores import Unconfirmed, UnconfirmedStore

LEAP = timedelta(days=30)
"""How far a list's version leaps ahead of the clock: further than any member can have seen."""


class Restriction:
    """Cuts down what has been imported, inside the transaction of the restore. `counts` tells what was done."""

    def __init__(self, tx: Tx, former: Former, now: datetime, taken: datetime, *, continues: bool) -> None:
        self._tx = tx
        self._former = former
        self._now = now
        self._taken = taken
        self._continues = continues
        self._known: set[str] = set()
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Cut down everything. Erasures come first, so that nothing of an erased participant is looked at."""
        self._bury()
        self._participants()
        self._newcomers()
        self._contracts()
        self._assets()
        self._members()
        self._spaces()
        self._keep_marks()

    def _bury(self) -> None:
        for tombstone in self._former.tombstones:
            self._tx.tombstones.put(tombstone)
            if erase_tenant(self._tx, tombstone.name):
                self.counts["participants erased since"] += 1

    def _participants(self) -> None:
        for (doc,) in self._tx.rows.all("SELECT doc FROM participants"):
            participant = msgspec.json.decode(doc, type=Participant)
            former = self._former.participants.get(participant.name)
            same = former is not None and (former.did, former.created) == (participant.did, participant.created)
            if former is not None and same and self._continues:
                self._known.add(participant.name)
                self._tx.participants.put(confined(participant, former))
            elif participant.suspended is None:
                self._tx.participants.put(structs.replace(participant, suspended=self._now))
                self._doubt(participant.name, "participant", participant.name)

    def _newcomers(self) -> None:
        gone = [name for name in self._former.participants if self._tx.participants.get(Tenant(name)) is None]
        buried = {tombstone.name for tombstone in self._former.tombstones}
        self.counts["participants made since, which the backup has not"] += len([name for name in gone if name not in buried])

    def _contracts(self) -> None:
        for (doc,) in self._tx.rows.all("SELECT doc FROM contracts"):
            contract = msgspec.json.decode(doc, type=Contract)
            former = self._former.contracts.get((contract.tenant, contract.id))
            vouched = contract.tenant in self._known and former is not None and former.negotiation == contract.negotiation
            if contract.ended is not None:
                continue
            if former is not None and vouched:
                if former.ended is None:
                    continue
                contract.ended, contract.end_reason = former.ended, former.reason
                self.counts["contracts ended since"] += 1
            else:
                contract.ended = self._now
                contract.end_reason = (
                    f"Restored from a backup of {self._taken:%Y-%m-%d %H:%M} UTC; it may have ended since, and waits for a confirmation."
                )
                self._doubt(contract.tenant, "contract", contract.id)
            self._tx.contracts.put(contract)

    def _assets(self) -> None:
        for doc, encoded in self._tx.rows.all("SELECT doc, encoded FROM assets"):
            asset = msgspec.json.decode(doc, type=Asset)
            if asset.withdrawn is not None:
                continue
            former = self._former.assets.get((asset.tenant, asset.id)) if asset.tenant in self._known else None
            if former == shown(asset):
                continue
            if former is not None and former.withdrawn is not None:
                asset.withdrawn = former.withdrawn
                self.counts["assets withdrawn since"] += 1
            else:
                # Unknown here, or its terms or viewers were changed since: nobody gets it under the old ones.
                asset.withdrawn = self._now
                self._doubt(asset.tenant, "asset", asset.id)
            self._tx.assets.put(asset, bytes(encoded))

    def _members(self) -> None:
        for (doc,) in self._tx.rows.all("SELECT doc FROM members"):
            member = msgspec.json.decode(doc, type=Member)
            former = self._former.members.get((member.space, member.did))
            if member.status is Status.ACTIVE and not self._anchors(member):
                self._active(member, former if member.tenant in self._known else None)
        for former in self._former.members.values():
            gone = former.status not in {Status.ACTIVE, Status.PENDING}
            if gone and former.tenant in self._known and self._tx.members.get(former.space, former.did) is None:
                self._tx.members.put(former)

    def _active(self, member: Member, former: Member | None) -> None:
        if former is None:
            reason = f"Restored from a backup of {self._taken:%Y-%m-%d}; waits for a confirmation."
            self._tx.members.put(structs.replace(member, status=Status.SUSPENDED, reason=reason, updated=self._now))
            self._doubt(member.tenant, "member", f"{member.space} {member.did}")
        elif former.status is not Status.ACTIVE:
            self._tx.members.put(former)
            self.counts["members removed or suspended since"] += 1
        else:
            roles = tuple(role for role in member.roles if role in former.roles)
            self._tx.members.put(structs.replace(member, roles=roles))

    def _anchors(self, member: Member) -> bool:
        space = self._tx.spaces.get(member.space)
        return space is not None and space.anchor == member.did

    def _spaces(self) -> None:
        for (doc,) in self._tx.rows.all("SELECT doc FROM spaces"):
            space = msgspec.json.decode(doc, type=Space)
            seen = max(space.version, self._former.versions.get(space.name, 0), int(self._now.timestamp()))
            self._tx.spaces.put(structs.replace(space, version=seen + int(LEAP.total_seconds())))
            self.counts["member lists with a new version"] += 1

    def _keep_marks(self) -> None:
        """Keep what only ever grows: highest versions seen, keys, doubts."""
        for url, anchor, version in self._former.watermarks:
            self._tx.watermarks.put(url, Did(anchor), version)
        for key in self._former.keys:
            if key.tenant in self._known:
                self._tx.keys.put(key)
        doubts = UnconfirmedStore(self._tx.rows)
        for thing in self._former.unconfirmed:
            if thing.tenant in self._known:
                doubts.put(thing)

    def _doubt(self, tenant: str, kind: str, id: str) -> None:
        UnconfirmedStore(self._tx.rows).put(Unconfirmed(Tenant(tenant), kind, id, self._now))
        self.counts[f"{kind}s to be confirmed"] += 1


def confined(restored: Participant, former: Participant) -> Participant:
    """Return a participant with no more than either allows it. The space is the newer one's: it may have left."""
    return structs.replace(
        restored,
        allowed_roots=tuple(root for root in restored.allowed_roots if root in former.allowed_roots),
        allowed_hosts=tuple(host for host in restored.allowed_hosts if host in former.allowed_hosts),
        quota=Quota(**{name: min(figure, getattr(former.quota, name)) for name, figure in structs.asdict(restored.quota).items()}),
        space=former.space,
        suspended=former.suspended or restored.suspended,
    )
