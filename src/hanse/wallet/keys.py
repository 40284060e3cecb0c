"""The life of a participant's keys: which one signs, which ones only verify, which ones are gone, and what the world sees of it.

| state | in the DID document | private key |
|---|---|---|
| active: the newest | in all three relationships | sealed |
| retired, during `GRACE` | in all three: tokens are under way, and another process may still sign with it | sealed |
| retired, until `needed_until` | in `assertionMethod` alone: it only verifies what it signed | destroyed |
| compromised, until `needed_until` | in `assertionMethod` alone, with `revoked` | destroyed at once |
| neither, later on | not at all: what it signed counts no more | destroyed |

`revoked` is a member of verification methods in Controlled Identifiers 1.0, 2.2. It stands on compromised keys alone, since
some readers refuse members that they do not know. Nothing here asks for the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct, structs

from hanse.identity.dcp import access
from hanse.identity.did import PublishedKey
from hanse.identity.keys import KindName
from hanse.identity.self_issued import LEEWAY
from hanse.kernel.errors import Conflict, NotFound
from hanse.kernel.tenant import Tenant
from hanse.wallet.ports import SealedKey, WalletTx

KEY_AGE: Final = timedelta(minutes=5)
"""How long a parsed key is used before the newest is looked up again: another process may have rotated it."""
GRACE: Final = KEY_AGE + access.MAX_LIFETIME + LEEWAY
"""How long a retired key stays what it was: until the last process has noticed, and the last token that it signed has ended."""
MAX_PUBLISHED: Final = 32
"""Keys that a DID document may hold before another rotation has to wait; readers take 64 at least."""

_DAY: Final = timedelta(days=1)

State = Literal["active", "retired", "compromised"]


class KeyInfo(Struct, frozen=True):
    """What people may know of a key. `until` is when it leaves the DID document (None: not before it is retired).

    `compromised` is the moment since when what it signs is refused.
    """

    kid: str
    kind: KindName
    created: datetime
    state: State
    until: datetime | None = None
    compromised: datetime | None = None


def newest(tx: WalletTx, tenant: Tenant) -> SealedKey:
    """Return the key that signs now; in a writing transaction nobody else changes it. Raises `NotFound`."""
    key = tx.keys.get(tenant)
    if key is not None and key.retired is not None:
        # Whoever waited for the lock of a rotation sees the old key as it is now, but the new one only when it looks again.
        key = tx.keys.get(tenant)
    if key is None:
        raise _missing(tenant)
    return key


def all_keys(tx: WalletTx, tenant: Tenant) -> Sequence[SealedKey]:
    """Return the participant's keys, the oldest first; in a writing transaction nobody else changes them. Raises `NotFound`."""
    keys = tx.keys.list(tenant)
    if keys and keys[-1].retired is not None:
        keys = tx.keys.list(tenant)  # as above
    if not keys:
        raise _missing(tenant)
    return keys


def retired(key: SealedKey, now: datetime) -> SealedKey:
    """Return the key without its place, if it still has one."""
    return key if key.retired is not None else structs.replace(key, retired=now)


def compromised(key: SealedKey, since: datetime, now: datetime) -> SealedKey:
    """Return the key as one that somebody else may have had since then. The earliest moment that was ever named counts."""
    first = since if key.compromised is None else min(since, key.compromised)
    return structs.replace(retired(key, now), compromised=first, sealed=b"")


def tidied(key: SealedKey, now: datetime) -> SealedKey:
    """Return the key without its private part, if nobody signs with it any more."""
    over = key.retired is not None and now >= key.retired + GRACE
    return structs.replace(key, sealed=b"") if over and key.sealed else key


def needed(key: SealedKey, until: datetime) -> SealedKey:
    """Return the key as one that has to verify until then, if it was not already."""
    return key if key.needed_until is not None and key.needed_until >= until else structs.replace(key, needed_until=until)


def whole_day(moment: datetime) -> datetime:
    """Return the next midnight (UTC) after `moment` and the leeway of whoever verifies, so that a key changes once a day at most."""
    late = (moment + LEEWAY).astimezone(UTC)
    day = late.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == late else day + _DAY


def published(keys: Sequence[SealedKey], now: datetime) -> list[PublishedKey]:
    """Return what the DID document holds of these keys, in their order."""
    return [one for one in (_published(key, now) for key in keys) if one is not None]


def check_room(keys: Sequence[SealedKey], now: datetime) -> None:
    """Raise `Conflict` if the DID document has no room for another key."""
    if len(published(keys, now)) >= MAX_PUBLISHED:
        raise Conflict(
            f"{MAX_PUBLISHED} keys are in use or still needed, and a DID document with more may be refused.",
            where="tenant",
            rule="keys",
            hint="Rotate later, when what the old ones signed has ended.",
        )


def info(key: SealedKey) -> KeyInfo:
    """Return what people may know of the key."""
    if key.compromised is not None:
        return KeyInfo(key.kid, key.kind, key.created, "compromised", key.needed_until or key.retired, key.compromised)
    if key.retired is None:
        return KeyInfo(key.kid, key.kind, key.created, "active")
    end = key.retired + GRACE
    return KeyInfo(key.kid, key.kind, key.created, "retired", end if key.needed_until is None else max(end, key.needed_until))


def _missing(tenant: Tenant) -> NotFound:
    return NotFound(f"There is no participant {tenant} here.", where="tenant")


def _published(key: SealedKey, now: datetime) -> PublishedKey | None:
    if key.compromised is None and (key.retired is None or now < key.retired + GRACE):
        return PublishedKey(key.kid, key.public_jwk)
    if key.needed_until is not None and now < key.needed_until:
        return PublishedKey(key.kid, key.public_jwk, ("assertionMethod",), key.compromised)
    return None
