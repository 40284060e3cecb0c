"""E-mail addresses, addresses with a password in them, and the addresses of machines: IPv4, IPv6, MAC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv6Address
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hanse.factory.prepare.steps.personal.findings import Found
from hanse.factory.prepare.steps.personal.patterns import compiled
from hanse.factory.prepare.steps.personal.text import HEX, WORD, Chunk, Positions, is_digit, table

_LOCAL: Final = r"[\p{L}\p{N}_][\p{L}\p{N}._%+&'~!#$^*-]*"
_LABEL: Final = r"[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\."
_EMAIL: Final = rf"{_LOCAL}@(?:{_LABEL})+(?:xn--[A-Za-z0-9-]*[A-Za-z0-9]|\p{{L}}{{2,}})"
_URL: Final = r"[A-Za-z][A-Za-z0-9+.-]{1,19}://[^\s/@:\"'<>`\x00]+(?::[^\s/@\"'<>`\x00]*)?@[^\s\"'<>`\x00]*[^\s\"'<>`\x00.,;:!?)\]}]"
_NO_DOMAIN: Final = frozenset(
    (
        *("automount", "device", "mount", "path", "scope", "service", "slice", "socket", "swap", "target", "timer"),
        *(
            "cfg",
            "conf",
            "css",
            "gif",
            "gz",
            "htm",
            "html",
            "jpeg",
            "jpg",
            "json",
            "md",
            "png",
            "svg",
            "tgz",
            "txt",
            "webp",
            "xml",
            "yaml",
            "yml",
        ),
    )
)
"""Ends of file and unit names (`getty@tty1.service`, `logo@2x.png`) that are no top-level domains of mail."""
_NOBODY: Final = ("git", "svn", "cvs")
"""Local parts that name a service that everybody uses: `git@example.org:project`."""
_BEFORE: Final = 320
"""Bytes before an `@` that are looked at: a local part has 64 at most (RFC 5321, 4.5.3.1.1), a password may have more."""
_AFTER: Final = 256
_BEFORE_AT: Final = table(b"._%+&'~!#$^*-") | WORD | (np.arange(256) >= 128)
_AFTER_AT: Final = WORD | (np.arange(256) >= 128)


class Mail:
    """E-mail addresses, and addresses of the web that carry a user's name or password."""

    kinds = ("email", "url")

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look beside each `@`."""
        at = chunk.of(b"@")
        at = at[_BEFORE_AT[chunk.at(at, -1)] & _AFTER_AT[chunk.at(at, 1)]]
        for low, high in chunk.windows(at, at, _BEFORE, _AFTER):
            for match in compiled(_EMAIL).finditer(chunk.data, low, high):
                begin, end = match.span()
                if _mail(chunk.data[begin:end], chunk.data[end : end + 1]):
                    yield Found(begin, end, "email")
            if b"://" in chunk.data[low:high]:
                yield from _urls(chunk, low, high)


def _urls(chunk: Chunk, low: int, high: int) -> Iterator[Found]:
    for match in compiled(_URL).finditer(chunk.data, low, high):
        user = chunk.data[match.start() : match.end()].partition(b"://")[2].partition(b"@")[0].decode("utf-8", "replace")
        if user not in _NOBODY:
            yield Found(match.start(), match.end(), "url")


def _mail(address: bytes, after: bytes) -> bool:
    """Tell whether it is an address, and not a call (`a@b.conj()`), a unit or a file."""
    local, _, domain = address.partition(b"@")
    last = domain.rpartition(b".")[2].decode("utf-8", "replace").lower()
    return after != b"(" and last not in _NO_DOMAIN and local.decode("utf-8", "replace") not in _NOBODY


class Machines:
    """Addresses of machines."""

    kinds = ("ipv4", "ipv6", "mac")

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look where dots and colons stand between few digits."""
        yield from _ipv4(chunk)
        colons = chunk.of(b":")
        yield from _ipv6(chunk, colons)
        yield from _mac(chunk, colons)


def _ipv4(chunk: Chunk) -> Iterator[Found]:
    begins, ends, _ = chunk.runs
    if len(begins) < 4:
        return
    small = ends - begins <= 3
    dotted = (begins[1:] - ends[:-1] == 1) & (chunk.bytes[ends[:-1]] == ord(".")) & small[1:] & small[:-1]
    first = np.flatnonzero(dotted[:-2] & dotted[1:-1] & dotted[2:])
    for low, high in zip(begins[first].tolist(), ends[first + 3].tolist(), strict=True):
        if _whole(chunk, low, high, b".", is_digit) and _address(chunk.data[low:high]) and not _other(chunk, low, high):
            yield Found(low, high, "ipv4")


