"""Where one service's port is filled with another service: the only place in which they meet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import quote

from hanse.connector.door import use_once
from hanse.connector.kit import Kit
from hanse.connector.offers import Found
from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Asset, FileSource, FolderSource, HttpSource, Source, StoredSource, Transfer
from hanse.connector.rules import Move
from hanse.connector.transfers import Sink, Transfers
from hanse.dataplane.flows import Flows
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.ports import Proof
from hanse.dataplane.records import STORED, STORED_FILE, Grant, Halted, Manifest, Place
from hanse.dcat.model import Checksum
from hanse.dsp.messages import DataAddress
from hanse.http.authenticate import OwnDid, Since
from hanse.http.resolve import DidResolver
from hanse.identity.self_issued import verify
from hanse.kernel.errors import Conflict
from hanse.kernel.tenant import Did, Tenant
from hanse.participants.ports import ParticipantsTx
from hanse.storage import Tx
from hanse.wallet.seal import MasterKeySealer
from hanse.wallet.wallet import Wallet

HALTED = "halted"
"""The broadcast that cuts a transfer's streams in every server process; its payload is `TENANT TRANSFER`."""

_ENDING = frozenset({"terminate", "complete"})


class ContextSealer:
    """Seals anything that is not a key under the installation's master key, bound to a context."""

    def __init__(self, sealer: MasterKeySealer) -> None:
        self._sealer = sealer

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt; `context` must be the same when it is opened."""
        return self._sealer.seal(plain, tenant=Tenant(""), kid=context)

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """Decrypt."""
        return self._sealer.unseal(sealed, tenant=Tenant(""), kid=context)


def place_of(source: Source) -> Place:
    """Return a connector's source as the data plane's place."""
    if isinstance(source, FileSource):
        return Place("file", source.path)
    if isinstance(source, HttpSource):
        return Place("http", source.url)
    return Place("folder", source.path) if isinstance(source, FolderSource) else stored_place(source)


def stored_place(source: StoredSource) -> Place:
    """Return a place in the facility; what is kept under another agreement than the source names is not found there."""
    at = f"{quote(source.agreement or '', safe='')}/{source.version}/{source.path}"
    return Place(STORED_FILE if source.single else STORED, at)


class FlowBridge:
    """The connector's data plane port, filled by this process's own flows."""

    def __init__(self, data: Flows) -> None:
        self._flows = data

    def check(self, tx: ConnectorTx, tenant: Tenant, source: Source) -> None:
        """Raise if the source is not there or not allowed any more."""
        self._flows.check(tenant, place_of(source))

    def start(self, tx: ConnectorTx, transfer: Transfer, sink: DataAddress | None) -> DataAddress | None:
        """Begin to serve, or to push."""
        asset = tx.assets.get(transfer.tenant, transfer.dataset)
        if asset is None:
            raise Conflict("The dataset of this transfer is gone.", rule="dataset")
        self.check(tx, transfer.tenant, asset.source)
        if sink is None:
            return self._flows.start_pull(cast("Tx", tx), _grant(transfer))
        self._flows.start_push(cast("Tx", tx), _grant(transfer), sink)
        return None

    def started(self, tx: ConnectorTx, transfer: Transfer, address: DataAddress | None) -> None:
        """Nothing to prepare: a pull is fetched by whoever asked for it."""

    def halt(self, tx: ConnectorTx, transfer: Transfer) -> None:
        """Cut what runs in every server process; tokens are revoked when the transfer ends.

        A suspension leaves them: they open nothing while it lasts, and the consumer's own resumption needs them.
        """
        ending = transfer.final or (transfer.intent is not None and transfer.intent.step in _ENDING)
        if ending:
            self._flows.halt(cast("Tx", tx), transfer.tenant, transfer.id)
        else:
            tx.emit(Halted(transfer.tenant, transfer.id))
        cast("Tx", tx).broadcast(HALTED, f"{transfer.tenant} {transfer.id}")


def own_sink(data: Flows) -> Sink:
    """Return what makes this server's own inbox ready for a push."""
    return lambda tx, transfer: data.prepare_sink(cast("Tx", tx), _grant(transfer))


def _grant(transfer: Transfer) -> Grant:
    return Grant(tenant=transfer.tenant, transfer=transfer.id, agreement=transfer.agreement_id, peer=transfer.peer)


class SourceInspector:
    """Looks at a source for the connector, by the data plane's manifests."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self.bind: Callable[[Tenant, StoredSource], Awaitable[StoredSource]] | None = None
        """Finds out under which agreement stored data came; filled in by the facility."""

    async def inspect(self, tenant: Tenant, source: Source) -> Found:
        """Return what can be found out."""
        if isinstance(source, StoredSource) and self.bind is not None:
            source = await self.bind(tenant, source)
        facts = await self._manifests.inspect(tenant, place_of(source))
        digests = (("sha256", facts.sha256), ("blake3", facts.blake3))
        known = {
            "title": facts.title or "",
            "description": facts.description or "",
            "licence": facts.licence,
            "language": (facts.language,) if facts.language else (),
            "media_type": facts.media_type,
            "byte_size": facts.size if facts.size >= 0 else None,
            "files": facts.files if not facts.manifest.single else None,
            "source": source,
            "checksums": tuple(Checksum(name, value) for name, value in digests if value),
            "version": facts.manifest.id,
            "manifest": facts.manifest,
            "reservations": facts.reservations,
        }
        return Found(**known)  # type: ignore[arg-type]

    def keep(self, tx: ConnectorTx, asset: Asset, found: Found) -> None:
        """Keep the manifest, so that nothing is read twice."""
        if isinstance(found.manifest, Manifest):
            self._manifests.keep(cast("Tx", tx), asset.tenant, asset.id, found.manifest)


class RefreshVerifier:
    """Proves who renews an access token: a self-issued token, used once.

    What it carries is the data's own token (Data Plane Signaling, section 8), so no credentials can be asked for with it:
    those that its sender presented before must still hold.
    """

    def __init__(self, kit: Kit, own: OwnDid, resolver: DidResolver, since: Since) -> None:
        self._kit = kit
        self._since = since
        self._own = own
        self._resolver = resolver

    async def verify(self, tenant: Tenant, bearer: str) -> Proof:
        """Return what the token proves."""
        _, did = await self._own(tenant)
        caller = await self._resolver.drive(verify(bearer, did, self._kit.clock.now(), since=self._since()))
        await self._kit.membership.standing(tenant, caller.did)
        await self._kit.database.run(lambda tx: use_once(tx, tenant, caller.did, caller.jti, caller.expires))
        return Proof(caller.did, caller.token)


class PushOutcome:
    """Tells the connector what came of a push."""

    def __init__(self, transfers: Transfers) -> None:
        self._transfers = transfers

    async def completed(self, tenant: Tenant, transfer: str) -> None:
        """Complete the transfer."""
        await self._move(tenant, transfer, Move("complete"))

    async def failed(self, tenant: Tenant, transfer: str, reason: str) -> None:
        """End the transfer with the reason."""
        await self._move(tenant, transfer, Move("terminate", reason=reason))

    async def _move(self, tenant: Tenant, transfer: str, move: Move) -> None:
        try:
            await self._transfers.move(tenant, transfer, move, "us")
        except Conflict:
            return  # ended or halted by the other side meanwhile: there is nothing left to say


class NewKeys:
    """Makes a new participant's key in its wallet."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def make(self, tx: ParticipantsTx, tenant: Tenant, did: Did) -> None:
        """Make and store the key, in this transaction."""
        self._wallet.create(cast("Tx", tx), tenant, did)
