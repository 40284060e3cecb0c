"""Really Simple Licensing 1.0: `<rsl>` documents. Their `permits` name all that is allowed, their `prohibits` go before them.

The parser is the standard library's. A document type is refused before anything of it is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from hanse.odrl.model import Atomic, Constraint, Rule
from hanse.odrl.names import ATTRIBUTE, COMPENSATE, EMBED, FINE_TUNE, HANSE, PAY_AMOUNT, PURPOSE, RETRIEVE, SPATIAL, TRAIN
from hanse.odrl.reservations.model import AI_USES, FREE, MOST_BYTES, MOST_STATEMENTS, RESERVED, Reservation, Stand, Statement, combine
from hanse.odrl.reservations.patterns import matches

_SPACE = "{https://rslstandard.org/rsl}"
_USAGES = {
    "all": AI_USES,
    "ai-all": AI_USES,
    "ai-train": (TRAIN, FINE_TUNE),
    "ai-input": (RETRIEVE,),
    "ai-index": (EMBED,),
    "search": (),
}
_USERS = {
    "non-commercial": Atomic(PURPOSE, "isA", "dpv:NonCommercialPurpose"),
    "education": Atomic(PURPOSE, "isA", "dpv:NonCommercialResearch"),
}
_COUNTRY = re.compile(r"[A-Z]{2}")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_SOURCE = "RSL"
_MOST_DEPTH = 32


def read(body: bytes, path: str | None) -> Reservation:
    """Return what an RSL document says of the asset at `path`.

    Several licences of one asset are alternatives; only what is free under all of them is taken as free, so the strictest counts.
    What is not understood reserves, and so does a licence server that would have to be asked.
    """
    root = _parse(body)
    if root is None or root.tag != f"{_SPACE}rsl":
        return _reserved("it is no RSL document that can be read")
    contents = [one for one in root.iter(f"{_SPACE}content") if matches(_path_of(one.get("url", "")), path)]
    licences = [(content, licence) for content in contents for licence in content.iter(f"{_SPACE}license")]
    if not licences:
        return _reserved("it has no licence for this") if contents else Reservation(source=_SOURCE)
    read_each = [_licence(content, licence) for content, licence in licences[:MOST_STATEMENTS]]
    return Reservation(source=_SOURCE, uses=combine(read_each), notes=tuple(dict.fromkeys(note for one in read_each for note in one.notes)))


def _licence(content: Element, licence: Element) -> Reservation:
    notes: list[str] = []
    if content.get("server"):
        notes.append(f"RSL: a licence has to be had from {str(content.get('server'))[:500]}, even if it is free.")
        return Reservation(source=_SOURCE, uses=dict.fromkeys(AI_USES, RESERVED), notes=tuple(notes))
    permitted = _uses(licence, "permits", notes)
    forbidden = _uses(licence, "prohibits", notes) or frozenset()
    conditions = _conditions(licence, notes)
    uses = {}
    for use in AI_USES:
        allowed = (permitted is None or use in permitted) and use not in forbidden and conditions is not None
        uses[use] = conditions if allowed and conditions is not None else RESERVED
    return Reservation(source=_SOURCE, uses=uses, notes=tuple(notes))


def _uses(licence: Element, name: str, notes: list[str]) -> frozenset[str] | None:
    """Return the uses that the elements of this name list, all of them for an unknown word in what is prohibited; `None` for no list."""
    tokens = list(_tokens(licence, name, "usage"))
    if not tokens:
        return None
    found: set[str] = set()
    for token in tokens:
        if token not in _USAGES:
            notes.append(f"RSL: the usage {token[:80]!r} is not known.")
            found |= set(AI_USES) if name == "prohibits" else set()
        found |= set(_USAGES.get(token, ()))
    return frozenset(found)


def _conditions(licence: Element, notes: list[str]) -> Statement | None:
    constraints: list[Constraint] = []
    users, places = list(_tokens(licence, "permits", "user")), list(_tokens(licence, "permits", "geo"))
    if list(_tokens(licence, "prohibits", "user")) or list(_tokens(licence, "prohibits", "geo")):
        notes.append("RSL: users or places are prohibited, which cannot be told apart here.")
        return None
    if users:
        known = [_USERS[user] for user in users if user in _USERS]
        if len(users) != 1 or len(known) != 1:
            notes.append(f"RSL: the users {', '.join(users)[:200]} cannot be told apart here.")
            return None
        constraints += known
    if places:
        if not all(_COUNTRY.fullmatch(place.upper()) for place in places):
            notes.append("RSL: a place is no country.")
            return None
        constraints.append(Atomic(SPATIAL, "isAnyOf", [place.upper() for place in places]))
    duties = _payment(licence, notes)
    if duties is None:
        return None
    return Statement(Stand.CONDITIONAL, tuple(constraints), duties) if constraints or duties else FREE


def _payment(licence: Element, notes: list[str]) -> tuple[Rule, ...] | None:
    payments = list(licence.iter(f"{_SPACE}payment"))
    kinds = {payment.get("type", "free") for payment in payments}
    if kinds <= {"free"}:
        return ()
    if kinds == {"attribution"}:
        return (Rule(ATTRIBUTE),)
    amount = payments[0].find(f"{_SPACE}amount") if len(payments) == 1 else None
    text, currency = ((amount.text or "").strip(), amount.get("currency", "")) if amount is not None else ("", "")
    if kinds <= {"purchase", "training"} and _AMOUNT.fullmatch(text) and _CURRENCY.fullmatch(currency):
        price: dict[str, object] = {"@value": text, "@type": f"{HANSE}unit:{currency}"}
        return (Rule(COMPENSATE, (Atomic(PAY_AMOUNT, "eq", price),)),)
    notes.append(f"RSL: what is owed ({', '.join(sorted(kinds))[:200]}) has to be agreed with whoever licenses it.")
    return None


def _tokens(licence: Element, name: str, kind: str) -> Iterator[str]:
    for element in licence.iter(f"{_SPACE}{name}"):
        if element.get("type", "usage") == kind:
            yield from (token.strip().lower() for token in (element.text or "").split(",") if token.strip())


def _path_of(url: str) -> str:
    if "://" not in url:
        return url or "/"
    _, slash, rest = url.partition("://")[2].partition("/")
    return slash + rest if slash else "/"


def _parse(body: bytes) -> Element | None:
    # Entities can only be defined in a document type, so without one there is nothing to expand.
    if len(body) > MOST_BYTES or b"<!DOCTYPE" in body or b"<!ENTITY" in body or b"\x00" in body:
        return None
    parser: XMLPullParser[Element] = XMLPullParser(events=("start", "end"))
    depth = 0
    root: Element | None = None
    try:
        parser.feed(body)
        parser.close()
        for event, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
            depth += 1 if event == "start" else -1
            root = element if root is None else root
            if depth > _MOST_DEPTH:
                return None
    except (ParseError, ValueError):
        return None
    return root


def _reserved(why: str) -> Reservation:
    return Reservation(source=_SOURCE, uses=dict.fromkeys(AI_USES, RESERVED), notes=(f"RSL: {why}; so everything is reserved.",))
