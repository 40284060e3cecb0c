"""The issuer's ports in dicts, and a space with an anchor that issues: what its tests stand on."""

import asyncio
import copy
import itertools
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
from msgspec import structs

from hanse.anchor.issuing.deliveries import Deliveries
from hanse.anchor.issuing.issuer import IssuerRules, Issuing
from hanse.anchor.issuing.renewal import Renewals
from hanse.anchor.issuing.status import StatusPages
from hanse.anchor.records import IssuanceState, Member, Space
from hanse.anchor.standing import Status
from hanse.identity.credentials.issue import issue
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.read import read_credential
from hanse.identity.dcp import messages as m
from hanse.identity.rulebook import CredentialType, Role, Rulebook, TrustedIssuer
from hanse.identity.self_issued import Caller
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import HanseError
from hanse.kernel.ids import CountedIds
from tests.unit.anchor.memory import Keyring, MembersInMemory, ReplaysInMemory, Rows, SpacesInMemory, after_in_order

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
URL = "http://localhost:8400/spaces/baltic"
ACME, BOLT, CITY = (f"did:web:{name}.example" for name in ("acme", "bolt", "city"))
MEMBERSHIP, PROVIDER, FACTORY = "MembershipCredential", "DataProviderCredential", "AIFactoryCredential"


class IssuedInMemory(Rows):
    def get(self, id):
        return self.rows.get(id)

    def put(self, issued):
        self.rows[issued.id] = issued

    def page(self, space, *, holder, after, limit):
        fitting = (i for i in self.rows.values() if i.space == space and holder in (None, i.holder))
        return after_in_order(fitting, lambda i: i.id, after, limit)

    def live(self, space, holder, since):
        fitting = (i for i in self.rows.values() if (i.space, i.holder) == (space, holder) and i.valid_until > since)
        return sorted(fitting, key=lambda i: (i.valid_until, i.id))

    def renewable(self, now, *, limit):
        due = [i for i in self.rows.values() if i.renew_from is not None and i.renew_from <= now]
        return sorted(due, key=lambda i: (i.renew_from, i.id))[:limit]


class IssuancesInMemory(Rows):
    def __init__(self, members):
        super().__init__()
        self.members = members

    def get(self, id):
        return self.rows.get(id)

    def by_holder_pid(self, tenant, holder, holder_pid):
        return next((i for i in self.newest(tenant, holder, limit=10_000) if i.holder_pid == holder_pid), None)

    def newest(self, tenant, holder, *, limit):
        own = [i for i in self.rows.values() if (i.tenant, i.holder) == (tenant, holder)]
        return sorted(own, key=lambda i: (i.created, i.id), reverse=True)[:limit]

    def count_since(self, tenant, holder, since):
        return sum(i.created > since for i in self.newest(tenant, holder, limit=10_000))

    def _open(self):
        return [i for i in self.rows.values() if i.state is IssuanceState.RECEIVED]

    def waiting(self, space, holder, *, limit):
        return after_in_order((i for i in self._open() if (i.space, i.holder) == (space, holder)), lambda i: i.id, None, limit)

    def answerable(self, *, after, limit):
        decided = (i for i in self._open() if self.members.get(i.space, i.holder).status is not Status.PENDING)
        return after_in_order(decided, lambda i: i.id, after, limit)

    def put(self, issuance):
        self.rows[issuance.id] = issuance


class StatusListsInMemory(Rows):
    def get(self, space, number):
        return self.rows.get((space, number))

    def changed(self, space, number):
        lists = self.get(space, number)
        return None if lists is None else lists.changed

    def last(self, space):
        number = max((n for s, n in self.rows if s == space), default=None)
        return None if number is None else (number, self.rows[space, number].next)

    def add(self, lists):
        assert (lists.space, lists.number) not in self.rows
        self.rows[lists.space, lists.number] = lists

    def reserve(self, space, number, free):
        lists = self.rows[space, number]
        self.rows[space, number] = structs.replace(lists, next=max(free, lists.next))

    def flip(self, lists):
        before = self.rows[lists.space, lists.number]
        self.rows[lists.space, lists.number] = structs.replace(lists, next=before.next)


class IssuingTx:
    def __init__(self):
        self.spaces = SpacesInMemory()
        self.issued = IssuedInMemory()
        self.members = MembersInMemory(self.issued)
        self.replays = ReplaysInMemory()
        self.issuances = IssuancesInMemory(self.members)
        self.status_lists = StatusListsInMemory()
        self.letters = []
        self.events = []

    def emit(self, event):
        self.events.append(event)


class IssuingMemory:
    """A database of one transaction at a time. Runs each writing work twice, and keeps what a refusal says must be kept.

    `fault` is raised in place of the commit of the next writing work, once.
    """

    def __init__(self):
        self.tx = IssuingTx()
        self.commits = 0
        self.fault = None

    async def run(self, work):
        with suppress(HanseError):
            work(copy.deepcopy(self.tx))
        attempt = copy.deepcopy(self.tx)
        try:
            result = work(attempt)
        except HanseError as error:
            if error.keep is not None:
                error.keep(self.tx)
            raise
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.tx, self.commits = attempt, self.commits + 1
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))


