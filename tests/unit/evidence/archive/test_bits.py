"""No bit of an archive can be changed unseen: not in the ZIP, and not in a file around which the ZIP was made anew, by either verifier."""

import random
from functools import cache

import pytest

from hanse.evidence.archive import format as f
from hanse.evidence.archive.container import read_container, write_container
from tests.unit.evidence.archive.built import Case, examine
from tests.unit.evidence.archive.independent import refused

SEED = 20270301
ROUNDS = 20
EACH = 500
"""20 rounds of 500: 10,000 bits in all."""


@cache
def archive():
    raw = Case(statements=1, both=False).pack()
    assert examine(raw).verdict.sound
    assert refused(raw) == ""
    return raw


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit >> 3] ^= 1 << (bit & 7)
    return bytes(changed)


def check(raw):
    """Both refuse it, and ours says where."""
    verdict = examine(raw).verdict
    assert not verdict.sound
    assert all(one.text and one.where for one in verdict.of("fault"))
    assert refused(raw)


@pytest.mark.parametrize("part", range(ROUNDS))
def test_any_bit_of_the_file(part):
    raw = archive()
    for bit in random.Random(SEED + part).sample(range(len(raw) * 8), EACH // 2):
        check(flipped(raw, bit))


@pytest.mark.parametrize("part", range(ROUNDS))
def test_any_bit_of_a_file_in_it_with_the_zip_made_anew(part):
    chance = random.Random(SEED - part)
    files = read_container(archive()).files
    for _ in range(EACH // 2):
        name = chance.choices(list(files), [len(data) for data in files.values()])[0]
        bit = chance.randrange(len(files[name]) * 8)
        check(write_container(files | {name: flipped(files[name], bit)}))


def test_every_byte_of_the_manifest_with_the_zip_made_anew():
    files = read_container(archive()).files
    manifest = files[f.MANIFEST]
    for place in range(len(manifest)):
        check(write_container(files | {f.MANIFEST: flipped(manifest, place * 8 + place % 8)}))
