"""A log that somebody changed behind its back says so; and what a statement may be."""

import msgspec
import pytest

from hanse.evidence import kinds as k
from hanse.evidence.checkpoint import read_checkpoint
from hanse.evidence.merkle import consistent, leaf_hash, node_hash
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import Invalid, Malformed, NotFound, TooLarge
from hanse.ledger.records import Entry
from tests.unit.ledger.town import ACME, AGREEMENT, NOW, ZOO, did


def began(number):
    return k.UseBegan(agreement=AGREEMENT, use=f"trf_{number}", action="use")


async def filled(town, count=9):
    for number in range(count):
        await town.append(ACME, began(number))
    return town


def execute(town, sql, *args):
    return town.database.run(lambda tx: tx.rows.execute(sql, args))


async def changed(town, index, **changes):
    entry = msgspec.structs.replace(await town.ledger.get(ACME, index), **changes)
    await execute(town, "UPDATE ledger_entries SET doc = ? WHERE tenant = ? AND number = ?", msgspec.json.encode(entry), ACME, index)


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519"])
def test_a_log_that_nobody_touched_is_sound(in_town, kind):
    async def scenario(town):
        await filled(town)
        verdict = await town.ledger.verify(ACME)
        assert (verdict.sound, verdict.size, verdict.faults) == (True, 9, ())
        text = await town.ledger.checkpoint(ACME)
        signed = read_checkpoint(text)
        assert signed.checkpoint.size == 9
        assert signed.checkpoint.root.hex() == verdict.root
        jwk = (await town.ledger.get(ACME, 0)).key
        assert signed.signed_with(jwk, VerifyingKey.from_jwk(jwk).verify_bytes)
        assert (await town.ledger.verify(ACME, text)).sound

    in_town(scenario, kind)


def test_an_empty_log_is_sound(in_town):
    async def scenario(town):
        verdict = await town.ledger.verify(ACME)
        assert (verdict.sound, verdict.size) == (True, 0)
        assert (await town.ledger.verify(ACME, await town.ledger.checkpoint(ACME))).sound

    in_town(scenario)


async def forged(town):
    """Change what entry 4 says, with the tree made anew around it, as somebody with the whole database but no key would."""
    entry = await town.ledger.get(ACME, 4)
    raw = msgspec.structs.replace(entry.envelope, payload=entry.envelope.payload.replace(b"trf_4", b"trf_5")).encode()
    await changed(town, 4, raw=raw)
    return 4


async def edited(town):
    entry = await town.ledger.get(ACME, 4)
    await changed(town, 4, raw=entry.raw + b" ")
    return 4


async def removed(town):
    await execute(town, "DELETE FROM ledger_entries WHERE tenant = ? AND number = 4", ACME)
    return 4


async def renamed(town):
    await changed(town, 4, agreement="agr_2")
    return 4


async def node_changed(town):
    await execute(town, "UPDATE ledger_nodes SET node = ? WHERE tenant = ? AND level = 1 AND number = 2", b"x" * 32, ACME)
    return 5


async def unreadable(town):
    await changed(town, 4, raw=b"nothing")
    return 4


async def head_moved(town):
    await execute(town, "UPDATE ledger_heads SET edge = ? WHERE tenant = ?", b"x" * 64, ACME)
    return


@pytest.mark.parametrize("tamper", [forged, edited, removed, renamed, node_changed, unreadable, head_moved])
def test_every_change_is_found_and_named(in_town, tamper):
    async def scenario(town):
        await filled(town)
        index = await tamper(town)
        verdict = await town.ledger.verify(ACME)
        assert not verdict.sound
        assert index in [fault.index for fault in verdict.faults]

    in_town(scenario)


async def rebuilt(town, entries):
    """Write a whole log anew, with a tree that fits: what somebody can do who has the database, and no key."""

    def work(tx):
        for table in ("ledger_entries", "ledger_nodes", "ledger_heads"):
            tx.rows.execute(f"DELETE FROM {table} WHERE tenant = ?", (ACME,))
        for entry in entries:
            head = town.ledger._head(tx, ACME)
            edge, nodes = head.edge.append(leaf_hash(entry.raw))
            moved = msgspec.structs.replace(entry, index=head.edge.size)
            tx.ledger.add(moved, msgspec.structs.replace(head, edge=edge), nodes)

    await town.database.run(work)


def test_entries_cannot_change_places_whoever_makes_the_tree_anew(in_town):
    async def scenario(town):
        await filled(town)
        entries = [await town.ledger.get(ACME, index) for index in range(9)]
        await rebuilt(town, entries)
        assert (await town.ledger.verify(ACME)).sound
        entries[2], entries[3] = entries[3], entries[2]
        await rebuilt(town, entries)
        verdict = await town.ledger.verify(ACME)
        assert [fault.index for fault in verdict.faults] == [2, 3]
        await rebuilt(town, entries[4:])
        assert (await town.ledger.verify(ACME)).count == 5

    in_town(scenario)


