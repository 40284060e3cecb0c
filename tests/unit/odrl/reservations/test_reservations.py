"""Reservations: each form read, the strictest wins, and whatever is not understood reserves."""

from __future__ import annotations

import json
import time

import pytest

from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import COMPENSATE, EMBED, EVALUATE, FINE_TUNE, MINE, OBTAIN_CONSENT, RETRIEVE, TRAIN
from hanse.odrl.reservations import aipref, croissant, rsl, tdmrep
from hanse.odrl.reservations.model import AI_USES, MINING, Reservation, Stand, combine, goes_beyond, to_terms
from hanse.odrl.reservations.patterns import matches


def stands(reservation: Reservation) -> dict[str, str]:
    return {use.rpartition(":")[2]: said.stand.value for use, said in reservation.uses.items()}


MINED = {"train", "fineTune", "evaluate", "embed"}


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "path", "expected"),
        [
            ("/", "/a/b", True),
            ("/a", "/b", False),
            ("/a/*.html", "/a/x/y.html?z", True),
            ("/a/*.html$", "/a/y.html?z", False),
            ("/a$", "/a", True),
            ("/a$", "/ab", False),
            ("*", "/anything", True),
            ("/a*a$", "/a", False),
        ],
    )
    def test_prefix_star_and_end(self, pattern: str, path: str, expected: bool) -> None:
        assert matches(pattern, path) is expected

    def test_many_paths_may_match_anything(self) -> None:
        assert matches("/private", None)

    def test_stars_without_end_take_linear_time(self) -> None:
        begun = time.process_time()
        assert not matches("/" + "*a" * 1000 + "b$", "/" + "a" * 100_000)
        assert time.process_time() - begun < 2


class TestTdmRep:
    def test_reserved_at_a_location(self) -> None:
        body = json.dumps(
            [{"location": "/news/*", "tdm-reservation": 1, "tdm-policy": "urn:policy"}, {"location": "/", "tdm-reservation": 0}]
        )
        assert stands(tdmrep.read_file(body.encode(), "/about")) == dict.fromkeys(MINED, "free")
        reserved = tdmrep.read_file(body.encode(), "/news/today")
        assert stands(reserved) == dict.fromkeys(MINED, "reserved")
        assert "urn:policy" in reserved.notes[0]

    def test_headers(self) -> None:
        assert stands(tdmrep.read_fields({"tdm-reservation": "1"}, "HTTP")) == dict.fromkeys(MINED, "reserved")
        assert stands(tdmrep.read_fields({"tdm-reservation": "0"}, "HTTP")) == dict.fromkeys(MINED, "free")
        assert tdmrep.read_fields({"etag": "x"}, "HTTP").uses == {}

    @pytest.mark.parametrize("body", [b"{", b"{}", b'[{"tdm-reservation": 0}]', b"[" * 100_000, b"[]" + b" " * 2_000_000])
    def test_what_cannot_be_read_reserves(self, body: bytes) -> None:
        assert stands(tdmrep.read_file(body, "/x")) == dict.fromkeys(MINED, "reserved")

    def test_neither_zero_nor_one_reserves(self) -> None:
        assert stands(tdmrep.read_file(b'[{"location": "/", "tdm-reservation": "maybe"}]', "/x")) == dict.fromkeys(MINED, "reserved")

    def test_policy(self) -> None:
        body = {
            "@type": "Offer",
            "permission": [
                {
                    "action": "tdm:mine",
                    "duty": [{"action": "obtainConsent"}, {"action": "compensate"}],
                    "constraint": [{"leftOperand": "purpose", "operator": "eq", "rightOperand": {"@id": "tdm:research"}}],
                }
            ],
        }
        read = tdmrep.read_policy(json.dumps(body).encode())
        said = read.uses[TRAIN]
        assert (said.stand, said.duties) == (Stand.CONDITIONAL, (Rule(OBTAIN_CONSENT), Rule(COMPENSATE)))
        assert said.constraints == (Atomic("purpose", "isA", "dpv:ResearchAndDevelopment"),)
        body["permission"][0]["duty"].append({"action": "dance"})
        assert tdmrep.read_policy(json.dumps(body).encode()).uses[TRAIN].stand is Stand.RESERVED


