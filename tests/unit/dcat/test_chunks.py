"""The rule by which content is cut: held by vectors, and by the algorithm written down once more."""

from __future__ import annotations

import hashlib
import math
import random

import pytest
from fastcdc.const import TABLE
from fastcdc.fastcdc_py import fastcdc_py
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.dcat.chunks import LARGEST, LEAST, RULE, USUAL, Cutter, sizes


def noise(length: int, seed: str = "hanse") -> bytes:
    """Return bytes that look like chance and are the same everywhere."""
    return hashlib.shake_256(seed.encode()).digest(length)


def cuts(content: bytes) -> list[int]:
    """FastCDC, as the paper has it: a gear hash, and two masks around the usual size."""
    found, start, bits = [], 0, round(math.log2(USUAL))
    usual = USUAL - min(USUAL, LEAST + LEAST // 2)
    while start < len(content):
        end, gear = min(len(content), start + LARGEST), 0
        position = min(start + LEAST, end)
        while position < end:
            gear = (gear >> 1) + TABLE[content[position]]
            mask = (1 << (bits + 1)) - 1 if position - start < usual else (1 << (bits - 1)) - 1
            position += 1
            if not gear & mask:
                break
        found.append(position - start)
        start = position
    return found


VECTORS = {
    "noise": (noise(4 << 20), [75682, 533754, 138439, 654517, 155447, 217443, 528436, 368985, 508212, 232830, 682738, 97821]),
    "zeros": (bytes(3 << 20), [1048576, 1048576, 1048576]),
    "text": (
        b"".join(b"%d,row %d,%d\n" % (n, n * n, n % 97) for n in range(120_000)),
        [149947, 117751, 668479, 451722, 96215, 75900, 433560, 134309, 207018, 215711, 242932, 56717],
    ),
}


def test_the_name_of_the_rule_says_what_it_does():
    assert (RULE, LEAST, USUAL, LARGEST) == ("fastcdc-64k-256k-1m", 65536, 262144, 1048576)


@pytest.mark.parametrize("name", VECTORS)
def test_the_library_cuts_as_the_algorithm_does_and_as_it_always_did(name):
    content, expected = VECTORS[name]
    assert list(sizes(content, end=True)) == cuts(content) == expected


def test_without_its_compiled_part_the_library_cuts_alike():
    content = noise(2 << 20, "slow")
    slow = [chunk.length for chunk in fastcdc_py(memoryview(content), LEAST, USUAL, LARGEST)]
    assert slow == list(sizes(content, end=True))


def test_the_gear_table_is_the_one_that_lists_were_made_with():
    packed = b"".join(value.to_bytes(4) for value in TABLE)
    assert hashlib.sha256(packed).hexdigest() == "29edae1cd4b21f672fb717bfaa130531b3e1bd869dd5c38da33c27c760e3c9de"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 900_000), max_size=12), st.integers(0, 3))
def test_a_stream_is_cut_alike_however_it_comes(steps, kind):
    content = (noise(sum(steps)), bytes(sum(steps)), noise(1000) * (sum(steps) // 1000 + 1), b"x" * sum(steps))[kind][: sum(steps)]
    cutter, chunks, start = Cutter(), [], 0
    for step in steps:
        chunks += cutter.feed(content[start : start + step])
        start += step
    chunks += cutter.end()
    assert b"".join(chunks) == content
    assert [len(chunk) for chunk in chunks] == list(sizes(content, end=True))


def test_chunks_keep_to_their_bounds():
    found = list(sizes(noise(8 << 20, "bounds"), end=True))
    assert sum(found) == 8 << 20
    assert all(LEAST <= size <= LARGEST for size in found[:-1])
    assert 0 < found[-1] <= LARGEST
    assert list(sizes(b"", end=True)) == []
    assert list(sizes(b"x" * LEAST, end=True)) == [LEAST]


def test_without_the_end_only_what_is_certain_is_told():
    content = noise(4 << 20, "certain")
    whole = list(sizes(content, end=True))
    for cut in (1, LEAST, LARGEST - 1, LARGEST, 2_500_000):
        found = list(sizes(content[:cut], end=False))
        assert found == whole[: len(found)]
        assert sum(found) + LARGEST >= cut


def test_a_cutter_begins_anew_after_its_end():
    cutter, content = Cutter(), noise(1 << 20, "anew")
    once = [*cutter.feed(content), *cutter.end()]
    assert [*cutter.feed(content), *cutter.end()] == once


def test_an_insertion_changes_the_chunks_around_it_only():
    content = noise(8 << 20, "insert")
    middle = 4 << 20
    before, after = _set(content), _set(content[:middle] + b"inserted" + content[middle:])
    assert len(after - before) <= 3


def test_random_edits_never_lose_bytes():
    chance = random.Random(7)
    content = bytearray(noise(2 << 20, "edits"))
    for _ in range(20):
        at = chance.randrange(len(content))
        content[at : at + chance.randrange(5000)] = chance.randbytes(chance.randrange(5000))
        cutter = Cutter()
        assert b"".join([*cutter.feed(bytes(content)), *cutter.end()]) == content


def _set(content: bytes) -> set[bytes]:
    cutter = Cutter()
    return {hashlib.sha256(chunk).digest() for chunk in (*cutter.feed(content), *cutter.end())}
