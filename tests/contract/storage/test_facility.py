"""What the facility keeps in the database."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.dcat.holding import DatasetVersion, Source
from hanse.factory.facility.records import Farewell, Intake, Pack, Staging, State, Stored, Vault
from hanse.kernel.errors import Conflict
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, A, B, on


def stored(name="rain", number=1, tenant=A, vault="v1", agreement="agr_1", state=State.WHOLE, size=10):
    version = DatasetVersion(tenant=tenant, name=name, number=number, root="0" * 64, count=1, size=size, stored=NOW, agreement=agreement)
    return Stored(version=version, vault=vault, manifest="m", state=state)


def staging(id="i1", wish="w1", vault="v1", tenant=A):
    return Staging(tenant=tenant, id=id, wish=wish, intake=Intake(name="rain"), vault=vault, holder="h", touched=NOW)


def ids(found):
    return [one.version.id for one in found]


def test_versions_are_found_by_all_that_is_asked_for(address):
    async def scenario(database):
        def fill(tx):
            for one in (
                stored("b", 2),
                stored("a", 1),
                stored("a", 10, state=State.GONE),
                stored("a", 2, vault="v2", agreement=None),
                stored("a", 1, tenant=B),
            ):
                tx.facility.add(one)

        await database.run(fill)

        def look(tx):
            store = tx.facility
            assert ids(store.page(A, name=None, agreement=None, gone=False, after=None, limit=9)) == ["a@1", "a@2", "b@2"]
            assert ids(store.page(A, name=None, agreement=None, gone=True, after=("a", 1), limit=2)) == ["a@2", "a@10"]
            assert ids(store.page(A, name="a", agreement="agr_1", gone=True, after=None, limit=9)) == ["a@1", "a@10"]
            assert ids(store.of_vault(A, "v1")) == ["a@1", "a@10", "b@2"]
            assert ids(store.of_vault(A, "v1", State.WHOLE)) == ["a@1", "b@2"]
            assert ids(store.of_agreement(A, "agr_1", State.GONE)) == ["a@10"]
            assert store.latest(A, "a").version.number == 10
            assert store.latest(A, "a", whole=True).version.number == 2
            assert store.latest(A, "nothing") is None
            assert store.count(A) == (3, 30)
            assert store.count("nobody") == (0, 0)
            assert store.get(A, "b", 2) == stored("b", 2)
            assert store.get(A, "b", 3) is None

        await database.read(look)
        with pytest.raises(Conflict):
            await database.run(lambda tx: tx.facility.add(stored("b", 2)))

    on(address, scenario)


def test_what_was_made_of_others_is_found_by_each_of_them_and_each_agreement(address):
    def made(number, *sources, under):
        version = structs.replace(stored("made", number, agreement=None).version, made_of=sources, under=under)
        return Stored(version=version, vault="v9", manifest="m")

    async def scenario(database):
        one = made(1, Source("a@1", "0" * 64, ("agr_1",)), Source("b@1", "0" * 64, ("agr_2",)), under=("agr_1", "agr_2"))
        two = made(2, Source("made@1", "0" * 64, ("agr_1", "agr_2")), Source("made@1", "0" * 64), under=("agr_1", "agr_2"))
        several = Vault(tenant=A, id="v9", made=NOW, under=("agr_1", "agr_2"))

        def fill(tx):
            for each in (stored("a"), stored("b", agreement="agr_2"), one, two):
                tx.facility.add(each)
            for vault in (
                several,
                Vault(tenant=A, id="v1", agreement="agr_1", made=NOW),
                Vault(tenant=B, id="v9", made=NOW, under=("agr_1",)),
            ):
                tx.facility.put_vault(vault)
            tx.facility.put(structs.replace(two, state=State.GONE))

        def look(tx):
            store = tx.facility
            assert ids(store.of_agreement(A, "agr_1")) == ["a@1", "made@1", "made@2"]
            assert ids(store.of_agreement(A, "agr_2", State.WHOLE)) == ["b@1", "made@1"]
            assert ids(store.page(A, name=None, agreement="agr_2", gone=True, after=("b", 1), limit=9)) == ["made@1", "made@2"]
            assert ids(store.made_of(A, "a@1")) == ["made@1"]
            assert ids(store.made_of(A, "made@1")) == ["made@2"]
            assert ids(store.made_of(B, "a@1")) == ids(store.of_agreement(B, "agr_1")) == []
            assert store.vaults(A, ("agr_1", "agr_2")) == [several]
            assert [one.id for one in store.vaults_under(A, "agr_1")] == ["v1", "v9"]
            assert [one.id for one in store.vaults_under(A, "agr_2")] == ["v9"]

        await database.run(fill)
        await database.read(look)

    on(address, scenario)


def test_what_leaves_is_found_again(address):
    async def scenario(database):
        leaving = stored("a", state=State.LEAVING)
        leaving = Stored(version=leaving.version, vault="v1", manifest="m", state=State.LEAVING, farewell=Farewell(reason="why"))
        vault = Vault(tenant=A, id="v1", agreement="agr_1", made=NOW, destroyed=NOW)

        def fill(tx):
            tx.facility.add(stored("a"))
            tx.facility.put(leaving)
            tx.facility.put_vault(vault)
            tx.facility.put_vault(Vault(tenant=A, id="v2", made=NOW))
            tx.facility.put_vault(Vault(tenant=A, id="v3", agreement="agr_1", made=NOW, destroyed=NOW, cleared=NOW))

        await database.run(fill)

        def look(tx):
            assert list(tx.facility.leaving(9)) == [leaving]
            assert list(tx.facility.leaving_vaults(9)) == [vault]
            assert [one.id for one in tx.facility.vaults(A, ("agr_1",))] == ["v1", "v3"]
            assert [one.id for one in tx.facility.vaults(A, ())] == ["v2"]
            assert [one.id for one in tx.facility.all_vaults(A)] == ["v1", "v2", "v3"]
            assert tx.facility.vault(A, "v1") == vault
            assert tx.facility.vault(B, "v1") is None

        await database.read(look)

    on(address, scenario)


def test_intakes_with_their_journals(address):
    async def scenario(database):
        def fill(tx):
            tx.facility.put_staging(staging())
            tx.facility.put_staging(staging("i2", "w2", "v2"))
            for number in (2, 1):
                tx.facility.write_journal(A, "i1", number, b"\0%d" % number)
            tx.facility.write_journal(A, "i2", 1, b"x")

        await database.run(fill)

        def look(tx):
            assert tx.facility.staging_of(A, "w1") == tx.facility.staging(A, "i1") == staging()
            assert [one.id for one in tx.facility.stagings(A)] == ["i1", "i2"]
            assert [one.id for one in tx.facility.stagings(A, "v2")] == ["i2"]
            assert tx.facility.stagings(B) == []
            assert tx.facility.journal(A, "i1") == [(1, b"\x001"), (2, b"\x002")]

        await database.read(look)
        with pytest.raises(Conflict):  # one intake for one wish
            await database.run(lambda tx: tx.facility.put_staging(staging("i3", "w1")))
        await database.run(lambda tx: tx.facility.end_staging(A, "i1"))

        def after(tx):
            assert tx.facility.staging(A, "i1") is None
            assert (tx.facility.journal(A, "i1"), tx.facility.journal(A, "i2")) == ([], [(1, b"x")])

        await database.read(after)

    on(address, scenario)


def test_packs_and_what_they_take(address):
    async def scenario(database):
        def fill(tx):
            tx.facility.put_staging(staging())
            for pack in (
                Pack(A, "v1", "p1", "i1", 5),
                Pack(A, "v1", "p2", "i0", 7),
                Pack(A, "v2", "p1", "i0", 9),
                Pack(B, "v1", "p1", "i0", 99),
            ):
                tx.facility.put_pack(pack)
            tx.facility.put_pack(Pack(A, "v1", "p2", "i0", 6, "cold"))

        await database.run(fill)

        def look(tx):
            assert tx.facility.packs(A, "v1") == [Pack(A, "v1", "p1", "i1", 5), Pack(A, "v1", "p2", "i0", 6, "cold")]
            assert len(tx.facility.packs(A)) == 3
            assert tx.facility.taken(A) == (14, 6, 5)
            assert tx.facility.taken("nobody") == (0, 0, 0)

        await database.read(look)
        await database.run(lambda tx: tx.facility.drop_pack(A, "v1", "p1"))
        assert await database.read(lambda tx: tx.facility.taken(A)) == (9, 6, 0)

    on(address, scenario)


def test_an_erased_participant_leaves_nothing(address):
    async def scenario(database):
        def fill(tx):
            version = structs.replace(stored(agreement=None).version, under=("agr_1",))
            tx.facility.add(Stored(version=version, vault="v1", manifest="m"))
            tx.facility.put_vault(Vault(tenant=A, id="v1", made=NOW))
            tx.facility.put_staging(staging())
            tx.facility.write_journal(A, "i1", 1, b"x")
            tx.facility.put_pack(Pack(A, "v1", "p1", "i1", 5))

        await database.run(fill)
        counts = await database.run(lambda tx: erase_tenant(tx, A))
        assert {name: count for name, count in counts.items() if name.startswith("facility")} == dict.fromkeys(
            ("facility_versions", "facility_vaults", "facility_intakes", "facility_journals", "facility_packs", "facility_derived"), 1
        )

    on(address, scenario)
