"""Checks of decoded JSON that name the place and the rule, and the bounds that every policy keeps."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from hanse.kernel.errors import Invalid, Malformed

MAX_DEPTH = 16
MAX_CONSTRAINTS = 256
MAX_RULES = 256
MAX_VALUES = 4096
MAX_TEXT = 4096

Json = dict[str, object]
_SHOWN = 80


class Limits(Struct, frozen=True):
    """How many rules (duties among them), constraints and values one policy has at most."""

    rules: int
    constraints: int
    values: int


WIRE = Limits(rules=MAX_RULES, constraints=MAX_CONSTRAINTS, values=MAX_VALUES)
"""What a policy has at most that other connectors send."""


class Size(Struct, frozen=True):
    """How much of one policy has been read."""

    rules: int = 0
    constraints: int = 0
    values: int = 0


class Bounds:
    """Counts what has been read of one policy and refuses what goes over a bound."""

    def __init__(self, limits: Limits = WIRE) -> None:
        self._limits = limits
        self._constraints = 0
        self._rules = 0
        self._values = 0

    def count_rule(self, where: str) -> None:
        """Count one rule or duty; raises `Invalid` after the limit."""
        self._rules += 1
        self._check(where)

    def count_constraint(self, where: str, depth: int) -> None:
        """Count one constraint; raises `Invalid` after the limit, `Malformed` below `MAX_DEPTH`."""
        self._constraints += 1
        self._check(where)
        _check_depth(depth, where)

    def measure(self, value: object, where: str, depth: int) -> None:
        """Go through a right operand; raises as `count_constraint` does, with a limit of values in all."""
        self._values += 1
        self._check(where)
        _check_depth(depth, where)
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inner:
            self.measure(one, where, depth + 1)

    def size(self) -> Size:
        """Return how much has been read so far."""
        return Size(self._rules, self._constraints, self._values)

    def repeat(self, since: Size, times: int, where: str) -> None:
        """Count what was read after `since` `times` more; raises as above. One rule may stand for many (ODRL 2.2 IM, 2.7)."""
        self._rules += times * (self._rules - since.rules)
        self._constraints += times * (self._constraints - since.constraints)
        self._values += times * (self._values - since.values)
        self._check(where)

    def check(self, size: Size, where: str) -> None:
        """Raise `Invalid` for a policy that is larger than the limits."""
        for name, count, limit in (
            ("rules", size.rules, self._limits.rules),
            ("constraints", size.constraints, self._limits.constraints),
            ("values", size.values, self._limits.values),
        ):
            if count > limit:
                raise Invalid(f"A policy has at most {limit} {name}.", where=where[:_SHOWN], rule="policy-size")

    def _check(self, where: str) -> None:
        self.check(self.size(), where)


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
