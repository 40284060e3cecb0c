"""What becomes of wallets in a restore: keys, held credentials, requests at issuers, and DCP messages on their way.

A key comes back in the stricter of the states that the backup and the replaced database know. The rest of a wallet is as
the replaced database has it, if that vouches for its owner: then nothing was lost, and what was on its way goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from hanse.app.recovery.restoring import Restoring
from hanse.kernel.tenant import Tenant
from hanse.storage import Tx
from hanse.wallet.keys import retired
from hanse.wallet.ports import SealedKey
from hanse.wallet.records import CredentialRequest, Held, Letter, RequestState

_Record = Held | CredentialRequest | Letter


def restore_wallets(restoring: Restoring) -> None:
    """Cut down, or bring forward, all wallets."""
    _keys(restoring)
    _contents(restoring)
    _requests(restoring)


def stricter(one: SealedKey, other: SealedKey) -> SealedKey:
    """Return a key in the stricter of two states: compromised since the earliest moment, private part destroyed if it ever was.

    It verifies for as long as either needs it. A compromised key that was released stays released: everything that counts
    was signed anew.
    """
    both = (one, other)
    released = any(key.compromised is not None and key.needed_until is None for key in both)
    return structs.replace(
        one,
        sealed=one.sealed if other.sealed else b"",
        retired=_first(key.retired for key in both),
        needed_until=None if released else max((key.needed_until for key in both if key.needed_until is not None), default=None),
        compromised=_first(key.compromised for key in both),
    )


def _keys(restoring: Restoring) -> None:
    tx = restoring.tx
    keys = {(key.tenant, key.kid): key for tenant in restoring.same for key in tx.keys.list(tenant)}
    for former in restoring.former.keys:
        if former.tenant not in restoring.same:
            continue
        key = keys.get((former.tenant, former.kid))
        if key is None:
            tx.keys.put(former)
        elif key.public_jwk == former.public_jwk:
            tx.keys.put(stricter(key, former))
    for tenant in restoring.same:
        for key in tx.keys.list(tenant)[:-1]:
            tx.keys.put(retired(key, restoring.now))
    if any(tenant not in restoring.vouched for (tenant,) in tx.rows.all("SELECT tenant FROM participants")):
        restoring.advice.append(
            f"Keys that were rotated or declared compromised after {restoring.as_of} are in use again as they were then:"
            " declare it again before you confirm their participants."
        )


def _contents(restoring: Restoring) -> None:
    tx, former, vouched = restoring.tx, restoring.former, restoring.vouched
    for tenant in vouched:
        for table in ("held_credentials", "credential_requests"):
            tx.rows.execute(f"DELETE FROM {table} WHERE tenant = ?", (tenant,))  # noqa: S608 - names of this module
    records: Sequence[_Record] = (*former.held, *former.requests, *former.letters)
    for record in records:
        if record.tenant in vouched:
            _put(tx, record)


def _put(tx: Tx, record: _Record) -> None:
    if isinstance(record, Held):
        tx.held.put(record)
    elif isinstance(record, CredentialRequest):
        tx.requests.put(record)
    else:
        tx.letters.put(record)


def _requests(restoring: Restoring) -> None:
    """Give up requests whose message is lost: whether it arrived, only the issuer knows. What it delivers is taken all the same."""
    reason = f"This side was restored from a backup of {restoring.as_of}; ask again."
    for tenant, doc in restoring.tx.rows.all("SELECT tenant, doc FROM credential_requests"):
        request = msgspec.json.decode(doc, type=CredentialRequest)
        if Tenant(tenant) not in restoring.vouched and request.state is RequestState.ASKED:
            given_up = structs.replace(request, state=RequestState.FAILED, reason=reason, updated=restoring.now)
            restoring.tx.requests.put(given_up)
            restoring.counts["requests for credentials given up"] += 1


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
