"""Policies as operators write them: the name of a template, or ODRL JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hanse.connector.preferences import Preferences
from hanse.http.api import structs as s
from hanse.kernel.errors import Invalid
from hanse.odrl.check import errors_of
from hanse.odrl.constraints.base import Operands
from hanse.odrl.forms.full import read_policy
from hanse.odrl.forms.inherit import inherit
from hanse.odrl.model import Terms
from hanse.odrl.templates import parse_template


def read_one(value: str | dict[str, Any], where: str, now: datetime) -> Terms:
    """Return the terms that `value` names or holds, in any JSON form of ODRL 2.2.

    Raises `Malformed`, `Invalid` that says where below `where`.
    """
    if isinstance(value, dict):
        return read_policy(value, where).terms
    try:
        return parse_template(value, now)
    except Invalid as error:
        raise Invalid(error.message, where=where, rule=error.rule, hint=error.hint) from None


def read_with_parents(value: str | dict[str, Any], where: str, now: datetime, parents: Sequence[dict[str, Any]]) -> Terms:
    """Return terms with the rules that they inherit from `parents`, by their uids; raises as `read_one` does."""
    if not parents or not isinstance(value, dict):
        return read_one(value, where, now)
    read = [read_policy(one, f"parents[{index}]") for index, one in enumerate(parents)]
    return inherit(read_policy(value, where), {one.uid: one for one in read if one.uid is not None}).terms


def read_many(values: Sequence[str | dict[str, Any]], now: datetime) -> tuple[Terms, ...]:
    """Return terms in their order; raises as `read_one` does."""
    return tuple(read_one(value, f"terms[{index}]", now) for index, value in enumerate(values))


def read_decidable(value: str | dict[str, Any], now: datetime, operands: Operands) -> Terms:
    """Return terms to put on the table.

    Raises `Invalid`, for what this server could never decide, what cannot travel and what can never be, too.
    """
    terms = read_one(value, "terms", now)
    for one in errors_of(terms, operands, now):
        where = f"terms.{one.path}" if one.path else "terms"
        raise Invalid(f"This server does not offer that: {one.what}.", where=where, rule="policy", hint=one.hint or None)
    return terms


def read_limits(value: s.Limits, now: datetime, want: Terms | None = None) -> Preferences:
    """Return limits of negotiation; their terms are judged where they are used. Raises as `read_one` does."""
    must = read_one(value.must, "preferences.must", now)
    return Preferences(must=must, want=want, max_rounds=value.max_rounds, ask_declared=value.ask_declared)