_VERSION: Final = r"(?i)(?:version|release|rev(?:ision)?|ver\.?|,v)[ :=]*"


def _other(chunk: Chunk, low: int, high: int) -> bool:
    """Tell whether four numbers are a network (10.0.0.0/8), or a version by the word before them."""
    network = chunk.data[high : high + 1] == b"/" and chunk.data[high - 2 : high] == b".0"
    before = chunk.data[low - 12 : low] if low > 12 else chunk.data[:low]
    return network or any(match.end() == len(before) for match in compiled(_VERSION).finditer(before))


def _whole(chunk: Chunk, low: int, high: int, more: bytes, after: Callable[[int], bool] = lambda byte: bool(WORD[byte])) -> bool:
    """Tell whether nothing that could be more of the same touches the bytes: one of `more`, and letters or digits beyond it."""
    if not chunk.alone(low, high) or (chunk.data[low - 1] in more and WORD[chunk.data[low - 2]]):
        return False
    return not (chunk.data[high] in more and after(chunk.data[high + 1]))


def _address(text: bytes) -> bool:
    """Tell whether four numbers are an address of one machine: no version (1.2.3.4), mask, loop, group or OID of X.500 (2.5.4.3)."""
    parts = [int(part) for part in text.split(b".")]
    return 9 < max(parts) <= 255 and 0 < parts[0] < 224 and parts[0] != 127 and parts[:3] not in ([2, 5, 4], [2, 5, 29])


_V6: Final = r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}"


def _ipv6(chunk: Chunk, colons: Positions) -> Iterator[Found]:
    if len(colons) < 2:
        return
    gap = np.diff(colons)
    twin = colons[:-1][gap == 1]
    before, after = chunk.at(twin, -1), chunk.at(twin, 2)
    twin = twin[(HEX[before] | HEX[after]) & (HEX[before] | ~WORD[before]) & (HEX[after] | ~WORD[after])]
    at = np.union1d(twin, _in_row(colons, (gap >= 2) & (gap <= 5), 6))
    for low, high in chunk.windows(at, at, 42, 46):
        for match in compiled(_V6).finditer(chunk.data, low, high):
            begin, end = match.span()
            network = chunk.data[end - 2 : end + 1] == b"::/"
            if not network and _whole(chunk, begin, end, b":.") and _v6(chunk.data[begin:end].decode()):
                yield Found(begin, end, "ipv6")


def _v6(text: str) -> bool:
    """Tell whether it is an address of one machine, and not a network (fe80::), a loop or names of a program (`Add::A1`)."""
    groups = [group for group in text.split(":") if group]
    telling = len(groups) >= 3 or (len(groups) == 2 and len(groups[0]) >= 3 and any(c.isdigit() for c in groups[0]))
    if not telling or not any(c.isdigit() for c in text):
        return False
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


_PAIRS: Final = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}"
_TRIPLE: Final = r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"


def _mac(chunk: Chunk, colons: Positions) -> Iterator[Found]:
    near = chunk.row(b".", 5, 2)
    for offset in (1, 4, 6, -1, -4):
        near = near[HEX[chunk.at(near, offset)]]
    hyphens = chunk.row(b"-", 3, 5)
    hyphens = hyphens[HEX[chunk.at(hyphens, 1)]]
    for at, pattern, more in ((_fives(colons), _PAIRS, b":"), (hyphens, _PAIRS, b"-"), (near, _TRIPLE, b".")):
        for low, high in chunk.windows(at, at, 5, 16):
            yield from (Found(begin, end, "mac") for begin, end in _macs(chunk, pattern, more, low, high))


def _macs(chunk: Chunk, pattern: str, more: bytes, low: int, high: int) -> Iterator[tuple[int, int]]:
    for match in compiled(pattern).finditer(chunk.data, low, high):
        begin, end = match.span()
        several = len(set(chunk.data[begin:end].lower()) - set(b":-.")) > 1
        if several and _whole(chunk, begin, end, more):
            yield begin, end


def _fives(positions: Positions) -> Positions:
    """Return the first of five signs in a row with two bytes between them."""
    return _in_row(positions, np.diff(positions) == 3, 4)


def _in_row(positions: Positions, good: NDArray[np.bool_], times: int) -> Positions:
    """Return the positions after which so many gaps in a row are good; `good[i]` is about the gap after position i."""
    last = len(good) - times + 1
    if last <= 0:
        return positions[:0]
    found: Positions = positions[:last][np.logical_and.reduce([good[shift : shift + last] for shift in range(times)])]
    return found
