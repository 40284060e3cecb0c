"""Short, typed, copyable ids: `neg_06f9…`. They sort by the time they were made.

| prefix | what it names |
|---|---|
| neg | negotiation |
| agr | agreement |
| trf | transfer |
| ds  | dataset (an asset on offer) |
| off | offer |
| msg | message in the outbox |
| op  | operator |
| inv | invitation to a space |
| vc  | credential |
| req | a holder's request for credentials |
| iss | the same at its issuer |
| ltr | DCP message on its way |
| rfs | refusal of a peer's claims |
| led | signed statement in a ledger |
| use | opening of stored data |
| ord | order for data |
| lea | lease of a stored version to a node |
| hld | legal hold |
| mir | mirror of a provider's collection |
"""

from __future__ import annotations

import secrets
from typing import Literal, Protocol

from hanse.kernel.clock import Clock

Prefix = Literal[
    "neg", "agr", "trf", "ds", "off", "msg", "op", "jti", "tok", "bak", "inv", "vc",
    "req", "iss", "ltr", "rfs", "led", "use", "ord", "lea", "hld", "mir", "asm",
]  # fmt: skip

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing that reads like something else


class Ids(Protocol):
    """Makes ids. Unguessable: knowing one says nothing about another."""

    def new(self, prefix: Prefix) -> str:
        """Return a new id such as `neg_06f9k2…` (prefix, underscore, 22 characters)."""
        ...


def _base32(number: int, digits: int) -> str:
    out = []
    for _ in range(digits):
        out.append(_ALPHABET[number & 31])
        number >>= 5
    return "".join(reversed(out))


class RandomIds:
    """48 bits of time (milliseconds, so that indexes stay local) and 62 bits of chance."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self, prefix: Prefix) -> str:
        """Return a new id with the given prefix."""
        moment = int(self._clock.now().timestamp() * 1000)
        return f"{prefix}_{_base32(moment << 62 | secrets.randbits(62), 22)}"


class CountedIds:
    """`neg_1`, `neg_2`, ...: for tests that compare."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, prefix: Prefix) -> str:
        """Return the next id with the given prefix."""
        self._count += 1
        return f"{prefix}_{self._count}"
