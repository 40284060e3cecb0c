"""Whatever a lying exporter writes into the files, and signs for: a verdict comes, never an error, and it is no better than the other's."""

import json
import random

import msgspec
import pytest

from hanse.client.factory.evidence_check import read_policy, read_status
from hanse.evidence.archive import format as f
from hanse.evidence.archive.container import read_container
from hanse.evidence.archive.verify import Examiner
from tests.unit.evidence.archive.built import ZOO, Case, check_of
from tests.unit.evidence.archive.independent import refused

ODD = [None, True, 0, -1, 2**63, 2**70, 1.5, "", "x", "a" * 5000, [], {}, [[]], {"a": 1}, "\0", "did:web:x", "9999-12-31T23:59:59Z"]
ROUNDS, EACH = 4, 150


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_verdict_comes(seed):
    chance = random.Random(seed)
    case = Case(statements=2)
    files = read_container(case.pack()).files
    names = sorted(set(files) - {f.MANIFEST})
    for number in range(EACH):
        name = chance.choice(names)
        raw = case.resign(files | {name: _changed(chance, name, files[name])})
        anchors = {ZOO: frozenset({"A" * 43})} if number % 5 == 0 else None
        examined = Examiner(check_of, anchors, read_policy, read_status).examine(raw, lambda listed, alone: None)
        assert msgspec.json.encode(examined.verdict)
        if examined.verdict.sound:
            assert refused(raw) == "", name


def _changed(chance, name, data):
    """Return a file with an odd value in place of one in it, or with odd bytes."""
    if not name.endswith((".json", ".jsonl")) or chance.random() < 0.3:
        changed = bytearray(data)
        place = chance.randrange(len(changed))
        changed[place : place + chance.randrange(4)] = bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
        return bytes(changed)
    lines = data.splitlines() if name.endswith("l") else [data]
    at = chance.randrange(len(lines))
    value = json.loads(lines[at])
    lines[at] = json.dumps(_put(value, chance.choice(list(_paths(value))), chance.choice(ODD)), separators=(",", ":")).encode()
    return b"".join(line + b"\n" for line in lines)


def _paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*path, key))


def _put(value, path, new):
    if not path:
        return new
    value[path[0]] = _put(value[path[0]], path[1:], new)
    return value
