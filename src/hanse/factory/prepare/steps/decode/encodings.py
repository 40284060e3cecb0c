"""Which encoding bytes are in, told by simple rules, and never guessed beyond them.

1. A byte order mark decides (UTF-8, UTF-16, UTF-32); then what the user or the format says, if the bytes agree.
2. Bytes that are valid UTF-8 are UTF-8; bytes of which every second one is mostly zero are UTF-16.
3. Bytes without any sequence of UTF-8, without control characters and with at most a third of letters beyond ASCII are Windows-1252, which
   holds Latin-1.
4. UTF-8 with at most one broken place in 1,000 bytes is UTF-8; what is broken becomes U+FFFD and is counted.
5. Anything else is dropped with the reason `encoding`; so is a text with a zero byte: it is no text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from hanse.factory.prepare.steps.decode.account import Place
from hanse.factory.prepare.steps.decode.reasons import Bad

BROKEN: Final = "\ufdd0"
"""Stands, in a stream, for bytes that are text in no encoding: a code that Unicode keeps out of all text."""
_BROKEN: Final = BROKEN.encode()
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_SAME: Final = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "latin-1": "cp1252"}
"""The labels that pages use for a wider encoding (WHATWG Encoding, 4.2)."""
_NAMES: Final = re.compile(
    r"utf-(8|16|16-le|16-be|32|32-le|32-be)|iso8859-\d{1,2}|cp(125\d|866|932|949)|koi8-[ru]|mac-(roman|cyrillic)|shift_jis|euc_(jp|kr)"
    r"|iso2022_jp|gb18030|big5(hkscs)?"
)
_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_HEAD: Final = 4096

Count = Callable[[str, int], object]
"""Adds to a figure."""


def named(label: str) -> str | None:
    """Return Python's name of an encoding of text, by any of its labels; None if it is none that is read here."""
    try:
        name = codecs.lookup(label.strip().lower()[:40]).name
    except (LookupError, ValueError):
        return None
    name = _SAME.get(name, name)
    return name if _NAMES.fullmatch(name) else None


def marked(head: bytes) -> tuple[str, int] | None:
    """Return the encoding that the first bytes show, and how long its mark is; None if they show none."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    some = head[: _HEAD - _HEAD % 2]
    half = len(some) // 2
    if half >= 2:
        even, odd = some[::2].count(0), some[1::2].count(0)
        if odd > 0.4 * half and even < 0.05 * half:
            return "utf-16-le", 0
        if even > 0.4 * half and odd < 0.05 * half:
            return "utf-16-be", 0
    return None


def text_of(data: bytes, count: Count, said: str | None = None) -> str | None:
    """Return bytes as text; None if they are text in no encoding that can be told. `said` is a name that `named` gave."""
    found = marked(data[:_HEAD])
    for name, skip in ([found] if found else []) + ([(said, 0)] if said else []):
        try:
            text = data[skip:].decode(name)
        except UnicodeDecodeError:
            continue
        if name != "utf-8":
            count(f"decoded-{name}", 1)
        return text
    try:
        return None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        return _told(data, count)


def _told(data: bytes, count: Count) -> str | None:
    """Return bytes that are no UTF-8 as text, by rules 3 and 4."""
    if _CONTROL.search(data):
        return None
    if not _SEQUENCE.search(data) and 3 * len(_HIGH.findall(data)) <= len(data):
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            pass
        else:
            count("decoded-cp1252", 1)
            return text
    text = data.decode(errors="replace")
    broken = text.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    if 1000 * broken > len(data):
        return None
    count("characters-replaced", broken)
    return text


def in_utf8(chunks: Iterable[bytes], place: Place, said: str | None = None) -> Iterator[bytes]:
    """Yield a stream without its mark; one in UTF-16, UTF-32 or what is `said`, in UTF-8. Raises `Bad` where that breaks."""
    rest = iter(chunks)
    head = next(rest, b"")
    while len(head) < _HEAD and (more := next(rest, b"")):
        head += more
    name, skip = marked(head[:_HEAD]) or (said or "utf-8", 0)
    if name == "utf-8":
        yield head[skip:]
        yield from rest
        return
    place.count(f"decoded-{name}", 1)
    decoder = codecs.getincrementaldecoder(name)()
    try:
        yield decoder.decode(head[skip:]).encode()
        for chunk in rest:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise Bad("encoding") from None


def repaired(blocks: Iterable[bytes], place: Place) -> Iterator[bytes]:
    """Yield blocks of whole lines as valid UTF-8. A line that is text in no encoding has `BROKEN` where it breaks."""
    for block in blocks:
        if block.isascii() or _is_utf8(block):
            place.broken = place.broken or _BROKEN in block
            yield block
        else:
            yield b"".join(line if _is_utf8(line) else _repaired(line, place) for line in block.splitlines(keepends=True))


def _repaired(line: bytes, place: Place) -> bytes:
    text = _told(line, place.count)
    if text is None:
        place.broken = True
        text = line.decode(errors="replace").replace("\ufffd", BROKEN)
    return text.encode()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
