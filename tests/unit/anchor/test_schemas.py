"""The schemas that lie below a space: what holds, what held, and what they cost to find."""

import pytest
from msgspec import json, structs

from hanse.anchor.issuing.schemas import SchemaPages
from hanse.anchor.rulebook.document import read, write
from hanse.anchor.rulebook.schemas import schema_name, schema_of
from hanse.anchor.rulebooks import renew
from hanse.kernel.errors import NotFound
from tests.unit.anchor.books import URL, book
from tests.unit.anchor.test_rulebooks import House, run

KIND = "AIFactoryCredential"
OTHER = ("trustLevel: {enum: [1, 2, 3]}", "trustLevel: {enum: [1, 2]}")


class Counting:
    """A database that counts what is read."""

    def __init__(self, db):
        self.db, self.reads = db, 0

    async def read(self, work):
        self.reads += 1
        return await self.db.read(work)


@pytest.fixture
def house():
    return House()


def name_in(text, kind=KIND):
    return schema_name(read(text), kind)


def test_the_name_carries_what_a_schema_says(house):
    one = read(book())
    credential = one.credentials[KIND]
    turned = structs.replace(credential, schema=dict(reversed(credential.schema.items())), title="Other")
    assert schema_name(structs.replace(one, credentials={**one.credentials, KIND: turned}), KIND) == name_in(book())
    assert name_in(book(OTHER)) != name_in(book())
    assert name_in(book()).rpartition("-")[0] == KIND


def test_all_that_held_is_found_also_by_another_process(house):
    house.publish(book(OTHER))
    house.clock.advance(days=1)
    run(house.db.run(lambda tx: renew(tx, tx.spaces.get("baltic"), house.clock.now())))
    house.publish(book(OTHER) + "# a remark\n")
    for pages in (SchemaPages(house.db), SchemaPages(house.db)):
        assert run(pages.get("baltic", name_in(book()))) == schema_of(read(book()), KIND)
        assert run(pages.get("baltic", name_in(book(OTHER)))) == schema_of(read(book(OTHER)), KIND) == run(pages.get("baltic", KIND))


def test_what_is_published_meanwhile_is_found(house):
    pages = SchemaPages(house.db)
    assert run(pages.get("baltic", name_in(book())))
    with pytest.raises(NotFound):
        run(pages.get("baltic", name_in(book(OTHER))))
    house.publish(book(OTHER))
    assert json.decode(run(pages.get("baltic", name_in(book(OTHER)))))["properties"]["trustLevel"] == {"enum": [1, 2]}
    assert run(pages.local(f"{URL}/schemas/{name_in(book())}.json")) == schema_of(read(book()), KIND)


def test_a_type_that_is_gone_leaves_its_schemas(house):
    gone = read(book(more="  OtherCredential: {title: Other, issuers: [{did: anchor}], schema: {type: object}}\n"))
    house.publish(write(gone))
    house.publish(book())
    pages = SchemaPages(house.db)
    assert run(pages.get("baltic", schema_name(gone, "OtherCredential"))) == schema_of(gone, "OtherCredential")
    with pytest.raises(NotFound):
        run(pages.get("baltic", "OtherCredential"))


def test_a_stranger_that_asks_for_nonsense_costs_one_look(house):
    for turn in range(9):
        house.publish(book() + f"# {turn}\n")
    counting = Counting(house.db)
    pages = SchemaPages(counting)
    for turn in range(3):
        with pytest.raises(NotFound):
            run(pages.get("baltic", f"{KIND}-{turn:016x}"))
    before = counting.reads
    with pytest.raises(NotFound):
        run(pages.get("baltic", f"{KIND}-0123456789abcdef"))
    assert counting.reads - before <= 2


@pytest.mark.parametrize("again", ["port", "dock"])
def test_another_space_of_the_same_name_has_its_own(house, again):
    pages = SchemaPages(house.db)
    house.publish(book(OTHER))
    assert run(pages.get("baltic", name_in(book(OTHER))))
    house.db.tx.spaces.rows.clear()
    house.db.tx.rulebooks.rows.clear()
    house.clock.advance(seconds=1)
    run(house.spaces.found(again, house.keyring.did(again), "baltic", "Dock"))
    with pytest.raises(NotFound):
        run(pages.get("baltic", name_in(book(OTHER))))
    assert run(pages.get("baltic", name_in(book())))


def test_a_space_from_before_there_were_rulebooks_has_schemas(house):
    house.db.tx.rulebooks.rows.clear()
    assert run(SchemaPages(house.db).get("baltic", name_in(book()))) == schema_of(read(book()), KIND)
