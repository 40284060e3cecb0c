"""Looks for one record in all versions, by its SHA-256: which models saw it?

A record is a file, a chunk of one (by its BLAKE3), or a line of a text file (CSV, JSON Lines, plain text; without its line end). Nothing is
kept for this: an index of records would outlive the data, and would have to be deleted with it. So what is asked for is looked for: files
and chunks in the lists that the facility has anyway, lines by reading the versions. Reading is a use of nobody's, because nothing leaves
but a yes or a no; it is written into the log as an opening to `search` all the same, so that whoever asks who read a version sees it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from msgspec import Struct, structs

from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.custody.models import Models, short
from hanse.factory.custody.ports import Database, Log, Versions
from hanse.factory.custody.questions import Answer, Line
from hanse.kernel.errors import HanseError, Invalid
from hanse.kernel.tenant import Tenant

SEARCH: Final = "search"
"""The action of the openings in which the server itself looks for a record."""
LINES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt", ".md", ".json")
"""Files whose lines are records, by the ends of their names (in lower case)."""
MAX_LINE: Final = 16 << 20
"""Bytes of a line; longer ones are no records."""
_DIGEST: Final = re.compile("[0-9a-f]{64}")


class Wanted(Struct, frozen=True, kw_only=True):
    """What is looked for: a file or a line with one of these SHA-256, or a chunk of that BLAKE3. `lines`: read the versions, too."""

    sha256: tuple[str, ...]
    blake3: str = ""
    lines: bool = False


class Found(Struct, frozen=True):
    """Where it is: in which version, as a `file`, a `chunk` or a `line`; the number of the line, from 1."""

    version: str
    as_: str
    line: int | None = None


class Looking:
    """Looks for records."""

    def __init__(self, database: Database, log: Log, versions: Versions, models: Models) -> None:
        self._database = database
        self._log = log
        self._versions = versions
        self._models = models

    async def models_with(
        self,
        tenant: Tenant,
        wanted: Wanted,
        operator: str,
        progress: Callable[[int, int], object] = lambda _done, _all: None,
    ) -> Answer:
        """Return which versions hold a record, and which models were trained on them. Raises `Invalid`."""
        for digest in filter(None, (*wanted.sha256, wanted.blake3)):
            if not _DIGEST.fullmatch(digest):
                raise Invalid("A hash is 64 hexadecimal digits.", where="sha256", rule="digest")
        lines: list[Line] = []
        notes: list[str] = []
        versions = list(await self._versions.page(tenant))
        whole, done = sum(one.size for one in versions if one.deleted is None), 0
        for version in versions:
            base = done
            found, note = await self._look(tenant, version, wanted, operator, lambda n, base=base: progress(base + n, whole))  # type: ignore[misc]
            notes += [note] if note else []
            done += version.size if version.deleted is None else 0
            lines += await self._lines(tenant, found) if found is not None else []
        if not lines:
            notes.insert(0, "No version that could be looked at holds it" + ("." if wanted.lines else " as a file or a chunk."))
        if not wanted.lines:
            notes.append("Lines of files were not looked at: ask with `--lines`.")
        return Answer(question="models-with-record", about=wanted.sha256[0], lines=tuple(lines), notes=tuple(notes))

    async def _look(
        self, tenant: Tenant, version: DatasetVersion, wanted: Wanted, operator: str, progress: Callable[[int], object]
    ) -> tuple[Found | None, str]:
        files = None if version.deleted is not None else await self._versions.files(tenant, version.id)
        if files is None:
            return (
                None,
                f"{version.id} cannot be looked at: {'it was deleted' if version.deleted else 'its list of files is not readable'}.",
            )
        if any(one.sha256 in wanted.sha256 for one in files):
            return Found(version.id, "file"), ""
        if wanted.blake3 and await self._versions.holds_chunk(tenant, version.id, wanted.blake3):
            return Found(version.id, "chunk"), ""
        if not wanted.lines:
            return None, ""
        await self._read_by_us(tenant, version, operator)
        try:
            number = await self._in_lines(tenant, version, files, frozenset(map(bytes.fromhex, wanted.sha256)), progress)
        except HanseError as error:
            return None, f"{version.id} cannot be read whole: {error.message}"
        return (None, "") if number is None else (Found(version.id, "line", number), "")

    async def _in_lines(
        self,
        tenant: Tenant,
        version: DatasetVersion,
        files: Sequence[HeldFile],
        digests: frozenset[bytes],
        progress: Callable[[int], object],
    ) -> int | None:
        done = 0
        for file in files:
            if file.path.lower().endswith(LINES):
                number = await line_of(self._versions.read(tenant, version.id, file.path), digests)
                if number is not None:
                    return number
            done += file.size
            progress(done)
        return None

    async def _read_by_us(self, tenant: Tenant, version: DatasetVersion, operator: str) -> None:
        opened = k.Opened(version=version.id, root=version.root, action=SEARCH, operator=operator)
        subject = Subject.of(version.id, version.root)
        said = [(subject, structs.replace(opened, agreement=agreement)) for agreement in version.agreements or ("",)]
        await self._database.run(lambda tx: self._log.append_many(tx, tenant, said))

    async def _lines(self, tenant: Tenant, found: Found) -> list[Line]:
        where = f"{found.version} holds it as {'a ' + found.as_}"
        lines = [Line(text=f"{where}.", facts={"version": found.version, "as": found.as_, "line": found.line})]
        for one, used in await self._models.trained_with(tenant, found.version):
            through = "" if used.version == found.version else f"{used.version}, which was made of "
            text = f"{one.says.model} (SHA-256 {one.says.digest[:16]}…) was made ({short(one.says.action)}) from {through}{found.version}."
            lines.append(Line(text=text, entry=one.index, at=one.at, facts={"model": one.says.model, "version": found.version}))
        return lines


async def line_of(pieces: AsyncIterator[bytes], digests: frozenset[bytes]) -> int | None:
    """Return the number of the first line, from 1, whose SHA-256 is one of those; without its line end (LF, or CR LF)."""
    rest, number, skipping = b"", 0, False
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if skipping and whole:
            whole[0], skipping = b"", False
        found = await asyncio.to_thread(_first_of, whole, digests)
        if found is not None:
            return number + found
        number += len(whole)
        if len(rest) > MAX_LINE:
            rest, skipping = b"", True
    return number + 1 if rest and not skipping and _is(rest, digests) else None


def _first_of(lines: Sequence[bytes], digests: frozenset[bytes]) -> int | None:
    return next((number for number, line in enumerate(lines, 1) if _is(line, digests)), None)


def _is(line: bytes, digests: frozenset[bytes]) -> bool:
    return hashlib.sha256(line.removesuffix(b"\r")).digest() in digests
