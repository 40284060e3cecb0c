"""The ports of trust in dicts: a transaction that is thrown away if the work raises, statements that an anchor signs."""

import copy
from types import SimpleNamespace

from hanse.identity.did import did_document, key_id
from hanse.identity.exchange import drive
from hanse.identity.keys import SigningKey
from hanse.identity.statements import sign_statement
from hanse.kernel.errors import PeerUnreachable


class Watermarks:
    def __init__(self):
        self.rows = {}

    def get(self, url, anchor):
        return self.rows.get((url, anchor))

    def put(self, url, anchor, version):
        self.rows[url, anchor] = version


class PresentedInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, holder):
        return self.rows.get((tenant, holder))

    def put(self, presented):
        self.rows[presented.tenant, presented.holder] = presented

    def delete(self, tenant, holder):
        self.rows.pop((tenant, holder), None)


class RefusalsInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, id):
        return self.rows.get((tenant, id))

    def add(self, refusal, *, per_holder, per_tenant):
        self.rows[refusal.tenant, refusal.id] = refusal
        of_tenant = [one for (tenant, _), one in self.rows.items() if tenant == refusal.tenant]
        of_holder = [one for one in of_tenant if one.holder == refusal.holder]
        for one in {*(one.id for one in of_tenant[:-per_tenant]), *(one.id for one in of_holder[:-per_holder])}:
            del self.rows[refusal.tenant, one]

    def of_holder(self, tenant, holder, *, limit):
        return [one for one in reversed(self.rows.values()) if (one.tenant, one.holder) == (tenant, holder)][:limit]


class Tx:
    def __init__(self):
        self.watermarks = Watermarks()
        self.presented = PresentedInMemory()
        self.refusals = RefusalsInMemory()


class Memory:
    """A database of one transaction at a time. Runs each writing work twice, as a database under contention may."""

    def __init__(self):
        self.tx = Tx()
        self.writes = 0
        self.fault = None

    async def run(self, work):
        if self.fault is not None:
            raise self.fault
        try:
            work(copy.deepcopy(self.tx))
        finally:
            attempt = copy.deepcopy(self.tx)
        result = work(attempt)
        self.tx = attempt
        self.writes += 1
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))


class Keyring:
    """The wallets and the world's DID documents in one: a signing key per party, made when it is first asked for."""

    def __init__(self, clock):
        self.clock = clock
        self.keys = {}

    def did(self, name):
        return self.key(name).did

    def key(self, name):
        if name not in self.keys:
            self.keys[name] = SigningKey.generate(key_id(f"did:web:{name}.example%3A443:participants:{name}", 1))
        return self.keys[name]

    def document(self, did):
        for key in self.keys.values():
            if key.did == did:
                return did_document(key.did, [(key.kid, key.public_jwk)], ())
        raise PeerUnreachable(f"No document of {did}.")

    async def sign(self, name, kind, body, *, version, lifetime):
        return sign_statement(self.key(name), kind, body, version=version, now=self.clock.now(), lifetime=lifetime)

    async def drive(self, exchange):
        return drive(exchange, lambda request: self.document(request.did))


class OneLink:
    def __init__(self, url, anchor):
        self.link = SimpleNamespace(url=url, anchor=anchor)

    async def spaces_of(self, name):
        return [] if self.link is None else [self.link]


class LocalStatements:
    """Spaces that are anchored on this server: none, until somebody puts their statements in."""

    def __init__(self):
        self.registers, self.rulebooks = {}, {}

    async def register_of(self, url):
        return self.registers.get(url)

    async def rulebook_of(self, url):
        return self.rulebooks.get(url)


class Web:
    """An anchor's public address: answers with what the function for the end of the path returns, and counts."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []

    async def get(self, url, limit):
        self.asked.append(url)
        text = await self.answers[url.rpartition("/")[2]]()
        assert len(text) <= limit
        return text.encode()
