"""Texts that are made to be slow: the time grows as the text does, never faster."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from hanse.factory.prepare.steps.personal.scan import scan

SLOW = {
    "digits": ("7", 1_000_000),
    "at signs": ("@", 100_000),
    "addresses without end": ("a@", 100_000),
    "labels without end": ("x@a." + "a.", 30_000),
    "groups of digits": ("4111 ", 20_000),
    "single digits": ("1 ", 100_000),
    "colons": ("a::", 30_000),
    "dotted": ("1.", 100_000),
    "words": ("BSN ", 50_000),
    "words and numbers": ("BSN 123456789 ", 4_000),
    "schemes": ("https://", 50_000),
    "countries": ("DE12 ", 30_000),
    "pluses": ("+49 ", 30_000),
    "brackets": ("(0", 50_000),
    "pairs": ("00:", 30_000),
}


def seconds(text: str) -> float:
    began = time.process_time()
    scan(pa.array([text], pa.large_string()))
    return time.process_time() - began


@pytest.mark.parametrize("name", sorted(SLOW))
def test_time_is_linear(name: str) -> None:
    piece, times = SLOW[name]
    seconds(piece * 10)
    small, large = min(seconds(piece * (times // 8)) for _ in range(2)), seconds(piece * times)
    # Eight times the text: quadratic time would be 64 times as long.
    assert large < max(24 * small, 0.05)


def test_one_long_text_is_searched_to_its_end() -> None:
    text = "7" * 500_000 + " a@example.org " + "@" * 100_000 + " BSN 111222333 " + "1 " * 100_000 + " DE89370400440532013000"
    assert scan(pa.array([text], pa.large_string())).counts == {"email": 1, "iban": 1, "nl-bsn": 1}
