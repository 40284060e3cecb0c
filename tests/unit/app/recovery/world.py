"""Two databases: what a backup brings back, and what the replaced database knows. Both hold an anchor with a space, and a member."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import structs

from hanse.anchor.issuing.status import allocate
from hanse.anchor.records import Issued, Member, Space
from hanse.anchor.standing import Status
from hanse.anchor.versions import stored
from hanse.app.recovery import former as formerly
from hanse.app.recovery.restoring import Restoring
from hanse.app.recovery.restrict import restrict
from hanse.identity.credentials.model import VC20
from hanse.identity.status import Bits
from hanse.participants.records import Participant
from hanse.storage import open_database
from hanse.wallet.ports import SealedKey

TAKEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = TAKEN + timedelta(days=2)
ANCHOR = "did:web:port.example:participants:port"
ACME = "did:web:acme.example"
BOLT = "did:web:bolt.example"
URL = "https://port.example/spaces/baltic"
SPACE = Space(name="baltic", tenant="port", anchor=ANCHOR, url=URL, title="Baltic", version=3, created=TAKEN - timedelta(days=90))
PORT = Participant(name="port", did=ANCHOR, title="Port", created=SPACE.created)


def member(did=ACME, status=Status.ACTIVE, roles=("provider", "consumer"), **changes):
    fields = {"name": "Acme", "created": SPACE.created, "updated": SPACE.created}
    return Member(space="baltic", tenant="port", did=did, roles=roles, status=status, **(fields | changes))


def key(number=1, **changes):
    fields = {"sealed": b"sealed", "created": SPACE.created, "public_jwk": {"kty": "EC", "x": str(number)}}
    return SealedKey(tenant="port", did=ANCHOR, kid=f"{ANCHOR}#{number}", number=number, **(fields | changes))


def begin(tx):
    """Make what both databases have in common."""
    tx.participants.add(PORT)
    tx.spaces.add(SPACE)
    tx.keys.put(key())
    tx.members.put(member())
    stored(tx, SPACE)
    give(tx, "vc_1")


def give(tx, id, holder=ACME, type="MembershipCredential", **changes):
    """Issue a credential."""
    [place] = allocate(tx, SPACE)
    fields = {"tenant": "port", "profile": VC20, "kid": "k", "issuance": "", "number": place.number, "index": place.index}
    start = SPACE.created
    one = Issued(
        id=id, space="baltic", holder=holder, type=type, valid_from=start, valid_until=NOW + timedelta(days=90), **(fields | changes)
    )
    tx.issued.put(one)
    return one


def restored(backed_up, since=None, *, continues=True, now=NOW):
    """Restore what `backed_up(tx)` made over a database of which `since(tx)` made more (None: over a new one).

    Return the restoring and the database's own facts as `look` tells them.
    """

    async def whole():
        old, new = await open_database(":memory:"), await open_database(":memory:")
        try:
            if since is not None:
                await old.run(lambda tx: (begin(tx), backed_up(tx), since(tx)))
            former = await old.read(formerly.read)
            await new.run(lambda tx: (begin(tx), backed_up(tx)))

            def work(tx):
                restoring = Restoring(tx, former, now, TAKEN, continues and since is not None)
                restrict(restoring)
                return restoring

            restoring = await new.run(work)
            return restoring, await new.run(look)
        finally:
            await old.close()
            await new.close()

    return asyncio.run(whole())


class Facts:
    """What is in the database after a restore."""

    def __init__(self, tx):
        self.issued = {one.id: one for one in tx.issued.page("baltic", holder=None, after=None, limit=99)}
        self.members = {one.did: one for one in tx.members.page("baltic", status=None, after=None, limit=99)}
        self.lists = {one.number: one for one in formerly.status_lists(tx)}
        self.rulebook = tx.rulebooks.newest("baltic")
        self.space = tx.spaces.get("baltic")
        self.keys = list(tx.keys.list("port"))
        self.held = tx.held.page("port", after=None, limit=99)
        self.requests = {one.holder_pid: one for one in tx.requests.page("port", after=None, limit=99)}
        self.letters = tx.letters.count()
        self.issuances = {one.id: one for one in tx.issuances.newest("port", ACME, limit=99)}
        self.next = allocate(tx, SPACE)[0]

    def counts(self, id):
        """Tell whether a credential counts, by its bits and by its record, which have to agree."""
        one = self.issued[id]
        lists = self.lists[one.number]
        revoked, suspended = Bits(lists.revoked)[one.index], Bits(lists.suspended)[one.index]
        assert one.status == ("revoked" if revoked else "suspended" if suspended else "")
        return not revoked and not suspended


def look(tx):
    return Facts(tx)


def changed(record, **changes):
    return structs.replace(record, **changes)