class TestAiPref:
    def test_field(self) -> None:
        assert stands(aipref.read_field("train-ai=n, search=y")) == {"train": "reserved", "fineTune": "reserved"}
        assert stands(aipref.read_field("train-ai=y")) == {"train": "free", "fineTune": "free"}

    def test_the_last_of_two_counts_and_the_strictest_category(self) -> None:
        assert stands(aipref.read_field("train-ai=n, train-ai=y"))["train"] == "free"
        assert stands(aipref.read_field("train-ai=y, train-genai=n"))["train"] == "reserved"
        assert stands(aipref.read_field("train-genai=n, train-ai=y"))["train"] == "reserved"

    def test_unknown_values_reserve_and_unknown_categories_are_noted(self) -> None:
        assert stands(aipref.read_field("train-ai=perhaps"))["train"] == "reserved"
        read = aipref.read_field("dreaming=n")
        assert read.uses == {}
        assert "dreaming" in read.notes[0]

    @pytest.mark.parametrize("value", ["train-ai==y", 'train-ai="y', "((((", "train-ai=y," * 2000])
    def test_what_cannot_be_read_reserves(self, value: str) -> None:
        assert stands(aipref.read_field(value))["train"] == "reserved"

    def test_robots_longest_path_and_groups(self) -> None:
        others = b"User-agent: other\nContent-Usage: train-ai=n\n\n"
        body = others + b"User-agent: *\nContent-Usage: train-ai=y\nContent-Usage: /private train-ai=n # no\n"
        assert stands(aipref.read_robots(body, "/open.csv"))["train"] == "free"
        assert stands(aipref.read_robots(body, "/private/a.csv"))["train"] == "reserved"
        assert stands(aipref.read_robots(body, None))["train"] == "reserved"
        assert aipref.read_robots(b"User-agent: *\nDisallow: /\n", "/x").uses == {}


def document(licence: str, url: str = "/") -> bytes:
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{url}"><license>{licence}</license></content></rsl>'.encode()


class TestRsl:
    def test_permits_names_all_that_is_allowed(self) -> None:
        read = rsl.read(document('<permits type="usage">ai-index, search</permits>'), "/x")
        assert stands(read) == {
            "train": "reserved",
            "fineTune": "reserved",
            "evaluate": "reserved",
            "embed": "free",
            "retrieve": "reserved",
        }

    def test_prohibits_goes_before(self) -> None:
        read = rsl.read(document('<permits type="usage">all</permits><prohibits type="usage">ai-train</prohibits>'), "/x")
        assert (stands(read)["train"], stands(read)["retrieve"]) == ("reserved", "free")

    def test_price_and_attribution_are_conditions(self) -> None:
        paid = rsl.read(document('<payment type="training"><amount currency="USD">10.00</amount></payment>'), "/x").uses[TRAIN]
        price = {"@value": "10.00", "@type": "urn:hanse:odrl:unit:USD"}
        assert paid.duties == (Rule(COMPENSATE, (Atomic("payAmount", "eq", price),)),)
        assert rsl.read(document('<payment type="attribution"/>'), "/x").uses[TRAIN].duties[0].action == "attribute"

    @pytest.mark.parametrize(
        "licence",
        [
            '<payment type="subscription"/>',
            '<permits type="user">commercial</permits>',
            '<permits type="geo">Mars</permits>',
            '<prohibits type="usage">time-travel</prohibits>',
            '<prohibits type="geo">FR</prohibits>',
        ],
    )
    def test_what_is_not_understood_reserves(self, licence: str) -> None:
        read = rsl.read(document(licence), "/x")
        assert set(stands(read).values()) == {"reserved"}
        assert read.notes

    def test_places_and_users(self) -> None:
        said = rsl.read(document('<permits type="user">non-commercial</permits><permits type="geo">de,FR</permits>'), "/x").uses[EMBED]
        assert said.constraints == (Atomic("purpose", "isA", "dpv:NonCommercialPurpose"), Atomic("spatial", "isAnyOf", ["DE", "FR"]))

    def test_a_licence_server_has_to_be_asked(self) -> None:
        body = b'<rsl xmlns="https://rslstandard.org/rsl"><content url="/" server="https://s.example"><license/></content></rsl>'
        assert set(stands(rsl.read(body, "/x")).values()) == {"reserved"}

    def test_another_path_says_nothing(self) -> None:
        assert rsl.read(document("<permits/>", url="https://host.example/a/*.pdf$"), "/b.csv").uses == {}

    @pytest.mark.parametrize(
        "body",
        [
            b'<?xml version="1.0"?><!DOCTYPE rsl [<!ENTITY a "b">]><rsl xmlns="https://rslstandard.org/rsl">&a;</rsl>',
            '<!DOCTYPE rsl [<!ENTITY a "b">]><rsl>&a;</rsl>'.encode("utf-16"),
            b"<rsl>",
            b"<a>" * 200_000,
            b"\xff\xfe",
            b"<rsl/>",
            b"x" * 2_000_000,
        ],
    )
    def test_hostile_documents_reserve(self, body: bytes) -> None:
        assert set(stands(rsl.read(body, "/x")).values()) == {"reserved"}


