"""Own offers are checked when they are written, with the field and the rule that failed; and who sees them."""

from __future__ import annotations

import json

import pytest

from hanse.connector.kit import Sender
from hanse.connector.offers import Description, Offers
from hanse.connector.preferences import Preferences
from hanse.connector.records import FileSource, HttpSource
from hanse.dsp.messages import CatalogRequest
from hanse.kernel.errors import Invalid, NotFound, TooMany, Unauthenticated
from hanse.odrl.model import Atomic, Rule, Terms
from tests.unit.connector.world import START, run, terms

SOURCE = FileSource(path="/data/weather.csv")
NEVER = Terms(permissions=(Rule("use", (Atomic("count", "lteq", "0"),)),))


def sender(w, jti="one"):
    return Sender("prov", w.consumer.did, jti, START)


@pytest.mark.parametrize(
    ("said", "where", "rule"),
    [
        ({"terms": ()}, "terms", "required"),
        ({"terms": (Terms(permissions=(Rule("fly"),)),)}, "terms[0].permission[0].action", "policy"),
        (
            {"terms": (terms(), Terms(permissions=(Rule("use", (Atomic("moon", "eq", "full"),)),)))},
            "terms[1].permission[0].constraint[0]",
            "policy",
        ),
        ({"terms": (terms("count 3"), NEVER)}, "terms[1].permission[0].constraint[0]", "policy"),
        ({"preferences": Preferences(must=NEVER)}, "preferences.must.permission[0].constraint[0]", "policy"),
        ({"preferences": Preferences(must=terms(), max_rounds=99)}, "preferences.max_rounds", "range"),
        ({"title": ""}, "title", "required"),
        ({"title": "x" * 301}, "title", "text"),
        ({"description": "a\x00b"}, "description", "text"),
        ({"licence": "x" * 501}, "licence", "text"),
        ({"keywords": ("k",) * 65}, "keywords", "list"),
        ({"keywords": ("",)}, "keywords", "list"),
        ({"language": ("x" * 41,)}, "language", "list"),
        ({"visible_to": ("did:web:a", "alice")}, "visible_to[1]", "did"),
        ({"media_type": "csv"}, "media_type", "form"),
        ({"media_type": "text/csv\nx"}, "media_type", "form"),
        ({"language": ("en", "xxxxx yy")}, "language", "form"),
        ({"theme": "weather"}, "theme", "form"),
    ],
)
def test_what_cannot_be_offered_names_field_and_rule(said, where, rule):
    async def scenario(w):
        asset = await w.provider.asset()
        with pytest.raises(Invalid) as error:
            await w.provider.offers.create("prov", SOURCE, Description(**({"terms": (terms(),)} | said)))
        assert (error.value.where, error.value.rule) == (where, rule)
        with pytest.raises(Invalid) as error:
            await w.provider.offers.edit("prov", asset.id, Description(**said))
        assert (error.value.where, error.value.rule) == (where, rule)
        assert (await w.provider.offers.get("prov", asset.id)).dataset == asset.dataset
        assert len(await w.provider.offers.page("prov", None, 10)) == 1

    run(scenario)


def test_terms_are_needed():
    async def scenario(w):
        with pytest.raises(Invalid) as error:
            await w.provider.offers.create("prov", SOURCE, Description())
        assert error.value.where == "terms"

    run(scenario)


def test_an_edit_changes_what_it_says_and_a_withdrawal_hides():
    async def scenario(w):
        asset = await w.provider.asset(title="Rain", keywords=("wet",))
        w.clock.advance(hours=1)
        changed = await w.provider.offers.edit("prov", asset.id, Description(title="Snow"))
        assert (changed.dataset.title, changed.dataset.keywords, changed.dataset.offers) == ("Snow", ("wet",), asset.dataset.offers)
        assert changed.dataset.modified > asset.dataset.modified
        renewed = await w.provider.offers.edit("prov", asset.id, Description(terms=(terms("open"),)))
        assert renewed.dataset.offers[0].id != asset.dataset.offers[0].id
        assert (await w.provider.offers.refresh("prov", asset.id)).dataset.byte_size == 10
        gone = await w.provider.offers.withdraw("prov", asset.id)
        w.clock.advance(hours=1)
        assert (await w.provider.offers.withdraw("prov", asset.id)).withdrawn == gone.withdrawn
        with pytest.raises(NotFound):
            await w.provider.catalog.dataset(sender(w), asset.id)
        page = await w.provider.catalog.page(sender(w, "two"), w.provider.did, CatalogRequest())
        assert "dataset" not in json.loads(page.body)

    run(scenario)


def test_another_participants_asset_is_not_there():
    async def scenario(w):
        asset = await w.provider.asset()
        for work in (w.provider.offers.get, w.provider.offers.withdraw, w.provider.offers.refresh):
            with pytest.raises(NotFound):
                await work("other", asset.id)
        with pytest.raises(NotFound):
            await w.provider.offers.edit("other", asset.id, Description(title="Mine"))

    run(scenario)


def test_a_source_over_http_is_pulled_only_and_a_quota_holds():
    async def scenario(w):
        offers = Offers(w.provider.kit, w.provider.offers._inspector, asset_quota=lambda _: 1)
        asset = await offers.create("prov", HttpSource(url="https://example.org/x"), Description(terms=(terms(),)))
        assert asset.dataset.formats == ("HttpData-PULL",)
        with pytest.raises(TooMany):
            await offers.create("prov", SOURCE, Description(terms=(terms(),)))

    run(scenario)


def test_the_catalogue_shows_what_its_reader_may_see_page_by_page():
    async def scenario(w):
        for count in range(103):
            await w.provider.asset(title=f"Weather {count}", visible_to=("did:web:other",) if count < 2 else ())
        hidden = (await w.provider.offers.page("prov", None, 1))[0]
        first = await w.provider.catalog.page(sender(w), w.provider.did, CatalogRequest())
        second = await w.provider.catalog.page(sender(w, "two"), w.provider.did, CatalogRequest(), first.next)
        seen = [one["@id"] for page in (first, second) for one in json.loads(page.body)["dataset"]]
        assert (len(seen), len(set(seen)), second.next) == (101, 101, None)
        assert hidden.id not in seen
        with pytest.raises(NotFound):
            await w.provider.catalog.dataset(sender(w, "three"), hidden.id)
        assert json.loads(await w.provider.catalog.dataset(sender(w, "four"), seen[0]))["@id"] == seen[0]
        with pytest.raises(Invalid):
            await w.provider.catalog.page(sender(w, "five"), w.provider.did, CatalogRequest(filter=({"moon": "full"},)))
        with pytest.raises(Unauthenticated):
            await w.provider.catalog.page(sender(w, "four"), w.provider.did, CatalogRequest())

    run(scenario)
