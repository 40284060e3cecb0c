"""Records that may not be used: by their licence, and because whoever has the rights reserved text and data mining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Final, Literal
from urllib.parse import unquote, urlsplit

import pyarrow as pa

from hanse.dcat.licences import alternatives, is_known, normal
from hanse.factory.prepare.base import Applied, Step
from hanse.factory.prepare.steps.filters.verdicts import applied
from hanse.kernel.errors import Invalid

MAX_RESERVED: Final = 100_000
"""Reservations that one step takes, by name or in a file."""
_MAX_FILE: Final = 16 << 20
_MAX_PATTERN: Final = 1_000
_NO: Final = frozenset({"", "0", "0.0", "false", "no", "n", "none", "null", "off"})
"""What says that nothing is reserved; whatever else stands there is taken for a reservation."""


class Licence(Step, frozen=True, kw_only=True):
    """Keeps records by their licence: an SPDX id, its address, another of its spellings, or an expression of several (`A OR B`, `A AND B`).

    Whoever takes a record chooses among the licences of an `OR`; so it stays if one choice has nothing denied and, where licences are
    allowed by name, only those.
    """

    name: ClassVar[str] = "licence"
    version: ClassVar[str] = "1"
    hides: ClassVar[bool] = True

    allowed: tuple[str, ...] = ()
    """Empty allows every licence whose name is known and that is not denied."""
    denied: tuple[str, ...] = ()
    unknown: Literal["drop", "keep"] = "drop"
    """What becomes of a record without a licence, or with one whose name says nothing."""
    column: str = "licence"

    def check(self) -> None:
        """Raise `Invalid` for a licence that is allowed and denied."""
        both = {normal(one) for one in self.allowed} & {normal(one) for one in self.denied}
        if both:
            raise Invalid(f"{', '.join(sorted(both))} is allowed and denied.", where="denied", rule="step")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Drop the records whose licence does not allow to keep them."""
        allowed, denied = {normal(one) for one in self.allowed}, {normal(one) for one in self.denied}

        @cache
        def reason(licence: str) -> str:
            return self._reason(licence, allowed, denied)

        return applied(records, [reason(str(one).strip() if one is not None else "") for one in _values(records, self.column)], shown=False)

    def _reason(self, licence: str, allowed: set[str], denied: set[str]) -> str:
        unknown = "licence-unknown" if self.unknown == "drop" else ""
        if not licence:
            return unknown
        choices = [choice for choice in alternatives(licence) if not choice & denied]
        if not choices:
            return "licence-denied"
        if any(choice <= allowed for choice in choices):
            return ""
        if not any(is_known(" AND ".join(sorted(choice))) for choice in choices):
            return unknown
        return "licence-not-allowed" if allowed else ""


