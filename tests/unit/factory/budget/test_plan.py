"""Plans whose figures were worked out by hand, and what holds of every plan."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.factory.budget.holding import Lineage, once
from hanse.factory.budget.plan import plan_of
from hanse.factory.budget.plot import figure, plot_of
from hanse.factory.budget.portions import topics_of
from hanse.factory.budget.records import Entry, Held, Line
from hanse.factory.budget.wish import wish_of
from hanse.odrl.price import FREE, Cost, Price


def euros(amount):
    return Cost(Price(Decimal(amount), "EUR"))


def entry(dataset, size, *languages, cost=FREE, **said):
    return Entry(dataset=dataset, title=dataset, provider="meteo", languages=languages, size=size, cost=cost, **said)


def chosen(plan):
    return [one.entry.dataset for one in plan.fills]


def line(plan, name):
    return next(one for one in plan.languages if one.name == name)


def test_nothing_is_here_and_nothing_on_offer():
    # 1000 parameters at 20 tokens each are 20,000 tokens; a third of each language is 6,666.67: the rounding loses none.
    plan = plan_of(wish_of("1000", "de,fr,it"), [], [])
    assert [one.wanted for one in plan.languages] == [6667, 6666, 6667]
    assert plan.unfilled == {"de": 6667, "fr": 6666, "it": 6667}
    assert plan.fills == plan.costs == ()
    assert plan.measured.of == ()
    assert plan.said == ("A byte becomes 0.125 tokens: nothing was prepared here yet, so this is a guess, not a measurement.",)


def test_what_is_counted_what_is_estimated_and_the_yield():
    held = [
        Held(version="web@1", size=4_000, languages=("de",)),
        Held(version="web-ready@1", size=999, sources=("web@1",), tokens=1_000, by_language={"de": 900, "en": 100}),
        Held(version="law@1", size=2_000, languages=("de-AT", "fr")),
        Held(version="odd@1", size=400),
    ]
    plan = plan_of(wish_of("100", "de,fr"), held, [])
    # web-ready: 1,000 tokens of 4,000 bytes are 0.25 for a byte. law: 2,000 x 0.25 = 500, half of it each. odd: 100 of no language.
    assert (plan.measured.tokens_per_byte, plan.measured.of) == (0.25, ("web-ready@1",))
    assert line(plan, "de") == Line(name="de", wanted=1_000, counted=900, estimated=250, missing=0)
    assert line(plan, "fr") == Line(name="fr", wanted=1_000, counted=0, estimated=250, missing=750)
    assert plan.languages[2:] == (Line(name="en", counted=100), Line(name="und", estimated=100))
    assert (plan.counted, plan.estimated, plan.unfilled) == (900, 500, {"fr": 750})
    assert any("und" in one for one in plan.said)


def test_a_product_of_which_nothing_is_left_measures_nothing():
    held = [Held(version="a@1", size=800, languages=("de",)), Held(version="p@1", size=1, sources=("a@1",), tokens=0)]
    plan = plan_of(wish_of("100", "de"), held, [entry("x", 800, "de")])
    assert (plan.measured.of, plan.counted, plan.estimated, chosen(plan)) == ((), 0, 0, ["x"])


def test_a_product_that_was_not_counted_by_language_takes_those_of_its_sources():
    one = [Held(version="a@1", size=800, languages=("de",)), Held(version="p@1", size=1, sources=("a@1",), tokens=200)]
    assert line(plan_of(wish_of("100", "de"), one, []), "de").counted == 200
    two = [*one[:1], Held(version="b@1", size=800, languages=("fr",)), Held(version="p@1", size=1, sources=("a@1", "b@1"), tokens=301)]
    plan = plan_of(wish_of("100", "de,fr"), two, [])
    # 301 in two languages: 151 and 150, of which nobody knows more; 301 / 1,600 bytes.
    assert [(one.counted, one.estimated) for one in plan.languages] == [(0, 151), (0, 150)]
    assert plan.measured.tokens_per_byte == 301 / 1_600


def test_the_same_data_counts_once():
    held = [
        Held(version="web@1", size=1_000, languages=("de",)),
        Held(version="web@2", size=1_100, languages=("de",), root="r"),
        Held(version="clean@1", size=700, sources=("web@1",)),
        Held(version="short@1", size=1, sources=("clean@1",), tokens=240),
        Held(version="long@1", size=1, sources=("clean@1",), tokens=250),
        Held(version="long@2", size=1, sources=("clean@1",), tokens=230),
        Held(version="copy@1", size=1_100, languages=("de",), root="r"),
        Held(version="news@1", size=400, languages=("de",), gone=True),
        Held(version="news-ready@1", size=1, sources=("news@1",), tokens=110),
    ]
    plan = plan_of(wish_of("100", "de"), held, [])
    # The newest of `long` has 230, `short` 240: the larger one stands for `web`. `copy` has the bytes of web@2, the same data as web@1,
    # under a name of its own; it rests on the root `r`, and counts by itself: (240 + 110) / (1,000 + 400) = 0.25, x 1,100 = 275.
    assert plan.measured.of == ("news-ready@1", "short@1")
    assert (plan.counted, plan.estimated) == (350, 275)
    assert plan.again == ("long@1", "long@2", "web@2")


def test_the_cheapest_tokens_first_and_no_more_than_is_missing():
    entries = [
        entry("dear", 80_000, "de", cost=euros("100")),  # 10,000 tokens at 10,000 EUR a million
        entry("fair", 40_000, "de", cost=euros("10")),  # 5,000 at 2,000
        entry("free", 8_000, "de"),  # 1,000 for nothing
        entry("rent", 8_000_000, "de", cost=Cost(unknown="rent")),
        entry("vast", None, "de"),
        entry("other", 8_000_000, "fr"),
    ]
    plan = plan_of(wish_of("500", "de"), [], entries)  # 10,000 tokens
    assert chosen(plan) == ["free", "dear"]  # `fair` came before `dear`, which alone brings all: nothing is paid for in vain
    assert [str(one.per_million) for one in plan.fills] == ["0", "10000"]
    assert (plan.costs, plan.unfilled, plan.beyond) == ((Price(Decimal(100), "EUR"),), {}, 0)
    within = plan_of(wish_of("500", "de", budget="50EUR"), [], entries)
    # `dear` is beyond 50 EUR; then the one without a price fills the rest, and the one without a size is not needed.
    assert (chosen(within), within.beyond, within.unpriced) == (["free", "rent"], 1, 1)  # `fair` became needless
    most = plan_of(wish_of("500", "de", budget="50EUR"), [], [one for one in entries if one.dataset != "rent"])
    # 10,000 - 1,000 - 5,000
    assert (chosen(most), most.unfilled, most.unsized) == (["free", "fair", "vast"], {"de": 4_000}, 1)
    assert line(most, "de").offered == 1_000 + 5_000 + 10_000
    assert most.fills[2].tokens is None


def test_an_entry_in_several_languages_brings_its_part_to_each():
    entries = [entry("both", 16_000, "de", "fr", "en", "it"), entry("both", 16_000, "de", "fr", "en", "it"), entry("fr", 8_000, "fr-CA")]
    plan = plan_of(wish_of("100", "de=0.4,fr=0.6"), [], entries)
    # 16,000 bytes are 2,000 tokens, 500 in each language; wanted are 800 and 1,200. fr: 1,000 tokens.
    assert [(one.entry.dataset, dict(one.tokens)) for one in plan.fills] == [("both", {"fr": 500, "de": 500}), ("fr", {"fr": 1_000})]
    assert (line(plan, "de").offered, plan.unfilled) == (500, {"de": 300})


def test_domains_and_licences():
    held = [
        Held(version="a@1", size=8_000, languages=("de",), topics=("health",), licences=("CC-BY-4.0",)),
        Held(version="b@1", size=800, languages=("de",), topics=("law",), licences=("CC-BY-4.0",)),
        Held(version="c@1", size=1_600, languages=("de",), topics=("law",), licences=("CC-BY-NC-4.0",)),
        Held(version="d@1", size=2_400, languages=("de",), topics=("sport",), licences=("CC-BY-4.0",)),
        Held(version="e@1", size=3_200, languages=("fr",), topics=("law",)),
        Held(version="f-ready@1", size=1, sources=("b@1", "c@1"), tokens=None),
    ]
    offers = [
        entry("law", 800, "de", topics=("Law",), licence="http://creativecommons.org/licenses/by/4.0/"),
        entry("unsaid", 800, "de", topics=("law",)),
        entry("sport", 800, "de", topics=("sport",), licence="CC-BY-4.0"),
    ]
    plan = plan_of(wish_of("50", "de", domains="health,law", licences=["cc-by-4.0"]), held, offers)
    # 500 of each domain: health has 1,000, which help nobody in law; law has 100 of b; c has another licence, d another domain.
    assert plan.domains == (
        Line(name="health", wanted=500, estimated=1_000, missing=0),
        Line(name="law", wanted=500, estimated=100, offered=100, missing=400),
    )
    assert line(plan, "de") == Line(name="de", wanted=1_000, estimated=1_100, offered=100, missing=400)
    assert plan.aside == {"another domain": 300, "another licence": 200}
    assert (chosen(plan), plan.unfilled) == (["law"], {"de": 300})
    assert plan.licences == (Line(name="CC-BY-4.0", estimated=1_100, offered=100),)
    free = plan_of(wish_of("50", "de"), held, ())
    assert [(one.name, one.estimated) for one in free.domains] == [("health", 1_000), ("law", 300), ("sport", 300)]
    assert [(one.name, one.estimated) for one in free.licences] == [("CC-BY-4.0", 1_400), ("CC-BY-NC-4.0", 200)]


def test_what_data_is_about():
    theme = "http://publications.europa.eu/resource/authority/data-theme/HEAL"
    assert topics_of(theme, ["Health", "Care", " "]) == ("health", "heal", "care")
    assert topics_of("urn:x#Rain/", []) == ("rain",)
    assert topics_of(None, []) == ()


def test_the_picture_says_the_same_to_those_who_do_not_see_it():
    entries = [entry(f"<{name}>&\x07 " + "long" * 20, 8_000 * (name + 1), "de", cost=euros(name + 1)) for name in range(10)]
    plan = plan_of(wish_of("10000", "de=0.6,fr=0.4"), [Held(version="a@1", size=80_000, languages=("de",))], entries)
    root = ElementTree.fromstring(plot_of(plan))
    assert root.get("viewBox").startswith("0 0 640 ")
    text = " ".join(root.itertext())
    assert "200.0 k tokens for a model of 10.0 k parameters" in text
    # de: 120,000 wanted, 80,000 bytes at 0.125 are here, 1,000 to 10,000 in each of the ten on offer.
    assert "de: 10.0 k of 120.0 k here, 55.0 k to acquire, 55.0 k missing" in text
    assert "fr: 0 of 80.0 k here, 80.0 k missing" in text
    assert "What would fill it costs 55 EUR" in text
    assert "\x07" not in text
    assert "and 2 more" in text
    widths = [float(one.get("width")) for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("height") == "18"]
    assert [round(sum(widths[:-1])), round(widths[-1])] == [616, 616], "each bar is as wide as what is wanted"


def test_figures():
    counts = (0, 999, 1_000, 999_949, 999_999, 7_000_000_000, 20_000_000_000_000_000)
    assert [figure(one) for one in counts] == ["0", "999", "1.0 k", "999.9 k", "1.0 M", "7.0 B", "20,000.0 T"]


LANGUAGES = st.lists(st.sampled_from(["de", "de-AT", "fr", "en", "x-y"]), max_size=3, unique=True).map(tuple)
TOPICS = st.lists(st.sampled_from(["law", "Health", "sport"]), max_size=2, unique=True).map(tuple)
LICENCES = st.sampled_from(["", "CC-BY-4.0", "MIT"])
COSTS = st.sampled_from([FREE, euros("1"), euros("7.50"), Cost(Price(Decimal(3), "USD")), Cost(unknown="rent")])


@st.composite
def facilities(draw):
    ids = [f"{name}@{number}" for name in "abc" for number in (1, 2)] + [f"{name}@1" for name in "pqrs"]
    held = []
    for place, id in enumerate(ids):
        derived = id[0] in "pqrs"
        sources = draw(st.lists(st.sampled_from([*ids[:place], "lost@1"]), min_size=1, max_size=3, unique=True)) if derived else []
        tokens = draw(st.none() | st.integers(0, 500)) if derived else None
        by_language = {"de": tokens // 2, "fr": tokens - tokens // 2} if tokens and draw(st.booleans()) else {}
        held.append(
            Held(
                version=id,
                size=draw(st.integers(0, 3_000)),
                root=draw(st.sampled_from(["", "", "same"])),
                languages=() if derived else draw(LANGUAGES),
                topics=() if derived else draw(TOPICS),
                licences=() if derived else tuple(filter(None, [draw(LICENCES)])),
                sources=tuple(sources),
                tokens=tokens,
                by_language=by_language,
                gone=draw(st.integers(0, 3)) == 0,
            )
        )
    return held


ENTRIES = st.lists(
    st.builds(
        Entry,
        dataset=st.sampled_from("uvwxyz"),
        title=st.sampled_from(["A", "B"]),
        provider=st.sampled_from(["meteo", "acme"]),
        languages=LANGUAGES,
        size=st.none() | st.integers(0, 5_000),
        cost=COSTS,
        licence=LICENCES,
        topics=TOPICS,
    ),
    max_size=8,
)
WISHES = st.builds(
    wish_of,
    st.sampled_from(["1", "20", "300"]),
    st.sampled_from(["de", "fr,de", "de=0.9,it=0.1"]),
    domains=st.sampled_from(["", "law,health"]),
    licences=st.sampled_from([[], ["MIT"]]),
    budget=st.sampled_from([None, "8EUR"]),
)


@settings(max_examples=80, deadline=None)
@given(WISHES, facilities(), ENTRIES, st.randoms(use_true_random=False))
def test_what_holds_of_every_plan(wish, held, entries, random):
    plan = plan_of(wish, held, entries)
    # No two versions that count rest on the same data, and all of their tokens are somewhere: here, or set aside.
    taken = once(held, Lineage(held))
    names = [name for one in taken for name in {id.partition("@")[0] for id in Lineage(held).origins(one)}]
    assert len(names) == len(set(names))
    whole = sum(round(one.size * plan.measured.tokens_per_byte) if one.tokens is None else one.tokens for one in taken)
    shown = sum(one.counted + one.estimated for one in plan.languages)
    assert shown == whole if not (wish.domains or wish.licences) else shown + sum(plan.aside.values()) <= whole
    assert sum(one.wanted or 0 for one in plan.languages) == plan.wanted
    for one in plan.languages:
        if one.wanted is not None:
            here = one.counted + one.estimated
            assert one.missing >= max(0, one.wanted - here)
            assert one.missing == max(0, one.wanted - here) or wish.domains
    # Fills: each dataset once, none without need, none beyond the budget.
    keys = [(one.entry.provider, one.entry.dataset) for one in plan.fills]
    assert len(keys) == len(set(keys))
    assert not keys or any(one.missing for one in plan.languages)
    assert set(plan.unfilled) <= set(wish.languages)
    if wish.budget is not None:
        assert all(one.currency == "EUR" and one.amount <= wish.budget.amount for one in plan.costs)
    # The order in which anything was listed does not matter.
    random.shuffle(held)
    random.shuffle(entries)
    assert plan_of(wish, held, entries) == plan
    ElementTree.fromstring(plot_of(plan))
