"""What a template is made of: it reads its words, and adds conditions, duties and uses to a policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from hanse.kernel.errors import Invalid
from hanse.odrl.model import Atomic, Rule, Terms

COMMA = ","
MOST_NAMES = 32
LONGEST_NAME = 200
_SHOWN = 80


class Template(Struct, frozen=True, kw_only=True):
    """One way to say a term: `usage` as it is typed, `meaning` as it is read, `example` one that can be used as it is.

    `classes` are the numbers of the IDSA policy classes that it says. It may stand in a policy more than once if it `repeats`.
    `also` are words by which people may look for it.
    """

    name: str
    usage: str
    meaning: str
    example: str
    classes: tuple[int, ...] = ()
    repeats: bool = False
    also: tuple[str, ...] = ()


class Piece(Struct, frozen=True, kw_only=True):
    """What one template adds: to the permissions conditions, duties and actions; to the policy obligations and prohibited actions."""

    constraints: tuple[Atomic, ...] = ()
    duties: tuple[Rule, ...] = ()
    actions: tuple[str, ...] = ()
    obligations: tuple[Rule, ...] = ()
    forbidden: tuple[str, ...] = ()


class Words:
    """The words after a template's name. `parse` reads a policy that stands inside them."""

    def __init__(self, words: list[str], now: datetime, parse: Callable[[str], Terms]) -> None:
        self._words = words
        self.now = now
        self.parse = parse

    def one(self, what: str) -> str:
        """Take the next word. Raises `Invalid` that says `what` is missing."""
        if not self._words or self._words[0] == COMMA:
            raise wrong(f"{what[:1].upper()}{what[1:]} is missing.")
        return self._words.pop(0)

    def last(self, what: str) -> str:
        """Take the last word."""
        if not self._words or self._words[-1] == COMMA:
            raise wrong(f"{what[:1].upper()}{what[1:]} is missing.")
        return self._words.pop()

    def take(self, *words: str) -> bool:
        """Take the next words if they are these."""
        if self._words[: len(words)] != list(words):
            return False
        del self._words[: len(words)]
        return True

    def needed(self, word: str) -> None:
        """Take the next word, which must be this one."""
        if not self.take(word):
            raise wrong(f"The word {word!r} is missing.")

    def names(self, what: str, pattern: re.Pattern[str] | None = None) -> list[str]:
        """Take all that is left: one name or several, each once. Raises `Invalid` for none, too many, or one that is no such name."""
        found = list(dict.fromkeys(word for word in self._words if word != COMMA))
        self._words.clear()
        if not 1 <= len(found) <= MOST_NAMES:
            raise wrong(f"It needs 1 to {MOST_NAMES} names.")
        for name in found:
            check_name(name, what, pattern)
        return found

    def end(self) -> None:
        """Raise `Invalid` if anything is left."""
        if self._words:
            raise wrong(f"{self._words[0][:_SHOWN]!r} does not belong to it.")


Parser = Callable[[Words], Piece]
Made = tuple[Template, Parser]
"""A template with what reads it."""


def always(piece: Piece) -> Parser:
    """Return what reads a template that is one word."""

    def read(words: Words) -> Piece:
        words.end()
        return piece

    return read


def wrong(message: str, hint: str = "") -> Invalid:
    """Return the error of a template that cannot be read."""
    return Invalid(message, where="policy", rule="policy-template", hint=hint)


def check_name(name: str, what: str, pattern: re.Pattern[str] | None = None) -> str:
    """Return a name that is one. Raises `Invalid` that says `what` was expected."""
    good = name.isprintable() and 0 < len(name) <= LONGEST_NAME and name == name.strip()
    if not good or (pattern is not None and not pattern.fullmatch(name)):
        raise wrong(f"{name[:_SHOWN]!r} is not {what}.")
    return name


def one_of(name: str, known: tuple[str, ...]) -> str:
    """Return a name that is known. Raises `Invalid` that lists them."""
    if name not in known:
        raise wrong(f"{name[:_SHOWN]!r} is not one of {', '.join(known)}.")
    return name


def condition(left: str, operator: str, right: str | list[str] | dict[str, object]) -> Piece:
    """Return one condition."""
    return Piece(constraints=(constraint(left, operator, right),))


def below(left: str, operator: str, names: list[str]) -> Piece:
    """Return the condition that a name is, or lies below, one of these; `isAnyOf` would mean the names themselves alone."""
    return condition(left, operator, names[0] if len(names) == 1 else names)


def constraint(left: str, operator: str, right: str | list[str] | dict[str, object]) -> Atomic:
    """Return a constraint."""
    return Atomic(left, operator, list(right) if isinstance(right, list) else right)
