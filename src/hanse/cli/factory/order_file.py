"""An order in a file: strict YAML, whose mistakes are named by their line."""

from __future__ import annotations

import re
from difflib import get_close_matches

import msgspec

from hanse.client.factory.orders_model import NewOrder
from hanse.client.factory.orders_text import body_of
from hanse.client.yaml_file import parse_yaml
from hanse.kernel.errors import Invalid
from hanse.kernel.wording import sentence

_AT = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(.{1,200}?)`")


def read_order(text: str, file: str = "") -> NewOrder:
    """Read an order; `file` is the name to tell in faults. Raises `Malformed`, `TooLarge`, and `Invalid` with the line and the field."""
    return parse_yaml(text, _order, file)


def _order(plain: object) -> NewOrder:
    try:
        order = msgspec.convert(plain, NewOrder)
    except msgspec.ValidationError as fault:
        raise _fault(str(fault)) from None
    body_of(order)
    return order


def fields() -> list[str]:
    """Return the names that an order file may have."""
    return [one.encode_name for one in msgspec.structs.fields(NewOrder)]


def _fault(said: str) -> Invalid:
    at, name = _AT.search(said), _FIELD.search(said)
    place = ".".join(part for part in ((at[1] if at else ""), (name[1] if name else "")) if part)
    hint = _hint(said, name[1] if name else "", at[1] if at else "")
    missing = "required field" in said and name is not None
    what = f"`{name[1]}` is missing" if missing and name else sentence(_AT.sub("", said))
    return Invalid(f"{what}.", where=place or "file", rule="order-file", hint=hint)


def _hint(said: str, name: str, at: str) -> str | None:
    if "unknown field" in said and not at:
        near = get_close_matches(name.replace("_", "-"), fields(), n=1)
        return f"Perhaps `{near[0]}` is meant." if near else f"An order has: {', '.join(fields())}."
    if at.rpartition(".")[2] in ("budget", "each"):
        return "An amount and its currency, e.g. 500EUR."
    return None
