"""How a version was made of others, step by step: the account that whoever made it gives, and whether it holds together.

An account is its maker's word. What can be checked of it without the data is: that the steps follow one another (each took in what the one
before gave out, the first the roots of the inputs, and the last gave out the product's root), and that their records add up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from hanse.dcat.holding import Source
from hanse.kernel.errors import Invalid

MAX_STEPS: Final = 64
MAX_INPUTS: Final = 1_000
"""Versions that one preparation takes in."""
MAX_SAID: Final = 131_072
"""Bytes of one step's account, as JSON: what surely fits into one statement."""

_Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
_Word = Annotated[str, Meta(min_length=1, max_length=200)]
_Text = Annotated[str, Meta(max_length=4096)]
_Count = Annotated[int, Meta(ge=0, le=2**53)]
_Counts = Annotated[Mapping[_Word, _Count], Meta(max_length=1_000)]


class StepAccount(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one step did, in words that can be signed.

    `inputs` and `output` are SHA-256 (hexadecimal) of what it took in and gave out: `inputs` of the first step are the roots of the input
    versions in their order, of each other step the `output` of the one before; the `output` of the last is the product's root. Whatever
    lies between the ends, its maker hashes as it likes, the same way each time.

    `parameters` are the step's, each value as JSON text; `code` names what ran, e.g. `hanse 0.6.0`. `records_in` and `records_out` count
    records, `added` those that the step made anew (all of a reader's; the chunks less the documents of a splitter), `dropped` those it
    left out, by reason. `counts` are other figures, e.g. `tokens`.
    """

    step: _Word
    version: _Word = "1"
    code: _Text = ""
    parameters: Annotated[Mapping[_Word, _Text], Meta(max_length=64)] = {}
    inputs: Annotated[tuple[_Digest, ...], Meta(min_length=1, max_length=MAX_INPUTS)]
    output: _Digest
    records_in: _Count = 0
    records_out: _Count = 0
    added: _Count = 0
    dropped: _Counts = {}
    counts: _Counts = {}


class Account(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a product was made of versions: the inputs in order, for which action they were opened, and all steps.

    `pipeline` is the SHA-256 of the pipeline as its maker wrote it down; `action` an ODRL action (an IRI, or a word of ODRL).
    """

    inputs: Annotated[tuple[Source, ...], Meta(min_length=1, max_length=MAX_INPUTS)]
    action: Annotated[str, Meta(min_length=1, max_length=2048)]
    pipeline: _Digest
    steps: Annotated[tuple[StepAccount, ...], Meta(min_length=1, max_length=MAX_STEPS)]

    @property
    def output(self) -> str:
        """The product's root, as the last step says."""
        return self.steps[-1].output


def digest_of(account: Account) -> str:
    """Return the SHA-256 of an account, in hexadecimal: two that say the same have the same."""
    return hashlib.sha256(msgspec.json.encode(account, order="deterministic")).hexdigest()


def check(account: Account) -> None:
    """Raise `Invalid` (rule `account`), naming the step in `where`, unless an account holds together."""
    names = [one.version for one in account.inputs]
    if len(set(names)) != len(names):
        raise _broken("inputs", "It names an input twice.")
    expected, records = tuple(one.root for one in account.inputs), 0
    for number, step in enumerate(account.steps, 1):
        where = f"steps[{number - 1}]"
        if step.inputs != expected:
            before = "the roots of the inputs, in their order" if number == 1 else "what the step before gave out"
            raise _broken(where, f"Step {number} ({step.step}) did not take in {before}.")
        if step.records_in != records:
            raise _broken(where, f"Step {number} ({step.step}) took in {step.records_in} records; it was given {records}.")
        made, gone = step.records_in + step.added, step.records_out + sum(step.dropped.values())
        if made != gone:
            raise _broken(where, f"Step {number} ({step.step}) took in and added {made} records; it gave out and dropped {gone}.")
        if len(msgspec.json.encode(step)) > MAX_SAID:
            raise _broken(where, f"What is said of step {number} ({step.step}) is longer than {MAX_SAID} bytes.")
        expected, records = (step.output,), step.records_out


def _broken(where: str, what: str) -> Invalid:
    return Invalid(f"The account does not hold together: {what}", where=where, rule="account")
