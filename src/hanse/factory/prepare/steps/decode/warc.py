"""WARC (ISO 28500): a record per response with status 200 that is a page, a text or a PDF; its number that of the record in the file.

Read by lengths, in bounded memory; headers of more than 64 KiB, or a record that is shorter than it says, end the file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import pyarrow as pa
from msgspec import Struct, structs

from hanse.factory.prepare.steps.decode import asked
from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.encodings import named
from hanse.factory.prepare.steps.decode.orders import Document
from hanse.factory.prepare.steps.decode.plain import plain
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.records import Documents
from hanse.factory.prepare.steps.decode.reserved import opt_out
from hanse.factory.prepare.steps.decode.streams import CHUNK, Joined, spooled, unpacked, whole

_HEADERS: Final = 64 << 10
_READ: Final = ("response", "resource", "conversion")
_TOGETHER: Final = 64
_PAGES: Final = ("text/html", "application/xhtml+xml")
_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})\b")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r?\n")

Headers = list[tuple[str, str]]
"""Names in lower case, and values."""


class Message(Struct, frozen=True):
    """What a server said: headers and body, the body without its transfer and content codings."""

    headers: Headers
    body: bytes

    @property
    def media_type(self) -> str:
        """What the body is."""
        return first(self.headers, "content-type").partition(";")[0].strip().lower() or ("text/html" if self.body[:1] == b"<" else "")

    @property
    def charset(self) -> str | None:
        """The encoding that it says it is in."""
        found = _CHARSET.search(first(self.headers, "content-type"))
        return found[1] if found else None


class Waiting(Struct, frozen=True):
    """A record that is read together with those after it."""

    number: int
    url: str | None
    message: Message | Bad


def read(chunks: Iterable[bytes], place: Place) -> Iterator[pa.Table]:
    """Yield the records of a WARC file. Raises `Bad` where it breaks."""
    documents = Documents(place)
    try:
        yield from _read(io.BufferedReader(Joined(chunks), CHUNK), documents, place)
    except Bad:
        yield from documents.rest()
        raise
    yield from documents.rest()


def _read(stream: BinaryIO, documents: Documents, place: Place) -> Iterator[pa.Table]:
    waiting: list[Waiting] = []
    try:
        for one in _records(stream, place):
            waiting.append(one)
            if len(waiting) >= _TOGETHER or sum(len(held.message.body) for held in waiting if isinstance(held.message, Message)) >= CHUNK:
                yield from _added(waiting, documents, place)
                waiting = []
    except Bad:
        yield from _added(waiting, documents, place)
        raise
    yield from _added(waiting, documents, place)


def _records(stream: BinaryIO, place: Place) -> Iterator[Waiting]:
    """Yield the responses. Raises `Bad` where the file breaks."""
    number = 0
    while (headers := _headers(stream)) is not None:
        number += 1
        block = _block(stream, headers, 4 * place.limits.record_bytes)
        if first(headers, "warc-type") not in _READ:
            place.count("warc-records-other", 1)
            continue
        try:
            message: Message | Bad = _message(headers, block, place)
        except Bad as bad:
            message = bad
        yield Waiting(number, first(headers, "warc-target-uri").strip("<>") or None, message)


def _added(waiting: Iterable[Waiting], documents: Documents, place: Place) -> Iterator[pa.Table]:
    """Read what waits, and yield what is gathered. All pages are read at once: asking for each would take longer than reading it."""
    messages = [one.message for one in waiting if isinstance(one.message, Message) and one.message.media_type in _PAGES]
    pages = iter(list(asked.pages([(message.body, message.charset) for message in messages], place)))
    for one in waiting:
        try:
            found = _document(one.message, pages, place)
        except Bad as bad:
            place.drop(one.number, bad.reason, f"{one.url} {bad.sample}".strip())
            yield from documents.full()
        else:
            yield from documents.add(
                one.number, found.text, title=found.title, language=found.language, opt_out=found.opt_out, url=one.url
            )  # fmt: skip


def first(headers: Headers, name: str) -> str:
    """Return a header's first value, else nothing."""
    return next((value for key, value in headers if key == name), "")