class Signer(Keyring):
    """The anchor's wallet. `before` is awaited before each signature: what happens while something is being signed."""

    def __init__(self, clock):
        super().__init__(clock)
        self.before = None

    async def issue(self, tenant, draft):
        if self.before is not None:
            await self.before()
        self.signed += 1
        key = self.key(tenant)
        return issue(key, draft, self.clock.now()), key.kid

    async def issue_list(self, tenant, url, bits, profile, purpose, lifetime):
        self.signed += 1
        return issue_list(self.key(tenant), url, bits, profile, self.clock.now(), purpose=purpose, lifetime=lifetime)


class PostBox:
    """Puts letters into the transaction, where a test reads them."""

    def queue(self, tx, **letter):
        tx.letters.append(SimpleNamespace(**letter))
        return f"ltr_{len(tx.letters)}"


def kind(type, profile=VC20, url=URL):
    return f"{url}/credentials/{type}/{profile.replace('/', '-')}"


def rulebook(anchor, url=URL):
    def described(title, **more):
        return CredentialType(title=title, issuers=[TrustedIssuer(did=anchor)], **more)

    return Rulebook(
        space=url,
        anchor=anchor,
        title="Baltic trade",
        credentials={
            MEMBERSHIP: described("Member", profiles=[VC20, VC11]),
            PROVIDER: described("Data provider"),
            FACTORY: described("AI factory", days=30, schema={"type": "object", "required": ["trustLevel"]}),
        },
        roles={
            "provider": Role(title="Provider", credential=PROVIDER),
            "ai-factory": Role(title="AI factory", credential=FACTORY, claims={"trustLevel": ["basic", "high"]}),
        },
    )


class House:
    """A space `baltic` of the tenant `port`, and its issuer service."""

    def __init__(self, rules=IssuerRules(), ids=None):  # noqa: B008 - frozen
        self.clock = ManualClock(NOON)
        self.db = IssuingMemory()
        self.signer = Signer(self.clock)
        self.post = PostBox()
        self.anchor = self.signer.did("port")
        self.rulebooks = {"baltic": rulebook(self.anchor)}
        self.ids = ids or CountedIds()
        self.issuing = Issuing(self.db, self.clock, self.ids, self.signer, self.post, self.rulebook_of, rules)
        self.pages = StatusPages(self.db, self.clock, self.signer)
        self.renewals = Renewals(self.db, self.post, self.rulebook_of)
        self.deliveries = Deliveries(self.clock)
        self.jti = itertools.count(1)
        self.space = Space(name="baltic", tenant="port", anchor=self.anchor, url=URL, title="Baltic trade", version=1, created=NOON)
        self.db.tx.spaces.put(self.space)

    def rulebook_of(self, tx, space):
        return self.rulebooks[space.name]

    def member(self, did=ACME, *, space="baltic", status=Status.ACTIVE, roles=("provider",), **more):
        fields = {"tenant": "port", "name": "Acme Ltd", "since": NOON, "created": NOON, "updated": self.clock.now()}
        member = Member(space=space, did=did, status=status, roles=roles, **(fields | more))
        self.db.tx.members.put(member)
        return member

    def caller(self, did=ACME, *, jti=None, token=None):
        return Caller(did, self.anchor, jti or f"jti_{next(self.jti)}", self.clock.now() + timedelta(minutes=5), token)

    async def request(self, *wanted, caller=None, pid="req_1", tenant="port"):
        entries = [m.CredentialId(one if ":" in one else kind(one)) for one in wanted or (MEMBERSHIP, PROVIDER)]
        message = m.CredentialRequestMessage(holder_pid=pid, credentials=entries)
        return await self.issuing.request(tenant, caller or self.caller(), message)

    def ask(self, *wanted, **more):
        return run(self.request(*wanted, **more))

    @property
    def letters(self):
        return self.db.tx.letters

    def arrive(self, number=-1):
        """Let a letter reach its receiver, who takes it."""
        run(self.db.run(lambda tx: self.deliveries.arrived(tx, self.letters[number].about)))

    def lose(self, number=-1, reason="The other side answered HTTP 400: No."):
        """Let a letter be lost for good."""
        letter = self.letters[number]
        if letter.kind == "delivery":
            run(self.db.run(lambda tx: self.deliveries.lost(tx, letter.about, reason)))
        else:
            run(self.db.run(lambda tx: self.deliveries.offer_lost(tx, letter.about, letter.to)))

    def delivered(self, number=-1):
        letter = self.letters[number]
        return m.read(m.CredentialMessage, letter.body)

    def offered(self, number=-1):
        letter = self.letters[number]
        return m.read(m.CredentialOfferMessage, letter.body)

    def issued(self, did=ACME):
        return self.db.tx.issued.page("baltic", holder=did, after=None, limit=1_000)

    def stored(self, id):
        return self.db.tx.issuances.get(id)


def credentials(message):
    return [read_credential(container.payload).credential for container in message.credentials or ()]


def subject(credential):
    return msgspec.to_builtins(dict(credential.subjects[0]))


def run(awaitable):
    return asyncio.run(awaitable)
