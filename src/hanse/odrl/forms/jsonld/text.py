"""JSON text to Python values, strictly: what two readers could understand in two ways is refused."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

from hanse.kernel.errors import Malformed, TooLarge

MAX_BYTES = 5_000_000


def decode(text: bytes | str) -> object:
    """Return what JSON text says, numbers with a point as `Decimal`, so that no digit is lost.

    Raises `TooLarge` over `MAX_BYTES`, `Malformed` for what is no JSON, for a name that comes twice in one object (one of the
    two would be lost), for NaN and Infinity, and for what is nested too deep.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"A policy has at most {MAX_BYTES:,} bytes.", where="policy", rule="policy-size")
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_float=Decimal, parse_constant=_constant)
    except RecursionError:
        raise Malformed("The policy is nested too deep.", where="policy", rule="policy-depth") from None
    except UnicodeDecodeError:
        raise Malformed("The policy is no UTF-8 text.", where="policy", rule="policy-json") from None
    except (ValueError, ArithmeticError) as error:
        raise Malformed("The policy is no JSON.", where="policy", rule="policy-json", hint=_place(error)) from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Malformed("A member comes twice, and one of the two would be lost.", where=twice[:80], rule="policy-twice")
    return found


def _constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _place(error: Exception) -> str | None:
    return f"{error.msg}, line {error.lineno}, column {error.colno}." if isinstance(error, json.JSONDecodeError) else None
