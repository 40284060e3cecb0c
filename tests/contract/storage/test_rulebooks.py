"""Versions of rulebooks, in every database."""

from __future__ import annotations

import asyncio

from msgspec import structs

from hanse.anchor.records import Approval, Deed, Proposal, Published
from hanse.anchor.rulebook.document import default
from hanse.anchor.rulebooks import Rulebooks
from hanse.anchor.spaces import Spaces
from hanse.anchor.standing import Status
from hanse.kernel.clock import ManualClock
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, PEER, A, B, member, on, space

ANN, BO = (Approval(operator=f"op_{name}", name=name, at=NOW) for name in ("Ann", "Bo"))
URL = "http://localhost:8400/spaces/harbour"


def published(version=1, of="harbour", tenant=A, **changes):
    fields = {"text": f"# ünïcode — 数据 {version}\n", "sha256": "0" * 64, "published": NOW, "by": "Ann"}
    return Published(space=of, tenant=tenant, version=version, **(fields | changes))


def test_versions_are_kept_and_the_newest_is_found(address):
    async def scenario(db):
        # Not in the order of their texts: 10 is newer than 9.
        for version in (9, 2, 10, 1):
            await db.run(lambda tx, version=version: tx.rulebooks.put(published(version)))
        await db.run(lambda tx: tx.rulebooks.put(published(99, "x", B)))
        assert await db.read(lambda tx: tx.rulebooks.newest("harbour")) == published(10)
        assert await db.read(lambda tx: tx.rulebooks.newest("none")) is None
        assert await db.read(lambda tx: tx.rulebooks.get("harbour", 2)) == published(2)
        assert await db.read(lambda tx: tx.rulebooks.get("harbour", 3)) is None

        async def versions(before, limit):
            return [one.version for one in await db.read(lambda tx: tx.rulebooks.page("harbour", before=before, limit=limit))]

        assert await versions(None, 9) == [10, 9, 2, 1]
        assert await versions(None, 2) == [10, 9]
        assert await versions(9, 9) == [2, 1]
        assert await versions(1, 9) == []
        await db.run(lambda tx: tx.rulebooks.put(published(10, by="Bo")))
        assert (await db.read(lambda tx: tx.rulebooks.newest("harbour"))).by == "Bo"

    on(address, scenario)


def test_they_are_erased_with_their_tenant_only(address):
    async def scenario(db):
        await db.run(lambda tx: tx.rulebooks.put(published()))
        await db.run(lambda tx: tx.rulebooks.put(published(1, "x", B)))
        assert (await db.run(lambda tx: erase_tenant(tx, A)))["rulebooks"] == 1
        assert await db.read(lambda tx: tx.rulebooks.newest("harbour")) is None
        assert await db.read(lambda tx: tx.rulebooks.newest("x")) == published(1, "x", B)

    on(address, scenario)


def test_a_member_keeps_what_was_decided_about_it(address):
    async def scenario(db):
        yes = Approval(operator="op_1", name="Ann", at=NOW, says="admit as ai-factory")
        full = member(
            approvals=(yes,),
            evidence={"registration": "HRB 1\nKiel"},
            presented=("LegalEntityCredential",),
            terms="0" * 64,
            sponsor=PEER,
            hosting="https://h.example/",
            claims={"ai-factory": {"trustLevel": 2, "audited": True, "by": "x"}},
            history=(Deed(at=NOW, what="admitted by a rule", by="rulebook", reason="ünïcode"),),
            barred=Status.REFUSED,
        )
        await db.run(lambda tx: tx.members.put(full))
        found = await db.read(lambda tx: tx.members.get("harbour", PEER))
        assert found == full
        assert [type(value) for value in found.claims["ai-factory"].values()] == [int, bool, str]

    on(address, scenario)


def test_servers_that_publish_at_once_count_on(address):
    async def scenario(*databases):
        clock = ManualClock(NOW)
        await databases[0].run(lambda tx: tx.spaces.add(space()))
        books = [Rulebooks(one, clock, None, root="http://localhost:8400") for one in databases]
        text = default(URL, PEER, "The Harbour")
        # Founded before there were rulebooks: the first version is there, and is stored with the second.
        assert [one.version for one in await books[0].page(A, "harbour")] == [1]
        turns = [books[turn % len(books)].publish(A, "harbour", f"{text}# {turn}\n", ANN) for turn in range(8)]
        made = await asyncio.gather(*turns)
        assert sorted(one.version for one in made) == list(range(2, 10))
        assert [one.version for one in await books[-1].page(A, "harbour")] == list(range(9, 0, -1))
        register = await Spaces(databases[-1], clock, None, root="http://localhost:8400").register_of(URL)
        assert register.body.rulebook == 9
        assert [issuer.did for issuer in register.body.issuers] == [PEER]

    on(address, scenario, times=2 if address.startswith("postgres") else 1)


def test_two_servers_put_a_proposal_in_force_once(address):
    async def scenario(*databases):
        clock = ManualClock(NOW)
        await databases[0].run(lambda tx: tx.spaces.add(space()))
        books = [Rulebooks(one, clock, None, root="http://localhost:8400") for one in databases]
        text = default(URL, PEER, "The Harbour")
        await books[0].publish(A, "harbour", text.replace("approvals: 1", "approvals: 2"), ANN)
        proposal = await books[0].publish(A, "harbour", text, ANN)
        assert isinstance(proposal, Proposal)
        assert await books[-1].proposal(A, "harbour") == proposal
        assert [one.name for one in proposal.approvals] == ["Ann"]
        made = await asyncio.gather(*(books[turn % len(books)].publish(A, "harbour", text, BO) for turn in range(4)))
        assert {(one.version, one.by) for one in made} == {(3, "Ann and Bo")}
        assert await books[-1].proposal(A, "harbour") is None

    on(address, scenario, times=2 if address.startswith("postgres") else 1)


def test_a_stored_version_is_read_as_it_was_written(address):
    async def scenario(db):
        long = structs.replace(published(), text="# " + "ü" * 130_000 + "\n")
        await db.run(lambda tx: tx.rulebooks.put(long))
        assert await db.read(lambda tx: tx.rulebooks.newest("harbour")) == long

    on(address, scenario)
