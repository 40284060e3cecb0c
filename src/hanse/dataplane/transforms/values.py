"""What becomes of one value: marks, pseudonyms, rounded numbers.

The mark stands for any text. A number, a date or anything else that is no text becomes null instead, so that a column
keeps its type; in CSV everything is text. What is null stays null.
"""

from __future__ import annotations

import hashlib
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

from hanse.dataplane.transforms.refusal import Unkeepable

MARK: Final = "***"
"""What masked text becomes, whatever its length was."""

_BLOCK: Final = 64
_LONGEST_NUMBER: Final = 100
_LARGEST_EXPONENT: Final = 400
_EXACT: Final = Context(prec=_LONGEST_NUMBER + 2 * _LARGEST_EXPONENT, rounding=ROUND_HALF_EVEN)


class Pseudonyms:
    """Pseudonyms under one key: HMAC-SHA-256 of the value's bytes, its first 128 bits in hexadecimal.

    The key is one agreement's alone, so a person has the same pseudonym in all columns and files of an agreement, and
    another one in every other agreement. Nothing is trimmed or folded before: what is spelt otherwise is somebody else.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("a key has 32 bytes")
        self.key = key
        padded = key.ljust(_BLOCK, b"\0")
        # RFC 2104 with both pads hashed once, not once per value.
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def of(self, value: bytes) -> str:
        """Return the pseudonym: 32 hexadecimal digits."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return outer.hexdigest()[:32]


def rounded(text: bytes, digits: int, column: str) -> bytes:
    """Return a decimal number with at most `digits` digits after the point, half to even. Fewer digits stay as they are.

    Raises `Unkeepable` for what is no number: a text that is let through whole would not be rounded.
    """
    try:
        number = Decimal(text.decode("ascii").strip()) if len(text) <= _LONGEST_NUMBER else Decimal("NaN")
    except (UnicodeDecodeError, InvalidOperation):
        number = Decimal("NaN")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or b"_" in text or abs(exponent) > _LARGEST_EXPONENT:
        raise Unkeepable(f"The terms ask for {column[:200]!r} to be rounded, and not all of its values are plain numbers.")
    if exponent >= -digits:
        return text
    return f"{number.quantize(Decimal(1).scaleb(-digits), context=_EXACT):f}".encode()
