"""Finds personal data in texts. No step, no file, no network: texts in, findings out.

Names of persons are not found, nor addresses of houses: no pattern can. A package adds a model for them (`hanse.detectors`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.steps.personal.beside import Beside
from hanse.factory.prepare.steps.personal.births import BIRTH_RULE
from hanse.factory.prepare.steps.personal.findings import Detector, Findings, Found
from hanse.factory.prepare.steps.personal.money import Accounts, Cards, Wallets
from hanse.factory.prepare.steps.personal.national import BARE, NATIONAL_RULES, Bare
from hanse.factory.prepare.steps.personal.network import Machines, Mail
from hanse.factory.prepare.steps.personal.phones import PHONE_RULE, Phones
from hanse.factory.prepare.steps.personal.text import Chunk, Positions
from hanse.plugins import DETECTORS, bad, load

NATIONAL: Final = "national"
"""Asks for all identifiers that states give to persons."""
_CHUNK: Final = 1 << 20
"""Bytes that are looked at together: they and what is computed of them fit into a processor's cache. A longer text is one chunk."""


@cache
def detectors() -> tuple[Detector, ...]:
    """Return the detectors, those whose findings win where they overlap first, then those of packages (`hanse.detectors`).

    Raises `Misconfigured` for a plug-in that cannot be used.
    """
    return (*_built_in(), *(_checked(name, one) for name, one in load(DETECTORS).items()))


def _built_in() -> tuple[Detector, ...]:
    beside = Beside((*NATIONAL_RULES, PHONE_RULE, BIRTH_RULE))
    return (Mail(), Accounts(), Cards(), Machines(), beside, Bare(BARE), Wallets(), Phones())


def _checked(name: str, detector: object) -> Detector:
    if not isinstance(detector, Detector) or not isinstance(detector.kinds, tuple):
        raise bad(name, DETECTORS, "it has no kinds, or no find")
    return detector


def kinds() -> tuple[str, ...]:
    """Return all kinds that can be found."""
    return tuple(dict.fromkeys(kind for detector in detectors() for kind in detector.kinds))


def _wanted(find: Sequence[str]) -> tuple[str, ...]:
    national = [rule.kind for rule in (*NATIONAL_RULES, *BARE)]
    asked = [kind for one in find for kind in (national if one == NATIONAL else [one])]
    return tuple(dict.fromkeys(asked)) or kinds()


def scan(texts: pa.LargeStringArray | pa.ChunkedArray, find: Sequence[str] = ()) -> Findings:
    """Return what is personal in texts, only the kinds in `find` (or `national`) unless it is empty. Null is an empty text."""
    arrays = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    wanted = _wanted(find)
    chosen = [detector for detector in detectors() if set(detector.kinds) & set(wanted)]
    code = {kind: number for number, kind in enumerate(wanted)}
    tables: list[Positions] = [np.zeros((0, 4), np.int64)]
    sizes: list[Positions] = [np.zeros(0, np.int64)]
    first = 0
    for array in arrays:
        for chunk in _chunks(_plain(array)):
            tables.append(_table(chunk, _apart(chunk, chosen, code), code, first))
            sizes.append(chunk.stops - chunk.starts)
            first += len(chunk.starts)
    table = np.concatenate(tables)
    return Findings(wanted, table[:, 0], table[:, 1], table[:, 2], table[:, 3], np.concatenate(sizes))


def _table(chunk: Chunk, found: Sequence[Found], code: dict[str, int], first: int) -> Positions:
    """Return a row for each finding: record, begin and end in it, code of its kind."""
    table = np.array([(0, one.begin, one.end, code[one.kind]) for one in found], np.int64).reshape(-1, 4)
    record = chunk.record(table[:, 1])
    table[:, 2] = np.minimum(table[:, 2], chunk.stops[record]) - chunk.starts[record]
    table[:, 1] -= chunk.starts[record]
    table[:, 0] = first + record
    return table


def _plain(array: pa.Array) -> pa.LargeStringArray:
    array = array if array.type == pa.large_string() else array.cast(pa.large_string())
    return array.fill_null("") if array.null_count else array


def _chunks(texts: pa.LargeStringArray) -> Iterator[Chunk]:
    """Yield the texts in chunks."""
    if not len(texts):
        return
    starts = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    low = 0
    while low < len(texts):
        high = max(low + 1, int(np.searchsorted(starts, starts[low] + _CHUNK, side="right")) - 1)
        # Arrow joins in one pass of copies; a NUL keeps what ends one text from what begins the next.
        lists = pa.LargeListArray.from_arrays(pa.array([0, high - low], pa.int64()), texts[low:high])
        joined = pc.binary_join(lists, pa.scalar("\0", pa.large_string()))[0].as_buffer()
        begins = starts[low:high] - starts[low] + np.arange(1, high - low + 1)
        yield Chunk(b"".join((b"\0", joined, b"\0\0")), begins, begins + np.diff(starts[low : high + 1]))
        low = high


def _apart(chunk: Chunk, chosen: Sequence[Detector], code: dict[str, int]) -> list[Found]:
    """Return what the detectors find, without overlaps: the earlier detector wins, then what begins first, then what is longer."""
    found = [(number, one) for number, detector in enumerate(chosen) for one in detector.find(chunk) if one.kind in code]
    kept: list[tuple[int, Found]] = []
    for number, one in sorted(found, key=lambda row: (row[1].begin, row[0], -row[1].end)):
        while kept and one.begin < kept[-1][1].end and number < kept[-1][0]:
            kept.pop()
        if not kept or one.begin >= kept[-1][1].end:
            kept.append((number, one))
    return [one for _, one in kept]
