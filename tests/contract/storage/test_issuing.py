"""The issuer's stores: issued credentials, requests, status lists."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from hanse.anchor.issuing.issuer import Issuing
from hanse.anchor.issuing.status import ENTRIES, Place, allocate, mark
from hanse.anchor.records import Issuance, IssuanceState, Issued, StatusBits
from hanse.anchor.standing import Status
from hanse.identity.dcp.messages import CredentialId, CredentialRequestMessage
from hanse.identity.self_issued import Caller
from hanse.identity.status import Bits
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Conflict, Unauthenticated
from hanse.kernel.ids import RandomIds
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, later, member, on, space
from tests.unit.anchor.issuing_memory import ACME, NOON, URL, Signer, kind, rulebook

BYTES = ENTRIES // 8


def issued(id="vc_1", *, of="harbour", holder=PEER, until=None, **changes):
    fields = {"tenant": A, "type": "MembershipCredential", "profile": "vc20-bssl/jwt", "number": 1, "index": 0, "kid": "k", "issuance": ""}
    return Issued(id=id, space=of, holder=holder, valid_from=NOW, valid_until=until or later(days=90), **(fields | changes))


def issuance(id="iss_1", *, of="harbour", holder=PEER, pid="req_1", state=IssuanceState.RECEIVED, **changes):
    fields = {"tenant": A, "wanted": ("http://localhost/x",), "token": "opaque — 数据", "created": NOW, "updated": NOW}
    return Issuance(id=id, space=of, holder=holder, holder_pid=pid, state=state, **(fields | changes))


def lists(number=1, *, of="harbour", tenant=A, free=0, **changes):
    fields = {"revoked": bytes(BYTES), "suspended": bytes(BYTES)}
    return StatusBits(space=of, tenant=tenant, number=number, next=free, **(fields | changes))


async def put(db, store, *records):
    def work(tx):
        for record in records:
            getattr(tx, store).put(record)

    await db.run(work)


def test_members_to_whom_nothing_was_issued(address):
    async def scenario(db):
        def fill(tx):
            for did in ("did:web:a", "did:web:b", "did:web:c"):
                tx.members.put(member(did=did))
            tx.members.put(member(did="did:web:d", status=Status.PENDING))
            tx.issued.put(issued("vc_1", holder="did:web:b"))

        await db.run(fill)
        found = await db.read(lambda tx: [one.did for one in tx.members.unprovided("harbour", after=None, limit=10)])
        assert found == ["did:web:a", "did:web:c"]
        assert [one.did for one in await db.read(lambda tx: tx.members.unprovided("harbour", after="did:web:a", limit=1))] == ["did:web:c"]

    on(address, scenario)


def test_issued_credentials_by_id_and_in_pages(address):
    async def scenario(db):
        mine, theirs, elsewhere = issued("vc_2"), issued("vc_1", holder=OTHER), issued("vc_3", of="lake", tenant=B)
        await put(db, "issued", mine, theirs, elsewhere)
        assert await db.read(lambda tx: tx.issued.get("vc_2")) == mine
        assert await db.read(lambda tx: tx.issued.get("vc_9")) is None
        assert await db.read(lambda tx: tx.issued.page("harbour", holder=None, after=None, limit=9)) == [theirs, mine]
        assert await db.read(lambda tx: tx.issued.page("harbour", holder=None, after="vc_1", limit=9)) == [mine]
        assert await db.read(lambda tx: tx.issued.page("harbour", holder=None, after=None, limit=1)) == [theirs]
        assert await db.read(lambda tx: tx.issued.page("harbour", holder=PEER, after=None, limit=9)) == [mine]
        assert await db.read(lambda tx: tx.issued.page("harbour", holder=PEER, after="vc_2", limit=9)) == []
        revoked = structs.replace(mine, status="revoked", reason="ünïcode", by="Ann")
        await put(db, "issued", revoked)
        assert await db.read(lambda tx: tx.issued.get("vc_2")) == revoked

    on(address, scenario)


def test_what_a_holder_has_that_has_not_ended(address):
    async def scenario(db):
        ended, soon, late = issued("vc_1", until=NOW), issued("vc_3", until=later(days=1)), issued("vc_2")
        taken_back = issued("vc_4", until=later(days=2), status="revoked")
        await put(db, "issued", ended, soon, late, taken_back, issued("vc_5", holder=OTHER), issued("vc_6", of="lake"))
        assert await db.read(lambda tx: tx.issued.live("harbour", PEER, NOW)) == [soon, taken_back, late]
        assert await db.read(lambda tx: tx.issued.live("harbour", PEER, later(microseconds=-1))) == [ended, soon, taken_back, late]

    on(address, scenario)


def test_what_is_to_be_renewed_in_all_spaces(address):
    async def scenario(db):
        first, second = issued("vc_2", of="lake", tenant=B, until=later(days=30)), issued("vc_1")
        suspended, offered = issued("vc_3", status="suspended"), issued("vc_4", renewal_offered=NOW)
        await put(db, "issued", first, second, suspended, offered)

        async def due(limit=9, **by):
            return await db.read(lambda tx: tx.issued.renewable(later(**by), limit=limit))

        assert await due(days=19) == []
        assert await due(days=20) == [first]
        assert await due(days=60) == [first, second]
        assert await due(limit=1, days=60) == [first]
        await put(db, "issued", structs.replace(first, renewal_offered=NOW), structs.replace(suspended, status=""))
        assert await due(days=60) == [second, structs.replace(suspended, status="")]

    on(address, scenario)


def test_requests_by_id_and_by_the_holders_name_for_them(address):
    async def scenario(db):
        first, again = issuance("iss_2"), issuance("iss_1", created=later(seconds=1), wanted=("x", "y"))
        theirs, elsewhere = issuance("iss_3", holder=OTHER), issuance("iss_4", tenant=B, of="lake")
        await put(db, "issuances", first, again, theirs, elsewhere)
        assert await db.read(lambda tx: tx.issuances.get("iss_2")) == first
        assert await db.read(lambda tx: tx.issuances.get("iss_9")) is None
        assert await db.read(lambda tx: tx.issuances.by_holder_pid(A, PEER, "req_1")) == again
        assert await db.read(lambda tx: tx.issuances.by_holder_pid(A, OTHER, "req_1")) == theirs
        assert await db.read(lambda tx: tx.issuances.by_holder_pid(B, PEER, "req_1")) == elsewhere
        assert await db.read(lambda tx: tx.issuances.by_holder_pid(B, OTHER, "req_1")) is None
        assert await db.read(lambda tx: tx.issuances.newest(A, PEER, limit=9)) == [again, first]
        assert await db.read(lambda tx: tx.issuances.newest(A, PEER, limit=1)) == [again]
        assert await db.read(lambda tx: tx.issuances.count_since(A, PEER, later(seconds=-1))) == 2
        assert await db.read(lambda tx: tx.issuances.count_since(A, PEER, NOW)) == 1
        assert await db.read(lambda tx: tx.issuances.count_since(B, OTHER, later(seconds=-1))) == 0

    on(address, scenario)


def test_requests_that_wait_and_those_that_need_not_any_more(address):
    async def scenario(db):
        done = issuance("iss_0", state=IssuanceState.ISSUED, issued=("vc_1",))
        active, applicant = issuance("iss_2"), issuance("iss_3", holder=OTHER)
        refused = issuance("iss_1", of="lake", holder=OTHER)
        await put(db, "issuances", done, active, applicant, refused)
        await put(db, "members", member(PEER), member(OTHER, status="pending"), member(OTHER, of="lake", status="refused"))
        assert await db.read(lambda tx: tx.issuances.waiting("harbour", OTHER, limit=9)) == [applicant]
        assert await db.read(lambda tx: tx.issuances.waiting("harbour", PEER, limit=9)) == [active]
        assert await db.read(lambda tx: tx.issuances.answerable(after="", limit=9)) == [refused, active]
        assert await db.read(lambda tx: tx.issuances.answerable(after="", limit=1)) == [refused]
        assert await db.read(lambda tx: tx.issuances.answerable(after="iss_1", limit=9)) == [active]
        await put(db, "members", member(OTHER))
        assert await db.read(lambda tx: tx.issuances.answerable(after="iss_1", limit=9)) == [active, applicant]
        await put(db, "issuances", structs.replace(active, state=IssuanceState.REJECTED, token=None))
        assert await db.read(lambda tx: tx.issuances.answerable(after="iss_1", limit=9)) == [applicant]
        assert await db.read(lambda tx: tx.issuances.waiting("harbour", PEER, limit=9)) == []

    on(address, scenario)


def test_status_lists_and_what_is_free_in_them(address):
    async def scenario(db):
        for one in (lists(free=7), lists(2), lists(of="lake", tenant=B, free=3)):
            await db.run(lambda tx, one=one: tx.status_lists.add(one))
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.status_lists.add(lists(2)))
        assert await db.read(lambda tx: tx.status_lists.get("harbour", 1)) == lists(free=7)
        assert await db.read(lambda tx: tx.status_lists.get("harbour", 3)) is None
        assert await db.read(lambda tx: tx.status_lists.last("harbour")) == (2, 0)
        assert await db.read(lambda tx: tx.status_lists.last("lake")) == (1, 3)
        assert await db.read(lambda tx: tx.status_lists.last("desert")) is None
        for free in (9, 5):
            await db.run(lambda tx, free=free: tx.status_lists.reserve("harbour", 2, free))
        assert await db.read(lambda tx: tx.status_lists.last("harbour")) == (2, 9)  # it never falls

    on(address, scenario)


def test_bits_are_flipped_and_what_is_free_stays(address):
    async def scenario(db):
        await db.run(lambda tx: tx.status_lists.add(lists()))
        before = await db.read(lambda tx: tx.status_lists.get("harbour", 1))
        await db.run(lambda tx: tx.status_lists.reserve("harbour", 1, 5))
        revoked = Bits(before.revoked).with_bit(ENTRIES - 1, on=True).data
        await db.run(lambda tx: tx.status_lists.flip(structs.replace(before, revoked=revoked, changed=1)))
        assert await db.read(lambda tx: tx.status_lists.get("harbour", 1)) == lists(free=5, revoked=revoked, changed=1)
        assert await db.read(lambda tx: tx.status_lists.changed("harbour", 1)) == 1
        assert await db.read(lambda tx: tx.status_lists.changed("harbour", 2)) is None

    on(address, scenario)


def test_a_tenants_records_are_erased_and_nobody_elses(address):
    async def scenario(db):
        await put(db, "issued", issued(), issued("vc_2", tenant=B))
        await put(db, "issuances", issuance(), issuance("iss_2", tenant=B))
        for one in (lists(), lists(of="lake", tenant=B)):
            await db.run(lambda tx, one=one: tx.status_lists.add(one))
        counts = await db.run(lambda tx: erase_tenant(tx, A))
        assert counts == {"issued_credentials": 1, "issuances": 1, "status_lists": 1}
        assert await db.read(lambda tx: tx.issued.get("vc_2")) is not None
        assert await db.read(lambda tx: tx.issuances.get("iss_2")) is not None
        assert await db.read(lambda tx: tx.status_lists.last("lake")) == (1, 0)

    on(address, scenario)


def test_two_processes_never_give_the_same_place(postgres_database):
    """Also where both find the list full, or find none: one of them loses, and is run again."""

    async def scenario(one, other):
        await one.run(lambda tx: tx.spaces.put(space()))

        async def take_all():
            taken = await asyncio.gather(*(db.run(lambda tx: allocate(tx, space(), 2)) for db in (one, other) * 8))
            return [place for places in taken for place in places]

        given = await take_all()
        await one.run(lambda tx: tx.status_lists.reserve("harbour", 1, ENTRIES - 3))
        given += await take_all()
        assert len(given) == len(set(given)) == 64
        assert Place(2, 28) in given

    on(postgres_database, scenario, times=2)


def test_bits_flipped_by_two_processes_at_once_are_all_set(postgres_database):
    async def scenario(one, other):
        dids = [f"did:web:m{number}.example" for number in range(16)]
        await one.run(lambda tx: tx.status_lists.add(lists(free=16)))
        await put(one, "issued", *(issued(f"vc_{number}", holder=did, index=number) for number, did in enumerate(dids)))
        marks = [
            db.run(lambda tx, did=did: mark(tx, space(), did, "revoked", "", NOW)) for db, did in zip((one, other) * 8, dids, strict=True)
        ]
        assert await asyncio.gather(*marks) == [1] * 16
        found = await one.read(lambda tx: tx.status_lists.get("harbour", 1))
        assert all(Bits(found.revoked)[number] for number in range(16))
        assert found.changed == 16

    on(postgres_database, scenario, times=2)


def test_a_list_can_be_read_while_places_are_given(address):
    async def scenario(db):
        await db.run(lambda tx: tx.spaces.put(space()))
        await db.run(lambda tx: allocate(tx, space(), 3))
        end = later() + timedelta(days=1)
        await put(db, "issued", issued(until=end))
        assert await db.run(lambda tx: mark(tx, space(), PEER, "suspended", "", NOW)) == 1
        await db.run(lambda tx: allocate(tx, space(), ENTRIES))
        found = await db.read(lambda tx: tx.status_lists.get("harbour", 1))
        assert (found.next, found.changed, Bits(found.suspended)[0]) == (ENTRIES, 1, True)
        assert await db.read(lambda tx: tx.status_lists.last("harbour")) == (2, 3)

    on(address, scenario)


class _Server:
    """One server process of an anchor: its issuer over the shared database."""

    def __init__(self, db, keys):
        book = rulebook(keys.did("port"))
        clock, ids = keys.clock, RandomIds(keys.clock)
        self.issuing = Issuing(db, clock, ids, keys, _Post(), lambda tx, space: book)

    async def ask(self, caller, pid="req_1"):
        wanted = [CredentialId(kind(name)) for name in ("MembershipCredential", "DataProviderCredential")]
        return await self.issuing.request("port", caller, CredentialRequestMessage(holder_pid=pid, credentials=wanted))


class _Post:
    """Takes letters to nowhere."""

    def queue(self, tx, **letter):
        return "ltr"


async def _servers(*databases):
    keys = Signer(ManualClock(NOON))
    anchor = keys.did("port")
    first = databases[0]
    await first.run(lambda tx: tx.spaces.put(space("baltic", "port", anchor=anchor, url=URL)))
    return anchor, [_Server(db, keys) for db in databases]


def _caller(anchor, jti):
    return Caller(ACME, anchor, jti, NOON + timedelta(minutes=5))


def test_one_request_sent_to_two_processes_at_once_is_one(postgres_database):
    async def scenario(*databases):
        anchor, servers = await _servers(*databases)
        await put(databases[0], "members", member(ACME, of="baltic", tenant="port"))
        asked = await asyncio.gather(*(server.ask(_caller(anchor, f"jti_{n}")) for n, server in enumerate(servers * 4)))
        assert len({one.id for one in asked}) == 1
        records = await databases[0].read(lambda tx: tx.issued.page("baltic", holder=ACME, after=None, limit=99))
        assert len(records) == 2
        with pytest.raises(Unauthenticated):  # used at one process, used at all
            await servers[1].ask(_caller(anchor, "jti_0"), "req_2")

    on(postgres_database, scenario, times=2)


def test_whoever_is_suspended_while_it_asks_has_nothing_that_counts(postgres_database):
    """Whichever comes first: what was issued is suspended, and afterwards nothing is issued."""

    async def scenario(*databases):
        anchor, servers = await _servers(*databases)
        active = member(ACME, of="baltic", tenant="port")

        def suspend(tx):
            found = tx.spaces.get("baltic")
            tx.members.put(structs.replace(active, status="suspended"))
            return mark(tx, found, ACME, "suspended", "", NOON)

        for turn in range(12):
            await put(databases[0], "members", active)
            asking = [server.ask(_caller(anchor, f"jti_{turn}_{n}"), f"req_{turn}_{n}") for n, server in enumerate(servers * 2)]
            await asyncio.gather(*asking, databases[turn % 2].run(suspend), return_exceptions=True)
            records = await databases[0].read(lambda tx: tx.issued.live("baltic", ACME, NOON))
            assert {one.status for one in records} <= {"suspended"}

    on(postgres_database, scenario, times=2)
