"""Takes the steps of a chain with the files of some data, one after the other, from files to files, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Final, Protocol

from msgspec import Struct

from hanse.dataplane.transforms.groups import Groups
from hanse.dataplane.transforms.kinds import opener
from hanse.dataplane.transforms.refusal import RecordTooLong, Unkeepable
from hanse.dataplane.transforms.tables import Batch, Out, Table, Tools
from hanse.odrl import names
from hanse.odrl.changes import Step

BLOCKS: Final = (1 << 20, 16 << 20)
"""How many bytes one record may have; with the second only after it did not fit into the first."""

_COPIED: Final = 1 << 20


class Job(Protocol):
    """One file to change."""

    @property
    def media_type(self) -> str:
        """Return its kind."""
        ...

    def source(self) -> AbstractContextManager[BinaryIO]:
        """Open what is to be changed."""
        ...

    def sink(self) -> AbstractContextManager[Out]:
        """Open where the changed file goes, empty, sealed if the chain says so; closing it ends the file."""
        ...


class Outcome(Struct, frozen=True):
    """What came of it: how many records were left out for anonymity."""

    suppressed: int = 0


def run_here(jobs: Sequence[Job], chain: Sequence[Step], tools: Tools) -> Outcome:
    """Change all files. Raises `Unkeepable`, and whatever `tools.advance` raises to stop it."""
    steps = tuple(step for step in chain if step.action != names.ENCRYPT)
    if not steps:
        for job in jobs:
            _copy(job, tools)
        return Outcome()
    for block in BLOCKS:
        try:
            return _Run(steps, tools, block).all(jobs)
        except RecordTooLong:
            continue
    raise Unkeepable(f"A record of this data has more than {BLOCKS[-1]:,} bytes.")


class _Run:
    """One attempt, from the first record of the first file to the last of the last."""

    def __init__(self, steps: tuple[Step, ...], tools: Tools, block: int) -> None:
        self._steps = steps
        self._tools = tools
        self._block = block
        self._anonymise = next((step for step in steps if step.action == names.ANONYMIZE), None)
        self._groups = Groups(self._anonymise.number if self._anonymise else 0)

    def all(self, jobs: Sequence[Job]) -> Outcome:
        """Change all files."""
        if self._anonymise is not None:
            for job in jobs:
                self._count(job, self._anonymise)
        for job in jobs:
            with job.source() as file, job.sink() as out:
                table = self._open(job, file)
                table.write(self._released(table), out)
        return Outcome(self._groups.suppressed)

    def _count(self, job: Job, anonymise: Step) -> None:
        with job.source() as file:
            for batch in self._changed(self._open(job, file)):
                self._groups.add(batch.combinations(anonymise.columns))

    def _open(self, job: Job, file: BinaryIO) -> Table:
        opens = opener(job.media_type)
        if opens is None:
            raise Unkeepable("The terms ask for a change that cannot be made of data of this kind.")
        return opens(file, self._steps, self._tools, self._block)

    def _changed(self, table: Table) -> Iterator[Batch]:
        for batch in table.batches():
            for step in self._steps:
                if step is not self._anonymise:
                    batch = batch.change(step, self._tools)  # noqa: PLW2901 - one batch, step by step
            yield batch

    def _released(self, table: Table) -> Iterator[Batch]:
        for batch in self._changed(table):
            if self._anonymise is None:
                yield batch
                continue
            kept, left_out = batch.without(self._anonymise.columns, self._groups.stays)
            self._groups.suppressed += left_out
            yield kept


def _copy(job: Job, tools: Tools) -> None:
    with job.source() as file, job.sink() as out:
        while data := file.read(_COPIED):
            tools.advance(len(data))
            out.write(data)
