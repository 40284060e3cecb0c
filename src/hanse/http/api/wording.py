"""What is wrong in a body, with the field that it is about."""

from __future__ import annotations

import re

from hanse.kernel.errors import Invalid
from hanse.kernel.wording import sentence

_AT = re.compile(r" - at `(.*)`$", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(.{1,200}?)`", re.DOTALL)


def invalid(said: str) -> Invalid:
    """Return the error for a complaint of the checker, with the field that it is about."""
    found = _AT.search(said)
    place = (found[1] if found else "$").removeprefix("$").removeprefix(".")
    name = _FIELD.search(said)
    where = ".".join(part for part in (place, name[1] if name else "") if part)
    rule = "type" if name is None else "unknown-field" if "unknown field" in said else "required"
    return Invalid(sentence(_AT.sub("", said))[:500] + ".", where=where or "body", rule=rule)
