"""Keeps what tells of a person out of the signed log: it can never be deleted there.

Words that a person types freely go into the register with a salt, and only their digest into the log (`records.Note`). What has to stand
in the log in words (names of models, of code, of parameters) is looked through here: not a proof, but what happens by accident is
refused, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hanse.kernel.errors import Invalid

_SIGNS: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "an e-mail address"),
    (re.compile(r"(?:^|[\s:=\"'])(?:/home/|/Users/|/root/|[A-Za-z]:\\Users\\|~\w*/)"), "a path in somebody's home folder"),
    (re.compile(r"\+\d[\d ()./-]{7,}\d"), "a telephone number"),
)


def check_public(text: str, where: str) -> str:
    """Return a text that goes into the log. Raises `Invalid` (rule `personal`) where it looks like telling of a person."""
    for sign, what in _SIGNS:
        if sign.search(text):
            raise Invalid(
                f"It holds {what}, and what stands in the signed log can never be deleted.",
                where=where,
                rule="personal",
                hint="Name it without telling who: a commit, a file's name, an id.",
            )
    return text


def check_all(facts: Mapping[str, str], where: str) -> Mapping[str, str]:
    """Look through names and values, as `check_public` does."""
    for name, value in facts.items():
        check_public(name, where)
        check_public(value, where)
    return facts
