"""What a factory serves onward: mirrored data under passed-on terms, metered and reported; and data of its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.connector.offers import Description
from hanse.connector.records import StoredSource
from hanse.factory.facility.records import Intake
from hanse.factory.mirrors.records import MirrorState, Wanted
from hanse.kernel.errors import Forbidden, Invalid, NotFound, SourceVanished
from tests.scenarios.factory.mirrors.town import BIG, PASS_ON, run
from tests.scenarios.operations.world import until
from tests.scenarios.usage.world import pull


async def offer(world, version, terms, path="", **said):
    """Offer something of the facility to the factory's users."""
    about = Description(title="Onward", terms=(world.terms(terms),), **said)
    return await world.down.front.services.offers.create("zoo", StoredSource(version, path), about)


async def agree(world, asset):
    """Let the user agree with the factory; return the contract."""
    negotiations = world.up.connector.negotiations
    begun = await negotiations.request("user", world.zoo, asset.id, asset.dataset.offers[0])

    async def look():
        found = await world.up.ground.database.read(lambda tx: tx.negotiations.get("user", begun.id))
        assert found.state != "TERMINATED", found.history
        return found if found.state == "FINALIZED" else None

    return (await until(look, "the contract")).agreement.id


async def begin(world, contract):
    """Let the user ask for the data; return the transfer's id and its address."""
    transfers = world.up.connector.transfers
    begun = await transfers.request("user", contract, "HttpData-PULL", stated={})

    async def look():
        found = await world.up.ground.database.read(lambda tx: tx.transfers.get("user", begun.id))
        assert found.state != "TERMINATED", found.history
        return found.state == "STARTED"

    await until(look, "the transfer")
    return begun.id, await transfers.address("user", begun.id)


async def written_down(world, contract, size):
    """Wait until the factory's record of the uses has that many bytes, then let a moment pass on its clock."""

    async def look():
        found = await world.down.ground.database.read(lambda tx: tx.uses.page("zoo", agreement=contract, after=None, limit=50))
        return sum(one.volume for one in found) == size

    await until(look, "the record of the bytes")
    world.clock.ahead += timedelta(seconds=5)


async def finish(world, transfer):
    from hanse.connector.rules import Move
    from hanse.dsp.transfer import Step

    await world.up.connector.transfers.move("user", transfer, Move(Step.COMPLETE), "us")

    async def ended():
        found = await world.down.ground.database.read(lambda tx: tx.transfers.page("zoo", after=None, limit=50))
        return any(one.final for one in found if one.peer_pid == transfer)

    await until(ended, "the end of the transfer")


async def fetched(world, contract, path, span=None):
    """Let the user fetch one file; return its bytes."""
    transfer, address = await begin(world, contract)
    got = await pull(address, span, path)
    assert got.status in (200, 206), got.status
    await finish(world, transfer)
    return got.body


def test_mirrored_data_is_offered_within_the_next_policy_and_its_use_is_reported(tmp_path):
    async def scenario(world):
        await world.offer_collection(PASS_ON)
        mirror = await world.make()
        assert mirror.problem == ""
        # What would give more than the provider lets pass on is refused, whatever is said of where the data came from.
        for said in ({}, {"derived_from": ()}):
            with pytest.raises(Invalid) as refused:
                await offer(world, "mirror@1", "members", **said)
            assert refused.value.rule == "next-policy"
        asset = await offer(world, "mirror", "members + until 2030-01-01")
        assert asset.derived_from == (mirror.agreement,)
        edited = await world.down.front.services.offers.edit("zoo", asset.id, Description(derived_from=()))
        assert edited.derived_from == (mirror.agreement,)
        contract = await agree(world, asset)
        assert await fetched(world, contract, "/files/texts/03.txt") == b"text 3\n"
        assert await fetched(world, contract, "/files/big.bin", (1_000, 2_000)) == world.files()["big.bin"][1_000:2_000]
        await written_down(world, contract, 1_007)
        report = await world.mirrors.report("zoo", "mirror")
        assert (report.uses, report.size) == (2, 1_000 + len("text 3\n"))
        [told] = await world.arrived("usage-report", mirror.agreement)
        assert (told.uses, told.size, {one.user for one in told.lines}) == (2, report.size, {report.users[0].user})
        assert told.lines[0].user.startswith("usr-")
        assert world.user.did not in repr(told)
        # They are no uses of the factory's own.
        tally = await world.up.ground.database.read(lambda tx: tx.uses.tally("acme", mirror.agreement))
        assert tally.count == 1
        assert (await world.mirrors.report("zoo", "mirror")).uses == 0
        # A refresh is what the users get next.
        (world.collection / "texts" / "03.txt").write_text("another\n")
        await world.refresh()
        assert await fetched(world, contract, "/files/texts/03.txt") == b"another\n"

        async def told():
            return (await world.down.front.services.offers.get("zoo", asset.id)).dataset.version != asset.dataset.version

        await until(told, "the catalogue's word of the new version")
        # With the provider's agreement everything ends: the last use is reported, the offer is gone, nothing is served.
        _, address = await begin(world, contract)
        await world.end_contract(mirror.agreement)
        await world.ended()
        assert (await world.down.front.services.offers.get("zoo", asset.id)).withdrawn is not None
        assert (await pull(address, None, "/files/texts/03.txt")).status in (401, 403, 404, 410)
        assert [one.uses for one in await world.arrived("usage-report", mirror.agreement, 2)] == [2, 1]

    run(tmp_path, scenario)


