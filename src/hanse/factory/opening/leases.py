"""Leases for nodes without network: openings that are counted when they are granted, and accounted for when the node is back.

A lease counts all of its openings at once, because nobody can count them later without the node's help: what is not used of it stays
used. It never lasts longer than the permission holds that was decided on, nor longer than `LONGEST`.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.dsse import read_envelope
from hanse.evidence.leases import FORMAT, Checked, Keys, LeaseFile, check_log
from hanse.evidence.statement import Subject, digest_of
from hanse.factory.opening.openings import naming
from hanse.factory.opening.ports import Database, Ledger, OpeningTx, Stored, Uses
from hanse.factory.opening.records import Lease, Place, Unlocked
from hanse.identity.keys import VerifyingKey
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Tenant

LONGEST: Final = timedelta(days=31)
"""How long a node may go without giving account."""
MOST_OPENINGS: Final = 1_000
"""Openings of one lease: all are decided and counted in one transaction, which must not take long."""
MAX_LOG: Final = 64 << 20
"""Bytes of a log that comes back."""
_ALGORITHMS: Final = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}


class Lending:
    """Gives leases, and takes their logs back."""

    def __init__(self, database: Database, stored: Stored, uses: Uses, ledger: Ledger, place: Place, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._stored = stored
        self._uses = uses
        self._ledger = ledger
        self._place = place
        self._clock = clock
        self._ids = ids

    async def give(
        self,
        tenant: Tenant,
        version: str,
        jwk: Mapping[str, str],
        *,
        action: str,
        stated: Mapping[str, str],
        lasts: timedelta,
        openings: int,
    ) -> tuple[Lease, LeaseFile]:
        """Lend a version to the node with that public key (JWK, P-256), for so long and so many openings; return the lease's file.

        Raises `Forbidden` with the reasons if the agreement does not permit so many uses, `Invalid`, `NotFound`, `Conflict`.
        """
        key = _node_key(jwk)
        if not 1 <= openings <= MOST_OPENINGS:
            raise Invalid(f"A lease has 1 to {MOST_OPENINGS} openings.", where="openings", rule="openings")
        if not timedelta() < lasts <= LONGEST:
            raise Invalid(f"A lease lasts at most {LONGEST.days} days.", where="hours", rule="lasts")
        unlocked = await self._stored.unlocked(tenant, version)
        found, now = unlocked.version, self._clock.now()
        until = now + lasts
        uses: tuple[str, ...] = ()
        if found.agreements:
            with naming(found):
                end = await self._uses.holds_until(tenant, found.agreements, action, stated)
                until = min(until, end or until)
                uses = await self._uses.open(tenant, found.agreements, action, stated, openings)
        lease = Lease(
            tenant=tenant,
            id=self._ids.new("lea"),
            version=found.id,
            root=found.root,
            agreement=found.agreement,
            under=found.under,
            holder=key.thumbprint(),
            jwk=dict(jwk),
            action=action,
            stated=dict(stated),
            openings=openings,
            granted=now,
            until=until,
            uses=uses,
        )
        signed = await self._database.run(lambda tx: self._grant(tx, lease))
        return signed, self._file(signed, unlocked, key)

    async def take_back(self, tenant: Tenant, id: str, log: bytes) -> Lease:
        """Take a lease's log of use; the lease is over then. The same log again gets the same answer.

        Raises `NotFound`, `Invalid` naming the line that is false, `TooLarge`, and `Conflict` for another log than the one that came.
        """
        lease = await self.get(tenant, id)
        if len(log) > MAX_LOG:
            raise Invalid(f"The log is larger than {MAX_LOG} bytes.", where="log", rule="lease-log")
        file = LeaseFile(FORMAT, msgspec.Raw(lease.statement), "")
        check = VerifyingKey.from_jwk(dict(lease.jwk)).verify_bytes
        # In a thread: thousands of signatures take a while, in which others shall be served.
        checked = await asyncio.to_thread(check_log, log, file, check)
        kept = await self._database.run(lambda tx: self._returned(tx, tenant, id, checked))
        for use in kept.uses:
            await self._uses.close(tenant, use)
        return kept

    async def get(self, tenant: Tenant, id: str) -> Lease:
        """Return a lease. Raises `NotFound`."""
        return _there(await self._database.read(lambda tx: tx.leases.get(tenant, id)), id)

    async def page(self, tenant: Tenant, after: str | None, limit: int) -> Sequence[Lease]:
        """Return up to `limit` leases, newest first, those older than the id `after`."""
        return await self._database.read(lambda tx: tx.leases.page(tenant, after=after, limit=limit))

    def _grant(self, tx: OpeningTx, lease: Lease) -> Lease:
        subject = Subject.of(lease.version, lease.root)
        said = [self._leased(lease, agreement) for agreement in lease.agreements or ("",)]
        envelopes = [self._ledger.state(tx, lease.tenant, subject, says) for says in said]
        signed = structs.replace(lease, statement=envelopes[0])
        tx.leases.put(signed)
        return signed

    def _leased(self, lease: Lease, agreement: str) -> k.Leased:
        return k.Leased(
            agreement=agreement,
            lease=lease.id,
            version=lease.version,
            holder=lease.holder,
            until=lease.until,
            action=lease.action,
            purpose=_purpose(lease.stated),
            openings=lease.openings,
        )

    def _file(self, lease: Lease, unlocked: Unlocked, key: ECKey) -> LeaseFile:
        digest = digest_of(read_envelope(lease.statement).payload)
        keys = Keys(
            lease=digest,
            hot=self._place.hot,
            cold=self._place.cold,
            manifest=unlocked.manifest,
            key=urlsafe_b64encode(unlocked.key).decode("ascii"),
        )
        sealed = jwe.encrypt_compact(_ALGORITHMS, msgspec.json.encode(keys), key)
        return LeaseFile(FORMAT, msgspec.Raw(lease.statement), sealed)

    def _returned(self, tx: OpeningTx, tenant: Tenant, id: str, checked: Checked) -> Lease:
        lease = _there(tx.leases.get(tenant, id), id)
        if lease.returned is not None:
            if lease.log != checked.sha256:
                hint = f"`hanse lease show {id}` shows what came back."
                raise Conflict("Another log of this lease came back already.", where="lease", rule="returned", hint=hint)
            return lease
        facts: dict[str, Any] = {"openings": len(checked.openings), "log": checked.sha256, "gaps": checked.gaps}
        for agreement in lease.agreements or ("",):
            says = k.Returned(agreement=agreement, lease=id, version=lease.version, **facts)
            self._ledger.state(tx, tenant, Subject.of(lease.version, lease.root), says)
        kept = structs.replace(lease, used=len(checked.openings), gaps=checked.gaps, log=checked.sha256, returned=self._clock.now())
        tx.leases.put(kept)
        return kept


def _node_key(jwk: Mapping[str, str]) -> ECKey:
    hint = "`hanse lease key` makes one on the node."
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or "d" in jwk:
        raise Invalid("A node's key is a public P-256 key as JWK.", where="node", rule="node-key", hint=hint)
    try:
        VerifyingKey.from_jwk(dict(jwk))
        return ECKey.import_key(dict(jwk))
    except (JoseError, ValueError):
        raise Invalid("The node's key cannot be read.", where="node", rule="node-key", hint=hint) from None


def _purpose(stated: Mapping[str, str]) -> str | None:
    return next((value for name, value in stated.items() if name.rpartition(":")[2] == "purpose"), None)


def _there(lease: Lease | None, id: str) -> Lease:
    if lease is None:
        raise NotFound(f"There is no lease {id[:80]!r} here.", where="id", hint="`hanse lease list` shows them.")
    return lease


def until_of(lease: Lease, now: datetime) -> str:
    """Return how a lease stands, in a word: `lent`, `overdue` or `returned`."""
    if lease.returned is not None:
        return "returned"
    return "overdue" if now >= lease.until else "lent"
