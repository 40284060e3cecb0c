"""What a language brings: its words as data. The grammar (`phrases`, `grammar`, `decisions`) is the same for all of them.

Templates have holes: `{}` for one value, `{or}` and `{and}` for a list, others by name. `<a|b>` is singular and plural, by the
number in the hole or the length of the list (CLDR: one, other). Only our own texts are templates; values are put in, never read as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

Both = tuple[str, str]
"""Singular and plural."""

Clauses = Mapping[str, Mapping[str, str]]
"""Per left operand and operator: a template. An operator may be written twice, the second time with `*`, for lists."""

_HOLE = re.compile(r"(\{[a-z]*\})")


def holes(template: str) -> list[str]:
    """Return a template in its pieces: literals and holes in turn, a literal first."""
    return _HOLE.split(template)


def fill(template: str, parts: Mapping[str, str]) -> str:
    """Return one of our templates with `parts` in its holes, e.g. `{"{day}": "1"}`. What is put in is never looked into."""
    return "".join(parts.get(piece, piece) for piece in holes(template))


class Language(Struct, frozen=True, kw_only=True, eq=False):
    """One language. All have the same keys in `words`, `joined`, `actions`, `subjects` and so on; a test holds them to it."""

    code: str
    months: tuple[str, ...]
    date: str
    """How a date is written, with `{day}`, `{month}` and `{year}`."""
    point: str
    """The decimal point."""
    group: str
    """What stands between thousands."""
    zero_is_one: bool = False
    """Whether everything below 2 is singular (French); else only 1 is."""
    lengths: Mapping[str, Both]
    """Units of time by their letter in xsd:duration; minutes are `m`."""
    size: Both
    """Bytes."""
    and_: str
    or_: str
    actions: Mapping[str, tuple[str, str]]
    """Per action: as what may be done, and as what has been done; `{}` is where the details of a duty stand."""
    other_action: tuple[str, str]
    """The same for an action that is not known, with `{action}`."""
    subjects: Mapping[str, str]
    """Per left operand: what it is called. A claim has holes for its `{path}` and `{type}`."""
    relations: Mapping[str, str]
    """Per operator: what follows the subject."""
    measures: Mapping[str, str]
    """The same for what is counted or measured, where it differs."""
    clauses: Clauses
    """Left operands with an operator that is said better than by subject and relation."""
    details: Clauses
    """How a duty's constraint is said inside the duty."""
    places: Mapping[str, str]
    """Countries and groups of countries by their codes, as they stand after `in`."""
    place: str = ""
    """What a place without a name here is called."""
    purposes: Mapping[str, str]
    """Purposes of the Data Privacy Vocabulary by the last part of their IRI."""
    sources: Mapping[str, str]
    """Where facts of this engine come from, by what it calls them."""
    joined: Mapping[str, str]
    words: Mapping[str, str]
    """Everything else, by a name."""

    def is_one(self, number: str) -> bool:
        """Tell whether a decimal number such as `1.5` takes the singular."""
        whole = number.lstrip("-").partition(".")[0]
        return whole in ("0", "1") if self.zero_is_one else number == "1"
