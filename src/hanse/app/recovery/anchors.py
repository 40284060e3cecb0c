"""What becomes of an anchor's work in a restore: rulebooks, what was issued, and the status lists that take it back.

What both the backup and the replaced database know is brought together, and the stricter of both holds. Where the replaced
database does not vouch for the space, nobody knows what was issued, revoked and published after the backup:

- all places that were free in the backup are revoked and never given: whoever has got one asks for a new credential,
- the next places lie where the clock has them, so that no lost database can have given them,
- the rulebook is published anew, in a version that nobody can have seen,
- requests that wait are rejected: their holders ask again.

In both cases credentials then follow their holders: who is no member any more has none that counts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import structs

from hanse.anchor.issuing.status import ENTRIES, Place, mark
from hanse.anchor.records import Issuance, IssuanceState, Issued, Member, Space, StatusBits
from hanse.anchor.rulebooks import renew
from hanse.anchor.standing import Status
from hanse.anchor.versions import rulebook_of
from hanse.app.recovery.former import status_lists
from hanse.app.recovery.restoring import WAITS, Restoring
from hanse.identity.rulebook import Rulebook
from hanse.identity.status import Bits
from hanse.kernel.tenant import Did
from hanse.storage.rows import micros

_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
_ONE_LIST: Final = timedelta(hours=1)
"""How long the clock takes for one list: nobody issues 36 credentials a second for hours."""
_NO_MEMBER: Final = "Its holder is no member after a restore."
_NO_ROLE: Final = "Its holder does not have the role after a restore."
_MICROSECOND: Final = timedelta(microseconds=1)


def restore_anchors(restoring: Restoring) -> None:
    """Bring together what is known of each space, close what nobody knows, and let credentials follow their holders."""
    spaces = [msgspec.json.decode(doc, type=Space) for (doc,) in restoring.tx.rows.all("SELECT doc FROM spaces ORDER BY name")]
    for space in spaces:
        if restoring.knew(space):
            _rulebooks(restoring, space)
            _issued(restoring, space)
            _lists(restoring, space)
        if not restoring.vouches_for(space):
            _close(restoring, space)
    for space in spaces:
        _follow(restoring, space)


def place_by_clock(now: datetime) -> Place:
    """Return the place that the clock points at: a list an hour. The places that are given one by one stay behind it."""
    return Place(*divmod((now - _EPOCH) // _MICROSECOND * ENTRIES // (_ONE_LIST // _MICROSECOND), ENTRIES))


def stricter(restored: Issued, former: Issued, *, vouched: bool) -> Issued:
    """Return the record of a credential as the stricter of both has it; where `former` is vouched for, it has the last word.

    Revoked is for ever, whoever says it.
    """
    word = restored if restored.status == "revoked" or not (vouched or former.status) else former
    return structs.replace(former, status=word.status, reason=word.reason, by=word.by)


def _rulebooks(restoring: Restoring, space: Space) -> None:
    tx, vouched = restoring.tx, restoring.vouches_for(space)
    for rulebook in restoring.former.rulebooks:
        if rulebook.space == space.name and (vouched or tx.rulebooks.get(space.name, rulebook.version) is None):
            tx.rulebooks.put(rulebook)


def _issued(restoring: Restoring, space: Space) -> None:
    tx, vouched = restoring.tx, restoring.vouches_for(space)
    for one in restoring.former.issued:
        if one.space == space.name:
            restored = tx.issued.get(one.id)
            tx.issued.put(one if restored is None else stricter(restored, one, vouched=vouched))
    for request in restoring.former.issuances:
        if request.space == space.name and (vouched or tx.issuances.get(request.id) is None):
            tx.issuances.put(request)


def _lists(restoring: Restoring, space: Space) -> None:
    tx, vouched = restoring.tx, restoring.vouches_for(space)
    for former in restoring.former.lists:
        if former.space != space.name:
            continue
        restored = tx.status_lists.get(space.name, former.number)
        if restored is None:
            tx.status_lists.add(former)
            continue
        suspended = former.suspended if vouched else _either(restored.suspended, former.suspended)
        changed = max(restored.changed, former.changed) + 1
        revoked = _either(restored.revoked, former.revoked)
        tx.status_lists.flip(structs.replace(restored, revoked=revoked, suspended=suspended, changed=changed))
        tx.status_lists.reserve(space.name, former.number, former.next)


def _close(restoring: Restoring, space: Space) -> None:
    tx = restoring.tx
    lists = status_lists(tx, space.name)
    for one in lists:
        unknown = ((1 << max(0, ENTRIES - one.next)) - 1).to_bytes(len(one.revoked))  # bits count from the left: the last ones
        tx.status_lists.flip(structs.replace(one, revoked=_either(one.revoked, unknown), changed=one.changed + 1))
        tx.status_lists.reserve(space.name, one.number, ENTRIES)
    place, last = place_by_clock(restoring.now), max((one.number for one in lists), default=0)
    nothing = Bits.zeros(ENTRIES).data
    number = max(place.number, last + 1)
    tx.status_lists.add(
        StatusBits(space=space.name, tenant=space.tenant, number=number, next=place.index, revoked=nothing, suspended=nothing)
    )
    _reject_waiting(restoring, space)
    renew(tx, space, restoring.now)
    restoring.advice.append(
        f"The space {space.name} is as of {restoring.as_of}. What it issued since does not count: who is confirmed is offered new"
        " credentials. Revocations and versions of the rulebook since then are lost: make them again before you confirm its members."
    )


def _reject_waiting(restoring: Restoring, space: Space) -> None:
    tx = restoring.tx
    reason = f"The anchor was restored from a backup of {restoring.as_of}; ask again."
    for (doc,) in tx.rows.all("SELECT doc FROM issuances WHERE is_open = 1 AND space = ?", (space.name,)):
        waiting = msgspec.json.decode(doc, type=Issuance)
        tx.issuances.put(structs.replace(waiting, state=IssuanceState.REJECTED, reason=reason, token=None, updated=restoring.now))
        restoring.counts["members' requests for credentials rejected"] += 1


def _follow(restoring: Restoring, space: Space) -> None:
    tx, rulebook = restoring.tx, rulebook_of(restoring.tx, space)
    live = "SELECT DISTINCT holder FROM issued_credentials WHERE space = ? AND valid_until > ?"
    for (holder,) in tx.rows.all(live, (space.name, micros(restoring.now))):
        member = tx.members.get(space.name, Did(holder))
        restoring.counts["credentials revoked or suspended"] += _follow_one(restoring, space, rulebook, Did(holder), member)


def _follow_one(restoring: Restoring, space: Space, rulebook: Rulebook, holder: Did, member: Member | None) -> int:
    tx, now = restoring.tx, restoring.now
    if member is not None and member.status is Status.ACTIVE:
        own = {role.credential for name, role in rulebook.roles.items() if name in member.roles}
        lost = {role.credential for role in rulebook.roles.values()} - own
        return mark(tx, space, holder, "revoked", _NO_ROLE, now, types=lost)
    if member is not None and member.status is Status.SUSPENDED:
        waits = ("member", f"{space.name} {holder}") in restoring.doubted
        return mark(tx, space, holder, "suspended", WAITS if waits else member.reason, now)
    return mark(tx, space, holder, "revoked", _NO_MEMBER, now)


def _either(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) | int.from_bytes(other)).to_bytes(max(len(one), len(other)))
