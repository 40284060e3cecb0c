"""API tokens of operators: `hanse_<operator id>_<secret>`. The id says whose it is, the secret proves it.

The secret is 32 random bytes, 43 characters of base64url. Only the SHA-256 of the whole token is stored: with 256 bits
of chance nothing slower is needed, and a stolen database opens no door.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

SECRET_LENGTH = 43

_TOKEN = re.compile(rf"hanse_(op_[0-9a-z]{{1,40}})_[A-Za-z0-9_-]{{{SECRET_LENGTH}}}")


def new_secret() -> str:
    """Return 32 random bytes as 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def make(operator_id: str, secret: str) -> str:
    """Return the token of an operator."""
    return f"hanse_{operator_id}_{secret}"


def digest(token: str) -> str:
    """Return the SHA-256 of a token, as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def operator_of(token: str) -> str | None:
    """Return the operator id that a token names, or nothing if it has not the shape of a token."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def same(left: str, right: str) -> bool:
    """Compare two digests in a time that does not depend on where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())
