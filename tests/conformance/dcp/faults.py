"""What may be wrong with a token that a call carries: one table for all the endpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.conformance.dcp.jose import Key
from tests.conformance.dcp.parties import Party

HOUR = 3600
MINUTE = 60
"""As little as a leeway may never be (DCP 1.0, 4.3.3)."""


@dataclass(frozen=True)
class Call:
    """Who calls whom; `claims` are what a good token has besides the usual."""

    sender: Party
    audience: str
    third: Party
    claims: dict[str, Any]

    def signed(self, **changes: Any) -> str:
        """Return a header with a token that is signed as it should be, and has these claims."""
        return self.sender.bearer(self.audience, self.claims | changes)


def _now() -> int:
    return int(time.time())


def _wrong_key(call: Call) -> str:
    other = Key(call.sender.did)
    return "Bearer " + other.sign(call.sender.claims(call.audience, call.claims), kid=call.sender.key.kid)


def _unknown_kid(call: Call) -> str:
    name = f"{call.sender.did}#unknown-{uuid4()}"
    return "Bearer " + call.sender.key.sign(call.sender.claims(call.audience, call.claims), kid=name)


def _unresolvable(call: Call) -> str:
    did = f"{call.sender.did.rpartition(':')[0]}:nobody-{uuid4()}"
    claims = call.sender.claims(call.audience, call.claims | {"iss": did, "sub": did})
    return "Bearer " + call.sender.key.sign(claims, kid=f"{did}#{call.sender.key.kid.partition('#')[2]}")


def _not_for_invocation(call: Call) -> str:
    return "Bearer " + call.sender.presenting.sign(call.sender.claims(call.audience, call.claims))


FAULTS: dict[str, Callable[[Call], str | None]] = {
    "no header": lambda call: None,
    "no prefix": lambda call: call.signed().removeprefix("Bearer "),
    "wrong key": _wrong_key,
    "unknown kid": _unknown_kid,
    "unresolvable": _unresolvable,
    "not for invocation": _not_for_invocation,
    "expired": lambda call: call.signed(iat=_now() - 2 * MINUTE, exp=_now() - MINUTE),
    "expired long ago": lambda call: call.signed(iat=_now() - HOUR - MINUTE, exp=_now() - HOUR),
    "from the future": lambda call: call.signed(iat=_now() + MINUTE, exp=_now() + 2 * MINUTE),
    "from the far future": lambda call: call.signed(iat=_now() + HOUR, exp=_now() + HOUR + MINUTE),
    "not yet": lambda call: call.signed(nbf=_now() + MINUTE),
    "not for long": lambda call: call.signed(nbf=_now() + HOUR),
    "for somebody else": lambda call: call.signed(aud=call.third.did),
    "issuer is not subject": lambda call: call.signed(sub=call.third.did),
    "subject is not issuer": lambda call: call.signed(iss=call.third.did),
    "by a stranger": lambda call: call.third.bearer(call.audience, call.claims),
}
"""By name, what makes the header (None for none) of a call with that fault."""


def table(lines: str) -> dict[str, str]:
    """Read lines of a case's name and the name of its fault."""
    named = dict(line.split(None, 1) for line in lines.splitlines() if line)
    assert set(named.values()) <= set(FAULTS), named
    return named
