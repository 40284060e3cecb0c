"""The data plane's ports in memory: second implementations, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from hanse.dataplane.ports import DataTx, Proof
from hanse.dataplane.records import Access, Grant, Permit, Place, Push
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Forbidden, Unauthenticated
from hanse.kernel.tenant import Did, Tenant

T = TypeVar("T")
ACME = Tenant("acme")
OTHER = Tenant("other")
CONSUMER = Did("did:web:localhost%3A8400:participants:factory")
MALLORY = Did("did:web:localhost%3A8400:participants:mallory")
START = datetime(2026, 1, 1, tzinfo=UTC)


def grant(transfer: str = "trf_1", tenant: Tenant = ACME) -> Grant:
    return Grant(tenant=tenant, transfer=transfer, agreement="agr_1", peer=CONSUMER)


class AccessTokens:
    def __init__(self) -> None:
        self.rows: dict[tuple[Tenant, str], Access] = {}

    def get(self, tenant: Tenant, digest: str) -> Access | None:
        return self.rows.get((tenant, digest))

    def by_refresh(self, tenant: Tenant, refresh: str) -> Access | None:
        return next((a for (t, _), a in self.rows.items() if t == tenant and a.refresh == refresh and refresh), None)

    def of_transfer(self, tenant: Tenant, transfer: str) -> list[Access]:
        mine = [a for (t, _), a in self.rows.items() if t == tenant and a.grant.transfer == transfer]
        return sorted(mine, key=lambda a: a.generation)

    def put(self, access: Access) -> None:
        self.rows[access.grant.tenant, access.hash] = access

    def delete(self, tenant: Tenant, digest: str) -> None:
        self.rows.pop((tenant, digest), None)

    def delete_transfer(self, tenant: Tenant, transfer: str) -> None:
        for access in self.of_transfer(tenant, transfer):
            self.delete(tenant, access.hash)


class ManifestRows:
    def __init__(self) -> None:
        self.rows: dict[tuple[Tenant, str], bytes] = {}

    def get(self, tenant: Tenant, asset: str) -> bytes | None:
        return self.rows.get((tenant, asset))

    def put(self, tenant: Tenant, asset: str, fingerprint: str, body: bytes) -> None:
        self.rows[tenant, asset] = body


class Pushes:
    def __init__(self) -> None:
        self.rows: dict[tuple[Tenant, str], Push] = {}

    def get(self, tenant: Tenant, transfer: str) -> Push | None:
        return self.rows.get((tenant, transfer))

    def put(self, push: Push) -> None:
        self.rows[push.grant.tenant, push.grant.transfer] = push

    def delete(self, tenant: Tenant, transfer: str) -> None:
        self.rows.pop((tenant, transfer), None)

    def waiting(self) -> list[Push]:
        return list(self.rows.values())


class Memory:
    """Database and transaction in one. Events go to `subscribers` after the work."""

    def __init__(self) -> None:
        self.access_tokens = AccessTokens()
        self.manifests = ManifestRows()
        self.pushes = Pushes()
        self.subscribers: list[Callable[[object], Any]] = []
        self._events: list[object] = []

    def emit(self, event: object) -> None:
        self._events.append(event)

    def now(self, work: Callable[[DataTx], T]) -> T:
        result = work(self)
        events, self._events = self._events, []
        for event in events:
            for subscriber in self.subscribers:
                subscriber(event)
        return result

    async def run(self, work: Callable[[DataTx], T]) -> T:
        return self.now(work)

    async def read(self, work: Callable[[DataTx], T]) -> T:
        return work(self)


@dataclass
class Permissions:
    """Transfers that may flow, by (tenant, transfer)."""

    permits: dict[tuple[Tenant, str], Permit] = field(default_factory=dict)

    async def prepare(self, tenant: Tenant, agreement: str, consumer: Did) -> None:
        pass

    def check(self, tx: DataTx, tenant: Tenant, transfer: str, agreement: str, consumer: Did) -> Permit:
        permit = self.permits.get((tenant, transfer))
        if permit is None or agreement != "agr_1" or consumer != CONSUMER:
            raise Forbidden("The transfer is not started.")
        return permit

    def take(self, tx: DataTx, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        self.check(tx, tenant, transfer, permit.agreement, permit.consumer)

    def sent(self, tx: DataTx, tenant: Tenant, transfer: str, volume: int) -> None:
        pass

    def give_back(self, tx: DataTx, tenant: Tenant, transfer: str, permit: Permit, volume: int, seconds: int) -> None:
        pass


class Proofs:
    """Bearer tokens of the form `DID|token`."""

    async def verify(self, tenant: Tenant, bearer: str) -> Proof:
        issuer, _, token = bearer.partition("|")
        if not issuer.startswith("did:"):
            raise Unauthenticated("No.")
        return Proof(Did(issuer), token or None)


class Backwards:
    """A sealer that can be seen through."""

    def seal(self, plain: bytes, context: str) -> bytes:
        return context.encode() + b"\0" + plain[::-1]

    def unseal(self, sealed: bytes, context: str) -> bytes:
        given, _, rest = sealed.partition(b"\0")
        assert given.decode() == context
        return rest[::-1]


@dataclass
class SinkPeer:
    """A sink that answers with `statuses` in turn, then 200, and keeps what it got."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    on_put: Callable[[str], Any] = lambda url: None

    async def put(self, tenant: Tenant, url: str, headers: Mapping[str, str], length: int, body: Callable[[], AsyncIterator[bytes]]) -> int:
        content = b"".join([chunk async for chunk in body()])
        assert len(content) == length
        self.on_put(url)
        self.got.append((url, dict(headers), content))
        return self.statuses.pop(0) if self.statuses else 200


@dataclass
class Told:
    """What came of the pushes."""

    events: list[tuple[str, ...]] = field(default_factory=list)

    async def completed(self, tenant: Tenant, transfer: str) -> None:
        self.events.append(("completed", tenant, transfer))

    async def failed(self, tenant: Tenant, transfer: str, reason: str) -> None:
        self.events.append(("failed", tenant, transfer, reason))


def clock() -> ManualClock:
    return ManualClock(START)


def folder(path: object) -> Place:
    return Place("folder", str(path))