class OptOut(Step, frozen=True, kw_only=True):
    """Drops records whose text was reserved from text and data mining (Directive (EU) 2019/790, Article 4(3)).

    A record says so itself in `column`: anything but nothing, 0, false, no or none is a reservation, e.g. `tdm-reservation` and `noai`,
    which `decode` finds in pages. Or its address is among those reserved: a host, which holds for the hosts below it, too, or a host and
    a path as in robots.txt (RFC 9309, 2.2.2: the beginning of the path, with `*` for anything and `$` for its end).
    """

    name: ClassVar[str] = "opt-out"
    version: ClassVar[str] = "1"
    hides: ClassVar[bool] = True

    column: str = "opt_out"
    ignored: tuple[str, ...] = ()
    """What may stand there all the same, e.g. `noimageai` for data without images."""
    url: str = "url"
    """The column with the address of a record."""
    reserved: tuple[str, ...] = ()
    reserved_in: str = ""
    """A text file with more of them, one a line; a line that begins with # is a remark."""

    def check(self) -> None:
        """Raise `Invalid` for a reservation that has no host, for too many, and for a file that cannot be read."""
        _patterns(self.reserved, "reserved")
        if self.reserved_in:
            _patterns(_lines(self.reserved_in), "reserved_in")

    def fingerprint(self) -> Mapping[str, str]:
        """Return the digest of the file with reservations."""
        return {"reserved_in": sha256("\n".join(_lines(self.reserved_in)).encode()).hexdigest()} if self.reserved_in else {}

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Drop the records that were reserved. None of their text is shown."""
        lines = _lines(self.reserved_in) if self.reserved_in else ()
        patterns = _patterns((*self.reserved, *lines), "reserved")
        harmless = _NO | {one.strip().lower() for one in self.ignored}
        flags = _values(records, self.column)
        addresses = _values(records, self.url) if patterns else [None] * len(flags)
        found = [_flagged(flag, harmless) or _reserved(url, patterns) for flag, url in zip(flags, addresses, strict=True)]
        return applied(records, found, shown=False)


def _lines(path: str) -> tuple[str, ...]:
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):
        return _read(path, (0, 0))
    return _read(path, (facts.st_mtime_ns, facts.st_size))


@lru_cache(8)
def _read(path: str, _facts: tuple[int, int]) -> tuple[str, ...]:
    """Read the file once, and again if it changed."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(_MAX_FILE + 1)
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise Invalid(f"{path} cannot be read: {said}.", where="reserved_in", rule="step") from None
    if len(text) > _MAX_FILE:
        raise Invalid(f"{path} has more than {_MAX_FILE >> 20} MiB.", where="reserved_in", rule="step")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@lru_cache(8)
def _patterns(reserved: tuple[str, ...], where: str) -> Mapping[str, Sequence[str]]:
    """Return the patterns of paths that are reserved, by host."""
    if len(reserved) > MAX_RESERVED:
        raise Invalid(f"At most {MAX_RESERVED} reservations, not {len(reserved)}.", where=where, rule="step")
    patterns: dict[str, list[str]] = {}
    for number, one in enumerate(reserved):
        place = _place(one) if len(one) <= _MAX_PATTERN else None
        if place is None:
            hint = "For example: example.org, or example.org/articles/*."
            raise Invalid(f"{one[:80]!r} names no host.", where=f"{where}[{number}]", rule="step", hint=hint)
        patterns.setdefault(place[0], []).append(place[1])
    return patterns


def _values(records: pa.Table, column: str) -> list[object]:
    if column not in records.column_names:
        return [None] * len(records)
    values: list[object] = records.column(column).to_pylist()
    return values


def _flagged(flag: object, harmless: frozenset[str]) -> str:
    if flag is None:
        return ""
    return "" if all(one.strip().lower() in harmless for one in str(flag).split(",")) else "opt-out"


def _reserved(url: object, patterns: Mapping[str, Sequence[str]]) -> str:
    if url is None or not patterns:
        return ""
    place = _place(str(url))
    if place is None:
        return "opt-out-unreadable-address"
    host, path = place
    labels = host.split(".")
    found = (patterns.get(".".join(labels[at:]), ()) for at in range(len(labels)))
    return "opt-out" if any(matches(pattern, path) for some in found for pattern in some) else ""


def _place(address: str) -> tuple[str, str] | None:
    """Return host and path of an address, with or without a scheme; nothing if it has no host."""
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text.removeprefix('//')}")
        host = (parts.hostname or "").rstrip(".").lower()
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    if not host or any(sign.isspace() or sign in "*%" for sign in host):
        return None
    path = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
    return host, path


def matches(pattern: str, path: str) -> bool:
    """Tell whether a path begins as a pattern of robots.txt says (RFC 9309, 2.2.2 and 2.2.3). The time is linear in both."""
    path = path or "/"
    whole = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    if not path.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1] if whole else pieces[1:]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if not whole:
        return True
    return at == len(path) if len(pieces) == 1 else len(path) - len(pieces[-1]) >= at and path.endswith(pieces[-1])
