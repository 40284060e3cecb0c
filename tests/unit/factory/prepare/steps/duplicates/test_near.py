"""`near-duplicates`, against a known truth: changed copies of real texts, whose similarity is worked out plainly for every pair."""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from hanse.factory.prepare.base import Applied
from hanse.factory.prepare.steps.duplicates.banding import Banding
from hanse.factory.prepare.steps.duplicates.near import NearDuplicates, _candidates
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.duplicates import naive
from tests.unit.factory.prepare.steps.records import table


class Planted(NamedTuple):
    """Texts in any order, all pairs of them that share enough n-grams to matter, and what the step makes of them."""

    texts: list[str]
    similar: dict[tuple[int, int], float]
    made: Applied


@pytest.fixture(scope="module")
def planted() -> Planted:
    chance = random.Random(11)
    texts = list(naive.documents())
    texts += [naive.changed(text, chance.uniform(0.0, 0.12), chance) for text in texts]
    chance.shuffle(texts)
    grams = [naive.ngrams(text) for text in texts]
    holders: dict[tuple[str, ...], list[int]] = {}
    for number, found in enumerate(grams):
        for gram in found:
            holders.setdefault(gram, []).append(number)
    pairs = {pair for found in holders.values() for pair in combinations(found, 2)}
    similar = {(one, other): len(grams[one] & grams[other]) / len(grams[one] | grams[other]) for one, other in pairs}
    return Planted(texts, similar, naive.run(NearDuplicates(), table(texts)))


@pytest.mark.parametrize(("least", "most"), [(0.75, 0.8), (0.8, 0.85), (0.8, 1.0)])
def test_as_many_are_found_as_is_stated(planted: Planted, least: float, most: float) -> None:
    first = naive.firsts(planted.made, len(planted.texts))
    pairs = {pair: value for pair, value in planted.similar.items() if least <= value <= most}
    assert len(pairs) > 50
    found = [first[one] == first[other] for one, other in pairs]
    stated = [NearDuplicates().banding().found(value) for value in pairs.values()]
    assert np.mean(found) >= np.mean(stated) - 0.02
    assert least < 0.8 or np.mean(found) >= 0.95


def test_no_more_is_left_out_wrongly_than_is_stated(planted: Planted) -> None:
    best: dict[int, float] = {}
    for pair, value in planted.similar.items():
        for one in pair:
            best[one] = max(best.get(one, 0), value)
    wrong = [one.id for one in planted.made.dropped if best.get(int(one.id[1:]), 0) < 0.8]
    found = NearDuplicates().banding().found
    stated = sum(found(value) for value in planted.similar.values() if 0.6 < value < 0.8)
    assert len(wrong) <= stated * 1.1
    assert len(wrong) < 0.2 * len(planted.made.dropped)


def test_the_parts_do_not_matter_and_the_first_stays(planted: Planted) -> None:
    records = table(planted.texts)
    first = naive.firsts(planted.made, len(planted.texts))
    assert all(kept <= number for number, kept in enumerate(first))
    assert naive.kept(planted.made) == [number for number, kept in enumerate(first) if number == kept]
    for size in (len(planted.texts), 61):
        assert naive.run(NearDuplicates(), records, size) == planted.made


def test_signatures_estimate_the_similarity(planted: Planted) -> None:
    rows = NearDuplicates().look(table(planted.texts))["signature"].combine_chunks().flatten().to_numpy().reshape(-1, 256)
    pairs = np.array(list(planted.similar))
    error = (rows[pairs[:, 0]] == rows[pairs[:, 1]]).mean(axis=1) - np.array(list(planted.similar.values()))
    assert abs(error.mean()) < 0.002
    assert np.abs(error).max() < 0.15


def test_how_surely_pairs_are_found_is_told_beside_the_account(tmp_path: Path) -> None:
    step = NearDuplicates(similarity=0.85)
    step.decide([("p", step.look(table(["a b", "a b", "c"])))], tmp_path)
    told = json.loads((tmp_path / "product" / "_account" / "near-duplicates.json").read_text())
    assert (told["records"], told["compared"]) == (3, 1)
    assert told["found at 0.85"] >= 0.95 > told["found at 0.8"] > told["found at 0.7"]
    assert [told[name] for name in Banding._fields] == list(step.banding())


def test_signatures_are_the_same_for_ever() -> None:
    """If this fails, a package gives other signatures: raise the step's `version`, since other records may be left out."""
    seen = NearDuplicates(permutations=16).look(table(["One fish, two fish, red fish, blue fish."]))
    assert seen["signature"].to_pylist() == [
        [16412, 1825, 60218, 42223, 37797, 11216, 31891, 51127, 28169, 62458, 10645, 10216, 44281, 3616, 16213, 19403]
    ]


@pytest.mark.parametrize(
    ("texts", "stay"),
    [
        pytest.param(["", "", "?!", "…"], [0, 1, 2, 3], id="no words"),
        pytest.param(["one", "One!", "two", "one two", "ONE  two."], [0, 2, 3], id="few words"),
        pytest.param(
            ["人工智能工厂需要大量高质量的数据来训练语言模型。" * 3, "人工智能工厂需要大量高质量的数据来训练语言模型！" * 3],
            [0],
            id="Chinese",
        ),
        pytest.param(["人工智能工厂需要数据", "他们昨天去了北京旅游"], [0, 1], id="Chinese, different"),
        pytest.param(["word " * 100_000, "word " * 90_000, "other " * 10], [0, 2], id="one word again and again"),
    ],
)
def test_unusual_texts(texts: list[str], stay: list[int]) -> None:
    assert naive.kept(naive.run(NearDuplicates(), table(texts), 2)) == stay


def test_many_equal_records_leave_one() -> None:
    texts = ["Moin, moin, here is one text again and again."] * 50_000
    assert naive.kept(naive.run(NearDuplicates(permutations=64), table(texts), 20_000)) == [0]


def test_candidates_are_all_pairs_of_small_groups_and_join_large_ones() -> None:
    keys = np.random.default_rng(3).integers(0, 200, 2000).astype(np.uint64)
    keys[100:160] = 999
    found = {pair for some, others in _candidates(keys, np.arange(2000)) for pair in zip(some.tolist(), others.tolist(), strict=True)}
    groups: dict[int, list[int]] = {}
    for number, key in enumerate(keys.tolist()):
        groups.setdefault(key, []).append(number)
    for key, group in groups.items():
        pairs = set(combinations(group, 2))
        assert found >= {(group[0], other) for other in group[1:]}
        assert key == 999 or pairs <= found
    assert all(keys[one] == keys[other] and one < other for one, other in found)
    assert not [pair for some, others in _candidates(keys, keys.astype(np.int64)) for pair in zip(some, others, strict=True)]


@pytest.mark.parametrize(
    ("step", "where"),
    [
        (NearDuplicates(similarity=0.3), "similarity"),
        (NearDuplicates(recall=1.0), "recall"),
        (NearDuplicates(ngram=0), "ngram"),
        (NearDuplicates(permutations=10**6), "permutations"),
    ],
)
def test_parameters_have_ranges(step: NearDuplicates, where: str) -> None:
    with pytest.raises(Invalid) as raised:
        step.check()
    assert raised.value.where == where
