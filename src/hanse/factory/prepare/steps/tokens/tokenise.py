"""`tokenise`: turns texts into the ids of tokens, with a tokenizer that is brought or trained on the records themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa

from hanse.factory.prepare.base import ID, LANGUAGE, TEXT, TOKENS, Applied, Dropped, Looking
from hanse.factory.prepare.steps.tokens.bpe import GPT2, LARGEST_VOCABULARY, Bpe, refused
from hanse.factory.prepare.steps.tokens.files import Brought, brought, compiled, content_of, from_json
from hanse.factory.prepare.steps.tokens.training import lowest, sample, train
from hanse.kernel.errors import Invalid

FILE: Final = "product/tokenizer.json"
END: Final = "<|endoftext|>"
UNDETERMINED: Final = "und"
"""The language of texts that do not say it (BCP 47)."""
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


class Tokenise(Looking, frozen=True, kw_only=True):
    """Set the column `tokens` to the ids of each text, the same that the package `tokenizers` gives, and count them.

    `tokenizer` is the path of a `tokenizer.json` (byte-level BPE) or of a file of merges as tiktoken has them. Without it a tokenizer of
    `vocabulary` tokens is trained on a `sample` of the records, in bytes. `end` is the special token between documents; it must be in a
    `tokenizer.json`, and takes the id `end_id`, or the next free one, beside a file of merges. `pattern` says how texts are split before
    merging, GPT-2's by default; a `tokenizer.json` says so itself. The text of a special token in a document never becomes that token.

    Drops with `tokenise-endless-run` what has about a million blanks in a row. The product gets `tokenizer.json`.
    """

    name: ClassVar[str] = "tokenise"

    tokenizer: str = ""
    vocabulary: int = 16_000
    sample: int = 32_000_000
    end: str = END
    end_id: int | None = None
    pattern: str = ""

    def check(self) -> None:
        """Look at the tokenizer. Raises `Invalid` if it cannot be read, is no byte-level BPE, or does not have what is asked of it."""
        if not 1 <= len(self.end) <= 1000:
            raise Invalid("The end token is empty or too long.", where="end", rule="tokenizer")
        if not 0 <= self.sample <= 1 << 30:
            raise Invalid("The sample is at most 1 GiB.", where="sample", rule="tokenizer")
        if self.pattern:
            compiled(self.pattern)
        if self.tokenizer:
            self._brought()
        elif not 257 <= self.vocabulary <= LARGEST_VOCABULARY:
            raise refused(f"A vocabulary has 257 to {LARGEST_VOCABULARY} tokens: 256 bytes and the end token at least.", "vocabulary")
        elif self.end_id is not None:
            raise refused("A tokenizer that is trained gives its end token the id 0.", "end_id")

    def fingerprint(self) -> Mapping[str, str]:
        """Return the digest of the tokenizer that is brought."""
        return {"tokenizer": hashlib.sha256(content_of(self.tokenizer)).hexdigest()} if self.tokenizer else {}

    def _brought(self) -> Brought:
        return brought(content_of(self.tokenizer), self.end, self.end_id, self.pattern)

    def look(self, records: pa.Table) -> pa.Table:
        """Return texts to train on; none for a tokenizer that is brought."""
        return sample(records.slice(0, 0) if self.tokenizer else records, self.sample)

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Write the tokenizer into the product."""
        if self.tokenizer:
            made = self._brought()
        else:
            made = train(lowest((table for _, table in seen), self.sample), self.vocabulary, self.end, self.pattern or GPT2)
        file = into / FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made.content)

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Add the column `tokens`, with the tokenizer's digest, its vocabulary and the id of its end token in the field's metadata."""
        if decided is None:
            raise Invalid("A tokenizer is decided on before it is used.", where="tokenise", rule="tokenizer")
        file = decided / FILE
        bpe, digest = _loaded(str(file), file.stat().st_mtime_ns)
        ids, counts = bpe.encode_all(records[TEXT].to_pylist())
        kept, dropped = records, []
        if (counts < 0).any():
            dropped = [Dropped(name, "tokenise-endless-run") for name in records[ID].filter(pa.array(counts < 0)).to_pylist()]
            kept, counts = records.filter(pa.array(counts >= 0)), counts[counts >= 0]
        tokens = pa.LargeListArray.from_arrays(pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int64()), pa.array(ids, pa.uint32()))
        metadata = {"tokenizer": digest, "vocabulary": str(bpe.vocabulary), "end": str(bpe.special[self.end])}
        field = pa.field(TOKENS, tokens.type, nullable=False, metadata=metadata)
        if TOKENS in kept.column_names:
            kept = kept.drop_columns([TOKENS])
        return Applied(kept.append_column(field, tokens), dropped, {"tokens": len(ids)} | _by_language(kept, counts))


def _by_language(records: pa.Table, counts: np.ndarray[Any, Any]) -> dict[str, int]:
    """Return the tokens of each language, as `tokens-de` (two or three letters), where records say theirs; `tokens-und` of all others."""
    found: dict[str, int] = {}
    if LANGUAGE in records.column_names:
        for language, count in zip(records[LANGUAGE].to_pylist(), counts.tolist(), strict=True):
            base = (language or "").partition("-")[0].lower()
            name = f"tokens-{base if _LANGUAGE.fullmatch(base) else UNDETERMINED}"
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))


@lru_cache(maxsize=2)
def _loaded(path: str, _written: int) -> tuple[Bpe, str]:
    content = Path(path).read_bytes()
    return from_json(content, proved=False), hashlib.sha256(content).hexdigest()
