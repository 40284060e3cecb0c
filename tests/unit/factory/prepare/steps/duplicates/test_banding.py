"""How surely a pair is found, against counting every case by hand."""

from __future__ import annotations

from itertools import product

import pytest

from hanse.factory.prepare.steps.duplicates.banding import Banding, choose


@pytest.mark.parametrize("banding", [Banding(9, 4, 2, 6), Banding(8, 2, 3, 5), Banding(6, 6, 1, 3), Banding(5, 1, 5, 5)])
@pytest.mark.parametrize("similarity", [0.0, 0.35, 0.8, 1.0])
def test_probabilities_are_those_of_all_cases(banding: Banding, similarity: float) -> None:
    candidate = found = 0.0
    for same in product([True, False], repeat=banding.permutations):
        chance = 1.0
        for one in same:
            chance *= similarity if one else 1 - similarity
        bands = [same[begin * banding.rows : (begin + 1) * banding.rows] for begin in range(banding.bands)]
        if any(all(band) for band in bands):
            candidate += chance
            found += chance * (sum(same) >= banding.enough)
    assert banding.candidate(similarity) == pytest.approx(candidate)
    assert banding.found(similarity) == pytest.approx(found)


@pytest.mark.parametrize("similarity", [0.5, 0.7, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("permutations", [16, 128, 256])
def test_what_is_chosen_finds_what_was_asked_for_and_no_stricter_check_would(similarity: float, permutations: int) -> None:
    chosen = choose(similarity, permutations, 0.95)
    assert chosen.bands * chosen.rows <= permutations
    assert chosen.found(similarity) >= 0.95
    stricter = chosen._replace(enough=chosen.enough + 1)
    assert chosen.enough == permutations or stricter.found(similarity) < 0.95


def test_the_defaults_are_these() -> None:
    chosen = choose(0.8, 256, 0.95)
    assert chosen == Banding(256, bands=32, rows=8, enough=194)
    assert [round(chosen.found(one), 3) for one in (0.6, 0.7, 0.8, 0.85, 0.9)] == [0.0, 0.024, 0.957, 1.0, 1.0]
