"""Tests and intervals against values of tables and of other programs."""

from __future__ import annotations

import pytest

from hanse.factory.quality.inference import chi_square, cohen, difference, entropy, fleiss, gamma_upper, katz, wilson


@pytest.mark.parametrize(
    ("statistic", "freedom", "chance"),
    [
        (3.841458821, 1, 0.05),
        (5.991464547, 2, 0.05),
        (18.30703805, 10, 0.05),
        (23.20925116, 10, 0.01),
        (0.0, 3, 1.0),
        (124.3421134, 100, 0.05),
    ],
)
def test_chances_of_chi_squares(statistic: float, freedom: int, chance: float) -> None:
    # Critical values as tables have them.
    assert gamma_upper(freedom / 2, statistic / 2) == pytest.approx(chance, abs=1e-8)


def test_a_chi_square_beyond_all_measure() -> None:
    assert gamma_upper(1, 1e9) == 0
    assert chi_square({"a": 5}, {"a": 1.0}) is None


def test_wilson() -> None:
    # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662; nothing of 20 gives 0 to 0.1611.
    one = wilson(81, 263)
    assert (one.low, one.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (wilson(0, 20).low, wilson(0, 20).high) == pytest.approx((0, 0.1611), abs=5e-5)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)


def test_difference() -> None:
    # Newcombe (1998), method 10: 56/70 and 48/80 give 0.0524 to 0.3339.
    one = difference(56, 70, 48, 80)
    assert (one.low, one.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_nothing_to_say() -> None:
    assert katz(0, 5, 1, 5) is None
    assert cohen({("a", "a"): 5}) is None
    assert fleiss([([3, 0], 4)], 3) is None
    assert entropy([5, 0]) == 0
    assert entropy([3, 3, 3]) == pytest.approx(1)


def test_fleiss_of_his_example() -> None:
    # Fleiss (1971): 10 subjects, 14 raters, 5 categories, as it is often shown: kappa 0.210.
    votes = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    assert fleiss([(one, 1) for one in votes], 14) == pytest.approx(0.210, abs=5e-4)
