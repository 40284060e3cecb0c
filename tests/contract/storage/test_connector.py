"""The connector's stores: negotiations, transfers, contracts, the outbox, used tokens."""

from __future__ import annotations

import pytest

from hanse.dsp.messages import Role
from hanse.kernel.errors import CallerError, Conflict
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, agreement, contract, later, negotiation, on, outgoing, transfer

KINDS = pytest.mark.parametrize(("store", "make"), [("negotiations", negotiation), ("transfers", transfer)])


@KINDS
def test_a_process_comes_back_as_it_was_to_its_tenant_alone(address, store, make):
    async def scenario(db):
        process = make(deadline=later(hours=1), peer_pid="urn:peer:1")
        await db.run(lambda tx: getattr(tx, store).put(process))
        assert await db.read(lambda tx: getattr(tx, store).get(A, process.id)) == process
        assert await db.read(lambda tx: getattr(tx, store).get(B, process.id)) is None
        assert await db.read(lambda tx: getattr(tx, store).page(B, after=None, limit=10)) == []
        process.note(later(minutes=1), "more", "peer")
        process.deadline = None
        await db.run(lambda tx: getattr(tx, store).put(process))
        assert await db.read(lambda tx: getattr(tx, store).get(A, process.id)) == process

    on(address, scenario)


@KINDS
def test_a_peers_id_is_found_per_tenant_peer_and_role_and_names_one_process(address, store, make):
    async def scenario(db):
        mine = make("x_1", peer_pid="p", role=Role.PROVIDER)
        theirs = make("x_1", B, peer_pid="p", role=Role.PROVIDER)
        other_role = make("x_2", peer_pid="p", role=Role.CONSUMER)
        other_peer = make("x_3", peer_pid="p", role=Role.PROVIDER, peer=OTHER)
        unknown = [make(f"x_{n}", peer_pid=None) for n in (4, 5)]
        for process in (mine, theirs, other_role, other_peer, *unknown):
            await db.run(lambda tx, process=process: getattr(tx, store).put(process))
        found = await db.read(lambda tx: getattr(tx, store).by_peer_pid(A, PEER, "p", Role.PROVIDER))
        assert found == mine
        assert await db.read(lambda tx: getattr(tx, store).by_peer_pid(B, OTHER, "p", Role.PROVIDER)) is None
        with pytest.raises(Conflict):
            await db.run(lambda tx: getattr(tx, store).put(make("x_9", peer_pid="p", role=Role.PROVIDER)))
        assert await db.read(lambda tx: getattr(tx, store).get(A, "x_9")) is None

    on(address, scenario)


@KINDS
def test_pages_are_newest_first_without_gaps_or_repeats(address, store, make):
    async def scenario(db):
        ids = [f"x_{n:02}" for n in range(11)]
        for n, id in enumerate(ids):
            state = "TERMINATED" if n % 3 == 0 else None
            await db.run(lambda tx, id=id, state=state: getattr(tx, store).put(make(id, state=state)))
            await db.run(lambda tx, id=id: getattr(tx, store).put(make(id, B)))

        async def walk(open_only):
            seen, after = [], None
            while page := await db.read(lambda tx, after=after: getattr(tx, store).page(A, after=after, limit=4, open_only=open_only)):
                seen += [process.id for process in page]
                assert all(process.tenant == A for process in page)
                after = seen[-1]
            return seen

        assert await walk(False) == ids[::-1]
        assert await walk(True) == [id for n, id in enumerate(ids) if n % 3][::-1]

    on(address, scenario)


@KINDS
def test_deadlines_of_all_tenants_earliest_first(address, store, make):
    async def scenario(db):
        assert await db.read(lambda tx: getattr(tx, store).next_deadline()) is None
        for n, tenant in ((3, A), (1, B), (2, A), (9, B)):
            await db.run(lambda tx, n=n, tenant=tenant: getattr(tx, store).put(make(f"x_{n}", tenant, deadline=later(seconds=n))))
        await db.run(lambda tx: getattr(tx, store).put(make("x_0", deadline=None)))
        assert await db.read(lambda tx: getattr(tx, store).next_deadline()) == later(seconds=1)
        due = await db.run(lambda tx: getattr(tx, store).overdue(later(seconds=3), 10))
        assert [process.id for process in due] == ["x_1", "x_2", "x_3"]
        assert len(await db.run(lambda tx: getattr(tx, store).overdue(later(seconds=3), 2))) == 2

    on(address, scenario)


def test_a_negotiation_by_its_agreement_and_transfers_that_run_under_one(address):
    async def scenario(db):
        await db.run(lambda tx: tx.negotiations.put(negotiation("neg_2", agreement=agreement("agr_9"))))
        for id, state, of in (
            ("trf_1", "STARTED", "agr_9"),
            ("trf_2", "COMPLETED", "agr_9"),
            ("trf_3", None, "agr_9"),
            ("trf_4", None, "x"),
        ):
            await db.run(lambda tx, id=id, state=state, of=of: tx.transfers.put(transfer(id, state=state, agreement_id=of)))
        assert (await db.read(lambda tx: tx.negotiations.by_agreement(A, "agr_9"))).id == "neg_2"
        assert await db.read(lambda tx: tx.negotiations.by_agreement(B, "agr_9")) is None
        assert [one.id for one in await db.read(lambda tx: tx.transfers.running(A, "agr_9"))] == ["trf_1", "trf_3"]
        assert await db.read(lambda tx: tx.transfers.running(B, "agr_9")) == []

    on(address, scenario)