class TestCroissant:
    def of(self, info: object) -> Reservation:
        return croissant.read(json.dumps({"@type": "sc:Dataset", "usageInfo": info}).encode())

    def test_duo(self) -> None:
        assert set(stands(self.of({"@type": "DefinedTerm", "url": "http://purl.obolibrary.org/obo/DUO_0000004"})).values()) == {"free"}
        research = self.of("http://purl.obolibrary.org/obo/DUO_0000042").uses[TRAIN]
        assert research.constraints == (Atomic("purpose", "isA", "dpv:ResearchAndDevelopment"),)

    def test_modifiers_that_cannot_be_decided_reserve(self) -> None:
        both = self.of(["DUO:0000042", "DUO:0000021"])
        assert set(stands(both).values()) == {"reserved"}
        assert "0000021" in both.notes[0]

    def test_offer_whose_constraint_has_no_left_operand(self) -> None:
        offer = {
            "@type": "odrl:Offer",
            "odrl:permission": {
                "odrl:action": {"@id": "odrl:use"},
                "odrl:constraint": {"odrl:operator": {"@id": "odrl:eq"}, "odrl:rightOperand": {"@id": "obo:DUO_0000042"}},
            },
        }
        read = self.of(offer)
        assert read.uses[TRAIN].constraints == (Atomic("purpose", "isA", "dpv:ResearchAndDevelopment"),)
        assert "no left operand" in read.notes[0]
        offer["odrl:prohibition"] = [{"odrl:action": "odrl:use"}]
        assert set(stands(self.of(offer)).values()) == {"reserved"}

    def test_none_says_nothing_and_rubbish_reserves(self) -> None:
        assert croissant.read(b"{}").uses == {}
        assert set(stands(croissant.read(b"[" * 50_000)).values()) == {"reserved"}


class TestTogether:
    def test_the_strictest_wins(self) -> None:
        free, no = aipref.read_field("train-ai=y"), aipref.read_field("train-ai=n")
        assert combine([free, no])[TRAIN].stand is combine([no, free])[TRAIN].stand is Stand.RESERVED
        terms = to_terms(combine([free, tdmrep.read_fields({"tdm-reservation": "1"}, "HTTP")]))
        assert {rule.action for rule in terms.prohibitions} == set(MINING)
        assert terms.permissions == ()

    def test_conditions_add_up(self) -> None:
        paid = rsl.read(document('<payment type="attribution"/>'), "/x")
        research = TestCroissant().of("DUO:0000042")
        both = combine([paid, research])[TRAIN]
        assert (len(both.constraints), len(both.duties)) == (1, 1)

    @pytest.mark.parametrize(
        ("terms", "beyond"),
        [
            (Terms(permissions=(Rule("use"),)), {TRAIN, FINE_TUNE}),
            (Terms(permissions=(Rule(MINE),)), {TRAIN, FINE_TUNE}),
            (Terms(permissions=(Rule(TRAIN),)), {TRAIN}),
            (Terms(permissions=(Rule(RETRIEVE), Rule(EVALUATE))), set()),
            (Terms(permissions=(Rule("use"),), prohibitions=(Rule(MINE),)), set()),
            (Terms(permissions=(Rule("use"),), prohibitions=(Rule(TRAIN), Rule(FINE_TUNE))), set()),
            (Terms(permissions=(Rule("use"),), prohibitions=(Rule(MINE, (Atomic("count", "gt", "3"),)),)), {TRAIN, FINE_TUNE}),
        ],
    )
    def test_an_offer_may_not_go_beyond(self, terms: Terms, beyond: set[str]) -> None:
        assert {use for use, _ in goes_beyond(terms, [aipref.read_field("train-ai=n")])} == beyond

    def test_conditions_have_to_be_kept(self) -> None:
        research = TestCroissant().of("DUO:0000042")
        purpose = Atomic("purpose", "isA", "dpv:ResearchAndDevelopment")
        assert {use for use, _ in goes_beyond(Terms(permissions=(Rule("use"),)), [research])} == set(AI_USES)
        assert goes_beyond(Terms(permissions=(Rule("use", (purpose,)),)), [research]) == []
        for narrower in ("https://w3id.org/dpv#ResearchAndDevelopment", "dpv:AcademicResearch"):
            assert goes_beyond(Terms(permissions=(Rule("use", (Atomic("purpose", "isA", narrower),)),)), [research]) == []
        other = Atomic("purpose", "isA", "dpv:Marketing")
        assert {use for use, _ in goes_beyond(Terms(permissions=(Rule("use", (other,)),)), [research])} == set(AI_USES)
