"""Whether the parts of a rulebook's file fit each other, said in terms of the file: which place, what is wrong, what would help."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any, Final

from hanse.anchor.checks import person
from hanse.anchor.rulebook.yamltree import Path
from hanse.identity.rulebook import MEMBERSHIP

RESERVED: Final = "anchor"
"""What the anchor itself is in its space. No rulebook describes this role, and nobody else gets it."""

MAX_ISSUERS: Final = 256
"""Different issuers in one rulebook; the register lists them."""

_DID = re.compile(r"(?=.{1,512}\Z)did:[a-z0-9]+:[^\s#?/]+")

Problem = tuple[Path, str, str]


def problems(book: dict[str, Any]) -> Iterator[Problem]:
    """Yield (place, problem, hint) for a book whose parts each have the shape of the model."""
    yield from _issuers(book)
    yield from _undescribed(book)
    yield from _not_own(book)
    yield from _shared(book)
    yield from _joining(book.get("joining", {}))


def _issuers(book: dict[str, Any]) -> Iterator[Problem]:
    known = {book["anchor"]}
    for name, kind in book["credentials"].items():
        for number, issuer in enumerate(kind["issuers"]):
            path: Path = ("credentials", name, "issuers", number, "did")
            if not _DID.fullmatch(issuer["did"]):
                yield path, "This is not a DID of at most 512 characters.", "Write `anchor`, or a DID such as did:web:chamber.example.org."
            known.add(issuer["did"])
    if len(known) > MAX_ISSUERS:
        yield ("credentials",), f"There are more than {MAX_ISSUERS} issuers.", "A register has room for no more."


def _undescribed(book: dict[str, Any]) -> Iterator[Problem]:
    for path, name, part in _named(book):
        described = book.get(part, {})
        if name not in described:
            yield path, f"{name!r} is not described under `{part}`.", _hint(name, described, part)


def _named(book: dict[str, Any]) -> Iterator[tuple[Path, str, str]]:
    yield ("membership",), book.get("membership", MEMBERSHIP), "credentials"
    for name, role in book["roles"].items():
        yield ("roles", name, "credential"), role["credential"], "credentials"
        yield from _each(("roles", name, "needs"), role.get("needs", ()), "credentials")
        yield from _each(("roles", name, "evidence"), role.get("evidence", ()), "evidence")
    for number, rule in enumerate(book.get("joining", {}).get("automatic", ())):
        yield from _each(("joining", "automatic", number, "roles"), rule["roles"], "roles")
        yield from _each(("joining", "automatic", number, "needs"), rule.get("needs", ()), "credentials")


def _each(path: Path, names: Collection[str], part: str) -> Iterator[tuple[Path, str, str]]:
    for number, name in enumerate(names):
        yield (*path, number), name, part


def _hint(name: str, described: Collection[str], part: str) -> str:
    near = get_close_matches(name, described, 1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Described there: {', '.join(described)}." if described else f"Describe it there, or add the part `{part}`."


def _not_own(book: dict[str, Any]) -> Iterator[Problem]:
    """The anchor must be able to issue what members get, within the bounds that the book sets for it."""
    for name in (book.get("membership", MEMBERSHIP), *(role["credential"] for role in book["roles"].values())):
        kind = book["credentials"][name]
        own = [issuer for issuer in kind["issuers"] if issuer["did"] == book["anchor"]]
        if not own:
            yield ("credentials", name, "issuers"), f"Members get {name} from the anchor, which may not issue it.", "Add `- did: anchor`."
        elif all(issuer.get("days", 3660) < kind.get("days", 90) for issuer in own):
            yield ("credentials", name, "lifetime"), "It lives for longer than the anchor's own bound lets it.", "Set the bound higher."


def _shared(book: dict[str, Any]) -> Iterator[Problem]:
    said: dict[str, str] = {book.get("membership", MEMBERSHIP): "membership"}
    for name, role in book["roles"].items():
        path: Path = ("roles", name, "credential")
        if name == RESERVED:
            yield ("roles", name), "This role is the anchor's own.", "Use another name."
        if role["credential"] in said:
            yield path, f"{role['credential']} says {said[role['credential']]} already.", "Each role has a credential of its own."
        said[role["credential"]] = f"the role {name}"


def _joining(joining: dict[str, Any]) -> Iterator[Problem]:
    for number, rule in enumerate(joining.get("automatic", ())):
        if rule.get("claims") and not rule.get("needs"):
            path: Path = ("joining", "automatic", number, "claims")
            yield path, "Nothing says which credentials have to make these claims.", "Name their types under `needs`."
    people = joining.get("approvers", ())
    if len({person(name) for name in people}) != len(people):
        yield ("joining", "approvers"), "Somebody is named twice.", "Name each person once."
    elif people and joining.get("approvals", 1) > len(people):
        yield ("joining", "approvers"), "Two approvals are asked for, but one approver is named.", "Name another, or ask for one approval."