def test_a_log_that_was_cut_off_is_found_by_an_earlier_checkpoint(in_town):
    async def scenario(town):
        await filled(town)
        text = await town.ledger.checkpoint(ACME)
        await rebuilt(town, [await town.ledger.get(ACME, index) for index in range(6)])
        assert (await town.ledger.verify(ACME)).sound
        verdict = await town.ledger.verify(ACME, text)
        assert "cut off" in verdict.faults[0].problem
        for number in (6, 7, 8, 9):
            await town.append(ACME, began(f"new {number}"))
        verdict = await town.ledger.verify(ACME, text)
        assert "not what the earlier checkpoint says" in verdict.faults[0].problem

    in_town(scenario)


def test_an_earlier_checkpoint_counts_if_this_participant_signed_it(in_town):
    async def scenario(town):
        await filled(town)
        foreign = await town.ledger.checkpoint(ZOO)
        assert not (await town.ledger.verify(ACME, foreign)).sound
        with pytest.raises(Malformed):
            await town.ledger.verify(ACME, "nonsense")

    in_town(scenario)


def test_growth_is_proved_from_one_checkpoint_to_the_next(in_town):
    async def scenario(town):
        await filled(town, 5)
        before = read_checkpoint(await town.ledger.checkpoint(ACME)).checkpoint
        await filled(town, 6)
        proof = await town.ledger.prove_growth(ACME, 5)
        after = read_checkpoint(proof.checkpoint).checkpoint
        assert consistent(5, 11, before.root, after.root, [bytes.fromhex(one) for one in proof.hashes])

    in_town(scenario)


def test_a_rotated_key_still_proves_what_it_signed(in_town):
    async def scenario(town):
        await filled(town, 3)
        await town.database.run(lambda tx: town.wallet.rotate(tx, ACME))
        entry = await town.append(ACME, began("after"))
        assert entry.envelope.keyid.endswith("#key-2")
        assert (await town.ledger.verify(ACME)).sound
        document = await town.wallet.document(ACME)
        assert document.allows("assertionMethod", f"{did(ACME)}#key-1")
        town.clock.advance(days=399)
        document = await town.wallet.document(ACME)
        assert document.allows("assertionMethod", f"{did(ACME)}#key-1")

    in_town(scenario)


def test_a_key_record_changes_once_a_month(in_town):
    async def scenario(town):
        kept = []
        for _ in range(3):
            await town.append(ACME, began("x"))
            kept.append(await town.database.read(lambda tx: tx.keys.get(ACME)))
            town.clock.advance(days=1)
        assert kept[0] == kept[1] == kept[2]
        assert kept[0].needed_until is not None

    in_town(scenario)


def test_what_is_stated_is_as_its_kind_demands(in_town):
    async def scenario(town):
        with pytest.raises(Invalid):
            await town.append(ACME, k.UseStated(agreement=AGREEMENT, purpose="x" * 2049))
        with pytest.raises(Invalid):
            await town.append(ACME, k.Notice(agreement=AGREEMENT, about="a", text=7))
        with pytest.raises(NotFound):
            await town.append(ACME, k.UseStated(agreement="agr_none", purpose="x"))
        text = "ü" * 2048
        lines = tuple(k.UseLine(text[:500], text, NOW, text) for _ in range(1000))
        with pytest.raises(TooLarge):
            await town.append(ACME, k.UsageReport(agreement=AGREEMENT, since=NOW, uses=1000, lines=lines))
        assert (await town.ledger.verify(ACME)).size == 0

    in_town(scenario)


def test_content_by_name_becomes_its_kind(in_town):
    async def scenario(town):
        said = town.ledger.content("use-began", AGREEMENT, {"use": "trf_1", "action": "use", "facts": {"purpose": "x"}})
        assert said == k.UseBegan(agreement=AGREEMENT, use="trf_1", action="use", facts={"purpose": "x"})
        for kind, content in (("party", {}), ("use-began", {"use": 1.5}), ("use-began", [])):
            with pytest.raises(Invalid):
                town.ledger.content(kind, AGREEMENT, content)

    in_town(scenario)


def test_a_stranger_key_in_an_entry_does_not_pass_for_the_owners(in_town):
    async def scenario(town):
        await filled(town, 2)
        thief = SigningKey.generate(f"{did(ACME)}#key-1")
        entry = await town.ledger.get(ACME, 1)
        forged = msgspec.structs.replace(entry.envelope, signature=thief.sign_bytes(entry.envelope.signed))
        made: Entry = msgspec.structs.replace(entry, raw=forged.encode(), key=thief.public_jwk)
        await rebuilt(town, [await town.ledger.get(ACME, 0), made])
        assert "signature" in (await town.ledger.verify(ACME)).faults[0].problem

    in_town(scenario)


def test_hashes_are_those_of_the_tree(in_town):
    async def scenario(town):
        one, two = await town.append(ACME, began(1)), await town.append(ACME, began(2))
        assert (await town.ledger.verify(ACME)).root == node_hash(leaf_hash(one.raw), leaf_hash(two.raw)).hex()

    in_town(scenario)
