"""A holder's wallet, an issuer, a verifier and a stranger: every object is the product's, everything behind a port is in memory."""

import asyncio
from datetime import timedelta

from hanse.identity.credentials.model import VC20
from hanse.identity.dcp.access import grant
from hanse.identity.dcp.messages import (
    CredentialContainer,
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    IssuerMetadata,
    PresentationQueryMessage,
    credential_object,
)
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.exchange import drive
from hanse.identity.self_issued import issue as issue_token
from hanse.identity.self_issued import verify as verify_token
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import NotFound, PeerUnreachable
from hanse.wallet.credentials import CredentialService
from hanse.wallet.intake import spaces_named
from hanse.wallet.letters import Letters
from hanse.wallet.polling import Polling
from hanse.wallet.requests import Requests
from tests.unit.identity.credentials.world import NOW
from tests.unit.identity.credentials.world import World as Parties
from tests.unit.wallet.memory import Memory, Postman

T = "acme"
MEMBERSHIP, PROVIDER = "MembershipCredential", "DataProviderCredential"
SCOPE = "org.eclipse.dspace.dcp.vc.type:{}:read"


class _Ids:
    """Ids that sort as they were made, as the product's do."""

    def __init__(self):
        self.count = 0

    def new(self, prefix):
        self.count += 1
        return f"{prefix}_{self.count:06}"


class _Issuers:
    def __init__(self, world):
        self.world = world

    async def metadata(self, issuer):
        if issuer not in self.world.metadata_of:
            raise PeerUnreachable("It did not answer.")
        return self.world.metadata_of[issuer]

    async def request_status(self, tenant, issuer, issuer_pid):
        self.world.polled.append((tenant, issuer, issuer_pid))
        said = self.world.says.pop(0) if self.world.says else PeerUnreachable("It did not answer.")
        if isinstance(said, Exception):
            raise said
        return said


class World(Parties):
    """Parties, and the wallet of `holder`, whose tenant is `acme`."""

    def __init__(self, rules=None):
        super().__init__()
        self.clock, self.ids, self.db = ManualClock(NOW), _Ids(), Memory()
        self.mail = Postman()
        self.metadata_of = {self.issuer.did: self.metadata(MEMBERSHIP, PROVIDER)}
        self.polled, self.says = [], []
        self.accepts, self.hidden = {(T, self.issuer.did)}, set()
        self.letters = Letters(self.db, self.mail, self.clock, self.ids)
        self.requests = Requests(self.db, _Issuers(self), self.letters, self.clock, self.ids)
        self.polling = Polling(self.db, _Issuers(self), self.clock)
        self.service = CredentialService(self.db, self, self, self.requests, _Issuers(self), self, self.clock, self.ids, rules)
        self.woken = 0
        self.letters.wake = self._wake
        self.db.subscribers.append(self.letters.on_event)
        self.events = []
        self.db.subscribers.append(self.events.append)
        self._counted = 0

    def _wake(self):
        self.woken += 1

    # The ports.

    async def signing_key(self, tenant):
        if tenant != T:
            raise NotFound("There is no such participant.")
        return self.holder.key

    async def drive(self, exchange):
        return drive(exchange, self.answer)

    async def showing(self, tenant, spaces):
        return lambda held: not self.hidden & spaces_named(held.text)

    async def accepts_offers(self, tenant, issuer):
        return (tenant, issuer) in self.accepts

    # What others send.

    def caller(self, party, *, token=None, audience=None, jti=None):
        """Return the caller that a good self-issued token of the party proves, made and checked for real."""
        self._counted += 1
        did, now = audience or self.holder.did, self.clock.now()
        text = issue_token(party.key, party.did, did, now, jti or f"jti_of_others_{self._counted}", token=token)
        return drive(verify_token(text, did, now), self.answer)

    def access(self, *types, bearer=None, key=None, scopes=None, spaces=()):
        """Return an access token of the holder's for the verifier."""
        texts = [SCOPE.format(one) for one in types] if scopes is None else scopes
        return grant(key or self.holder.key, bearer or self.verifier.did, parse_scopes(texts), self.clock.now(), "tok_1", spaces=spaces)

    def query(self, *types, scopes=None):
        return PresentationQueryMessage(scope=[SCOPE.format(one) for one in types] if scopes is None else scopes)

    def delivery(self, pid, *texts, status="ISSUED", reason=None, type=MEMBERSHIP, format=VC20):
        containers = [one if isinstance(one, CredentialContainer) else CredentialContainer(type, one, format) for one in texts]
        return CredentialMessage(issuer_pid="iss_1", holder_pid=pid, status=status, credentials=containers, rejection_reason=reason)

    def offer(self, *entries, issuer=None):
        full = [one if isinstance(one, CredentialObject) else CredentialObject(id=one) for one in entries]
        return CredentialOfferMessage(issuer=issuer or self.issuer.did, credentials=full)

    @staticmethod
    def kind(type, profile=VC20, id=None):
        return credential_object(id or f"urn:{type}:{profile}", type, profile, "https://issuer.example/schema.json")

    def metadata(self, *types, entries=(), party=None):
        made = [*(self.kind(one) for one in types), *entries]
        return IssuerMetadata(issuer=(party or self.issuer).did, credentials_supported=made)

    # Short ways.

    async def ask_for(self, *types, issuer=None):
        """Have the holder ask the issuer; return the id of the request."""
        return (await self.requests.ask(T, issuer or self.issuer.did, types or (MEMBERSHIP,), "by hand")).holder_pid

    async def store(self, message, party=None, **options):
        await self.service.store(T, self.holder.did, self.caller(party or self.issuer, **options), message)

    async def hold(self, *texts):
        await self.service.keep(T, self.holder.did, self.issuer.did, texts)

    def held(self, tenant=T):
        return self.db.tx.held.page(tenant, after=None, limit=10_000)

    def request(self, pid):
        return self.db.tx.requests.get(T, pid)

    async def presents(self, message, *, token, party=None, **options):
        caller = self.caller(party or self.verifier, token=token, **options)
        return await self.service.present(T, self.holder.did, caller, message)

    def shown(self, response):
        """Return the texts of all credentials in a response, each presentation checked as a verifier does."""
        return [one.credential.text for text in response.presentation for one in self.verify_vp(text, rules=self.rules).credentials]

    async def settle(self):
        """Let everything that is under way come to an end."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def send(self):
        """Post what is due, and settle it."""
        await self.letters.send_due()
        await self.settle()

    def later(self, **by):
        return self.clock.now() + timedelta(**by)


def run(scenario, **options):
    """Run `async def scenario(world)` in a new world."""

    async def whole():
        world = World(**options)
        async with asyncio.timeout(30):
            return await scenario(world)

    return asyncio.run(whole())
