"""The folder in which a product is made: whose it is, what is done in it already, and what of that has to be made again."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Final

from hanse.factory.prepare import records as r
from hanse.factory.prepare.files import TEMPORARY, Made, read_record, sound, write_record, writing
from hanse.kernel.errors import Conflict, StorageFailed

_LOCK: Final = "lock"


@contextmanager
def opened(root: Path, key: r.Key) -> Iterator[None]:
    """Hold a workshop for the work that `key` tells, new or begun. Raises `Conflict` for any other, or if somebody works in it."""
    with writing(str(root)):
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _own(root)
        begun = (root / _LOCK).exists()
        lock = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict("Somebody works in this workshop already.", where=str(root), rule="busy") from None
        _claim(root, key, begun)
        yield
    finally:
        os.close(lock)


def _own(root: Path) -> None:
    """Let nobody else read a workshop. Raises `Conflict` for a link, or the folder of somebody else, who might."""
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        hint = "It holds plain data while the work goes on: name a folder of your own."
        raise Conflict("The workshop is a link, or somebody else's folder.", where=str(root), rule="workshop", hint=hint)
    if found.st_mode & 0o077:
        root.chmod(0o700)


def _claim(root: Path, key: r.Key, begun: bool) -> None:
    """See to it that a workshop is for the work that `key` tells; one that was just `begun` may hold what was being written then."""
    found = read_record(root, r.KEY, r.Key)
    if found is None:
        if any(one.name != _LOCK and not (begun and one.name.startswith(TEMPORARY)) for one in root.iterdir()):
            if not begun:
                (root / _LOCK).unlink()
            hint = "Name a new folder, or the workshop of the run that is to go on."
            raise Conflict("The folder is not empty, and no workshop.", where=str(root), rule="workshop", hint=hint)
        write_record(root, r.KEY, key)
    elif (differs := _differing(found, key)) is not None:
        hint = "To begin anew remove that folder, or name another workshop; to go on, take the same pipeline, inputs and packages."
        raise Conflict(f"The workshop is for other work: {differs}.", where=str(root), rule="workshop", hint=hint)
    for left in root.rglob(f"{TEMPORARY}*"):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _differing(found: r.Key, key: r.Key) -> str | None:
    """Return what is not the same, in words."""
    if found.steps != key.steps:
        pairs = zip_longest(found.steps, key.steps)
        number = next(place for place, (one, other) in enumerate(pairs, start=1) if one != other)
        return f"the pipelines differ from step {number} on"
    if found.inputs != key.inputs or found.files != key.files:
        return "it was begun with other inputs: " + ", ".join(one.version for one in found.inputs)[:200]
    if found.code != key.code:
        changed = sorted({name for name, _ in {*found.code.items()} ^ {*key.code.items()}})
        return f"it was begun with other versions of {', '.join(changed)}"
    return None if found.limits == key.limits else "it was begun with other limits"


class Book:
    """What the finished tasks of each stage did, as far as it is noted and still there."""

    def __init__(self, root: Path, stages: int) -> None:
        self.root = root
        self._done: list[dict[str, r.TaskDone]] = [self._read(stage) for stage in range(stages)]

    def of(self, stage: int) -> Mapping[str, r.TaskDone]:
        """Return the finished tasks of a stage by name."""
        return self._done[stage]

    def take(self, stage: int, name: str) -> r.TaskDone:
        """Read what a task has just noted. Raises `StorageFailed` if there is nothing."""
        task = r.task_name(stage, name)
        found = read_record(self.root, r.record_path(task), r.TaskDone)
        if found is None:
            hint = "On a cluster all nodes must see the workshop's folder: name one that they share."
            raise StorageFailed("A finished task left nothing in the workshop.", where=task, rule="workshop", hint=hint)
        self._done[stage][name] = found
        return found

    def parts(self, stage: int) -> list[r.PartDone]:
        """Return the parts with records that a stage made, in order."""
        done = self._done[stage]
        return [one for name in sorted(done) for one in done[name].parts if one.content.records]

    def steps(self, number: int) -> Iterator[r.StepDone]:
        """Yield what a step did in each task, in the parts' order."""
        for stage in self._done:
            for name in sorted(stage):
                yield from (one for one in stage[name].steps if one.number == number)

    def dropped(self) -> Iterator[Made]:
        """Yield the files of what was dropped, by stage and task."""
        for stage in self._done:
            yield from (one for name in sorted(stage) if (one := stage[name].dropped) is not None)

    def reasons(self) -> list[tuple[str, int]]:
        """Return why records were dropped, the most frequent reason first."""
        found = Counter[str]()
        for stage in self._done:
            for task in stage.values():
                for one in task.steps:
                    found.update(one.reasons)
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def forget(self, stage: int, name: str) -> None:
        """Let a task be run again."""
        del self._done[stage][name]
        (self.root / r.record_path(r.task_name(stage, name))).unlink(missing_ok=True)

    def release(self, stage: int) -> None:
        """Remove the parts of a stage: the next one has been made of them."""
        shutil.rmtree(self.root / f"parts/{stage}", ignore_errors=True)

    def mend(self, looks: Sequence[int | None]) -> None:
        """Let all be run again whose files are missing or damaged, and still needed. `looks` tells for which step each stage looks."""
        last = len(self._done) - 1
        needed = self._needed_pieces(last)
        for stage in range(last - 1, -1, -1):
            look = looks[stage]
            seen = look is not None and not self._decided(look)
            for name, done in list(self._done[stage].items()):
                if not all(sound(self.root, one) for one in _files(done, needed, seen)):
                    self.forget(stage, name)
            names = frozenset(part.name for done in self._done[stage].values() for part in done.parts)
            needed = _not_in(names)

    def _needed_pieces(self, last: int) -> Callable[[str], bool]:
        """Return which parts of the last stage but one the pieces need that are still to be written."""
        plan = read_record(self.root, r.PIECES, r.Pieces)
        if plan is None:
            for name in list(self._done[last]):
                self.forget(last, name)
            return _not_in(frozenset())
        for name, done in list(self._done[last].items()):
            if not all(sound(self.root, one.file) for one in done.files):
                self.forget(last, name)
        waiting = frozenset(part for number, one in enumerate(plan.pieces) if f"{number:06d}" not in self._done[last] for part in one.parts)
        return waiting.__contains__

    def _decided(self, step: int) -> bool:
        record = read_record(self.root, r.decided_record(step), r.Decided)
        if record is not None and all(sound(self.root, one) for one in record.files):
            return True
        (self.root / r.decided_record(step)).unlink(missing_ok=True)
        return False

    def _read(self, stage: int) -> dict[str, r.TaskDone]:
        folder = self.root / f"tasks/{stage}"
        found = {}
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            record = read_record(folder, path.name, r.TaskDone)
            if record is not None:
                found[path.stem] = record
        return found


def _files(done: r.TaskDone, needed: Callable[[str], bool], seen: bool) -> Iterator[Made]:
    """Yield the files of a task that have to be there."""
    if done.dropped is not None:
        yield done.dropped
    for part in done.parts:
        if part.file is not None and needed(part.name):
            yield part.file
        if part.seen is not None and seen:
            yield part.seen


def _not_in(names: frozenset[str]) -> Callable[[str], bool]:
    return lambda name: name not in names


def digest_of_files(lines: Sequence[str]) -> str:
    """Return the SHA-256 over what is said of each file."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
