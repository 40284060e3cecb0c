"""What a side accepts in a negotiation that it leaves to this server."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.kernel.errors import Invalid
from hanse.odrl.check import errors_of
from hanse.odrl.constraints.base import Operands
from hanse.odrl.model import Terms

MAX_ROUNDS = 20


class Preferences(Struct, frozen=True, omit_defaults=True):
    """The limits within which this server negotiates by itself.

    `must` are a provider's widest terms: whatever they cover is agreed to. Of a consumer they are the use that it needs, with the
    duties that it is ready to do at most: whatever offer covers that is accepted. `want` is what a consumer asks for first. At
    most `max_rounds` proposals are made. With `ask_declared` a person is asked before terms are agreed to that nobody can keep
    technically.
    """

    must: Terms
    want: Terms | None = None
    max_rounds: int = 5
    ask_declared: bool = True


def check_preferences(preferences: Preferences, operands: Operands, now: datetime) -> None:
    """Raise `Invalid` for terms that this server could not decide or nobody could use, and for a number of rounds out of range."""
    if not 1 <= preferences.max_rounds <= MAX_ROUNDS:
        raise Invalid(f"A negotiation has 1 to {MAX_ROUNDS} rounds.", where="preferences.max_rounds", rule="range")
    for name, terms in (("must", preferences.must), ("want", preferences.want)):
        for problem in errors_of(terms, operands, now) if terms is not None else ():
            raise Invalid(
                f"These terms cannot be negotiated: {problem.what}.",
                where=f"preferences.{name}.{problem.path}",
                rule="policy",
                hint=problem.hint or None,
            )
