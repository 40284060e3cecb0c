"""The restrictive side wins: what a backup brings back, cut down to what surely still holds.

Where the replaced database goes on from the backup (`Former.continues`), it has the last word on what was taken away.
What it cannot vouch for gives no right until a person confirms it: participants come back suspended, contracts ended,
assets withdrawn, members suspended, each noted as unconfirmed.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec import structs

from hanse.anchor.records import Member, Space
from hanse.anchor.standing import Status
from hanse.app.recovery.anchors import restore_anchors
from hanse.app.recovery.former import shown
from hanse.app.recovery.restoring import Restoring
from hanse.app.recovery.usage import restore_usage
from hanse.app.recovery.wallets import restore_wallets
from hanse.connector.records import Asset, Contract
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.records import Participant, Quota, read_participant
from hanse.storage.erase import erase_tenant
from hanse.storage.stores.restores import UnconfirmedStore

LEAP = timedelta(days=30)
"""How far a list's version leaps ahead of the clock: further than any member can have seen."""


def restrict(restoring: Restoring) -> None:
    """Cut down everything. Erasures come first, so that nothing of an erased participant is looked at; versions leap last."""
    _bury(restoring)
    _participants(restoring)
    _newcomers(restoring)
    _contracts(restoring)
    _assets(restoring)
    _members(restoring)
    restore_usage(restoring)
    restore_wallets(restoring)
    restore_anchors(restoring)
    _spaces(restoring)
    _keep_marks(restoring)


def confined(restored: Participant, former: Participant) -> Participant:
    """Return a participant with no more than either allows it. The spaces are the newer one's: it may have left some."""
    return structs.replace(
        restored,
        allowed_roots=tuple(root for root in restored.allowed_roots if root in former.allowed_roots),
        allowed_hosts=tuple(host for host in restored.allowed_hosts if host in former.allowed_hosts),
        quota=Quota(**{name: min(figure, getattr(former.quota, name)) for name, figure in structs.asdict(restored.quota).items()}),
        spaces=former.spaces,
        suspended=former.suspended or restored.suspended,
    )


def reduced(restored: Member, former: Member) -> Member:
    """Return a member as the newer record has it, with no role that it did not have in both. It is active in `former`.

    Who was no active member in the backup does not become one by a restore.
    """
    if restored.status is not Status.ACTIVE:
        return restored
    return structs.replace(former, roles=tuple(role for role in restored.roles if role in former.roles))


def _bury(restoring: Restoring) -> None:
    for tombstone in restoring.former.tombstones:
        restoring.tx.tombstones.put(tombstone)
        if erase_tenant(restoring.tx, tombstone.name):
            restoring.counts["participants erased since"] += 1


def _participants(restoring: Restoring) -> None:
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM participants"):
        participant = read_participant(doc)
        former = restoring.former.participants.get(participant.name)
        same = former is not None and (former.did, former.created) == (participant.did, participant.created)
        if same:
            restoring.same.add(participant.name)
        if former is not None and same and restoring.continues:
            restoring.vouched.add(participant.name)
            restoring.tx.participants.put(confined(participant, former))
        elif participant.suspended is None:
            restoring.tx.participants.put(structs.replace(participant, suspended=restoring.now))
            restoring.doubt(participant.name, "participant", participant.name)


def _newcomers(restoring: Restoring) -> None:
    former = restoring.former
    gone = [name for name in former.participants if restoring.tx.participants.get(Tenant(name)) is None]
    buried = {tombstone.name for tombstone in former.tombstones}
    restoring.counts["participants made since, which the backup has not"] += len([name for name in gone if name not in buried])


