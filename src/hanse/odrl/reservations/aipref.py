"""AI usage preferences: the field `Content-Usage` and its lines in robots.txt (IETF drafts aipref-vocab and aipref-attach).

The drafts still move. A category that is not known says nothing of the uses known here, and is noted.
"""

from __future__ import annotations

import re

from hanse.odrl.names import EMBED, EVALUATE, FINE_TUNE, RETRIEVE, TRAIN
from hanse.odrl.reservations.model import FREE, MOST_BYTES, MOST_STATEMENTS, RESERVED, Reservation, Statement, combine
from hanse.odrl.reservations.patterns import matches

_CATEGORIES = {
    "train-ai": (TRAIN, FINE_TUNE),
    "train-genai": (TRAIN, FINE_TUNE),
    "ai-train": (TRAIN, FINE_TUNE),
    "tdm": (TRAIN, FINE_TUNE, EVALUATE, EMBED),
    "bots": (TRAIN, FINE_TUNE, EVALUATE, EMBED, RETRIEVE),
    "ai-use": (RETRIEVE,),
    "ai-input": (RETRIEVE,),
}
_SILENT = frozenset({"search"})
# One member of a structured dictionary whose value is a token or a boolean (RFC 9651, 3.2); parameters are read over.
_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]{0,63})(?:=([A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,63}|\?[01]))?(?:;[^,]{0,200})?")


def read_field(value: str, source: str = "Content-Usage") -> Reservation:
    """Return what one field says. The last of two members with one name counts, as in any structured dictionary."""
    members: dict[str, str] = {}
    parts = value.split(",") if value.strip() else []
    for part in parts[:MOST_STATEMENTS]:
        found = _MEMBER.fullmatch(part.strip())
        if found is None:
            return _unreadable(source)
        members.pop(found[1], None)
        members[found[1]] = found[2] or "?1"
    return _of(members, source) if len(parts) <= MOST_STATEMENTS else _unreadable(source)


def read_robots(body: bytes, path: str | None, agent: str = "*") -> Reservation:
    """Return what the `Content-Usage` lines of a robots.txt say of `path` for `agent`; the longest matching path counts."""
    source = "robots.txt"
    if len(body) > MOST_BYTES:
        return _unreadable(source)
    lines = _lines(body.decode("utf-8", "replace"), agent.lower())
    found = [(len(pattern), said) for pattern, said in lines if matches(pattern, path)]
    longest = max((length for length, _ in found), default=0)
    # For many paths at once no line goes before another one.
    read = [read_field(said, source) for length, said in found if length == longest or path is None]
    return Reservation(source=source, uses=combine(read), notes=tuple(note for one in read for note in one.notes))


def _lines(text: str, agent: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    agents: set[str] = set()
    naming = False
    for line in text.splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = {value.lower()} if not naming else agents | {value.lower()}
            naming = True
            continue
        naming = False if name else naming
        if name == "content-usage" and (not agents or agents & {"*", agent}):
            pattern, _, said = value.partition(" ") if value.startswith("/") else ("/", "", value)
            found.append((pattern, said.strip()))
    return found


def _of(members: dict[str, str], source: str) -> Reservation:
    uses: dict[str, Statement] = {}
    for name, said in members.items():
        for use in _CATEGORIES.get(name, ()):
            free = said == "y" and uses.get(use) is not RESERVED
            uses[use] = FREE if free else RESERVED
    strange = [name for name in members if name not in _CATEGORIES and name not in _SILENT]
    return Reservation(source=source, uses=uses, notes=tuple(f"{source}: the category {name!r} is not known." for name in strange))


def _unreadable(source: str) -> Reservation:
    uses = dict.fromkeys(_CATEGORIES["bots"], RESERVED)
    return Reservation(source=source, uses=uses, notes=(f"{source}: it cannot be read; so everything is reserved.",))
