"""A version that was made of others, in an archive: whose word it is, what the hashes prove, and where a lie shows."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.pack import Stored, pack
from hanse.evidence.statement import Subject
from tests.unit.evidence.archive.built import AGREEMENT, NOW, VERSION, Case, examine
from tests.unit.evidence.archive.independent import refused
from tests.unit.evidence.archive.test_verify import faults, said

ROOT, MIDDLE = "e" * 64, "5" * 64
MADE = "tokens@1"


class Derived(Case):
    """`tokens@1` was made of `rain@1` in two steps. `change` is what differs in the statement of a step (0: of the whole)."""

    def __init__(self, change=None, left_out=()):
        super().__init__()
        change = change or {}
        given = k.Input(VERSION, self.root, AGREEMENT)
        whole = {"count": 2, "size": 9, "action": "train", "inputs": (given,), "under": (AGREEMENT,), "steps": 2}
        whole |= {"pipeline": "a" * 64, "account": "b" * 64}
        first = {"step": "decode", "inputs": (self.root,), "output": MIDDLE, "records_out": 9, "added": 10, "dropped": {"broken": 1}}
        last = {"step": "pack", "inputs": (MIDDLE,), "output": ROOT, "records_in": 9, "records_out": 9}
        for number, (kind, said_) in enumerate(((k.Derived, whole), (k.Prepared, first), (k.Prepared, last))):
            if number not in left_out:
                more = {} if number == 0 else {"number": number}
                says = kind(version=MADE, root=ROOT, at=NOW, **said_ | more | change.get(number, {}))
                self.state(says, Subject.of(MADE, ROOT))
        made_of = (f.SourceRecord(VERSION, self.root),)
        self.made = f.VersionRecord(id=MADE, root=ROOT, count=2, size=9, stored=NOW, made_of=made_of, under=(AGREEMENT,))

    def pack(self):
        whole = structs.replace(self.contents(), versions=(Stored(self.version, self.files), Stored(self.made, None)))
        return pack(whole, self.zoo.kid, self.zoo.key.sign_bytes)


def test_the_steps_lead_from_the_inputs_to_the_version_and_what_they_did_is_their_makers_word():
    raw = Derived().pack()
    assert examine(raw).verdict.sound, faults(raw)
    assert refused(raw) == ""  # the independent verifier, which knows nothing of these kinds, takes it, too
    proved = said(raw, "proved")
    assert f"that {MADE} was made of {VERSION} in 2 steps (decode, pack)" in proved
    assert "without a gap, from the roots of those to its root" in proved
    assert "is their maker's word" in said(raw, "told")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({1: {"inputs": ("f" * 64,)}}, "step 1 did not take in what it was given"),
        ({2: {"inputs": ("f" * 64,)}}, "step 2 did not take in what it was given"),
        ({2: {"output": MIDDLE}}, "the last did not give out the version"),
        ({1: {"dropped": {}}}, "the records of step 1 do not add up"),
        ({0: {"count": 3}}, "differs from what the archive says"),
        ({0: {"under": ()}}, "differs from what the archive says"),
        ({0: {"inputs": (k.Input(VERSION, "f" * 64, AGREEMENT),)}}, "names another content of rain@1"),
        ({0: {"inputs": ()}}, "differs from what the archive says"),
    ],
)
def test_what_does_not_hang_together_is_a_fault(change, words):
    assert any(words in text for _, text in faults(Derived(change).pack())), faults(Derived(change).pack())


def test_what_is_not_there_proves_nothing():
    assert "the archive has 1: they prove nothing" in said(Derived(left_out=(1,)).pack(), "missing")
    assert f"No statement in the log says how {MADE} was made." in said(Derived(left_out=(0,)).pack(), "missing")
