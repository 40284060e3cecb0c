"""Own assets: what the owner sees, what a requester may see, and what a filter finds."""

from __future__ import annotations

from hanse.dcat.search import Criteria, parse_filter, terms_of, text_of
from tests.contract.storage.stage import NOW, OTHER, PEER, A, B, asset, on

ALL = Criteria((), ())


def _fill(*assets):
    def work(tx):
        for one in assets:
            tx.assets.put(one, f'{{"@id":"{one.id}"}}'.encode())

    return work


async def _found(db, requester, filter, *, tenant=A, after=None, limit=100):
    criteria = parse_filter(filter)
    return [id for id, _ in await db.read(lambda tx: tx.assets.visible(tenant, requester, criteria, after=after, limit=limit))]


def test_an_asset_comes_back_as_it_was_to_its_tenant_alone(address):
    async def scenario(db):
        one = asset(visible_to=(PEER, PEER), description="ünïcode — 数据", keywords=("a", "b"))
        await db.run(lambda tx: tx.assets.put(one, b'{"x":1}'))
        assert await db.read(lambda tx: tx.assets.get(A, "ds_1")) == one
        assert await db.read(lambda tx: tx.assets.get(B, "ds_1")) is None
        assert await db.read(lambda tx: tx.assets.visible(A, PEER, ALL, after=None, limit=9)) == [("ds_1", b'{"x":1}')]
        assert await db.read(lambda tx: tx.assets.visible(B, PEER, ALL, after=None, limit=9)) == []
        assert (await db.read(lambda tx: tx.assets.count(A)), await db.read(lambda tx: tx.assets.count(B))) == (1, 0)

    on(address, scenario)


def test_an_edit_changes_what_is_seen_and_found_and_by_whom(address):
    async def scenario(db):
        await db.run(_fill(asset(keywords=("old",), visible_to=(PEER,))))
        await db.run(_fill(asset(keywords=("new",), visible_to=(OTHER,))))
        assert await _found(db, PEER, []) == []
        assert await _found(db, OTHER, [{"keyword": "old"}]) == []
        assert await _found(db, OTHER, [{"keyword": "new"}]) == ["ds_1"]
        await db.run(_fill(asset(withdrawn=NOW)))
        assert await _found(db, OTHER, []) == []
        assert await db.read(lambda tx: tx.assets.count(A)) == 0
        assert [one.id for one in await db.read(lambda tx: tx.assets.page(A, after=None, limit=9))] == ["ds_1"]

    on(address, scenario)


def test_pages_in_the_order_of_ids_without_gaps_or_repeats(address):
    async def scenario(db):
        # Upper and lower case, as bytes: the same order on both engines.
        ids = sorted(["ds_a", "ds_B", "ds_c", "ds_D", "ds_1", "ds_10", "ds_2", "ds_é", "ds_~"])
        hidden = {"ds_c": (OTHER,), "ds_10": (PEER, OTHER)}
        await db.run(_fill(*(asset(id, visible_to=hidden.get(id, ())) for id in ids), asset("ds_b2", B)))
        seen, after = [], None
        while page := await db.read(lambda tx, after=after: tx.assets.page(A, after=after, limit=4)):
            seen += [one.id for one in page]
            after = seen[-1]
        assert seen == ids
        seen, after = [], None
        while page := await _found(db, PEER, [], after=after, limit=2):
            seen += page
            after = seen[-1]
        assert seen == [id for id in ids if id != "ds_c"]

    on(address, scenario)


FILTERS = [
    ([], ["ds_1", "ds_2", "ds_3"]),
    ([{"language": "en"}], ["ds_1", "ds_2"]),
    ([{"language": ["nl", "de"]}], ["ds_2", "ds_3"]),
    ([{"language": ["nl", "de"]}, {"keyword": "rain"}], ["ds_2"]),
    ([{"language": "nl", "keyword": ["sun", "rain"]}], ["ds_2"]),
    ([{"language": "fr"}], []),
    ([{"text": "WEATHER"}], ["ds_1", "ds_2"]),
    ([{"text": ["tide", "rain"]}, {"mediaType": "text/csv"}], ["ds_2", "ds_3"]),
    ([{"text": "weather"}, {"text": "hourly"}], ["ds_1"]),
    ([{"id": "ds_3"}], ["ds_3"]),
    ([{"id": "DS_3"}], []),
    ([{"title": "tide tables"}], ["ds_3"]),
    ([{"format": "HttpData-PULL"}, {"language": ["en", "nl", "de"]}, {"text": ["a", "e"]}], ["ds_1", "ds_2", "ds_3"]),
]


def test_a_filter_is_or_inside_a_group_and_and_between_groups(address):
    async def scenario(db):
        await db.run(
            _fill(
                asset("ds_1", title="Weather, hourly", language=("en",), keywords=("sun",), media_type="text/csv"),
                asset("ds_2", title="Weather", language=("en", "nl"), keywords=("Rain", "Cloud"), media_type="text/csv"),
                asset("ds_3", title="Tide tables", language=("de",), description="At the harbour", media_type="text/csv"),
                asset("ds_4", title="Weather rain tide", language=("en", "nl", "de"), visible_to=(OTHER,)),
                asset("ds_5", title="Weather rain tide", language=("en", "nl", "de"), withdrawn=NOW),
                asset("ds_6", B, title="Weather rain tide", language=("en", "nl", "de")),
            )
        )
        page = await db.read(lambda tx: tx.assets.page(A, after=None, limit=99))
        visible = [one for one in page if one.withdrawn is None and (not one.visible_to or PEER in one.visible_to)]
        for filter, found in FILTERS:
            assert await _found(db, PEER, filter) == found, filter
            # The same by the definition of the criteria.
            criteria = parse_filter(filter)
            assert [one.id for one in visible if criteria.match(terms_of(one.dataset), text_of(one.dataset))] == found, filter

    on(address, scenario)


LITERALLY = [("100%", ["ds_1"]), ("a_b", ["ds_2"]), ("c!d", ["ds_3"]), ("%", ["ds_1"]), ("\\", ["ds_4"])]


def test_a_part_of_a_text_is_taken_literally(address):
    async def scenario(db):
        titles = ["It is 100% sure", "name a_b", "c!d", "back \\ slash", "100 axb cd"]
        await db.run(_fill(*(asset(f"ds_{n}", title=title) for n, title in enumerate(titles, 1))))
        for part, found in LITERALLY:
            assert await _found(db, PEER, [{"text": part}]) == found, part

    on(address, scenario)
