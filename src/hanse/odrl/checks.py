"""Checks of decoded JSON that name the place and the rule, and the bounds that every policy keeps."""

from __future__ import annotations

from collections.abc import Collection

from hanse.kernel.errors import Invalid, Malformed

MAX_DEPTH = 16
MAX_CONSTRAINTS = 256
MAX_RULES = 256
MAX_VALUES = 4096
MAX_TEXT = 4096

Json = dict[str, object]
_SHOWN = 80


class Bounds:
    """Counts what has been read of one policy and refuses what goes over a bound."""

    def __init__(self) -> None:
        self._constraints = 0
        self._rules = 0
        self._values = 0

    def count_rule(self, where: str) -> None:
        """Count one rule or duty; raises `Invalid` after `MAX_RULES`."""
        self._rules += 1
        if self._rules > MAX_RULES:
            raise Invalid(f"A policy has at most {MAX_RULES} rules.", where=where, rule="policy-size")

    def count_constraint(self, where: str, depth: int) -> None:
        """Count one constraint; raises `Invalid` after `MAX_CONSTRAINTS`, `Malformed` below `MAX_DEPTH`."""
        self._constraints += 1
        if self._constraints > MAX_CONSTRAINTS:
            raise Invalid(f"A policy has at most {MAX_CONSTRAINTS} constraints.", where=where, rule="policy-size")
        _check_depth(depth, where)

    def measure(self, value: object, where: str, depth: int) -> None:
        """Go through a right operand; raises as `count_constraint` does, with `MAX_VALUES` values in all."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise Invalid(f"A policy has at most {MAX_VALUES} values.", where=where, rule="policy-size")
        _check_depth(depth, where)
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inner:
            self.measure(one, where, depth + 1)


def _check_depth(depth: int, where: str) -> None:
    if depth > MAX_DEPTH:
        # The path of something this deep helps nobody; its beginning does.
        raise Malformed(f"A policy is nested at most {MAX_DEPTH} deep.", where=where[:_SHOWN], rule="policy-depth")


def as_object(value: object, where: str) -> Json:
    """Return `value` if it is a JSON object, else raise `Malformed`."""
    if not isinstance(value, dict):
        raise Malformed("A JSON object is needed here.", where=where, rule="policy-object")
    return value


def as_list(value: object, where: str) -> list[object]:
    """Return `value` if it is a JSON array, else raise `Invalid`."""
    if not isinstance(value, list):
        raise Invalid("An array is needed here.", where=where, rule="policy-array", hint="Put it in [ ].")
    return value


def as_text(value: object, where: str) -> str:
    """Return `value` if it is text of 1 to `MAX_TEXT` characters, else raise `Invalid`."""
    if value is None:
        raise Invalid("This is missing.", where=where, rule="policy-missing")
    if not isinstance(value, str) or not value:
        raise Invalid("Text is needed here.", where=where, rule="policy-text")
    if len(value) > MAX_TEXT:
        raise Invalid(f"Text has at most {MAX_TEXT} characters here.", where=where, rule="policy-size")
    return value


def optional_text(value: Json, key: str, where: str) -> str | None:
    """Return the text at `key`, or `None` when the key is absent; errors as in `as_text`."""
    return as_text(value[key], f"{where}.{key}") if key in value else None


def check_keys(value: Json, known: Collection[str], where: str) -> None:
    """Raise `Invalid` for the first key that is not known."""
    for key in value:
        if key not in known:
            raise Invalid(
                "This member is not known here, and dropping it could drop a term.",
                where=f"{where}.{str(key)[:_SHOWN]}",
                rule="policy-unknown-member",
                hint=f"Known: {', '.join(sorted(known))}.",
            )
