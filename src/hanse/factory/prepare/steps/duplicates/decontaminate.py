"""`decontaminate`: records that share a sequence of words with a test set are left out, so that the test still tests."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from hanse.factory.prepare.base import ID, TEXT, Applied, Dropped, Looking
from hanse.factory.prepare.steps.duplicates import testsets
from hanse.factory.prepare.steps.duplicates.groups import tell
from hanse.factory.prepare.steps.duplicates.ngrams import Numbers, sequence
from hanse.kernel.errors import Invalid

_INDEX: Final = "index.arrow"
_AT_ONCE: Final = 512
_SIEVE: Final = 24
"""Bits of a number by which most n-grams that are in no test set are told at once."""


class _Hit(NamedTuple):
    """Which record shares an n-gram with which test set (its number), and which words these are."""

    row: int
    among: int
    words: str


class Decontaminate(Looking, frozen=True, kw_only=True):
    """Leaves out every record that shares `words` successive words with a test set: reason `contaminated-NAME`, with these words.

    This is the n-gram overlap of GPT-3 (Brown et al. 2020, appendix C): lower case, no punctuation, 13 words. A text of a test set that is
    shorter, but has at least `least` words, is one n-gram. Unlike there, the whole record is left out instead of being cut around the
    place, and n-grams that are frequent in the data count, too: the result does not depend on what else is prepared.
    """

    name: ClassVar[str] = "decontaminate"

    against: tuple[str, ...] = ()
    """Files with test sets: .txt (each paragraph is a text) or .jsonl (each string is one), UTF-8, at most 256 MiB each."""
    words: int = 13
    """Words of an n-gram: 2 to 100."""
    least: int = 8
    """Texts of fewer words are ignored: they would be found everywhere. 2 to `words`."""

    def check(self) -> None:
        """Raise `Invalid` for parameters out of range, and for files that are missing, too large or called the same."""
        if not 2 <= self.words <= 100:
            raise Invalid(f"words is {self.words}; it must be 2 to 100.", where="words", rule="step")
        if not 2 <= self.least <= self.words:
            raise Invalid(f"least is {self.least}; it must be 2 to {self.words}.", where="least", rule="step")
        if not self.against:
            raise Invalid("No test set is named.", where="against", rule="test-set", hint="Name at least one .txt or .jsonl file.")
        for path in self.against:
            testsets.check(path)
        names = Counter(map(testsets.name_of, self.against))
        for name, count in names.items():
            if count > 1:
                raise Invalid(f"{count} test sets are called {name}.", where="against", rule="test-set", hint="Rename one of the files.")

    def fingerprint(self) -> Mapping[str, str]:
        """Return the SHA-256 of the test sets."""
        whole = hashlib.sha256()
        for path in self.against:
            whole.update(hashlib.sha256(Path(path).read_bytes()).digest())
        return {"against": whole.hexdigest()}

    def look(self, records: pa.Table) -> pa.Table:
        """Return nothing: only the test sets decide."""
        return records.select([ID]).slice(0, 0)

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Read the test sets once, and write their n-grams as sorted numbers, so that no worker needs the files."""
        known: list[Numbers] = [np.empty(0, np.uint64)]
        among = [np.empty(0, np.uint16)]
        lengths: set[int] = set()
        facts: dict[str, object] = {"words": self.words, "least": self.least}
        for number, path in enumerate(self.against):
            found = Counter[int]()
            for length, numbers in self._ngrams(path):
                known.append(numbers)
                among.append(np.full(len(numbers), number, np.uint16))
                lengths.add(length)
                found[length] += len(numbers)
            facts[testsets.name_of(path)] = {"sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(), "ngrams": found.total()}
        unique, first = np.unique(np.concatenate(known), return_index=True)
        names = {"lengths": sorted(lengths, reverse=True), "names": [testsets.name_of(path) for path in self.against]}
        table = pa.table({"ngram": unique, "among": np.concatenate(among)[first]}).replace_schema_metadata({"index": json.dumps(names)})
        with pa.ipc.new_file(str(into / _INDEX), table.schema) as file:
            file.write_table(table)
        tell(facts, self.name, into)

    def _ngrams(self, path: str) -> Iterator[tuple[int, Numbers]]:
        texts = testsets.texts(path)
        while some := list(islice(texts, _AT_ONCE)):
            text = sequence(pl.Series(some, dtype=pl.String))
            sizes = np.diff(text.begins)
            for length in np.unique(np.minimum(sizes[sizes >= self.least], self.words)).tolist():
                numbers = text.ngrams(length)
                places, rows = text.inside(np.arange(len(numbers)), length)
                yield length, numbers[places[(sizes[rows] == length) | (length == self.words)]]

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Leave out what shares an n-gram with a test set."""
        assert decided is not None
        index = _Index(decided / _INDEX)
        hits = [hit for begin in range(0, records.num_rows, _AT_ONCE) for hit in index.hits(records, begin)]
        if not hits:
            return Applied(records)
        stays = np.ones(records.num_rows, np.bool_)
        stays[[hit.row for hit in hits]] = False
        ids = records[ID].take(pa.array([hit.row for hit in hits])).to_pylist()
        dropped = [Dropped(one, f"contaminated-{index.names[hit.among]}", hit.words) for one, hit in zip(ids, hits, strict=True)]
        return Applied(records.filter(pa.array(stays)), dropped)


class _Index:
    """The n-grams of all test sets, mapped from disk, and a sieve in memory."""

    def __init__(self, file: Path) -> None:
        with pa.memory_map(str(file)) as source:
            table = pa.ipc.open_file(source).read_all()
        facts = json.loads(table.schema.metadata[b"index"])
        self.names: list[str] = facts["names"]
        self._lengths: list[int] = facts["lengths"]
        self._known = table["ngram"].to_numpy()
        self._among = table["among"].to_numpy()
        self._sieve = np.zeros(1 << _SIEVE, np.bool_)
        self._sieve[self._known >> np.uint64(64 - _SIEVE)] = True

    def hits(self, records: pa.Table, begin: int) -> list[_Hit]:
        """Return, for each contaminated one of some records, the first place of its first test set."""
        text = sequence(records[TEXT].slice(begin, _AT_ONCE))
        found = [np.empty((0, 4), np.int64)]
        for length in self._lengths:
            numbers = text.ngrams(length)
            places, rows = text.inside(self._in_a_test(numbers), length)
            among = self._among[np.searchsorted(self._known, numbers[places])].astype(np.int64)
            found.append(np.column_stack([rows, among, places, np.full(len(rows), length)]))
        table = np.concatenate(found)
        table = table[np.lexsort(table.T[2::-1])]
        firsts = table[np.flatnonzero(np.diff(table[:, 0], prepend=-1))]
        return [_Hit(begin + row, among, " ".join(text.words[at : at + size].to_pylist())) for row, among, at, size in firsts.tolist()]

    def _in_a_test(self, numbers: Numbers) -> NDArray[np.int64]:
        maybe = np.flatnonzero(self._sieve[numbers >> np.uint64(64 - _SIEVE)])
        after = np.searchsorted(self._known, numbers[maybe], side="right")
        # After the sieve there is at least one known number. Place 0 means that all are larger, and then the last one is no match.
        return maybe[self._known[after - 1] == numbers[maybe]] if len(maybe) else maybe