def test_a_user_mirrors_the_mirror_by_difference(tmp_path):
    async def scenario(world):
        await world.offer_collection(PASS_ON)
        await world.make()
        asset = await offer(world, "mirror", "members + until 2030-01-01")
        theirs = world.up.factory.mirrors.mirrors
        await theirs.make("user", Wanted(provider=world.zoo, dataset=asset.id, name="copy"), "eve")
        first = await theirs.wait("user", "copy", 30)
        assert (first.problem, first.version, first.count) == ("", "copy@1", 21)
        big = world.collection / "big.bin"
        content = bytearray(big.read_bytes())
        content[BIG // 2 : BIG // 2 + 100] = bytes(100)
        big.write_bytes(content)
        await world.refresh()
        await theirs.refresh("user", "copy")
        second = await theirs.wait("user", "copy", 30)
        assert (second.problem, second.version) == ("", "copy@2")
        assert second.moved < 2 << 20
        read = world.up.factory.facility.facility.read("user", "copy@2", "big.bin")
        assert b"".join([part async for part in read]) == bytes(content)
        # What the provider takes back is taken back from both.
        await world.end_contract((await world.mirrors.show("zoo", "mirror")).agreement)
        await world.ended()

        async def gone():
            return (await theirs.show("user", "copy")).state is MirrorState.ENDED

        await until(gone, "the end of the user's mirror")
        assert len(await world.stated(world.down, "zoo", "receipt", first.agreement)) == 2

    run(tmp_path, scenario)


def test_what_the_factorys_own_operators_opened_is_reported_too(tmp_path):
    async def scenario(world):
        await world.offer_collection()
        mirror = await world.make()
        openings = world.down.factory.opening.openings
        await openings.open("zoo", "mirror@1", "use", {}, "op_ann")
        await openings.open("zoo", "mirror", "use", {}, "op_ann")
        await openings.open("zoo", "mirror", "use", {}, "op_bob")
        world.clock.ahead += timedelta(seconds=5)
        report = await world.mirrors.report("zoo", "mirror")
        assert (report.uses, sorted(one.uses for one in report.users)) == (3, [1, 2])
        [told] = await world.arrived("usage-report", mirror.agreement)
        assert "op_" not in repr(told)

    run(tmp_path, scenario)


def test_what_may_not_be_passed_on_is_not_offered(tmp_path):
    async def scenario(world):
        await world.offer_collection("members + forbid distribute")
        await world.make()
        with pytest.raises(Forbidden) as refused:
            await offer(world, "mirror@1", "members + until 2030-01-01")
        assert refused.value.rule == "distribute"

    run(tmp_path, scenario)


def test_own_data_is_offered_and_fetched_by_difference(tmp_path):
    async def scenario(world):
        await store(world, {"a.csv": b"day,rain\n1,2\n", "deep/b.bin": bytes(range(256)) * 4_000})
        whole, part = await offer(world, "own@1", "members"), await offer(world, "own@1", "members", "deep/")
        single = await offer(world, "own@1", "members", "a.csv")
        assert (whole.dataset.files, whole.dataset.byte_size, whole.derived_from) == (2, 1_024_013, ())
        assert (single.dataset.media_type, single.dataset.byte_size, len(single.dataset.checksums)) == ("text/csv", 13, 2)
        assert (part.dataset.files, part.dataset.byte_size) == (1, 1_024_000)
        # The provider of the mirror scenarios now mirrors the factory: the same fetch by difference, of what is encrypted at rest.
        contract = await agree(world, part)
        assert (await fetched(world, contract, "/files/b.bin"))[:256] == bytes(range(256))
        contract = await agree(world, whole)
        _, address = await begin(world, contract)
        chunks = await pull(address, None, "/chunks/deep/b.bin")
        assert (chunks.status, b"blake3" in chunks.body) == (200, True)
        assert (await pull(address, None, "/files/deep/../a.csv")).status == 404
        assert await fetched(world, await agree(world, single), "") == b"day,rain\n1,2\n"
        masked = await offer(world, "own@1", "members + drop rain", "a.csv")
        assert (await fetched(world, await agree(world, masked), "")).split() == [b"day", b"1"]
        for version, path in (
            ("nothing@1", ""),
            ("own@9", ""),
            ("own@1", "none/"),
            ("own@1", "deep"),
            ("own@1", "/etc/passwd"),
            ("../x", ""),
        ):
            with pytest.raises((Invalid, NotFound, SourceVanished)):
                await offer(world, version, "members", path)

    run(tmp_path, scenario)


def test_nothing_else_is_ever_served_under_a_name_that_was_offered(tmp_path):
    async def scenario(world):
        await world.offer_collection("members")
        await store(world, {"a.csv": b"1\n"})
        asset = await offer(world, "own", "members")
        contract = await agree(world, asset)
        await world.make("other")
        await store(world, {"secret.csv": b"2\n"}, agreement=(await world.mirrors.show("zoo", "other")).agreement)
        _, address = await begin(world, contract)
        assert (await pull(address, None, "/manifest")).status in (404, 409, 410, 500, 503)
        assert (await pull(address, None, "/files/secret.csv")).status in (404, 409, 410, 500, 503)

    run(tmp_path, scenario)


async def store(world, files, agreement=None):
    """Store data of one's own."""

    async def pieces(data):
        yield data

    intaking = await world.facility.intake("zoo", Intake(name="own", agreement=agreement))
    for path, data in files.items():
        await intaking.put(path, pieces(data), sha256=None, size=len(data))
    return await intaking.commit()
