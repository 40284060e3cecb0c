"""The files in which reservations stand, by their names, and who reads each: (bytes, path that the rules are asked about)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hanse.odrl.reservations import aipref, croissant, rsl, tdmrep
from hanse.odrl.reservations.model import MOST_BYTES, Reservation

MOST_READ: Final = 16 * MOST_BYTES + 1
"""Bytes to hand to a reader: one more than it takes, so that what is too long is seen to be so and never read in part."""

READERS: Final[Mapping[str, Callable[[bytes, str | None], Reservation]]] = {
    "tdmrep.json": tdmrep.read_file,
    ".well-known/tdmrep.json": tdmrep.read_file,
    "tdm-policy.json": lambda body, _path: tdmrep.read_policy(body),
    "rsl.xml": rsl.read,
    "license.xml": rsl.read,
    "robots.txt": aipref.read_robots,
    "croissant.json": lambda body, _path: croissant.read(body),
}
