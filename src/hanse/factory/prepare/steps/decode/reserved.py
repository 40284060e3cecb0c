"""What a page or a server reserves: `noai`, `noimageai` in `robots` directives, and the TDM Reservation Protocol's `tdm-reservation: 1`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_DIRECTIVES: Final = frozenset(("noai", "noimageai"))
_TDM: Final = "tdm-reservation"


def opt_out(said: Iterable[tuple[str, str]]) -> str | None:
    """Return what names and values of `meta` elements or of HTTP headers reserve: sorted, separated by commas; None if nothing."""
    found = set()
    for name, value in said:
        low = name.strip().lower()
        if low == _TDM and value.strip() == "1":
            found.add(_TDM)
        elif low in ("robots", "x-robots-tag"):
            found |= _DIRECTIVES & set(re.split(r"[\s,:;]+", value.lower()))
    return ",".join(sorted(found)) or None
