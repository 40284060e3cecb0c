"""Every metric against a value that is worked out by hand, in the comment beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from hanse.dcat.holding import DatasetVersion, Origin, Source
from hanse.dcat.model import Agent, Dataset
from hanse.factory.quality.measures.balance import Balance
from hanse.factory.quality.measures.bias import BiasMeasure
from hanse.factory.quality.measures.completeness import Completeness
from hanse.factory.quality.measures.consistency import Consistency
from hanse.factory.quality.measures.currentness import Currentness
from hanse.factory.quality.measures.duplicates import Duplicates
from hanse.factory.quality.measures.errors import Errors
from hanse.factory.quality.measures.labels import Labels
from hanse.factory.quality.measures.personal import Personal
from hanse.factory.quality.measures.provenance import Provenance, fields_of
from hanse.factory.quality.measures.relevance import RelevanceMeasure
from hanse.factory.quality.measures.representativeness import Representativeness
from hanse.factory.quality.measures.setting import SettingMeasure
from hanse.factory.quality.measures.statistics import Statistics
from hanse.factory.quality.ports import Near, Ports
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Tenant
from tests.unit.factory.quality.tables import say, subject_of, value


def test_completeness() -> None:
    # Cells: 4 records x 2 columns = 8. There: a has 3 of 4; b has "x", "y" of 4 (null and blanks are none). 5 / 8.
    said = say(Completeness(), subject_of({"a": [1, 2, None, 4], "b": ["x", "  ", None, "y"]}))
    assert value(said, "completeness") == 5 / 8
    assert value(said, "completeness", "a") == 3 / 4
    assert value(said, "completeness", "b") == 2 / 4
    assert value(said, "record-completeness") == 2 / 4, "records 1 and 4 have both"
    assert said[("completeness",)].exact


def test_completeness_over_tables() -> None:
    # t0: 1 of 2 cells; t1: 3 of 4 cells. Together 4 of 6.
    said = say(Completeness(), subject_of({"a": [1, None]}, {"a": [1, 2], "b": [3, None]}))
    assert value(said, "completeness") == 4 / 6
    assert value(said, "completeness", "t0") == 1 / 2
    assert value(said, "completeness", "t1") == 3 / 4
    assert value(said, "record-completeness") == 2 / 4


def test_placeholders() -> None:
    # Values of texts: 5 in a, 1 in b; words for nothing: "n/a", " Unknown ", "-". 3 / 6. Numbers do not count.
    said = say(Completeness(), subject_of({"a": ["n/a", " Unknown ", "-", "ok", "x"], "b": ["y"] + [None] * 4, "c": [1] * 5}))
    assert value(said, "placeholders") == 3 / 6
    assert value(said, "placeholders", "a") == 3 / 5


CONSTRAINED: dict[str, Any] = {
    "columns": {
        "n": {"type": "number", "min": 0, "max": 10, "nullable": False},
        "s": {"pattern": "[A-Z]{2}", "among": ["AA", "BB"]},
        "gone": {"type": "date"},
        "may-go": {"required": False},
    }
}


def test_constraints() -> None:
    frame = {"n": ["1", "11", "x", None], "s": ["AA", "BBB", "CC", None]}
    # n: 11 out of range, x no number, one null: 3 of 4 cells wrong. s: BBB breaks pattern and list, CC the list: 2 of 4 cells.
    said = say(Errors(), subject_of(frame, stated=CONSTRAINED, typed=False))
    assert value(said, "syntactic-accuracy", "n") == 1 / 4
    assert value(said, "syntactic-accuracy", "s") == 2 / 4
    assert value(said, "syntactic-accuracy") == 1 - 5 / 8
    counts = {key[1:]: one.value for key, one in said.items() if key[0] == "errors"}
    assert counts == {(): 5, ("n", "type"): 1, ("n", "null"): 1, ("n", "range"): 1, ("s", "pattern"): 1, ("s", "among"): 2}
    assert value(said, "required-columns") == 2 / 3, "n and s of n, s and gone"


def test_constraints_of_lengths_dates_and_whole_numbers() -> None:
    stated = {
        "columns": {
            "w": {"type": "integer"},
            "d": {"type": "date", "format": "%d.%m.%Y", "max": "2026-02-01"},
            "t": {"type": "text", "min_length": 2, "max_length": 3},
            "b": {"type": "boolean"},
        }
    }
    frame = {"w": ["1", "1.5"], "d": ["31.01.2026", "02.02.2026"], "t": ["ab", "abcd"], "b": ["TRUE", "yes"]}
    said = say(Errors(), subject_of(frame, stated=stated, typed=False))
    counts = {key[1:]: one.value for key, one in said.items() if key[0] == "errors" and one.value}
    assert counts == {(): 4, ("w", "type"): 1, ("d", "range"): 1, ("t", "length"): 1, ("b", "type"): 1}


def test_constraints_of_typed_columns() -> None:
    stated = {"columns": {"n": {"type": "integer", "min": 2}, "d": {"type": "date", "min": "2026-01-02"}, "t": {"type": "text"}}}
    frame = {"n": [1, 2, None], "d": [date(2026, 1, 1), date(2026, 1, 2), None], "t": [7, 8, None]}
    said = say(Errors(), subject_of(frame, stated=stated))
    counts = {key[1:]: one.value for key, one in said.items() if key[0] == "errors" and one.value}
    assert counts == {(): 4, ("n", "range"): 1, ("d", "range"): 1, ("t", "type"): 2}, "numbers are no texts"


def test_a_pattern_that_is_none_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        say(Errors(), subject_of({"s": ["a"]}, stated={"columns": {"s": {"pattern": "("}}}))
    assert caught.value.where == "columns.s.pattern"


def test_uniqueness() -> None:
    # Four values (null is none), one of them equals one before it: 3 / 4.
    said = say(Errors(), subject_of({"id": ["a", "b", "a", "c", None]}, stated={"columns": {"id": {"unique": True}}}))
    assert value(said, "uniqueness") == 3 / 4


def test_type_errors_and_numbers_that_are_none() -> None:
    # Ten texts, nine numbers: a column of numbers with one value that is none.
    said = say(Errors(), subject_of({"n": [*map(str, range(8)), "nan", "x"]}, typed=False))
    assert value(said, "type-errors") == 1 / 10
    assert value(said, "type-errors", "n") == 1 / 10
    assert value(said, "not-finite") == 1 / 9, "not-a-number, among nine numbers"
    assert value(said, "unreadable") == 0


def test_duplicates() -> None:
    # Records: (1, a) three times, (2, b) once, and nulls twice. There again: 2 + 1 of 6.
    frame = {"n": [1, 1, 2, 1, None, None], "text": ["a", "a", "b", "a", None, None]}
    said = say(Duplicates(), subject_of(frame))
    assert value(said, "duplicates") == 3 / 6
    assert value(said, "text-duplicates") == 2 / 4, "four texts, two of them there before"
    assert said[("near-duplicates",)].why.startswith("nothing that finds")


@dataclass
class _Near:
    """Takes texts for near that are the same but for case."""

    def count(self, texts: Any) -> Near:
        every = [text.lower() for batch in texts for text in batch]
        return Near(len(every) - len(set(every)), len(every), "by lower case")


def test_near_duplicates() -> None:
    said = say(Duplicates(), subject_of({"text": ["A b", "a B", "c", None]}, ports=Ports(near=_Near())))
    assert value(said, "near-duplicates") == 1 / 3, "three texts, one near one before it"
    assert said[("near-duplicates",)].note == "by lower case"


def test_format_consistency() -> None:
    # day: three iso dates, two with dots, one with slashes: 3 / 6. n: five whole numbers, one with a point: 5 / 6. Over both: 8 / 12.
    days = ["2026-01-01", "2026-01-02", "2026-01-03", "1.2.2026", "03.02.2026", "2/3/2026"]
    frame = {"day": days, "n": ["1", "2", "3", "4", "5", "6.0"], "word": ["a", "b", "c", "d", "e", "f"]}
    said = say(Consistency(), subject_of(frame, typed=False))
    assert value(said, "format-consistency", "day") == 3 / 6
    assert value(said, "format-consistency", "n") == 5 / 6
    assert value(said, "format-consistency") == 8 / 12
    assert ("format-consistency", "word") not in said, "words are written as they are"
    assert said[("format-consistency", "day")].note == "date-iso: 3, date-dots: 2, date-slashes: 1"


def test_rules() -> None:
    rules = [
        {"name": "in order", "then": {"left": "start", "is": "<=", "column": "end"}},
        {"name": "paid", "when": {"left": "kind", "is": "==", "value": "x"}, "then": {"left": "pay", "is": ">", "value": 0}},
        {"name": "elsewhere", "then": {"left": "nowhere", "is": "==", "value": 1}},
    ]
    frame = {"start": ["2026-01-01", "2026-01-03", None], "end": ["2026-01-02", "2026-01-02", "2026-01-02"], "kind": ["x", "y", "x"]}
    said = say(Consistency(), subject_of(frame | {"pay": [1, 0, 0]}, stated={"rules": rules}))
    assert value(said, "rule-consistency", "in order") == 1 / 2, "two records have both dates"
    assert value(said, "rule-consistency", "paid") == 1 / 2, "it applies to the first and the third"
    assert value(said, "rule-consistency") == 2 / 4
    assert said[("rule-consistency", "elsewhere")].why == "no table has the columns nowhere"


def test_currentness_and_timeliness() -> None:
    # At 2026-03-11: ages 10, 1 and 31 days, and one record from the next day. At most 10 days: 2 of 4.
    seen = [
        datetime.fromisoformat("2026-03-01"),
        datetime.fromisoformat("2026-03-10"),
        datetime.fromisoformat("2026-02-08"),
        datetime.fromisoformat("2026-03-12"),
    ]
    # Delays: 1 day, half a day, none known, minus one day. At most 0.5: one of three.
    came = [datetime.fromisoformat("2026-03-02"), datetime.fromisoformat("2026-03-10T12:00"), None, datetime.fromisoformat("2026-03-11")]
    time = {"column": "seen", "max_age": 10, "arrived": "came", "max_delay": 0.5}
    said = say(Currentness(), subject_of({"seen": seen, "came": came}, stated={"time": time}))
    assert value(said, "currentness") == 2 / 4
    assert value(said, "newest-age") == -1
    assert value(said, "oldest-age") == 31
    assert value(said, "future") == 1 / 4
    assert value(said, "timeliness") == 1 / 3


def test_currentness_for_another_moment() -> None:
    stated = {"at": datetime(2026, 1, 3, tzinfo=UTC), "time": {"column": "day", "max_age": 1}}
    said = say(Currentness(), subject_of({"day": ["2026-01-01", "2026-01-02"]}, stated=stated))
    assert value(said, "currentness") == 1 / 2
    assert value(said, "newest-age") == 1


def test_balance() -> None:
    # Shares 3/4 and 1/4: entropy 0.811278 bits, by log2(2) = 1. Largest to smallest: 3.
    said = say(Balance(), subject_of({"y": ["a", "a", "a", "b", None]}, stated={"label": {"column": "y"}}))
    assert value(said, "balance") == pytest.approx(0.8112781245)
    assert value(said, "imbalance") == 3
    assert value(said, "class-share", "y", "a") == 3 / 4
    # A stated class that does not occur: the same bits by log2(3) = 1.584963.
    said = say(Balance(), subject_of({"y": ["a", "a", "a", "b"]}, stated={"label": {"column": "y", "classes": ["a", "b", "c"]}}))
    assert value(said, "balance") == pytest.approx(0.8112781245 / 1.5849625007)
    assert value(said, "class-share", "y", "c") == 0


def test_representativeness() -> None:
    # Seen: north 6/10, south 4/10; stated 0.5 and 0.5. Distance (0.1 + 0.1) / 2 = 0.1. Chi-square (6-5)^2/5 + (4-5)^2/5 = 0.4 with one
    # degree of freedom: p = 0.5270893.
    frame = {"region": ["north"] * 6 + ["south"] * 4}
    said = say(Representativeness(), subject_of(frame, stated={"population": {"region": {"north": 0.5, "south": 0.5}}}))
    assert value(said, "representativeness") == pytest.approx(0.9)
    assert value(said, "population-chi-square", "region") == pytest.approx(0.4)
    assert value(said, "population-p-value", "region") == pytest.approx(0.5270892568655381)
    assert value(said, "population-difference", "region", "north") == pytest.approx(0.1)
    assert value(said, "population-share", "region", "south") == 4 / 10


def test_representativeness_of_values_that_the_population_has_not() -> None:
    # Seen a 1/2, x 1/2; stated a 0.5, b 0.5. Distance (0 + 0.5 + 0.5) / 2. Chi-square over a, b: one record, expected 0.5 each: 0.5 + 0.5.
    said = say(Representativeness(), subject_of({"c": ["a", "x"]}, stated={"population": {"c": {"a": 0.5, "b": 0.5}}}))
    assert value(said, "representativeness") == 0.5
    assert value(said, "population-chi-square", "c") == pytest.approx(1)
    assert said[("population-chi-square", "c")].note.startswith("1 records have a value that the population has not")


def test_setting() -> None:
    setting = {"geographical": "Two towns", "functional": "Weather", "place_column": "town", "places": ["delft", "rom", "oslo", "bonn"]}
    said = say(SettingMeasure(), subject_of({"town": ["delft", "delft", "rom", None]}, stated={"setting": setting}))
    assert value(said, "place-coverage") == 2 / 4
    assert value(said, "place-share", "town", "delft") == 2 / 3
    assert value(said, "setting-declared") == 2 / 4
    assert said[("setting-declared",)].note == "Not declared: contextual, behavioural."


def test_labels() -> None:
    # Five records, one label missing and one of blanks. Of three labels, one is unknown.
    frame = {"x": [1, 1, 2, 2, 3], "y": ["cat", "dog", "emu", None, " "]}
    label = {"column": "y", "classes": ["cat", "dog"]}
    said = say(Labels(), subject_of(frame, stated={"label": label}))
    assert value(said, "label-completeness") == 3 / 5
    assert value(said, "label-validity") == 2 / 3
    # x = 1 is a cat and a dog: both conflict. x = 2 has one label. Two of three labelled records.
    assert value(said, "label-conflicts") == 2 / 3


def test_agreement_of_two() -> None:
    # Yes/yes 20, yes/no 5, no/yes 10, no/no 15: agreed 35/50 = 0.7; by chance 25/50 * 30/50 + 25/50 * 20/50 = 0.5. Kappa 0.2 / 0.5 = 0.4.
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15 + [("y", None)] * 3
    frame = {"l": ["y"] * 53, "one": [one for one, _ in pairs], "two": [other for _, other in pairs]}
    said = say(Labels(), subject_of(frame, stated={"label": {"column": "l", "annotators": ["one", "two"]}}))
    found = said[("annotator-agreement",)]
    assert found.value == pytest.approx(0.4)
    assert found.sample is not None
    assert (found.sample.size, found.sample.of) == (50, 53)
    # Error sqrt(0.7 * 0.3 / 50) / 0.5 = 0.1296148; times 1.959964 = 0.2540404.
    assert found.interval is not None
    assert found.interval.low == pytest.approx(0.4 - 0.2540404, abs=1e-6)


def test_agreement_of_three() -> None:
    # Two items, three annotators: aaa and aab. P1 = 1, P2 = (4 + 1 - 3) / 6 = 1/3: mean 2/3. Shares a 5/6, b 1/6: chance 26/36.
    # Kappa (2/3 - 26/36) / (1 - 26/36) = -0.2.
    frame = {"l": ["a", "a"], "one": ["a", "a"], "two": ["a", "a"], "three": ["a", "b"]}
    said = say(Labels(), subject_of(frame, stated={"label": {"column": "l", "annotators": ["one", "two", "three"]}}))
    assert value(said, "annotator-agreement") == pytest.approx(-0.2)


def test_bias() -> None:
    # f: 2 of 8 hired = 0.25. m: 6 of 12 = 0.5. Ratio 0.5, difference -0.25.
    frame = {"sex": ["f"] * 8 + ["m"] * 12, "hired": [True] * 2 + [False] * 6 + [True] * 6 + [False] * 6}
    bias = {"attributes": ["sex"], "outcome": "hired", "favourable": [True]}
    said = say(BiasMeasure(), subject_of(frame, stated={"bias": bias}))
    assert value(said, "selection-rate", "sex", "f") == 0.25
    assert value(said, "disparate-impact", "sex", "f") == 0.5
    assert value(said, "disparate-impact") == 0.5
    assert value(said, "parity-difference") == -0.25
    # Wilson of 2 in 8: centre (0.25 + 1.9207/8) / (1 + 3.8415/8) = 0.33110, half 0.25962.
    interval = said[("selection-rate", "sex", "f")].interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.07148, 0.59072), abs=1e-4)
    # Katz: error sqrt(1/2 - 1/8 + 1/6 - 1/12) = 0.6770032; 0.5 * exp(-+ 1.959964 * 0.6770032).
    interval = said[("disparate-impact", "sex", "f")].interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.13265, 1.88467), abs=1e-4)


def test_bias_beside_a_stated_group() -> None:
    frame = {"g": ["a", "a", "b", "b"], "y": ["1", "0", "1", "1"]}
    bias = {"attributes": ["g"], "outcome": "y", "favourable": [1], "reference": {"g": "a"}}
    said = say(BiasMeasure(), subject_of(frame, stated={"bias": bias}, typed=False))
    assert value(said, "disparate-impact", "g", "b") == 2
    assert value(said, "parity-difference", "g", "b") == 0.5


@dataclass
class _Finds:
    kinds: tuple[str, ...]
    records: NDArray[np.int64]
    codes: NDArray[np.int64]


class _At:
    """Takes each @ for an address."""

    method = "by @"

    def scan(self, texts: pa.LargeStringArray) -> _Finds:
        found = [number for number, text in enumerate(texts.to_pylist()) for char in text or "" if char == "@"]
        return _Finds(("email",), np.array(found, np.int64), np.zeros(len(found), np.int64))


def test_personal_data() -> None:
    frame = {"a": ["x@y", "none", "p@q r@s", None], "b": ["", "u@v", "w@x", ""], "n": [1, 2, 3, 4]}
    said = say(Personal(), subject_of(frame, ports=Ports(scanner=_At())))
    assert value(said, "personal-data") == 3 / 4, "all records but the last"
    assert value(said, "personal-finds", "a", "email") == 3
    assert value(said, "personal-finds", "b", "email") == 2
    assert value(said, "personal-finds", "email") == value(said, "personal-finds") == 5


def _held(**more: Any) -> DatasetVersion:
    stored = datetime(2026, 1, 1, tzinfo=UTC)
    return DatasetVersion(tenant=Tenant("bob"), name="rain", number=1, root="0" * 64, count=1, size=1, stored=stored, **more)


def test_provenance() -> None:
    assert value(say(Provenance(), subject_of({"a": [1]}, held=_held())), "provenance-completeness") == 0
    offered = Dataset(id="urn:d", title="Rain", licence="cc-by-4.0", publisher=Agent("Meteo"))
    held = _held(agreement="agr_1", provider="did:web:x", offered=offered, origin=Origin(places=("DE",), personal=False))
    said = say(Provenance(), subject_of({"a": [1]}, held=held))
    # Of 17 fields: agreement, provider, places, whether about persons, title, licence, publisher.
    assert len(fields_of(held)) == 17
    assert value(said, "provenance-completeness") == pytest.approx(7 / 17)
    made = _held(made_of=(Source("rain@0", "0" * 64, ("agr_1",)),), under=("agr_1",))
    # Of what was made of others: agreement, provider, dataset, and what it was derived from.
    assert value(say(Provenance(), subject_of({"a": [1]}, held=made)), "provenance-completeness") == pytest.approx(4 / 17)
    assert say(Provenance(), subject_of({"a": [1]}))[("provenance-completeness",)].value is None


def test_relevance() -> None:
    needs = {"columns": ["text", "gone", "empty"], "languages": ["de", "et"], "terms": ["rain", "hail"]}
    frame = {"text": ["Rain here", "a train", "no", "RAIN!"], "language": ["de-AT", "en", None, "DE"], "empty": [None] * 4}
    said = say(RelevanceMeasure(), subject_of(frame, stated={"relevance": needs}))
    assert value(said, "needed-column", "text") == 1
    assert value(said, "needed-column", "gone") == 0
    assert value(said, "needed-language", "de") == 2 / 3
    assert value(said, "needed-language", "et") == 0
    assert value(said, "needed-term", "rain") == 2 / 4, "a train is none"
    assert value(said, "relevance") == 3 / 7, "text, de and rain of seven needs"
    assert said[("relevance",)].note == "Missing: gone, empty, et, hail"


def test_sizes() -> None:
    said = say(Statistics(), subject_of({"a": [1, 2], "b": [None, None]}, {"c": [3]}))
    assert value(said, "records") == 3
    assert value(said, "columns") == 3
    assert value(said, "empty-columns") == pytest.approx(1 / 3)
    said = say(Statistics(), subject_of({"g": ["a"] * 5 + ["b"] * 4}, stated={"group_by": ["g", "h"]}))
    assert value(said, "groups", "g") == 1, "b is too small to be a group"
    assert said[("groups", "h")].why == "no table has the column h"


def test_nothing_is_measured_without_something_stated() -> None:
    every = (Errors(), Consistency(), Currentness(), Balance(), Representativeness(), Labels(), BiasMeasure(), RelevanceMeasure())
    for measure in (*every, SettingMeasure(), Personal(), Provenance()):
        said = say(measure, subject_of({"a": [1]}))
        unsaid = [one for one in said.values() if one.value is None]
        assert unsaid, measure.name
        assert all(one.why and one.sample is None for one in unsaid)
        assert {one.metric for one in said.values()} <= {one.name for one in measure.metrics}


def test_duplicates_in_bounded_memory(tmp_path: Path) -> None:
    frame = {"n": [1, 1, 2, 1, None, None], "text": ["a", "a", "b", "a", None, None]}
    said = say(Duplicates(), subject_of(frame, small=False, workshop=tmp_path))
    assert value(said, "duplicates") == 3 / 6
    assert value(said, "text-duplicates") == 2 / 4
    assert not any(tmp_path.iterdir()), "the hashes are gone"


def test_conflicts_in_bounded_memory(tmp_path: Path) -> None:
    frame = {"x": [1, 1, 2, 2, 3], "y": ["cat", "dog", "emu", None, " "]}
    said = say(Labels(), subject_of(frame, stated={"label": {"column": "y"}}, small=False, workshop=tmp_path))
    assert value(said, "label-conflicts") == 2 / 3
