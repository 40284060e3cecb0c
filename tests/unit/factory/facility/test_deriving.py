"""Derived versions through the ports: what is looked at before anything is stored, what is stated, and what deletion takes along."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec
import pytest
from msgspec import structs

from hanse.dcat.holding import Origin, Source
from hanse.dcat.preparation import Account, StepAccount, check
from hanse.evidence.kinds import Derived, Object, Prepared, Receipt
from hanse.evidence.statement import root_of_files
from hanse.factory.facility.deriving import MOST, Deriving, origin_of
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from tests.unit.factory.facility.world import ACME, run

PRODUCT = {"shards/000.bin": b"tokens" * 100_000, "index.json": b"{}", "empty": b""}
TRAIN = "urn:hanse:odrl:train"
HALF = "5" * 64


class Grounds:
    """Agreements in memory: which forbid, which have ended; what was opened; what was stated, per version."""

    def __init__(self):
        self.forbid = {}
        self.ended = set()
        self.opened_ = {"a@1", "b@1", "own@1", "made@1"}
        self.said = []

    async def opened(self, tenant, version, action):
        return {one: {} for one in version.agreements} if version.id in self.opened_ and action == TRAIN else None

    async def refuses(self, tenant, agreement, stated, *, mixed):
        return self.forbid.get(agreement, "")

    def standing(self, tx, tenant, agreement):
        return agreement not in self.ended

    def state(self, tx, tenant, said):
        self.said += [says for _, says in said]

    async def stated(self, tenant, version):
        made = [says for says in self.said if (says.version, says.root) == (version.id, version.root)]
        return (made[0], made[1:]) if made else None


def root(files):
    """Return the root of files by path."""
    listed = sorted(files.items(), key=lambda one: one[0].encode())
    return root_of_files([Object(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in listed])


def account(*inputs, output=None, action=TRAIN):
    """Return an account of two steps."""
    sources = tuple(Source(one.id, one.root) for one in inputs)
    read = StepAccount(
        step="decode", inputs=tuple(one.root for one in sources), output=HALF, records_out=9, added=10, dropped={"broken": 1}
    )
    kept = {"records_in": 9, "records_out": 5, "dropped": {"too-short": 3, "too-long": 1}}
    last = StepAccount(
        step="pack", version="3", code="hanse 1", parameters={"length": "128"}, inputs=(HALF,), output=output or root(PRODUCT), **kept
    )
    return Account(inputs=sources, action=action, pipeline="c" * 64, steps=(read, last))


async def begin(world):
    """Store a@1 under agr_a, b@1 under agr_b, own@1 under none; return them with the use case and its grounds."""
    a = await world.store({"a.txt": b"a"}, "a", agreement="agr_a", origin=Origin(places=("DE",), personal=False, rights="CC0"))
    b = await world.store({"b.txt": b"b"}, "b", agreement="agr_b", origin=Origin(places=("US",)))
    own = await world.store({"o.txt": b"o"}, "own")
    grounds = Grounds()
    return a, b, own, Deriving(world.facility, grounds), grounds


async def send(deriving, id, files=PRODUCT, size=1 << 18):
    """Send files in parts."""
    for path, data in files.items():
        for start in range(0, max(len(data), 1), size):
            await deriving.take(ACME, id, path, start, len(data), data[start : start + size])


async def make(deriving, name, said, files=PRODUCT):
    """Make a derived version."""
    begun = await deriving.begin(ACME, name, said)
    await send(deriving, begun.id, files)
    return await deriving.commit(ACME, begun.id)


def test_a_version_made_of_others_stands_under_all_of_their_agreements_and_its_account_is_stated():
    async def scenario(world):
        a, b, own, deriving, grounds = await begin(world)
        said = account(b, a, own)
        made = await make(deriving, "made", said)
        assert (made.id, made.agreement, made.agreements, made.root) == ("made@1", None, ("agr_a", "agr_b"), root(PRODUCT))
        assert made.made_of == (Source("b@1", b.root, ("agr_b",)), Source("a@1", a.root, ("agr_a",)), Source("own@1", own.root))
        assert made.origin == Origin(
            source="its inputs; places not known of own@1, of the others DE, US; rights not known of b@1, own@1, of the others CC0"
        )
        assert await world.contents("made@1") == PRODUCT
        derived, first, last = grounds.said
        assert isinstance(derived, Derived)
        assert isinstance(first, Prepared)
        assert (derived.under, derived.steps, derived.count, derived.account) == (("agr_a", "agr_b"), 2, 3, made.made_by)
        assert [(one.version, one.agreement) for one in derived.inputs] == [("b@1", "agr_b"), ("a@1", "agr_a"), ("own@1", "")]
        assert (first.number, first.inputs, first.output, last.inputs, last.output) == (
            1,
            (b.root, a.root, own.root),
            HALF,
            (HALF,),
            made.root,
        )
        assert (last.parameters, last.dropped, last.step_version) == ({"length": "128"}, {"too-short": 3, "too-long": 1}, "3")
        again = await deriving.begin(ACME, "made", said)  # the same again: the same version, and nothing more is stated
        assert (again.version.id, len(grounds.said)) == ("made@1", 3)
        other = await make(deriving, "more", account(made, output=root({"x": b"x"})), {"x": b"x"})
        assert other.agreements == ("agr_a", "agr_b")

    run(scenario)


def test_the_account_is_read_back_from_what_was_stated():
    async def scenario(world):
        a, _, own, deriving, _ = await begin(world)
        said = account(a, own)
        made = await make(deriving, "made", said)
        told = await deriving.account(ACME, made.id)
        assert told.inputs == made.made_of
        assert structs.replace(told, inputs=said.inputs) == said
        for id, rule in (("a@1", "no-account"), ("made@2", "not-found")):
            with pytest.raises(NotFound) as none:
                await deriving.account(ACME, id)
            assert none.value.rule == rule

    run(scenario)


def test_nothing_is_stored_before_everything_was_looked_at():
    async def scenario(world):
        a, b, _, deriving, grounds = await begin(world)
        grounds.forbid["agr_b"] = "Deriving is prohibited."
        with pytest.raises(Forbidden, match=r"b@1 under agr_b: Deriving is prohibited") as refused:
            await deriving.begin(ACME, "made", account(a, b))
        assert (refused.value.rule, refused.value.where) == ("derive", "agr_b")
        for wrong, error, rule in (
            (account(a, action="use"), Conflict, "unopened"),
            (account(structs.replace(a, root="0" * 64)), Invalid, "input"),
            (account(structs.replace(a, number=7)), NotFound, None),
            (account(a, a), Invalid, "account"),
        ):
            with pytest.raises(error) as raised:
                await deriving.begin(ACME, "made", wrong)
            assert rule in (None, raised.value.rule)
        with pytest.raises(Invalid) as taken:
            await deriving.begin(ACME, "own", account(a))
        assert taken.value.rule == "name-in-use"
        await make(deriving, "made", account(a))
        with pytest.raises(Invalid, match="made@1 was made of other versions"):
            await world.store({"x": b"x"}, "made")
        grounds.said.clear()
        assert (await world.facility.usage(ACME)).staged == 0
        assert not grounds.said

    run(scenario)


def test_what_tells_of_persons_is_replaced_and_never_too_long_for_the_log():
    async def scenario(world):
        a, _, _, deriving, grounds = await begin(world)
        said = account(a)
        mails = "a@b.de " * 580
        first = structs.replace(said.steps[0], code=mails, parameters={"against": mails}, dropped={"a@b.de " * 28: 1})
        await make(deriving, "made", structs.replace(said, steps=(first, *said.steps[1:])))
        told = msgspec.json.decode(msgspec.json.encode(grounds.said[1]), type=Prepared)
        assert "a@b.de" not in str(told)

    run(scenario)


def test_an_account_has_to_hang_together():
    good = account(_Version("a@1", "a" * 64))
    check(good)
    first, last = good.steps
    for broken, words in (
        ((structs.replace(first, inputs=("b" * 64,)), last), "roots of the inputs"),
        ((first, structs.replace(last, inputs=("b" * 64,))), "what the step before gave out"),
        ((first, structs.replace(last, records_in=8)), "it was given 9"),
        ((first, structs.replace(last, dropped={"too-short": 3})), "gave out and dropped 8"),
        ((structs.replace(first, parameters={str(n): "x" * 4_000 for n in range(40)}), last), "longer than"),
    ):
        with pytest.raises(Invalid, match=words) as raised:
            check(structs.replace(good, steps=broken))
        assert raised.value.rule == "account"


class _Version:
    def __init__(self, id, root):
        self.id, self.root = id, root


def test_the_files_have_to_be_what_the_last_step_gave_out_and_parts_have_to_follow():
    async def scenario(world):
        a, _, _, deriving, _ = await begin(world)
        begun = await deriving.begin(ACME, "made", account(a))
        with pytest.raises(Conflict, match="begins at 0"):
            await deriving.take(ACME, begun.id, "x", 3, 6, b"abc")
        assert await deriving.take(ACME, begun.id, "x", 0, 6, b"abc") is None
        assert await deriving.take(ACME, begun.id, "x", 0, 6, b"abcd") is None  # begins anew
        assert (await deriving.take(ACME, begun.id, "x", 3, 6, b"def")).size == 6  # a part that overlaps
        assert (await deriving.take(ACME, begun.id, "x", 3, 6, b"def")).size == 6  # and comes twice
        for start, size, data in ((0, 2, b"abc"), (5, 2, b""), (0, 6, b"")):
            with pytest.raises(Invalid):
                await deriving.take(ACME, begun.id, "y", start, size, data)
        with pytest.raises(Invalid, match="cannot be stored"):
            await deriving.take(ACME, begun.id, "../y", 0, 6, b"abc")
        assert [one.path for one in await deriving.files(ACME, begun.id)] == ["x"]
        for number in range(2):
            await deriving.take(ACME, begun.id, f"half-{number}", 0, 2, b"1")
        with pytest.raises(Conflict, match="2 files are on their way"):
            await deriving.take(ACME, begun.id, "one more", 0, 2, b"1")
        with pytest.raises(Invalid) as raised:
            await deriving.commit(ACME, begun.id)
        assert raised.value.rule == "root"
        with pytest.raises(NotFound):
            await deriving.files(ACME, begun.id)
        assert (await world.facility.usage(ACME)).staged == 0

    run(scenario)


def test_whoever_begins_again_goes_on_and_what_was_begun_is_bounded():
    async def scenario(world):
        a, _, _, deriving, grounds = await begin(world)
        said = account(a)
        begun = await deriving.begin(ACME, "made", said)
        await send(deriving, begun.id, dict(list(PRODUCT.items())[:1]))
        await deriving.take(ACME, begun.id, "half", 0, 9, b"1234")
        await deriving.close()
        with pytest.raises(NotFound):
            await deriving.commit(ACME, begun.id)
        world.again()
        deriving = Deriving(world.facility, grounds)
        assert await deriving.begin(ACME, "made", said) == begun
        assert [one.path for one in await deriving.files(ACME, begun.id)] == ["shards/000.bin"]
        await send(deriving, begun.id)
        assert (await deriving.commit(ACME, begun.id)).id == "made@1"
        for number in range(MOST):
            await deriving.begin(ACME, f"n{number}", said)
        with pytest.raises(TooMany):
            await deriving.begin(ACME, "last", said)

    run(scenario)


def test_what_changed_meanwhile_is_seen_in_the_transaction_that_stores():
    async def scenario(world):
        a, b, _, deriving, grounds = await begin(world)
        begun = await deriving.begin(ACME, "made", account(a, b))
        await send(deriving, begun.id)
        grounds.ended.add("agr_b")
        with pytest.raises(Conflict, match="agr_b has ended"):
            await deriving.commit(ACME, begun.id)
        assert (await world.facility.usage(ACME)).staged == 0
        grounds.ended.clear()
        await send(deriving, (await deriving.begin(ACME, "made", account(a, b))).id)
        await world.removal.delete(ACME, "b@1", "by hand")
        with pytest.raises(Conflict, match="b@1 was deleted"):
            await deriving.commit(ACME, begun.id)
        assert (await world.facility.usage(ACME)).staged == 0
        assert not grounds.said
        begun = await deriving.begin(ACME, "made", account(a))
        await send(deriving, begun.id)
        await world.removal.destroy(ACME, "agr_a", "it is owed")  # and with the agreement goes what was on its way
        with pytest.raises(Conflict):
            await deriving.commit(ACME, begun.id)
        assert (await world.facility.usage(ACME)).staged == 0

    run(scenario)


def test_an_agreement_that_ends_while_an_account_is_looked_at_leaves_no_intake_behind():
    """Its deletion knows nothing of an intake that begins a moment later: that one has to look again."""

    async def scenario(world):
        a, _, _, deriving, grounds = await begin(world)

        async def refuses(tenant, agreement, stated, *, mixed):
            await world.removal.destroy(ACME, "agr_a", "it is owed")
            return ""

        grounds.refuses = refuses
        with pytest.raises(Conflict, match="a@1 was deleted"):
            await deriving.begin(ACME, "made", account(a))
        assert not await world.database.read(lambda tx: tx.facility.stagings(ACME))

    run(scenario)


def test_a_part_whose_file_is_begun_anew_meanwhile_is_refused():
    async def scenario(world):
        a, _, _, deriving, _ = await begin(world)
        begun = await deriving.begin(ACME, "made", account(a))
        sending = asyncio.gather(
            *(deriving.take(ACME, begun.id, "x", 0, 9 << 20, bytes(3 << 20)) for _ in range(2)), return_exceptions=True
        )
        await asyncio.sleep(0)
        again = await deriving.begin(ACME, "made", account(a))
        found = await sending
        assert all(one is None or isinstance(one, (Conflict, NotFound)) for one in found)
        await send(deriving, again.id)
        assert (await deriving.commit(ACME, again.id)).id == "made@1"

    run(scenario)


def test_what_one_agreement_has_deleted_takes_along_what_was_made_of_it_and_nothing_else():
    async def scenario(world):
        a, b, own, deriving, _ = await begin(world)
        alone = await make(deriving, "alone", account(b, own))
        both = await make(deriving, "made", account(a, b))
        further = await make(deriving, "further", account(both, output=root({"x": b"x"})), {"x": b"x"})
        key = (await world.facility.stored(ACME, both.id)).vault
        assert key == (await world.facility.stored(ACME, further.id)).vault
        assert (await world.facility.stored(ACME, alone.id)).vault == (await world.facility.stored(ACME, b.id)).vault
        gone = await world.removal.destroy(ACME, "agr_a", "it is owed")
        assert sorted(one.id for one in gone.versions) == ["a@1", "further@1", "made@1"]
        receipts = [says for _, says in world.receipts.said if isinstance(says, Receipt)]
        assert sorted((one.agreement, one.obligation) for one in receipts) == [
            ("agr_a", "a@1"),
            ("agr_a", "further@1"),
            ("agr_a", "made@1"),
            ("agr_b", "further@1"),
            ("agr_b", "made@1"),
        ]
        with pytest.raises(NotFound):
            await world.stock.vaults.key(ACME, key)
        assert await world.contents("b@1") == {"b.txt": b"b"}
        assert await world.contents(alone.id) == PRODUCT

    run(scenario)


def test_what_somebody_keeps_of_it_stays_and_is_told():
    async def scenario(world):
        a, b, _, deriving, _ = await begin(world)
        both = await make(deriving, "made", account(a, b))
        world.removal.keepers.append(lambda _tx, version: "a legal hold is on it" if version.id == both.id else None)
        await deriving.begin(ACME, "on-its-way", account(a))
        gone = await world.removal.destroy(ACME, "agr_a", "it is owed")
        assert [one.id for one in gone.versions] == ["a@1"]
        assert not await world.database.read(lambda tx: tx.facility.stagings(ACME))  # nobody keeps what was only on its way
        assert [(one.version, one.reason) for one in gone.kept] == [("made@1", "a legal hold is on it")]
        assert await world.contents("made@1") == PRODUCT
        world.removal.keepers.clear()
        assert [one.id for one in (await world.removal.destroy(ACME, "agr_a", "again")).versions] == ["made@1"]

    run(scenario)


@pytest.mark.parametrize(
    ("each", "all_"), [((True, False), True), ((False, None), None), ((False, False), False), ((None, True), True), ((False,), False)]
)
def test_the_strictest_of_personal_data_wins(each, all_):
    class One:
        def __init__(self, personal):
            self.id, self.origin = "a@1", Origin(personal=personal)

    assert origin_of([One(personal) for personal in each]).personal is all_


def test_what_is_not_known_of_one_input_is_not_known_of_what_is_made_of_it_nor_of_what_is_made_of_that():
    class One:
        def __init__(self, id, origin):
            self.id, self.origin = id, origin

    known = One("a@1", Origin(places=("DE",), rights="CC0", personal=False))
    made = origin_of([known, One("b@1", Origin(personal=False))])
    again = origin_of([One("made@1", made), known])
    assert [(one.places, one.rights) for one in (made, again)] == [((), None)] * 2
    assert origin_of([known, One("c@1", Origin(places=("US",), rights="MIT"))]).places == ("DE", "US")
