"""A byte-level BPE tokenizer, and the proof that two engines agree on it.

`tokenizers` merges the pair that stands first in the list of merges; `tiktoken`, four times as fast, joins two neighbours if what they make
is a token, the one of the lowest rank first. Both give the same for every text if, for each token, merging its own bytes by all merges
before its own leaves exactly the two halves that its merge names: two neighbours that make it in a text are what its own bytes become,
since no merge crossed their ends. `prove` shows this for each token, so ids are equal by proof, not by trying some texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
from msgspec import Struct

from hanse.factory.prepare.steps.tokens.words import Array, Words
from hanse.kernel.errors import Invalid

GPT2: Final = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
"""How GPT-2 splits a text before merging."""
LARGEST_VOCABULARY: Final = 1 << 20
LARGEST_PROOF: Final = 1 << 28
"""The squares of the tokens' lengths, added up: what the proof takes, some ten seconds at worst."""


def refused(what: str, where: str = "tokenizer", hint: str | None = None) -> Invalid:
    """Return the error for a tokenizer that cannot be used here."""
    return Invalid(what, where=where, rule="tokenizer", hint=hint)


class Bpe(Struct, frozen=True, kw_only=True, dict=True):
    """A tokenizer: `tokens[i]` is the one of rank `i`: the 256 bytes, then what each merge makes, in the order of the merges.

    `ids[i]` is its id. `special` never come out of a text, whatever it says; `added` do, wherever the text says them. `whole` tells that a
    word that is a token is taken as it is, without merging. `composed` texts are in the normal form NFC first.
    """

    tokens: Sequence[bytes]
    ids: Sequence[int]
    special: Mapping[str, int]
    added: Mapping[str, int] = {}
    pattern: str = GPT2
    whole: bool = False
    composed: bool = False

    @property
    def vocabulary(self) -> int:
        """The highest id and one."""
        return 1 + max((*self.ids, *self.special.values(), *self.added.values()))

    def encode(self, text: str) -> Array:
        """Return the ids of a text. Raises `ValueError` for a million blanks in a row: more than the engine can look back on."""
        engine, ids, added = self._engine
        found: Array = ids[engine.encode_to_numpy(self._composed(text), allowed_special=added, disallowed_special=())]
        return found

    def encode_all(self, texts: Sequence[str]) -> tuple[Array, Array]:
        """Return the ids of all texts, one after the other, and how many each has, -1 for one that `encode` raises an error for."""
        if self.pattern == GPT2 and not self.added:
            return self._words.texts([self._composed(text).encode() for text in texts])
        rows = [self._tried(text) for text in texts]
        found = [row for row in rows if row is not None]
        return np.concatenate([np.zeros(0, np.uint32), *found]), np.array([-1 if row is None else len(row) for row in rows], np.int64)

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        return len(self.encode(text))

    def _tried(self, text: str) -> Array | None:
        try:
            return self.encode(text)
        except ValueError:
            return None

    def _composed(self, text: str) -> str:
        if not self.composed or text.isascii():
            return text
        from tokenizers.normalizers import NFC

        composed: str = NFC().normalize_str(text)
        return composed

    @cached_property
    def _engine(self) -> tuple[Any, Array, frozenset[str]]:
        import tiktoken

        ranks = {token: rank for rank, token in enumerate(self.tokens)}
        added = {word: len(ranks) + number for number, word in enumerate(self.added)}
        table = np.array([*self.ids, *self.added.values()], dtype=np.uint32)
        return tiktoken.Encoding("hanse", pat_str=self.pattern, mergeable_ranks=ranks, special_tokens=added), table, frozenset(added)

    @cached_property
    def _words(self) -> Words:
        engine, ids, _ = self._engine
        return Words(engine._core_bpe.encode_single_piece, ids)  # what is public splits a text first


def halves(piece: bytes, ranks: Mapping[bytes, int], below: int) -> list[bytes]:
    """Return what merging a word leaves, with the merges before rank `below`: the first in the list first, from the left."""
    parts = [piece[at : at + 1] for at in range(len(piece))]
    while len(parts) > 1:
        pairs = [ranks.get(left + right, below) for left, right in pairwise(parts)]
        best = min(pairs)
        if best >= below:
            break
        at = pairs.index(best)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def prove(tokens: Sequence[bytes], merges: Mapping[bytes, set[tuple[bytes, bytes]]], *, whole: bool) -> None:
    """Show that both engines merge alike; `merges` has the pairs that make each token. Raises `Invalid` if they would not."""
    if sum(len(token) ** 2 for token in tokens) > LARGEST_PROOF:
        raise refused("The tokenizer's tokens are too long.", hint="Tokens of text have some tens of bytes.")
    ranks = {token: rank for rank, token in enumerate(tokens)}
    for rank, token in enumerate(tokens[256:], 256):
        pairs = merges.get(token, set())
        left = halves(token, ranks, rank)
        if tuple(left) not in pairs and not (whole and len(left) > 2 and splits(token, ranks) <= pairs):
            raise refused(
                f"What the tokenizer's token of rank {rank} is made of can never come of the merges before it.",
                hint="It is no byte-level BPE as training makes one: its merges are out of order, or some are missing.",
            )


def splits(token: bytes, ranks: Mapping[bytes, int]) -> set[tuple[bytes, bytes]]:
    """Return all pairs of tokens that make a token."""
    pairs = ((token[:at], token[at:]) for at in range(1, len(token)))
    return {(left, right) for left, right in pairs if left in ranks and right in ranks}


def alphabet() -> dict[str, int]:
    """Return which byte each letter of a `tokenizer.json` stands for, as in GPT-2's table."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + number): byte for number, byte in enumerate(others)}
