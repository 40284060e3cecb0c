"""Nothing is lost: what a step returns is held against what it was given, part by part."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.base import ID, SOURCE, TEXT, Applied, Dropped
from hanse.factory.prepare.files import Made
from hanse.factory.prepare.limits import EXCERPT, REASONS, SAMPLES
from hanse.factory.prepare.parts import save
from hanse.factory.prepare.report import DroppedSample
from hanse.kernel.errors import OwnError

_REQUIRED: Final = {ID: pa.string(), SOURCE: pa.string(), TEXT: pa.large_string()}
_DROPPED: Final = pa.schema([("id", pa.string()), ("number", pa.uint16()), ("step", pa.string()), ("reason", pa.string())])
_BLOCK: Final = 65_536


def check_table(table: object, where: str) -> pa.Table:
    """Return a table of records as it should be. Raises `OwnError` (rule `records`), naming the step."""
    if not isinstance(table, pa.Table):
        raise broken(where, f"it returns a {type(table).__name__}, and no Arrow table")
    for name, type_ in _REQUIRED.items():
        if table.schema.get_field_index(name) < 0:
            raise broken(where, f"its records have no column {name}, or several")
        if table.schema.field(name).type != type_:
            raise broken(where, f"its column {name} is {table.schema.field(name).type}, and not {type_}")
        if table.column(name).null_count:
            raise broken(where, f"its column {name} has records without a value")
    if table.num_rows and pc.count_distinct(table.column(ID)).as_py() != table.num_rows:
        raise broken(where, "several of its records have the same id")
    return table


def made_by(before: pa.Table, applied: Applied, *, makes: bool, where: str) -> int:
    """Return how many records a step made. Raises `OwnError` (rule `records`) if it lost, doubled or renamed one."""
    after = check_table(applied.records, where)
    gone = pa.array([one.id for one in applied.dropped], pa.string())
    given = before.column(ID)
    if gone and (pc.count_distinct(gone).as_py() != len(gone) or not pc.all(pc.is_in(gone, value_set=given)).as_py()):
        raise broken(where, "it drops a record twice, or one that it was not given")
    if makes:
        made = int(after.num_rows) - (int(before.num_rows) - len(gone))
        if made < 0:
            raise broken(where, f"{-made} records vanish without a reason")
        return made
    left = given.filter(pc.invert(pc.is_in(given, value_set=gone))) if gone else given
    if not left.equals(after.column(ID)):
        raise broken(where, "the records that it returns are not those that it was given, in their order, without those that it drops")
    return 0


def broken(where: str, what: str) -> OwnError:
    """Return the error of a step that does not keep its contract."""
    return OwnError(f"The step is broken: {what}.", where=where, rule="records", hint="Tell whoever makes this step.")


class Drops:
    """What a task dropped, by step: all ids, the reasons, and samples."""

    def __init__(self) -> None:
        self._blocks: list[pa.Table] = []
        self._waiting: list[tuple[str, int, str, str]] = []
        self._samples: dict[tuple[int, str], list[tuple[bytes, DroppedSample]]] = {}
        self._reasons: dict[int, Counter[str]] = {}

    def add(self, number: int, step: str, dropped: Sequence[Dropped], where: str) -> None:
        """Take what a step dropped. Raises `OwnError` for more reasons than can be counted."""
        reasons = self._reasons.setdefault(number, Counter())
        for one in dropped:
            reasons[one.reason] += 1
            self._waiting.append((one.id, number, step, one.reason))
            self._sample(number, step, one)
            if len(self._waiting) >= _BLOCK:
                self._flush()
        if len(reasons) > REASONS or "" in reasons:
            raise broken(where, f"it has no reason, or more than {REASONS}: a reason is a word that can be counted")

    def reasons(self, number: int) -> Mapping[str, int]:
        """Return how many records a step dropped, by reason."""
        return dict(sorted(self._reasons.get(number, Counter()).items()))

    def samples(self) -> tuple[DroppedSample, ...]:
        """Return the samples: always the same ones, whoever dropped them in which order."""
        return tuple(one for key in sorted(self._samples) for _, one in sorted(self._samples[key], key=lambda pair: pair[0]))

    def save(self, root: Path, path: str) -> Made | None:
        """Write all that was dropped into a file, if there is any."""
        self._flush()
        return save(pa.concat_tables(self._blocks).combine_chunks(), root, path) if self._blocks else None

    def _flush(self) -> None:
        if self._waiting:
            columns = [pa.array(column, field.type) for column, field in zip(zip(*self._waiting, strict=True), _DROPPED, strict=True)]
            self._blocks.append(pa.Table.from_arrays(columns, schema=_DROPPED))
            self._waiting = []

    def _sample(self, number: int, step: str, one: Dropped) -> None:
        kept = self._samples.setdefault((number, one.reason), [])
        rank = rank_of(one.id)
        if len(kept) < SAMPLES or rank < kept[-1][0]:
            kept.append((rank, DroppedSample(number=number, step=step, reason=one.reason, id=one.id, excerpt=one.sample[:EXCERPT])))
            kept.sort(key=lambda pair: pair[0])
            del kept[SAMPLES:]


def rank_of(id: str) -> bytes:
    """Return what decides whether a record is a sample: as good as chance, and always the same."""
    return hashlib.blake2b(id.encode(), digest_size=16).digest()


def best(samples: Iterable[DroppedSample]) -> tuple[DroppedSample, ...]:
    """Return the samples of all tasks, at most so many for each reason, by step, reason and rank."""
    kept: dict[tuple[int, str], list[DroppedSample]] = {}
    for one in samples:
        kept.setdefault((one.number, one.reason), []).append(one)
    return tuple(one for key in sorted(kept) for one in sorted(kept[key], key=lambda sample: (rank_of(sample.id), sample.id))[:SAMPLES])


def dropped_schema() -> pa.Schema:
    """Return the columns of `dropped.parquet`."""
    return _DROPPED