def test_contracts_newest_first_and_never_overwritten_by_another_negotiation(address):
    async def scenario(db):
        # Ids do not sort as times do; two were finalised in one moment.
        made = [contract(id, of=f"neg_{n}", finalized=later(seconds=n // 2)) for n, id in enumerate(["z", "a", "m", "b", "y"])]
        for one in (*made, contract("q", B)):
            await db.run(lambda tx, one=one: tx.contracts.put(one))
        assert await db.read(lambda tx: tx.contracts.get(A, "m")) == made[2]
        assert await db.read(lambda tx: tx.contracts.get(B, "m")) is None
        seen, after = [], None
        while page := await db.read(lambda tx, after=after: tx.contracts.page(A, after=after, limit=2)):
            seen += [one.id for one in page]
            after = seen[-1]
        assert seen == ["y", "m", "b", "z", "a"]
        assert await db.read(lambda tx: tx.contracts.page(A, after="q", limit=2)) == []
        with pytest.raises(Conflict):
            await db.run(lambda tx: tx.contracts.put(contract("m", of="neg_evil")))
        made[2].ended, made[2].end_reason = later(days=1), "Withdrawn."
        await db.run(lambda tx: tx.contracts.put(made[2]))
        assert await db.read(lambda tx: tx.contracts.get(A, "m")) == made[2]

    on(address, scenario)


def test_the_outbox_hands_out_what_is_due_once_per_lease(address):
    async def scenario(db):
        assert await db.read(lambda tx: tx.outbox.next_due()) is None
        messages = [outgoing(f"msg_{n}", (A, B)[n % 2], due=later(seconds=n)) for n in range(5)]
        for message in messages:
            await db.run(lambda tx, message=message: tx.outbox.put(message))
        assert await db.read(lambda tx: tx.outbox.next_due()) == NOW
        assert await db.read(lambda tx: tx.outbox.get("msg_3")) == messages[3]
        claimed = await db.run(lambda tx: tx.outbox.claim(later(seconds=2), later(seconds=20), 2))
        assert [message.id for message in claimed] == ["msg_0", "msg_1"]
        claimed = await db.run(lambda tx: tx.outbox.claim(later(seconds=2), later(seconds=20), 9))
        assert [message.id for message in claimed] == ["msg_2"]
        assert await db.run(lambda tx: tx.outbox.claim(later(seconds=2), later(seconds=20), 9)) == []
        again = await db.run(lambda tx: tx.outbox.claim(later(seconds=20), later(seconds=40), 9))
        assert {message.id for message in again} == {"msg_0", "msg_1", "msg_2", "msg_3", "msg_4"}
        await db.run(lambda tx: tx.outbox.delete("msg_0"))
        assert await db.read(lambda tx: tx.outbox.get("msg_0")) is None

    on(address, scenario)


def test_a_token_is_used_once_per_tenant_and_issuer_and_pruned_when_it_has_expired(address):
    async def scenario(db):
        async def use(*args):
            return await db.run(lambda tx: tx.replays.consume(*args))

        assert await use(A, PEER, "jti", later(minutes=5)) is True
        assert await use(A, PEER, "jti", later(minutes=9)) is False
        assert await use(B, PEER, "jti", later(minutes=5)) is True
        assert await use(A, OTHER, "jti", later(minutes=5)) is True
        assert await db.run(lambda tx: tx.replays.prune(later(minutes=5))) == 0
        assert await use(A, PEER, "jti", later(minutes=5)) is False
        assert await db.run(lambda tx: tx.replays.prune(later(minutes=6))) == 3
        assert await use(A, PEER, "jti", later(minutes=5)) is True

    on(address, scenario)


ODD = ["' OR 1=1 --", "%", "_", "\\", "a\nb", "💧" * 512]


def test_odd_ids_are_only_ids(address):
    async def scenario(db):
        await db.run(lambda tx: tx.negotiations.put(negotiation("neg_1")))
        for id in ODD:
            assert await db.read(lambda tx, id=id: tx.negotiations.get(A, id)) is None
            await db.run(lambda tx, id=id: tx.negotiations.put(negotiation(id[:100], peer_pid=id)))
            assert (await db.read(lambda tx, id=id: tx.negotiations.by_peer_pid(A, PEER, id, Role.CONSUMER))).id == id[:100]
        assert await db.read(lambda tx: tx.negotiations.get(A, "x" * 100_000)) is None

    on(address, scenario)


def test_a_zero_character_is_refused_or_found_nowhere_and_breaks_nothing(address):
    async def scenario(db):
        def work(tx):
            try:
                assert tx.negotiations.get(A, "neg\x001") is None
            except CallerError as error:
                assert error.rule == "text"
            tx.negotiations.put(negotiation("neg_1"))

        await db.run(work)
        assert await db.read(lambda tx: tx.negotiations.get(A, "neg_1")) is not None

    on(address, scenario)
