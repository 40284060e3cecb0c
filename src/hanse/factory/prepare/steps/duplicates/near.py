"""`near-duplicates`: of records with nearly the same text, the first stays (MinHash and locality-sensitive hashing)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Final

import daft
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hanse.factory.prepare.base import ID, TEXT, Applied, Looking
from hanse.factory.prepare.steps.duplicates.banding import Banding, choose
from hanse.factory.prepare.steps.duplicates.groups import ROW, Alike, Seen, leave_out, tell
from hanse.factory.prepare.steps.duplicates.words import words
from hanse.kernel.errors import Invalid

_SIGNATURE: Final = "signature"
_SEED: Final = 1
_AT_ONCE: Final = 1 << 15
"""Pairs whose signatures are in memory at the same time."""
_NEIGHBOURS: Final = 32
"""In a band, records are compared with so many that follow among those with the same numbers, and with the first of them."""

_Numbers = NDArray[np.int64]


class NearDuplicates(Looking, frozen=True, kw_only=True):
    """Leaves out every record that is nearly the same as an earlier one, directly or through others: reason `near-duplicate`.

    The similarity of two texts is the Jaccard index of their sets of `ngram` successive words (see `words.words`; a shorter text is one
    n-gram; a text without words is like no other). It is estimated from signatures of `permutations` numbers. Records are compared if they
    agree in one of several bands; bands and the check are chosen so that a pair of similarity `similarity` is found with the probability
    `recall`, more similar ones more surely, and dissimilar ones as rarely as the signatures allow: `banding` says how rarely.

    A signature is 2 bytes per number, and 8 per band: 768 bytes with the defaults. Deciding has them on disk, and takes about 100 bytes of
    memory per record.
    """

    name: ClassVar[str] = "near-duplicates"

    similarity: float = 0.8
    """From here on texts are nearly the same: 0.5 to 1."""
    recall: float = 0.95
    """How surely a pair of just that similarity is found: 0.5 to 0.999."""
    ngram: int = 5
    """Words of an n-gram: 1 to 50."""
    permutations: int = 256
    """Numbers of a signature, 16 to 1,024: more of them tell similar and less similar texts better apart, and take more time and space."""

    def check(self) -> None:
        """Raise `Invalid` for a parameter outside its range."""
        ranges = {"similarity": (0.5, 1), "recall": (0.5, 0.999), "ngram": (1, 50), "permutations": (16, 1024)}
        for field, (least, most) in ranges.items():
            if not least <= getattr(self, field) <= most:
                raise Invalid(f"{field} is {getattr(self, field)}; it must be {least} to {most}.", where=field, rule="step")

    def banding(self) -> Banding:
        """Return how signatures are compared, which tells how surely pairs of each similarity are found."""
        return choose(self.similarity, self.permutations, self.recall)

    def look(self, records: pa.Table) -> pa.Table:
        """Return each text's signature, and one number per band."""
        plain = words(records[TEXT])
        rows = np.flatnonzero(plain.str.len_bytes().to_numpy()).astype(np.uint32)
        plain = plain.gather(rows)
        hashed = daft.Series.from_arrow(plain.to_arrow()).minhash(self.permutations, self.ngram, _SEED, "xxhash3_64")
        signatures = hashed.to_arrow().flatten().to_numpy().reshape(-1, self.permutations)
        banding = self.banding()
        bands = signatures[:, : banding.bands * banding.rows].reshape(-1, banding.bands, banding.rows)
        mixed = np.zeros(bands.shape[:2], np.uint64)
        for row, factor in enumerate(_factors(banding.rows)):
            mixed += bands[:, :, row] * factor
        # 16 bits of each number are enough for the check: by chance they are the same once in 65,536.
        short = pa.FixedSizeListArray.from_arrays(pa.array(signatures.astype(np.uint16).reshape(-1)), self.permutations)
        ids = records[ID].take(pa.array(rows))
        return pa.table({ID: ids, ROW: rows, _SIGNATURE: short, **{_band(one): mixed[:, one].copy() for one in range(banding.bands)}})

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Compare what agrees in a band, and write for each part which rows are nearly the same as an earlier record."""
        banding = self.banding()
        with tempfile.TemporaryDirectory(dir=into) as folder:
            known = Seen(seen, Path(folder))
            signatures = known.numbers(_SIGNATURE, np.uint16, self.permutations)
            alike = Alike(known.count)
            compared = 0
            for band in range(banding.bands):
                for some, others in _candidates(np.array(known.numbers(_band(band), np.uint64)), alike.first):
                    compared += _compare(some, others, alike, signatures, banding.enough)
            known.write(alike.first, into)
        tell({"records": known.count, "compared": compared, **_stated(self.similarity, banding)}, self.name, into)

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Leave out what is nearly the same as an earlier record."""
        return leave_out(records, decided, "near-duplicate")


def _band(number: int) -> str:
    return f"band{number:04}"


def _factors(rows: int) -> NDArray[np.uint64]:
    return np.array([int.from_bytes(blake2b(b"%d" % row, digest_size=8).digest(), "little") | 1 for row in range(rows)], np.uint64)


def _candidates(keys: NDArray[np.uint64], first: _Numbers) -> Iterator[tuple[_Numbers, _Numbers]]:
    """Yield pairs of records with the same key, unless all of them are joined: each with its next neighbours and with the first."""
    order = np.argsort(keys, kind="stable")
    begins = _begins(keys[order])
    sizes = np.diff(begins, append=len(order))
    if not len(order):
        return
    joined = np.minimum.reduceat(first[order], begins) == np.maximum.reduceat(first[order], begins)
    order, sizes = order[np.repeat(~joined, sizes)], sizes[~joined]
    begins = np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.arange(len(order)) - begins
    for distance in range(1, min(int(sizes.max(initial=0)) - 1, _NEIGHBOURS) + 1):
        later = np.flatnonzero(place >= distance)
        yield order[later - distance], order[later]
    far = np.flatnonzero(place > _NEIGHBOURS)
    yield order[begins[far]], order[far]


def _begins(ordered: NDArray[np.uint64]) -> _Numbers:
    """Return where, among ordered keys, another one begins."""
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])


def _compare(some: _Numbers, others: _Numbers, alike: Alike, signatures: NDArray[Any], enough: int) -> int:
    """Join those of the pairs whose signatures are similar enough, and return how many had to be compared."""
    apart = alike.first[some] != alike.first[others]
    some, others = some[apart], others[apart]
    similar = np.zeros(len(some), np.bool_)
    for begin in range(0, len(some), _AT_ONCE):
        block = slice(begin, begin + _AT_ONCE)
        similar[block] = (signatures[some[block]] == signatures[others[block]]).sum(axis=1) >= enough
    alike.join(some[similar], others[similar])
    return len(some)


def _stated(similarity: float, banding: Banding) -> dict[str, float]:
    """Return what the step says of its own sureness: the probability that a pair of a similarity is found."""
    levels = sorted({0.5, 0.6, 0.7, 0.8, 0.9, 0.95, similarity})
    return {**banding._asdict(), **{f"found at {level:g}": round(banding.found(level), 6) for level in levels}}
