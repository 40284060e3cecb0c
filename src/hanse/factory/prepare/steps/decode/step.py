"""The step `decode`: files in, records out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

import pyarrow as pa

from hanse.factory.prepare.base import Applied, Reader, SourceFile
from hanse.factory.prepare.steps.decode import archives, asked, delimited, jsonl, kinds, plain, warc
from hanse.factory.prepare.steps.decode.account import Account, Place
from hanse.factory.prepare.steps.decode.encodings import named
from hanse.factory.prepare.steps.decode.limits import Limits
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import SCHEMA, WAITING
from hanse.factory.prepare.steps.decode.streams import of_file, spooled, unpacked
from hanse.factory.prepare.steps.decode.tables import Wanted
from hanse.kernel.errors import Invalid


class Decode(Reader, frozen=True, kw_only=True):
    """Makes records of CSV, TSV, JSONL, JSON, Parquet, Arrow, text, Markdown, HTML, PDF and WARC files, also packed with gzip, zip or tar.

    Records have the columns `id`, `source`, `text`, `language`, `licence`, `title`, `url` and `opt_out`, and the other columns of tables as
    strings. Whatever cannot be read is dropped with one of the reasons in `reasons.REASONS`.
    """

    name: ClassVar[str] = "decode"

    text: str = "text"
    """The column of tables that is the text. A table without it: each row is a text of lines `column: value`."""
    language: str = "language"
    """The column of tables that is the language (BCP 47)."""
    licence: str = "licence"
    """The column of tables that is the licence; where it is empty, the licence of the dataset holds."""
    keep: tuple[str, ...] | None = None
    """The other columns of tables that stay; null: all."""
    kinds: tuple[str, ...] = kinds.KINDS
    """The kinds of files to read, also where they are packed."""
    encoding: str = ""
    """Of texts and tables of text, if it is known and not UTF-8, e.g. `iso-8859-2`; bytes that are not in it are told by rules."""
    limits: Limits = Limits()

    def check(self) -> None:
        """Raise `Invalid` for a kind or an encoding that is not read, an empty name, or a limit that is none."""
        for kind in self.kinds:
            if kind not in kinds.KINDS:
                raise Invalid(f"There is no kind {kind[:40]!r}.", where="kinds", rule="kind", hint=f"There are: {', '.join(kinds.KINDS)}.")
        if self.encoding and named(self.encoding) is None:
            raise Invalid(f"The encoding {self.encoding[:40]!r} is not read.", where="encoding", rule="encoding")
        if not self.text:
            raise Invalid("A column has a name.", where="text", rule="column")
        self.limits.check()

    def read(self, file: SourceFile) -> Iterator[Applied]:
        """Yield the records of a file in order, in tables of a few MiB, in bounded memory whatever the file holds."""
        account = Account(file, self.limits)
        account.count("files", 1)
        account.count("bytes", file.size)
        place = Place(account, f"{file.version}/{file.path}")
        some = False
        if kinds.is_about(file.path):
            place.drop(None, "about-the-data")
        else:
            for table in self._sound(file.path, file.media_type, file.local, of_file(file.local), place):
                some = some or table.num_rows > 0 or account.waiting > 0
                if table.num_rows or account.waiting:
                    yield account.applied(table)
            if not (some or account.waiting):
                place.drop(None, "no-records")
        yield account.applied(SCHEMA.empty_table())

    def _sound(self, path: str, media_type: str, local: str, chunks: Iterator[bytes], place: Place) -> Iterator[pa.Table]:
        """Yield the records of a file or a member; where it breaks, the rest of it is dropped."""
        try:
            yield from self._records(path, media_type, local, chunks, place)
        except Bad as bad:
            place.drop(None, bad.reason, bad.sample)

    def _records(self, path: str, media_type: str, local: str, chunks: Iterator[bytes], place: Place) -> Iterator[pa.Table]:
        head = next(chunks, b"")
        kind = kinds.kind_of(path, media_type, head[: kinds.HEAD])
        if kind is None:
            raise Bad("kind-unknown")
        if kind not in (*self.kinds, *kinds.PACKED):
            raise Bad("kind-left-out")
        rest = _with(head, chunks)
        if kind in (kinds.PARQUET, kinds.ARROW, kinds.PDF, kinds.ZIP):
            yield from self._seekable(kind, local, rest, place)
        elif kind == kinds.GZIP:
            yield from self._records(kinds.unpacked_name(path), media_type, "", unpacked(rest, place), place.inside())
        elif kind == kinds.TAR:
            yield from self._members(archives.of_tar(rest, place), place)
        else:
            yield from self._stream(kind, rest, place)

    def _stream(self, kind: str, chunks: Iterator[bytes], place: Place) -> Iterator[pa.Table]:
        said = named(self.encoding) if self.encoding else None
        if kind in (kinds.CSV, kinds.TSV):
            return delimited.read(chunks, place, self._wanted, said)
        if kind in (kinds.JSONL, kinds.JSON):
            return (jsonl.read if kind == kinds.JSONL else jsonl.read_json)(chunks, place, self._wanted, said)
        if kind == kinds.WARC:
            return warc.read(chunks, place)
        return asked.read_page(chunks, place, said) if kind == kinds.HTML else plain.read(chunks, place, said)

    def _seekable(self, kind: str, local: str, chunks: Iterator[bytes], place: Place) -> Iterator[pa.Table]:
        """Yield the records of what is read from its end; what was packed is a file first."""
        if not local:
            with spooled(chunks, place) as path:
                yield from self._seekable(kind, path, iter(()), place)
        elif kind == kinds.PDF:
            yield from asked.read_pdf(local, place)
        elif kind == kinds.ZIP:
            yield from self._members(archives.of_zip(local, place), place)
        else:
            yield from asked.read_table(local, kind, place, self._wanted)

    def _members(self, members: Iterable[archives.Member], place: Place) -> Iterator[pa.Table]:
        place.inside()  # if that is too deep, the archive is dropped as one, not member by member
        for member in members:
            yield from self._sound(member.path, "", "", member.chunks, place.inside(member.path))
            if place.account.waiting >= WAITING:
                yield SCHEMA.empty_table()

    @property
    def _wanted(self) -> Wanted:
        return Wanted(text=self.text, language=self.language, licence=self.licence, keep=self.keep)


def _with(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from chunks
