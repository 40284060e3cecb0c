"""Training a byte-level BPE on a sample of the records: the same sample and the same merges, whoever trains it."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.base import ID, TEXT
from hanse.factory.prepare.steps.tokens.bpe import GPT2
from hanse.factory.prepare.steps.tokens.files import Brought, from_json

EXCERPT: Final = 1 << 16
"""Letters of one record at most: a giant one does not speak for all."""
PER_PART: Final = 4 << 20
"""Bytes that one part gives at most: an eighth of a large one."""
KEY: Final = "key"
RUN: Final = 512
"""Letters, or blanks, without an end after which a text is cut for training: what merges them takes time by the square of a run."""
LONGEST: Final = 128
"""Bytes of a token that is made: a run of one sign would give ever longer ones, which nothing else ever holds."""
_RUN: Final = re.compile(rf"(\S{{{RUN}}}|\s{{{RUN}}})")


def sample(records: pa.Table, most: int) -> pa.Table:
    """Return texts of a part for the sample, at most `most` bytes, chosen by the hash of their ids: columns `key` and `text`."""
    sizes = pc.min_element_wise(pc.binary_length(records[TEXT]), EXCERPT).to_pylist()
    budget = min(most, PER_PART)
    keys = [_key(name) for name in records[ID].to_pylist()]
    chosen: list[int] = []
    for row in sorted(range(len(keys)), key=keys.__getitem__):
        budget -= sizes[row]
        if budget < 0:
            break
        chosen.append(row)
    texts = [
        _excerpt(text, keys[row]) for row, text in zip(chosen, records[TEXT].take(pa.array(chosen, pa.int64())).to_pylist(), strict=True)
    ]
    return pa.table({KEY: pa.array([keys[row] for row in chosen], pa.uint64()), TEXT: pa.array(texts, pa.large_string())})


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest())


def _excerpt(text: str, key: int) -> str:
    begin = key % max(1, len(text) - EXCERPT + 1)
    return text[begin : begin + EXCERPT]


def lowest(samples: Iterable[pa.Table], most: int) -> list[str]:
    """Return the texts of the lowest keys, at most `most` bytes in all, whatever parts they came in."""
    heap: list[tuple[int, str]] = []
    total = 0
    for key, text in _pairs(samples):
        heapq.heappush(heap, (-key, text))
        total += len(text.encode())
        while total > most:
            total -= len(heapq.heappop(heap)[1].encode())
    return [text for _, text in sorted(heap, reverse=True)]


def _pairs(samples: Iterable[pa.Table]) -> Iterator[tuple[int, str]]:
    for table in samples:
        yield from zip(table[KEY].to_pylist(), table[TEXT].to_pylist(), strict=True)


def train(texts: Sequence[str], vocabulary: int, end: str, pattern: str) -> Brought:
    """Train a tokenizer with at most `vocabulary` tokens: the end token, the bytes, and merges of pairs that were seen twice or more."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern == GPT2)
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    tokenizer.pre_tokenizer = level if pattern == GPT2 else pre_tokenizers.Sequence([split, level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[end],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=LONGEST,
    )
    tokenizer.train_from_iterator((piece for text in texts for piece in _RUN.split(text) if piece), trainer)
    content = tokenizer.to_str().encode()
    return Brought(from_json(content, proved=True), content)
