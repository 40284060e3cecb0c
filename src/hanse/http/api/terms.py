"""Policies as operators write them: the name of a template, or ODRL JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hanse.kernel.errors import Invalid
from hanse.odrl.evaluate import unsupported
from hanse.odrl.model import Terms
from hanse.odrl.read import read_terms
from hanse.odrl.templates import parse_template


def read_one(value: str | dict[str, Any], where: str, now: datetime) -> Terms:
    """Return the terms that `value` names or holds. Raises `Malformed`, `Invalid` that says where below `where`."""
    if isinstance(value, dict):
        return read_terms(value, where)
    try:
        return parse_template(value, now)
    except Invalid as error:
        raise Invalid(error.message, where=where, rule=error.rule, hint=error.hint) from None


def read_many(values: Sequence[str | dict[str, Any]], now: datetime) -> tuple[Terms, ...]:
    """Return terms in their order; raises as `read_one` does."""
    return tuple(read_one(value, f"terms[{index}]", now) for index, value in enumerate(values))


def read_decidable(value: str | dict[str, Any], now: datetime) -> Terms:
    """Return terms to put on the table. Raises `Invalid`, for what this server could never decide, too."""
    terms = read_one(value, "terms", now)
    for path, what in unsupported(terms):
        raise Invalid(f"This server cannot decide {what}, so it does not offer it.", where=f"terms.{path}", rule="policy")
    return terms
