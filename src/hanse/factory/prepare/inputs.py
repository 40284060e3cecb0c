"""Inputs: which files are read, in which order and in which groups, and where they are as plain files while that goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hanse.factory.prepare import records as r
from hanse.factory.prepare.base import SourceFile
from hanse.factory.prepare.files import write_record, writing
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.ports import Input
from hanse.factory.prepare.report import InputReport
from hanse.factory.prepare.workshop import digest_of_files
from hanse.kernel.errors import Invalid, StorageFailed

PLAIN: Final = "plain"
"""The folder of a workshop with the inputs as plain files. It is there only while they are read."""


class Inputs:
    """The inputs of one run."""

    def __init__(self, inputs: Sequence[Input], limits: Limits) -> None:
        names = [one.version for one in inputs]
        if not names or len(set(names)) != len(names):
            raise Invalid("Name the versions to prepare, each once.", where="inputs", rule="inputs")
        if not any(one.files for one in inputs):
            raise Invalid("There are no files in what is to be prepared.", where="inputs", rule="inputs")
        self.limits = limits
        self._inputs = tuple(inputs)
        self._groups = list(_grouped(self._inputs, limits))

    def reports(self) -> tuple[InputReport, ...]:
        """Return what is told about the inputs."""
        return tuple(
            InputReport(version=one.version, root=one.root, count=len(one.files), size=sum(file.size for file in one.files))
            for one in self._inputs
        )

    def digest(self) -> str:
        """Return what names the files: their paths, sizes, hashes, media types and licences."""
        return digest_of_files(
            [
                f"{one.version} {one.licence!r} {file.path!r} {file.size} {file.sha256} {file.media_type!r}"
                for one in self._inputs
                for file in one.files
            ]
        )

    def groups(self, root: Path) -> list[str]:
        """Return the names of the groups."""
        return [f"{number:06d}" for number in range(len(self._groups))]

    def bring(self, root: Path, names: Sequence[str]) -> None:
        """See to it that the files of these groups are there as plain files. Raises what opening the inputs raises."""
        wanted = {number for name in names for number, _ in self._groups[int(name)]}
        places = {number: self._brought(root, number) for number in sorted(wanted)}
        for name in names:
            files = tuple(
                r.GroupFile(self._source(number, at, places[number]), self._inputs[number].files[at].sha256)
                for number, at in self._groups[int(name)]
            )
            write_record(root, r.group_path(name), r.Group(files))

    def remove(self, root: Path) -> None:
        """Remove the plain files."""
        shutil.rmtree(root / PLAIN, ignore_errors=True)
        if (root / PLAIN).exists():
            raise StorageFailed("The plain files of the inputs cannot be removed.", where=str(root / PLAIN), hint="Remove them yourself.")

    def _brought(self, root: Path, number: int) -> Path:
        """Return the folder with the files of an input. What an earlier run left there is not trusted: it may not be whole."""
        target = root / PLAIN / f"{number:04d}"
        shutil.rmtree(target, ignore_errors=True)
        with writing(str(target)):
            target.parent.mkdir(exist_ok=True, mode=0o700)
        return self._inputs[number].bring(target)

    def _source(self, number: int, at: int, folder: Path) -> SourceFile:
        one = self._inputs[number]
        file = one.files[at]
        local = folder / file.path
        if not local.is_file() or local.stat().st_size != file.size:
            raise StorageFailed("A file of the inputs is not there as it was.", where=str(local))
        return SourceFile(
            version=one.version, path=file.path, local=str(local), size=file.size, media_type=file.media_type, licence=one.licence
        )


def _grouped(inputs: Sequence[Input], limits: Limits) -> Iterator[list[tuple[int, int]]]:
    """Yield groups of files (places of the input and of the file in it), in the inputs' order and by path."""
    group: list[tuple[int, int]] = []
    size = 0
    for number, one in enumerate(inputs):
        for at in sorted(range(len(one.files)), key=lambda place: one.files[place].path.encode()):
            if group and (size + one.files[at].size > limits.group or len(group) >= limits.files):
                yield group
                group, size = [], 0
            group.append((number, at))
            size += one.files[at].size
    if group:
        yield group
