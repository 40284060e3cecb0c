"""The anchor's ports in dicts: a transaction that is thrown away if the work raises."""

import copy
from types import SimpleNamespace

from hanse.identity.did import did_document, key_id
from hanse.identity.exchange import drive
from hanse.identity.keys import SigningKey
from hanse.identity.statements import sign_statement
from hanse.kernel.errors import PeerUnreachable


def after_in_order(items, key, after, limit):
    return sorted((i for i in items if after is None or key(i) > after), key=key)[:limit]


class Rows:
    def __init__(self):
        self.rows = {}


class SpacesInMemory(Rows):
    def get(self, name):
        return self.rows.get(name)

    def add(self, space):
        assert space.name not in self.rows
        self.put(space)

    def put(self, space):
        self.rows[space.name] = space

    def page(self, tenant, *, after, limit):
        return after_in_order((s for s in self.rows.values() if s.tenant == tenant), lambda s: s.name, after, limit)


class MembersInMemory(Rows):
    def __init__(self, issued=None):
        super().__init__()
        self.issued = issued or Rows()

    def get(self, space, did):
        return self.rows.get((space, did))

    def put(self, member):
        self.rows[member.space, member.did] = member

    def page(self, space, *, status, after, limit):
        fitting = (m for m in self.rows.values() if m.space == space and status in (None, m.status))
        return after_in_order(fitting, lambda m: m.did, after, limit)

    def unprovided(self, space, *, after, limit):
        known = {one.holder for one in self.issued.rows.values() if one.space == space}
        return [m for m in self.page(space, status="active", after=after, limit=100_000) if m.did not in known][:limit]

    def count(self, space, status):
        return len(self.page(space, status=status, after=None, limit=100_000))


class InvitationsInMemory(Rows):
    def get(self, id):
        return self.rows.get(id)

    def put(self, invitation):
        self.rows[invitation.id] = invitation

    def delete(self, id):
        del self.rows[id]

    def page(self, space, *, after, limit):
        return after_in_order((i for i in self.rows.values() if i.space == space), lambda i: i.id, after, limit)


class RulebooksInMemory(Rows):
    def get(self, space, version):
        return self.rows.get((space, version))

    def newest(self, space):
        return next(iter(self.page(space, before=None, limit=1)), None)

    def put(self, rulebook):
        self.rows[rulebook.space, rulebook.version] = rulebook

    def page(self, space, *, before, limit):
        known = [r for r in self.rows.values() if r.space == space and (before is None or r.version < before)]
        return sorted(known, key=lambda r: -r.version)[:limit]


class NothingIssued:
    def live(self, space, holder, since):
        return []


class WatermarksInMemory(Rows):
    def get(self, url, anchor):
        return self.rows.get((url, anchor))

    def put(self, url, anchor, version):
        self.rows[url, anchor] = version


class ReplaysInMemory(Rows):
    def consume(self, tenant, issuer, jti, expires):
        first = (tenant, issuer, jti) not in self.rows
        self.rows[tenant, issuer, jti] = expires
        return first


class Tx:
    def __init__(self):
        self.spaces = SpacesInMemory()
        self.members = MembersInMemory()
        self.invitations = InvitationsInMemory()
        self.rulebooks = RulebooksInMemory()
        self.issued = NothingIssued()
        self.watermarks = WatermarksInMemory()
        self.replays = ReplaysInMemory()
        self.marks = []
        self.events = []

    def emit(self, event):
        self.events.append(event)


class Memory:
    """A database of one transaction at a time. Runs each writing work twice, as a database under contention may."""

    def __init__(self):
        self.tx = Tx()

    async def run(self, work):
        try:
            work(copy.deepcopy(self.tx))
        finally:
            attempt = copy.deepcopy(self.tx)
        result = work(attempt)
        self.tx = attempt
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))


class Keyring:
    """The wallet and the world's DID documents in one: a signing key per tenant, made when it is first asked for."""

    def __init__(self, clock):
        self.clock = clock
        self.keys = {}
        self.signed = 0

    def did(self, tenant):
        return self.key(tenant).did

    def key(self, tenant):
        if tenant not in self.keys:
            self.keys[tenant] = SigningKey.generate(key_id(f"did:web:{tenant}.example%3A443:participants:{tenant}", 1))
        return self.keys[tenant]

    async def sign(self, tenant, kind, body, *, version, lifetime):
        self.signed += 1
        return sign_statement(self.key(tenant), kind, body, version=version, now=self.clock.now(), lifetime=lifetime)

    async def drive(self, exchange):
        return drive(exchange, self._resolve)

    def _resolve(self, request):
        for key in self.keys.values():
            if key.did == request.did:
                return did_document(key.did, [(key.kid, key.public_jwk)], ())
        raise PeerUnreachable(f"No document of {request.did}.")


class OneLink:
    def __init__(self, url, anchor):
        self.link = SimpleNamespace(url=url, anchor=anchor)

    async def space_of(self, name):
        return self.link


class NoLocalSpaces:
    async def register_of(self, url):
        return None


class Web:
    """The anchor's public address: answers with what `answer` returns, and counts."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    async def get(self, url, limit):
        self.asked.append(url)
        text = await self.answer()
        assert len(text) <= limit
        return text.encode()
