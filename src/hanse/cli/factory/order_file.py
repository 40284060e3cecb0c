"""An order in a file: strict YAML, whose mistakes are named by their line."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import msgspec

from hanse.client.factory.orders_model import NewOrder
from hanse.client.factory.orders_text import body_of
from hanse.kernel.errors import Invalid
from hanse.kernel.wording import sentence

if TYPE_CHECKING:
    from hanse.anchor.rulebook.yamltree import Node

_AT = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_FIELD = re.compile(r"(?:unknown|required) field `(.{1,200}?)`")


def read_order(text: str, file: str = "") -> NewOrder:
    """Read an order; `file` is the name to tell in faults. Raises `Malformed`, `TooLarge`, and `Invalid` with the line and the field."""
    try:
        return _read(text)
    except Invalid as fault:
        where = ": ".join(part for part in (file, "" if file and fault.where == "file" else fault.where or "") if part)
        raise type(fault)(fault.message, where=where, rule=fault.rule, hint=fault.hint) from None


def _read(text: str) -> NewOrder:
    from hanse.anchor.rulebook.yamltree import parse

    tree = parse(text)
    try:
        order = msgspec.convert(tree.plain(), NewOrder)
    except msgspec.ValidationError as fault:
        raise _fault(str(fault), tree) from None
    try:
        body_of(order)
    except Invalid as fault:
        raise Invalid(
            f"Line {_line(tree, fault.where or '')}: {fault.message}", where=fault.where, rule=fault.rule, hint=fault.hint
        ) from None
    return order


def fields() -> list[str]:
    """Return the names that an order file may have."""
    return [one.encode_name for one in msgspec.structs.fields(NewOrder)]


def _fault(said: str, tree: Node) -> Invalid:
    at, name = _AT.search(said), _FIELD.search(said)
    place = ".".join(part for part in ((at[1] if at else ""), (name[1] if name else "")) if part)
    hint = _hint(said, name[1] if name else "", at[1] if at else "")
    missing = "required field" in said and name is not None
    what = f"`{name[1]}` is missing" if missing and name else sentence(_AT.sub("", said))
    message = f"Line {_line(tree, place)}: {what}."
    return Invalid(message, where=place or "file", rule="order-file", hint=hint)


def _hint(said: str, name: str, at: str) -> str | None:
    if "unknown field" in said and not at:
        near = get_close_matches(name.replace("_", "-"), fields(), n=1)
        return f"Perhaps `{near[0]}` is meant." if near else f"An order has: {', '.join(fields())}."
    if at.rpartition(".")[2] in ("budget", "each"):
        return "An amount and its currency, e.g. 500EUR."
    return None


def _line(tree: Node, place: str) -> int:
    """Return the line of a field, or of the nearest that is there above it."""
    path = tuple(int(part) if part.isdecimal() else part for part in re.split(r"[.\[\]]+", place) if part)
    for length in range(len(path), -1, -1):
        node = tree.at(path[:length])
        if node is not None:
            return node.line
    return tree.line