def _headers(stream: BinaryIO) -> Headers | None:
    """Return the next record's headers, None at the end."""
    line = b"\r\n"
    while line in (b"\r\n", b"\n"):
        line = stream.readline(_HEADERS)
    if not line:
        return None
    if not line.startswith(b"WARC/"):
        raise Bad("damaged", "no WARC record")
    lines, size = [], 0
    while (line := stream.readline(_HEADERS)) not in (b"\r\n", b"\n"):
        size += len(line)
        if not line.endswith(b"\n") or size > _HEADERS:
            raise Bad("damaged", "headers")
        lines.append(line)
    return _pairs(lines)


def _pairs(lines: Iterable[bytes]) -> Headers:
    out: Headers = []
    for line in lines:
        name, _, value = line.decode("utf-8", errors="replace").partition(":")
        out.append((name.strip().lower(), value.strip()))
    return out


def _block(stream: BinaryIO, headers: Headers, most: int) -> bytes | None:
    """Return what a record holds, None of one that is too long: that is passed over."""
    said = first(headers, "content-length")
    if not (said.isascii() and said.isdigit() and len(said) < 16):
        raise Bad("damaged", "no Content-Length")
    left = int(said)
    held: list[bytes] | None = [] if left <= most else None
    while left:
        some = stream.read(min(left, CHUNK))
        if not some:
            raise Bad("damaged", "a record that ends too early")
        left -= len(some)
        if held is not None:
            held.append(some)
    return None if held is None else b"".join(held)


def _message(headers: Headers, block: bytes | None, place: Place) -> Message:
    if block is None:
        raise Bad("record-too-long")
    is_http = first(headers, "warc-type") == "response" and first(headers, "content-type").startswith("application/http")
    return _http(block, place) if is_http else Message(headers, block)


def _document(message: Message | Bad, pages: Iterator[Document | Bad], place: Place) -> Document:
    """Return what a response says; of a page, that is the next of `pages`. Raises `Bad`."""
    if isinstance(message, Bad):
        raise message
    reserved = opt_out(message.headers)
    language = first(message.headers, "content-language")[:35] or None
    if message.media_type in _PAGES:
        found = next(pages)
        if isinstance(found, Bad):
            raise found
        both = ",".join(sorted({*(reserved or "").split(","), *(found.opt_out or "").split(",")} - {""}))
        return Document(text=found.text, title=found.title, language=found.language or language, opt_out=both or None)
    if message.media_type == "text/plain":
        said = named(message.charset) if message.charset else None
        return Document(text=plain(message.body, place, said), language=language, opt_out=reserved)
    if message.media_type == "application/pdf":
        with spooled([message.body], place) as path:
            return structs.replace(asked.pdf(path, place), opt_out=reserved)
    raise Bad("warc-type", message.media_type)


def _http(block: bytes, place: Place) -> Message:
    """Return a response (RFC 9112) without its codings. Raises `Bad` for one with another status than 200."""
    head, between, body = block.partition(b"\r\n\r\n")
    if not between:
        head, between, body = block.partition(b"\n\n")
    status = _STATUS.match(head)
    if status is None or len(head) > _HEADERS or status[1] != b"200":
        raise Bad("http-status", head[:80].decode(errors="replace"))
    headers = _pairs(head.splitlines()[1:])
    if "chunked" in first(headers, "transfer-encoding").lower():
        body = _unchunked(body)
    coding = first(headers, "content-encoding").lower()
    if coding in ("gzip", "x-gzip") and body[:2] == b"\x1f\x8b":
        body = whole(unpacked([body], place), 4 * place.limits.record_bytes)
    elif coding not in ("", "identity", "gzip", "x-gzip"):
        raise Bad("warc-coding", coding)
    return Message(headers, body)


def _unchunked(body: bytes) -> bytes:
    """Return a body without chunks; as it is if it has none, since many archives keep it so and leave the header."""
    out: list[bytes] = []
    at = 0
    while (found := _CHUNK.match(body, at)) is not None:
        size = int(found[1], 16)
        out.append(body[found.end() : found.end() + size])
        at = found.end() + size + 2
        if not size:
            break
    return b"".join(out) if out else body
