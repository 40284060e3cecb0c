"""`pack`: writes tokens as shards of sequences of a fixed length, which training maps into memory (see `layout`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from hanse.factory.prepare.base import ID, LEVEL, SOURCE, SPLIT, TOKENS, Piece, Writer
from hanse.factory.prepare.steps.tokens.layout import INDEX, Index, Shard
from hanse.factory.prepare.steps.tokens.stream import DOCUMENTS, Stream
from hanse.factory.prepare.steps.tokens.survey import chosen, order, rows, summaries, survey
from hanse.kernel.errors import Invalid

LARGEST_CONTEXT: Final = 1 << 22


class Span(Struct, frozen=True):
    """What a shard is written of: `tokens` of the stream that `parts` make, after `skip` others; the `last` one accounts for the rest."""

    shard: Shard
    parts: tuple[str, ...]
    facts: Mapping[str, int]


class Pack(Writer, frozen=True, kw_only=True):
    """Write sequences of `context` tokens: documents in order, each with its end token, cut wherever a sequence is full.

    Shards have at most `shard_size` bytes; each split has its own. What fills no sequence at the end of a split is dropped, or padded with
    end tokens. Of records in sections only those of one `level` are packed, so that no text is there twice.
    """

    name: ClassVar[str] = "pack"

    context: int = 2048
    shard_size: int = 256 << 20
    rest: Literal["drop", "pad"] = "drop"
    level: Literal["document", "section", "chunk"] = "chunk"

    def check(self) -> None:
        """Raise `Invalid` for a context or a size that makes no shard."""
        if not 2 <= self.context <= LARGEST_CONTEXT:
            raise Invalid(f"A context has 2 to {LARGEST_CONTEXT} tokens.", where="context", rule="context")
        if not 4 * self.context <= self.shard_size <= 1 << 36:
            raise Invalid("A shard has room for one sequence, and at most 64 GiB.", where="shard_size", rule="shard-size")

    def look(self, records: pa.Table) -> pa.Table:
        """Return how many tokens each split and level has. Raises `Invalid` for records that are not tokenised."""
        metadata = _metadata(records)
        found = survey(records)
        for name, value in metadata.items():
            found = found.append_column(name, pa.nulls(len(found), pa.string()).fill_null(value))
        return found

    def plan(self, seen: Sequence[tuple[str, pa.Table]]) -> Sequence[Piece]:
        """Return the shards of each split."""
        return [Piece(span.shard.name, span.parts, span.facts) for span in self._spans(seen)]

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Write `index.json`, and `fit.json` beside it."""
        known = list(seen)
        facts = next((_facts(row) for _, row in rows(known)), {"vocabulary": 0, "end": 0})
        index = Index(
            context=self.context,
            dtype=_dtype(facts["vocabulary"]),
            vocabulary=facts["vocabulary"],
            end=facts["end"],
            tokenizer=next((row["tokenizer"] for _, row in rows(known)), ""),
            shards=tuple(span.shard for span in self._spans(known)),
        )
        into.joinpath(INDEX).write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=1) + b"\n")
        for name, content in summaries(known).items():
            into.joinpath(name).write_bytes(content)

    def _spans(self, seen: Sequence[tuple[str, pa.Table]]) -> list[Span]:
        found = list(rows(seen))
        levels = {row[LEVEL] for _, row in found} - {""}
        if levels and self.level not in levels:
            hint = f"There are: {', '.join(sorted(levels))[:200]}."
            raise Invalid(f"There are no records of the level {self.level!r}.", where="level", rule="level", hint=hint)
        spans: list[Span] = []
        for split in order(row[SPLIT] for _, row in found):
            sizes: dict[str, int] = {}
            for part, row in found:
                if row[SPLIT] == split:
                    packed = row["tokens"] + row["records"] if row[LEVEL] in ("", self.level) else 0
                    sizes[part] = sizes.get(part, 0) + packed
            spans += self._shards(split, sizes, _facts(found[0][1]))
        return spans

    def _shards(self, split: str, sizes: Mapping[str, int], facts: Mapping[str, int]) -> Iterator[Span]:
        """Yield the shards of a split, whose parts have so many tokens with their ends."""
        per_shard = self.shard_size // (self.context * int(_dtype(facts["vocabulary"])[-1])) * self.context
        total = sum(sizes.values())
        kept = total if self.rest == "pad" else total - total % self.context
        count = max(1, -(-kept // per_shard))
        for number in range(count):
            begin, end = number * per_shard, min(kept, (number + 1) * per_shard)
            last = number == count - 1
            parts, skip = _parts(sizes, begin, total + 1 if last else end)
            sequences = -(-(end - begin) // self.context)
            padded = sequences * self.context - (end - begin)
            shard = Shard(name=f"{split}-{number:05}", split=split, sequences=sequences, tokens=end - begin, padded=padded)
            yield Span(shard, parts, {**facts, "skip": skip, "tokens": end - begin, "sequences": sequences, "last": int(last)})

    def write(self, piece: Piece, parts: Iterator[pa.Table], into: Path) -> Mapping[str, int]:
        """Write one shard and the index of its documents."""
        import numpy as np
        from numpy.lib import format as npy

        facts = piece.facts
        dtype = np.dtype(_dtype(facts["vocabulary"]))
        split = piece.name.rsplit("-", 1)[0]
        stream = Stream(self.level, facts)
        with into.joinpath(f"{piece.name}.npy").open("wb") as file, pq.ParquetWriter(into / f"{piece.name}.parquet", DOCUMENTS) as index:
            header = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (facts["sequences"], self.context)}
            npy.write_array_header_1_0(file, header)
            for table in parts:
                needed = [name for name in (ID, SOURCE, SPLIT, LEVEL, TOKENS) if name in table.column_names]
                tokens, documents = stream.take(chosen(split, table.select(needed)))
                file.write(tokens.astype(dtype).tobytes())
                index.write_table(documents)
            padded = facts["sequences"] * self.context - facts["tokens"]
            file.write(np.full(padded, facts["end"], dtype).tobytes())
        return stream.counts | {"sequences": facts["sequences"], "tokens": facts["tokens"], "tokens-padded": padded}


def _metadata(records: pa.Table) -> dict[str, str]:
    """Return what `tokenise` says of the tokens. Raises `Invalid` if they are not its."""
    at = records.schema.get_field_index(TOKENS)
    said = {} if at < 0 else {key.decode(): value.decode() for key, value in (records.schema.field(at).metadata or {}).items()}
    if not {"tokenizer", "vocabulary", "end"} <= said.keys():
        raise Invalid("There are no tokens to pack.", where="pack", rule="no-tokens", hint="Put `tokenise` before `pack`.")
    return {name: said[name] for name in ("tokenizer", "vocabulary", "end")}


def _facts(row: Mapping[str, str]) -> dict[str, int]:
    return {"vocabulary": int(row["vocabulary"]), "end": int(row["end"])}


def _dtype(vocabulary: int) -> Literal["<u2", "<u4"]:
    return "<u2" if vocabulary <= 1 << 16 else "<u4"


def _parts(sizes: Mapping[str, int], begin: int, end: int) -> tuple[tuple[str, ...], int]:
    """Return the parts that have something of a stretch of the stream, and how much of them is before it."""
    names: list[str] = []
    at = first = 0
    for name, size in sizes.items():
        if at < end and at + size >= begin:
            first = first if names else at
            names.append(name)
        at += size
    return tuple(names), begin - first
