"""Keeps what tells of a person out of signed logs, where it could never be deleted.

Words that a person types freely go into a register with a salt, and only their digest into the log. Where a statement of a factory has to
say something in words (what is searched for, which code trained a model), those words are looked through. That is no proof that nothing
personal is in them; it is what keeps out what gets in by accident: addresses, telephone numbers, and paths with somebody's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from msgspec import structs

from hanse.evidence.kinds import OF_FACTORIES, Predicate

P = TypeVar("P", bound=Predicate)

WORDS: Final = frozenset({"query", "reasons", "limits", "changes", "gaps", "code", "parameters", "reason", "problems", "dropped", "counts"})
"""The fields of a factory's statements that hold words; all others hold names, digests, numbers, moments, and words of vocabularies."""
_SIGNS: Final = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "an e-mail address"),
    (re.compile(r"(?<![^\s:=\"'(])(?:/home/|/Users/|/root/|[A-Za-z]:\\Users\\|~\w{0,32}/)\S*"), "a path in somebody's home folder"),
    (re.compile(r"\+\d[\d ()./-]{7,24}\d"), "a telephone number"),
)


def sign_of(text: str) -> str | None:
    """Return what in a text tells of a person, in words; nothing where nothing looks like it."""
    return next((what for sign, what in _SIGNS if sign.search(text)), None)


def redact(text: str) -> str:
    """Return a text with what tells of a person replaced by what it is."""
    for sign, what in _SIGNS:
        text = sign.sub(f"[{what}]", text)
    return text


def redacted(says: P) -> P:
    """Return a statement without what tells of a person in its words; statements that are no factory's stay as they are."""
    if not isinstance(says, OF_FACTORIES):
        return says
    changes = {}
    for name in WORDS.intersection(says.__struct_fields__):
        value = getattr(says, name)
        clean = _clean(value)
        if clean != value:
            changes[name] = clean
    return structs.replace(says, **changes) if changes else says


def _clean(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(name): _clean(each) for name, each in value.items()}
    return tuple(_clean(one) for one in value) if isinstance(value, tuple) else value
