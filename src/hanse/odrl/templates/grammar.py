"""From a line such as `members + count 3 + mask name,email` to terms: words, pieces joined by `+`, quotes around what holds both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from hanse.kernel.errors import Invalid
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import USE
from hanse.odrl.templates.catalogue import MADE, TEMPLATES
from hanse.odrl.templates.pieces import Piece, Template, Words, wrong

_LONGEST = 8192
_MOST_PIECES = 64
_DEEPEST = 4
_NEAR = 3
_JOIN = "+"
# A plus before a digit belongs to a time zone (+02:00), and one right after `trust` to that level; any other one joins.
_TOKEN = re.compile(
    r"""(?P<gap>\s+) | "(?P<double>[^"]*)" | '(?P<single>[^']*)' | (?P<comma>,)
    | (?P<word>(?!["'])(?:[^\s,+]|\+(?=[0-9])|(?<=trust)\+(?=\s|$))+) | (?P<join>\+)""",
    re.VERBOSE,
)
_WHO = frozenset({"members", "role", "credential", "only", "claim", "established-in"})


def parse_template(text: str, now: datetime) -> Terms:
    """Return the terms that `text` names, e.g. `members + until 2027-01-01`.

    `now` (timezone-aware) is needed to refuse an end in the past. Raises `Invalid` that says how the template is written, or
    which ones are near.
    """
    return _parse(text, now, 1)


def near(word: str) -> tuple[Template, ...]:
    """Return the templates that somebody who typed `word` may have meant, best first, at most 3."""
    small = word.lower()
    names = {name: one for one in TEMPLATES for name in (*one.also, one.name)}
    found = get_close_matches(small[:40], names, n=2 * _NEAR, cutoff=0.7)
    found += [name for name in names if len(name) > 3 and (small.startswith(name) or (len(small) > 2 and name.startswith(small)))]
    exact = [one for one in TEMPLATES if small in (one.name, *one.also)]
    return tuple({one.name: one for one in (*exact, *(names[name] for name in found))}.values())[:_NEAR]


def _parse(text: str, now: datetime, depth: int) -> Terms:
    if len(text) > _LONGEST:
        raise wrong(f"The policy is longer than {_LONGEST} characters.")
    if depth > _DEEPEST:
        raise wrong(f"Policies stand inside each other at most {_DEEPEST} deep.")
    groups = _groups(text)
    _check_names([group[0] for group in groups])
    return _terms([_piece(group, now, depth) for group in groups])


def _groups(text: str) -> list[list[str]]:
    """Return the words of each piece. Raises `Invalid` for an empty piece or an open quote."""
    groups: list[list[str]] = [[]]
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise wrong("A quote is not closed.")
        position = found.end()
        if found["join"]:
            groups.append([])
        elif not found["gap"]:
            groups[-1].append(next(word for word in found.group("double", "single", "comma", "word") if word is not None))
    if not all(groups):
        raise wrong("A policy template is missing.", _all("members + until 2027-01-01"))
    if len(groups) > _MOST_PIECES:
        raise wrong(f"A policy has at most {_MOST_PIECES} templates.")
    return groups


def _check_names(names: list[str]) -> None:
    for name in names:
        if name not in MADE:
            raise wrong(f"{name[:80]!r} is not a policy template.", _hint(name))
        if names.count(name) > 1 and not MADE[name][0].repeats:
            raise wrong(f"{name!r} is there twice.")
    others = sorted(_WHO & set(names))
    if "open" in names and others:
        raise wrong(f"'open' means anybody, so it cannot go with {' and '.join(map(repr, others))}.")


def _hint(name: str) -> str:
    found = near(name)
    return f"Near: {'; '.join(one.usage for one in found)}. {_all()}" if found else _all("members + until 2027-01-01")


def _all(example: str = "") -> str:
    return f"{f'Write it like: {example}. ' if example else ''}`hanse policy list` shows all templates."


def _piece(group: list[str], now: datetime, depth: int) -> Piece:
    template, parser = MADE[group[0]]
    words = Words(group[1:], now, lambda text: _parse(text, now, depth + 1))
    try:
        piece = parser(words)
        words.end()
    except Invalid as error:
        hint = error.hint or f"It is written {template.usage}, e.g. {template.example}."
        raise wrong(f"{template.name}: {error.message}", hint) from None
    return piece


def _terms(pieces: Sequence[Piece]) -> Terms:
    constraints = tuple(one for piece in pieces for one in piece.constraints)
    duties = tuple(one for piece in pieces for one in piece.duties)
    actions = tuple(dict.fromkeys(one for piece in pieces for one in piece.actions)) or (USE,)
    forbidden = tuple(dict.fromkeys(one for piece in pieces for one in piece.forbidden))
    for action in forbidden:
        if action in actions:
            raise wrong(f"{action.rpartition(':')[2]!r} is permitted and forbidden.")
    return Terms(
        permissions=tuple(Rule(action, constraints, duties) for action in actions),
        prohibitions=tuple(Rule(action) for action in forbidden),
        obligations=tuple(one for piece in pieces for one in piece.obligations),
    )