def _contracts(restoring: Restoring) -> None:
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM contracts"):
        contract = msgspec.json.decode(doc, type=Contract)
        former = restoring.former.contracts.get((contract.tenant, contract.id))
        vouched = contract.tenant in restoring.vouched and former is not None and former.negotiation == contract.negotiation
        if contract.ended is not None:
            continue
        if former is not None and vouched:
            if former.ended is None:
                continue
            contract.ended, contract.end_reason = former.ended, former.reason
            contract.end_how, contract.ended_by, contract.end_statement = former.how, former.by, former.statement
            restoring.counts["contracts ended since"] += 1
        else:
            contract.ended = restoring.now
            contract.end_reason = f"Restored from a backup of {restoring.as_of}; it may have ended since, and waits for a confirmation."
            restoring.doubt(contract.tenant, "contract", contract.id)
        restoring.tx.contracts.put(contract)


def _assets(restoring: Restoring) -> None:
    for doc, encoded in restoring.tx.rows.all("SELECT doc, encoded FROM assets"):
        asset = msgspec.json.decode(doc, type=Asset)
        if asset.withdrawn is not None:
            continue
        former = restoring.former.assets.get((asset.tenant, asset.id)) if asset.tenant in restoring.vouched else None
        if former == shown(asset):
            continue
        if former is not None and former.withdrawn is not None:
            asset.withdrawn = former.withdrawn
            restoring.counts["assets withdrawn since"] += 1
        else:
            # Unknown here, or its terms or viewers were changed since: nobody gets it under the old ones.
            asset.withdrawn = restoring.now
            restoring.doubt(asset.tenant, "asset", asset.id)
        restoring.tx.assets.put(asset, bytes(encoded))


def _members(restoring: Restoring) -> None:
    tx = restoring.tx
    for (doc,) in tx.rows.all("SELECT doc FROM members"):
        member = msgspec.json.decode(doc, type=Member)
        former = restoring.former.members.get((member.space, member.did)) if member.tenant in restoring.vouched else None
        if member.status is Status.ACTIVE and former is None and not _anchors(restoring, member):
            reason = f"Restored from a backup of {restoring.taken:%Y-%m-%d}; waits for a confirmation."
            tx.members.put(structs.replace(member, status=Status.SUSPENDED, reason=reason, updated=restoring.now))
            restoring.doubt(member.tenant, "member", f"{member.space} {member.did}")
        elif former is None and member.tenant not in restoring.vouched and member.barred is None:
            _bar(restoring, member)
    for former in restoring.former.members.values():
        if former.tenant in restoring.vouched:
            _as_formerly(restoring, former)


def _bar(restoring: Restoring, member: Member) -> None:
    """Let people decide about who may have been refused or removed since."""
    if member.status in {Status.PENDING, Status.LEFT}:
        restoring.tx.members.put(structs.replace(member, barred=Status.REFUSED))


def _as_formerly(restoring: Restoring, former: Member) -> None:
    """Keep what the replaced database says of a member, less what the backup does not give it."""
    tx = restoring.tx
    restored = tx.members.get(former.space, former.did)
    if former.status is Status.ACTIVE:
        if restored is not None:
            tx.members.put(reduced(restored, former))
    elif restored is not None or former.status is not Status.PENDING:
        tx.members.put(former)
        if restored is not None and restored.status is Status.ACTIVE:
            restoring.counts["members removed or suspended since"] += 1


def _anchors(restoring: Restoring, member: Member) -> bool:
    space = restoring.tx.spaces.get(member.space)
    return space is not None and space.anchor == member.did


def _spaces(restoring: Restoring) -> None:
    for (doc,) in restoring.tx.rows.all("SELECT doc FROM spaces"):
        space = msgspec.json.decode(doc, type=Space)
        former = restoring.former.spaces.get(space.name)
        seen = max(space.version, former.version if former else 0, int(restoring.now.timestamp()))
        restoring.tx.spaces.put(structs.replace(space, version=seen + int(LEAP.total_seconds())))
        restoring.counts["member lists with a new version"] += 1


def _keep_marks(restoring: Restoring) -> None:
    """Keep what only ever grows: highest versions seen, doubts."""
    for url, anchor, version in restoring.former.watermarks:
        restoring.tx.watermarks.put(url, Did(anchor), version)
    doubts = UnconfirmedStore(restoring.tx.rows)
    for thing in restoring.former.unconfirmed:
        if thing.tenant in restoring.vouched:
            doubts.put(thing)
