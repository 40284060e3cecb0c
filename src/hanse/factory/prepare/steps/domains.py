"""`domains`: from which domains most text comes, as the public summary of training content wants it (AI Act, Article 53(1)(d))."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa

from hanse.factory.prepare.base import TEXT, Applied, Looking
from hanse.kernel.errors import Invalid

MAX_LISTED: Final = 900
"""Domains that one account names."""
PREFIX: Final = "domain "
"""Begins the name of each domain's count."""
_FILE: Final = "domains.json"
_BELOW: Final = frozenset({"ac", "co", "com", "edu", "gob", "gouv", "gov", "net", "or", "org"})
"""Second-level names of countries below which others register."""


class _Decided(msgspec.Struct):
    domains: int
    first: str
    listed: dict[str, int]


class Domains(Looking, frozen=True, kw_only=True):
    """Counts the bytes of text (UTF-8) of the largest domains, e.g. `domain example.org`, and how many `domains` there are in all.

    A domain is the last two labels of an address's host, three below names such as `co.uk`; an IP address is one itself. No record changes.
    What is asked is what was trained with, so it comes late in a pipeline, but before `tokenise`.
    """

    name: ClassVar[str] = "domains"
    version: ClassVar[str] = "1"

    share: float = 0.1
    """Of all domains, the largest that are named: 0.1 is the template's 10 %."""
    most: int = MAX_LISTED
    """However many these are, no more than that."""
    url: str = "url"
    """The column with the address of a record."""

    def check(self) -> None:
        """Raise `Invalid` for a share that is none, and for a number of domains that no account takes."""
        if not 0 < self.share <= 1:
            raise Invalid("share is more than 0 and at most 1.", where="share", rule="step")
        if not 1 <= self.most <= MAX_LISTED:
            raise Invalid(f"most is from 1 to {MAX_LISTED}.", where="most", rule="step")

    def look(self, records: pa.Table) -> pa.Table:
        """Return the size of each domain's text in a part."""
        found = self._sizes(records)
        return pa.table({"domain": pa.array(list(found), pa.string()), "size": pa.array(list(found.values()), pa.int64())})

    def decide(self, seen: Iterable[tuple[str, pa.Table]], into: Path) -> None:
        """Take the largest domains. Memory grows with the number of domains, not of records."""
        sizes, first = Counter[str](), ""
        for part, found in seen:
            first = first or (part if len(found) else "")
            for domain, size in zip(found["domain"].to_pylist(), found["size"].to_pylist(), strict=True):
                sizes[domain] += size
        ranked = sorted(sizes, key=lambda one: (-sizes[one], one))[: min(self.most, math.ceil(len(sizes) * self.share))]
        decided = _Decided(len(sizes), first, {one: sizes[one] for one in ranked})
        (into / _FILE).write_bytes(msgspec.json.encode(decided))

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Count what the largest domains have in a part; how many domains there are, once."""
        assert decided is not None
        known = _read(decided / _FILE)
        part = (records.schema.metadata or {}).get(b"part", b"").decode()
        counts = {f"{PREFIX}{one}": size for one, size in sorted(self._sizes(records).items()) if one in known.listed}
        return Applied(records, counts=counts | ({"domains": known.domains} if known.first and part == known.first else {}))

    def _sizes(self, records: pa.Table) -> Counter[str]:
        sizes = Counter[str]()
        if self.url not in records.column_names:
            return sizes
        for url, text in zip(records[self.url].to_pylist(), records[TEXT].to_pylist(), strict=True):
            domain = domain_of(str(url)) if url else ""
            if domain:
                sizes[domain] += len(text.encode())
        return sizes


def _read(path: Path) -> _Decided:
    return msgspec.json.decode(path.read_bytes(), type=_Decided)


def domain_of(address: str) -> str:
    """Return the domain of an address, with or without a scheme; nothing if it has none."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address.removeprefix('//')}")
        host = (parts.hostname or "").rstrip(".").lower()
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""
    if not host or len(host) > 253 or any(sign.isspace() or sign in "*%" for sign in host):
        return ""
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _BELOW
    return ".".join(labels[-3 if deep else -2 :])
