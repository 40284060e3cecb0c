"""The credentials that peers have presented, kept so that they can be verified again without asking anybody for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from hanse.identity.credentials.model import MAX_CREDENTIALS, MAX_PRESENTATION, Verified
from hanse.identity.credentials.read import read_credential
from hanse.kernel.errors import Unauthenticated
from hanse.kernel.tenant import Did, Tenant
from hanse.trust.ports import Database, TrustTx
from hanse.trust.records import Presented


class Keeping:
    """What each peer has presented to each participant in each space: the last of every type."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, tenant: Tenant, holder: Did, space: str, credentials: Sequence[Verified], now: datetime) -> int:
        """Keep what was verified by the space's rules, in place of what was kept of the same types; return how many are kept then.

        Nothing is written unless something has changed.
        """
        before = await self._database.read(lambda tx: tx.presented.get(tenant, holder))
        texts = _merged(credentials, before, space, now)
        if before is None or set(texts) != set(before.under(space)):
            await self._database.run(lambda tx: _write(tx, tenant, holder, space, credentials, now))
        return len(texts)

    async def kept(self, tenant: Tenant, holder: Did, space: str) -> tuple[str, ...]:
        """Return the credentials (JWTs) that are kept for the space, none if there are none."""
        found = await self._database.read(lambda tx: tx.presented.get(tenant, holder))
        return () if found is None else found.under(space)

    async def all(self, tenant: Tenant, holder: Did) -> tuple[str, ...]:
        """Return the credentials that are kept for any space, each once."""
        found = await self._database.read(lambda tx: tx.presented.get(tenant, holder))
        texts = [] if found is None else [found.credentials, *found.spaces.values()]
        return tuple(dict.fromkeys(one for some in texts for one in some))

    async def spaces(self, tenant: Tenant, holder: Did) -> frozenset[str]:
        """Return the spaces in which the peer has presented something."""
        found = await self._database.read(lambda tx: tx.presented.get(tenant, holder))
        return frozenset() if found is None else frozenset(found.spaces)


def _write(tx: TrustTx, tenant: Tenant, holder: Did, space: str, credentials: Sequence[Verified], now: datetime) -> None:
    before = tx.presented.get(tenant, holder)
    texts = _merged(credentials, before, space, now)
    # What was kept before there were several spaces is all of this one's, once it is written anew.
    others = {} if before is None else before.spaces
    tx.presented.put(Presented(tenant=tenant, holder=holder, at=now, spaces={**others, space: texts}))


def _merged(credentials: Sequence[Verified], before: Presented | None, space: str, now: datetime) -> tuple[str, ...]:
    """Return the new ones, then the earlier ones of other types, as far as they fit into one presentation."""
    types = {kind for one in credentials for kind in one.credential.types}
    texts = dict.fromkeys(one.credential.text for one in credentials)
    size = sum(map(len, texts))
    for text in () if before is None else before.under(space):
        if text in texts or not _is_other(text, types, now):
            continue
        size += len(text)
        if len(texts) >= MAX_CREDENTIALS or size > MAX_PRESENTATION:
            break
        texts[text] = None
    return tuple(texts)


def _is_other(text: str, types: Collection[str], now: datetime) -> bool:
    try:
        credential = read_credential(text).credential
    except Unauthenticated:  # written by an earlier version of this program
        return False
    ended = credential.valid_until is not None and credential.valid_until <= now
    return not ended and not any(kind in types for kind in credential.types)
