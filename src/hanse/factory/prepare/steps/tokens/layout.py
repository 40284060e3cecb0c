"""How token shards lie in a product, so that anything that maps a file into memory can read them.

`SPLIT-NNNNN.npy` is one array of ids, `[sequences, context]`, little-endian `uint16` or `uint32`, in NumPy's own format. The shards of a
split, one after the other, are one stream of tokens: each document and its end token. `SPLIT-NNNNN.parquet` has a row for each document,
or what of it is in that shard: `id`, `source`, `position` (where it begins in the shard, as one row of tokens), `length` (tokens in this
shard, with the end token if it is here) and `offset` (how many of its tokens are in shards before). `index.json` has this `Index`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

INDEX: Final = "index.json"
TOKENIZER: Final = "tokenizer.json"
FORMAT: Final = "hanse-shards/1"


class Shard(Struct, frozen=True, kw_only=True):
    """One shard: `tokens` of documents with their ends, and `padded` end tokens after the last one."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,80}$")]
    split: str
    sequences: int
    tokens: int
    padded: int = 0


class Index(Struct, frozen=True, kw_only=True):
    """All shards in order. `vocabulary` is the highest id and one, `tokenizer` the SHA-256 of `tokenizer.json`, `end` the end id."""

    format: Literal["hanse-shards/1"] = FORMAT
    context: int
    dtype: Literal["<u2", "<u4"]
    vocabulary: int
    tokenizer: str
    end: int
    shards: tuple[Shard, ...]
