"""What the data says of itself: licences and reservations of text and data mining among its files.

Looked for once the data is here and before anybody sees it: an offer can say less than the LICENSE that lies in the folder. Only
small text files of well-known names are read; nothing is unpacked, and nothing is fetched.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct

from hanse.dcat.holding import HeldFile
from hanse.dcat.licences import accepts, forbids, is_known, licence_of
from hanse.factory.acquire.purposes import commercial
from hanse.factory.acquire.records import Wish
from hanse.factory.acquire.running.drift import Read
from hanse.kernel.errors import HanseError
from hanse.odrl.model import Terms
from hanse.odrl.names import HANSE, MINE, plain
from hanse.odrl.reservations.files import MOST_READ, READERS
from hanse.odrl.reservations.model import AI_USES, MINING, Reservation, goes_beyond

FILES: Final = 64
"""Files that are read."""
TEXT: Final = 64 << 10
"""Bytes of a licence or a README that are read."""
_HEAD: Final = 4096

_LICENCE = re.compile(r"(?:licen[cs]e|copying|terms)(?:[-_.][\w.-]{1,40})?", re.IGNORECASE)
_README = re.compile(r"readme(?:\.(?:md|txt|rst))?", re.IGNORECASE)
_SAID = re.compile(r"^\s*[\"']?licen[cs]e[\"']?\s*:\s*[\"']?([A-Za-z0-9][\w./:+-]{1,120})", re.IGNORECASE | re.MULTILINE)
_NO_TRAINING = re.compile(
    r"\b(?:not|no|never|prohibit\w{0,4}|forb[ia]d\w{0,4}|exclud\w{0,4})\b[^.;\n]{0,160}"
    r"\b(?:train(?:ing)?\b[^.;\n]{0,60}\b(?:models?|AI|artificial|machine)|machine learning|artificial intelligence|text and data mining)",
    re.IGNORECASE,
)


class Inside(Struct, frozen=True, kw_only=True):
    """What was found: licences as (path, address or name), files that forbid training in plain words, and reservations."""

    licences: tuple[tuple[str, str], ...] = ()
    forbidding: tuple[str, ...] = ()
    reservations: tuple[Reservation, ...] = ()


async def look(files: Sequence[HeldFile], read: Read) -> Inside:
    """Read what these files say of their own use."""
    licences: list[tuple[str, str]] = []
    forbidding: list[str] = []
    found: list[Reservation] = []
    for file in [file for file in files if _speaks(file.path)][:FILES]:
        base = file.path.rpartition("/")[2]
        reader = READERS.get(base.lower())
        if reader is not None:
            # In a thread: a document of many megabytes takes a while, in which others shall be served.
            found.append(await asyncio.to_thread(_read, reader, await read(file.path, 0, min(file.size, MOST_READ))))
            continue
        text = " ".join((await read(file.path, 0, min(file.size, TEXT))).decode("utf-8", errors="replace").split(" "))
        licences += [(file.path, one) for one in _licences(base, text)]
        if _LICENCE.fullmatch(base) and _NO_TRAINING.search(" ".join(text.split())):
            forbidding.append(file.path)
    said = tuple(one for one in found if one.uses or one.notes)
    return Inside(licences=tuple(licences), forbidding=tuple(forbidding), reservations=said)


def objections(inside: Inside, wish: Wish, terms: Terms) -> tuple[str, ...]:
    """Return in words what in the data forbids the use that it was ordered for."""
    said = [f"{path} forbids training in plain words." for path in inside.forbidding if _uses(wish.action)]
    for path, licence in inside.licences:
        why = forbids(licence, wish.action, commercial=commercial(wish.purpose))
        if why:
            said.append(f"{path}: {why}.")
        elif wish.licences and not accepts(wish.licences, licence):
            said.append(f"{path} puts the data under {licence}, which is none of the licences that the order accepts.")
    uses = _uses(wish.action)
    beyond = [(use, why) for use, why in goes_beyond(terms, inside.reservations) if use in uses]
    said += [f"To {use.removeprefix(HANSE)} is not free: {why}." for use, why in beyond]
    return tuple(said)


def _speaks(path: str) -> bool:
    base = path.rpartition("/")[2]
    return base.lower() in READERS or bool(_LICENCE.fullmatch(base) or _README.fullmatch(base))


def _read(reader: object, body: bytes) -> Reservation:
    try:
        found = reader(body, None)  # type: ignore[operator]
    except (HanseError, msgspec.MsgspecError, RecursionError, ValueError):
        return Reservation(source="a file that cannot be read")
    assert isinstance(found, Reservation)
    return found


def _licences(base: str, text: str) -> list[str]:
    """Return what a licence's text is, and what a README's head names."""
    if _LICENCE.fullmatch(base):
        known = licence_of(text)
        return [known] if known else []
    return [name for name in _SAID.findall(text[:_HEAD])[:1] if is_known(name)]


def _uses(action: str) -> frozenset[str]:
    """Return the uses of artificial intelligence that an action is."""
    named = plain(action)
    return MINING if named == MINE else frozenset({named}) & frozenset(AI_USES)
