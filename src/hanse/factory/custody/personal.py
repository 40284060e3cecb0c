"""Refuses what tells of a person where it would go into the signed log in words: there it could never be deleted."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.evidence.personal import sign_of
from hanse.kernel.errors import Invalid


def check_public(text: str, where: str) -> str:
    """Return a text that goes into the log. Raises `Invalid` (rule `personal`) where it looks like telling of a person."""
    what = sign_of(text)
    if what is not None:
        hint = "Name it without telling who: a commit, a file's name, an id."
        raise Invalid(f"It holds {what}, and what stands in the signed log can never be deleted.", where=where, rule="personal", hint=hint)
    return text


def check_all(facts: Mapping[str, str], where: str) -> Mapping[str, str]:
    """Look through names and values, as `check_public` does."""
    for name, value in facts.items():
        check_public(name, where)
        check_public(value, where)
    return facts
