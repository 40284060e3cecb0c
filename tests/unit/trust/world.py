"""Participants, anchors and their status lists; credential services that present what their holders have; one verifier."""

import asyncio
from datetime import UTC, datetime, timedelta

from msgspec import structs

from hanse.identity.credentials.issue import Draft, issue, status_entry
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC20, SchemaReference
from hanse.identity.credentials.present import present
from hanse.identity.credentials.read import read_credential
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.exchange import ResolveDid
from hanse.identity.rulebook import CredentialType, Role, Rulebook, SpaceTrust, TrustedIssuer
from hanse.identity.self_issued import Caller
from hanse.identity.status import Bits
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import CallerError, PeerError, PeerUnreachable
from hanse.kernel.ids import CountedIds
from hanse.trust.claims import Ruled
from hanse.trust.verifier import Verifier
from tests.unit.trust.memory import Keyring, Memory

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
SPACE = "https://port.example/spaces/baltic"
NORTH = "https://north.example/spaces/north"
MEMBERSHIP = "MembershipCredential"
AUDITOR = "AuditorCredential"
FACTORY = "AIFactoryCredential"
US = "us"


def run(awaitable):
    return asyncio.run(awaitable)


class Anchor:
    """Issues credentials, each with a bit in its list for revocation and the same bit in one for suspension."""

    def __init__(self, world, name, space):
        self.world, self.space = world, space
        self.key = world.keyring.key(name)
        self.did = self.key.did
        self.bits = {"revocation": Bits.zeros(), "suspension": Bits.zeros()}
        self.next = 0
        for purpose in self.bits:
            self.publish(purpose)

    def url(self, purpose):
        return f"{self.space}/status/{purpose}"

    def issue(self, kind, holder, *, days=90.0, start=None, schema=None, statuses=True, **claims):
        index, self.next = self.next, self.next + 1
        entries = [status_entry(VC20, purpose, index, self.url(purpose)) for purpose in self.bits] if statuses else []
        start = start or self.world.clock.now()
        draft = Draft(
            profile=VC20,
            types=(kind,),
            subject={"id": holder, "memberOf": self.space, **claims},
            valid_from=start,
            valid_until=start + timedelta(days=days),
            statuses=tuple(entries),
            schemas=(SchemaReference(schema, "JsonSchemaValidator2018"),) if schema else (),
        )
        return issue(self.key, draft, start)

    def flip(self, credential, purpose="revocation", *, on=True):
        index = read_credential(credential).credential.statuses[0].index
        self.bits[purpose] = self.bits[purpose].with_bit(index, on=on)
        self.publish(purpose)

    def publish(self, purpose, key=None, **options):
        made = issue_list(key or self.key, self.url(purpose), self.bits[purpose], VC20, self.world.clock.now(), purpose=purpose, **options)
        self.world.files[self.url(purpose)] = made.encode()


class Peer:
    """A participant elsewhere. Its credential service presents the credentials that it holds of the types that are asked for."""

    def __init__(self, world, name):
        self.world, self.key = world, world.keyring.key(name)
        self.did = self.key.did
        self.holds = []
        self.answer = None

    def caller(self, token="access-1"):
        return Caller(self.did, self.world.us, "jti_1", self.world.clock.now(), token)

    def present(self, scopes, audience):
        if self.answer is not None:
            return self.answer() if callable(self.answer) else self.answer
        wanted = parse_scopes(scopes)
        texts = [text for text in self.holds if any(scope.matches(read_credential(text).credential) for scope in wanted)]
        return present(self.key, audience, texts, self.world.clock.now(), "jti_9")


class World:
    """The verifier's ports, and what stands behind them."""

    def __init__(self):
        self.clock = ManualClock(NOON)
        self.keyring, self.db, self.ids = Keyring(self.clock), Memory(), CountedIds()
        self.files, self.fetched, self.asked, self.away = {}, [], [], set()
        self.gate, self.entered = None, asyncio.Event()
        self.us = self.keyring.did(US)
        self.port, self.north = Anchor(self, "port", SPACE), Anchor(self, "north", NORTH)
        self.acme, self.bolt = Peer(self, "acme"), Peer(self, "bolt")
        self.peers = {peer.did: peer for peer in (self.acme, self.bolt)}
        self.set_rulebook(self.rulebook())
        self.verifiers = 0
        self.restart()

    def rulebook(self):
        """The rules of the space: an issuer of its own for audits, bounds for what it may say, a trust level for AI factories."""

        def kind(title, *issuers):
            return CredentialType(title=title, issuers=list(issuers))

        port = TrustedIssuer(did=self.port.did, claims={"memberOf": [SPACE]})
        return Rulebook(
            space=SPACE,
            anchor=self.port.did,
            title="Baltic",
            credentials={
                MEMBERSHIP: kind("Membership", port),
                FACTORY: kind("AI factory", structs.replace(port, claims={"memberOf": [SPACE], "trustLevel": ["basic", "high"]})),
                AUDITOR: kind("Auditor", port, TrustedIssuer(did=self.north.did, days=30)),
            },
            roles={
                "ai-factory": Role(title="AI factory", credential=FACTORY),
                "auditor": Role(title="Auditor", credential=AUDITOR),
                "provider": Role(title="Provider", credential=MEMBERSHIP),
            },
        )

    def set_rulebook(self, rulebook):
        self.current = Ruled(rulebook, SpaceTrust(rulebook), 1)

    def restart(self, **options):
        self.verifier = Verifier(self.db, self.clock, self.ids, self, self, self, **options)

    def member(self, peer, **claims):
        credential = self.port.issue(MEMBERSHIP, peer.did, name=f"{peer.key.kid[8:12].title()} Ltd", **claims)
        peer.holds.append(credential)
        return credential

    def factory(self, peer, level="high", **claims):
        credential = self.port.issue(FACTORY, peer.did, **{"role": "ai-factory", "trustLevel": level, **claims})
        peer.holds.append(credential)
        return credential

    # The ports.

    async def ruled(self, tenant, space=""):
        if isinstance(self.current, CallerError):
            raise self.current
        return self.current

    async def present(self, tenant, holder, message, token):
        self.asked.append((tenant, holder, tuple(message.scope), token))
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        answer = self.peers[holder].present(message.scope, self.us)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def drive(self, exchange):
        try:
            request = next(exchange)
            while True:
                try:
                    found = await self.fetch(request)
                except PeerError as fault:
                    request = exchange.throw(fault)
                else:
                    request = exchange.send(found)
        except StopIteration as done:
            return done.value

    async def fetch(self, request):
        if isinstance(request, ResolveDid):
            if request.did in self.away:
                raise PeerUnreachable("10.1.2.3 did not answer")
            return self.keyring.document(request.did)
        self.fetched.append(request.url)
        await asyncio.sleep(0)
        if request.url in self.away or request.url not in self.files:
            raise PeerUnreachable("10.1.2.3 did not answer")
        return self.files[request.url]

    # What tests say.

    def admit(self, peer=None, needs=(), token="access-1", wishes=()):
        return run(self.verifier.admit(US, (peer or self.acme).caller(token), needs, wishes))

    def standing(self, peer=None, needs=()):
        return run(self.verifier.standing(US, (peer or self.acme).did, needs))

    def known(self, peer=None):
        return next(iter(self.verifier.known(US, (peer or self.acme).did, [SPACE])), None)
