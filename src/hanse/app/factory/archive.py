"""Builds the export of evidence, and fills its ports with the connector, the ledger, the wallet and what peers presented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec

from hanse import __version__
from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide, digest_of
from hanse.app.factory.witnesses import WitnessSide
from hanse.connector.records import Contract
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dsp.messages import Role
from hanse.evidence import merkle
from hanse.evidence.archive import format as f
from hanse.evidence.archive.pack import Agreed, Shown, Written
from hanse.evidence.statement import digest_of as sha256
from hanse.factory.custody.export import ports
from hanse.factory.custody.export.service import Exporting
from hanse.factory.facility.facility import Facility
from hanse.identity.credentials.lists import StatusList, open_list
from hanse.identity.credentials.model import MAX_CREDENTIALS, Credential
from hanse.identity.credentials.read import read_credential
from hanse.identity.exchange import FetchStatusList, Inquiry
from hanse.kernel.errors import HanseError, Invalid, NotFound, StorageFailed
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.log import with_nodes
from hanse.ledger.records import Entry, Sent
from hanse.odrl.forms.write import write_agreement
from hanse.odrl.normal import normal_form, terms_hash
from hanse.odrl.say import say_agreement
from hanse.storage import Database, Tx

PAGE: Final = 500
"""Entries that are read in one transaction."""
PATIENCE: Final = 5.0
"""Seconds for witnesses to see the log as it is, before it is exported as they saw it last."""
_PERSONAL: Final = ("email", "phone", "givenname", "familyname", "firstname", "lastname", "birth", "nationalid", "gender", "person")
"""Parts of names of members that tell of a person."""


class ContractAgreements:
    """Agreements out of the connector's contracts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant: Tenant, id: str) -> Agreed | None:
        """Return an agreement, ended or not."""
        contract = await self._database.read(lambda tx: tx.contracts.get(tenant, id))
        return None if contract is None else agreed(contract)


def agreed(contract: Contract) -> Agreed:
    """Return a contract's agreement as an archive has it."""
    made = contract.agreement
    record = f.AgreementRecord(
        id=made.id,
        target=made.target,
        assigner=made.assigner,
        assignee=made.assignee,
        terms_hash=terms_hash(made.terms),
        digest=digest_of(made),
        normal="-",
        policy=write_agreement(made),
        words="-",
        role="provider" if contract.role is Role.PROVIDER else "consumer",
        finalized=contract.finalized,
        ended=contract.ended,
        end_how=contract.end_how,
        end_reason=contract.end_reason,
        attested=contract.attested,
    )
    return Agreed(record, normal_form(made.terms), tuple(say_agreement(made, {})))


class LedgerStatements:
    """The log with its proofs, and what its witnesses saw of it."""

    def __init__(self, database: Database, evidence: EvidenceSide, witnesses: WitnessSide) -> None:
        self._database = database
        self._ledger = evidence.ledger
        self._witnessing = witnesses.witnessing

    async def about(self, tenant: Tenant, agreement: str) -> AsyncIterator[ports.Logged]:
        """Yield the entries about an agreement, or about none, newest first."""
        before: int | None = None
        while True:
            page = await self._database.read(lambda tx, before=before: _page(tx, tenant, agreement, before))  # type: ignore[misc]
            for entry, sent in page:
                yield _logged(entry, sent)
            if len(page) < PAGE:
                return
            before = page[-1][0].index

    async def prove(self, tenant: Tenant, indexes: Sequence[int]) -> ports.Proved:
        """Prove entries under the log's checkpoint of now, and under the newest that witnesses have seen."""
        with suppress(TimeoutError, HanseError):  # without them, the archive says since when nothing was witnessed
            await asyncio.wait_for(self._seen(tenant), PATIENCE)
        cosigned = await self._witnessing.cosigned(tenant)
        bundle = await self._ledger.prove_all(tenant, indexes)
        if cosigned is None:
            return ports.Proved(bundle.checkpoint, bundle.proofs)
        below = [index for index in indexes if index < cosigned.size]
        seen = await self._database.read(lambda tx: _proofs(tx, tenant, below, cosigned.size))
        keys = tuple(f.WitnessRecord(one.did, one.name, dict(one.jwk)) for one in cosigned.witnesses)
        return ports.Proved(bundle.checkpoint, bundle.proofs, cosigned.note, seen, keys)

    async def _seen(self, tenant: Tenant) -> None:
        if await self._witnessing.due(tenant):
            await self._witnessing.round(tenant)


def _page(tx: Tx, tenant: Tenant, agreement: str, before: int | None) -> list[tuple[Entry, Sent | None]]:
    found = tx.ledger.page(tenant, before=before, limit=PAGE, agreement=agreement)
    return [(entry, tx.sent.get(tenant, entry.id)) for entry in found]


def _logged(entry: Entry, sent: Sent | None) -> ports.Logged:
    more: dict[str, Any] = {} if sent is None else {"sent": sent.state.value, "reason": sent.reason, "receipt": sent.receipt}
    return ports.Logged(index=entry.index, signer=entry.signer, at=entry.at, raw=entry.raw, key=entry.key, **more)


def _proofs(tx: Tx, tenant: Tenant, indexes: Sequence[int], size: int) -> dict[int, tuple[bytes, ...]]:
    return with_nodes(tx, tenant, lambda node: {index: merkle.inclusion_proof(index, size, node) for index in indexes})


class WalletIdentities:
    """Keys and DID documents."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def pen(self, tenant: Tenant) -> ports.Pen:
        """Return what the participant signs with now. Raises `NotFound`."""
        lent = await self._ground.database.run(lambda tx: self._ground.signing.pen(tx, tenant))
        return ports.Pen(lent.did, lent.kid, lent.sign)

    async def own_keys(self, tenant: Tenant) -> Mapping[str, Mapping[str, str]]:
        """Return the public JWKs of all keys that the participant ever had, by name."""
        return await self._ground.database.read(lambda tx: self._ground.signing.keys(tx, tenant))

    async def document(self, tenant: Tenant, did: str) -> f.KnownDid:
        """Return a party with its DID document as it is now; without one, if it cannot be had."""
        try:
            document = await self._ground.resolver.resolve(Did(did))
        except HanseError:
            return f.KnownDid(did)
        return f.KnownDid(did, self._ground.clock.now(), msgspec.to_builtins(document) if document.id == did else None)


class KeptCredentials:
    """What the participant holds, and what peers presented to it, with what the issuers' lists say of it now."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def of(self, tenant: Tenant, holder: str) -> Sequence[Shown]:
        """Return the credentials that are kept of a party."""
        own = holder == self._ground.tenants.did_of(tenant)
        texts = await self._ground.database.read(lambda tx: _held(tx, tenant) if own else _presented(tx, tenant, Did(holder)))
        return [await self._shown(holder, text, at) for text, at in texts]

    async def _shown(self, holder: str, text: str, at: datetime) -> Shown:
        credential = read_credential(text).credential
        personal = _personal(credential.subjects)
        status, lists = await self._status(credential)
        record = f.CredentialRecord(
            holder=holder,
            issuer=credential.issuer,
            types=credential.types,
            sha256=sha256(text.encode()),
            presented=at,
            valid_from=credential.valid_from,
            valid_until=credential.valid_until,
            withheld="It says something about a person." if personal else "",
            status=status,
            checked=None if status == "unknown" else self._ground.clock.now(),
        )
        return Shown(record, None if personal else text, lists)

    async def _status(self, credential: Credential) -> tuple[str, tuple[str, ...]]:
        """Return what the issuer's lists say, and the lists; `unknown` if one cannot be had or believed."""
        said, lists = "valid", []
        for entry in credential.statuses:
            try:
                text, found = await self._ground.resolver.drive(
                    _list(entry.status_list_credential, credential.issuer, self._ground.clock.now())
                )
                unset = not found.bits[entry.index]
            except HanseError:
                return "unknown", ()
            lists.append(text)
            if not unset:
                said = "revoked" if entry.status_purpose == "revocation" or said == "revoked" else "suspended"
        return said, tuple(lists)


def _list(url: str, issuer: str, now: datetime) -> Inquiry[tuple[str, StatusList]]:
    """Fetch a status list and prove it; return it as it came, too."""
    raw = yield FetchStatusList(url)
    assert isinstance(raw, bytes)
    opened = yield from open_list(raw, url, issuer, now)
    return raw.decode("ascii").strip(), opened


def _held(tx: Tx, tenant: Tenant) -> list[tuple[str, datetime]]:
    return [(one.text, one.received) for one in tx.held.page(tenant, after=None, limit=MAX_CREDENTIALS)]


def _presented(tx: Tx, tenant: Tenant, holder: Did) -> list[tuple[str, datetime]]:
    found = tx.presented.get(tenant, holder)
    if found is None:
        return []
    texts = dict.fromkeys([*found.credentials, *(text for some in found.spaces.values() for text in some)])
    return [(text, found.at) for text in texts]


def _personal(value: object) -> bool:
    """Tell whether a member, at any depth, tells of a person."""
    if isinstance(value, Mapping):
        return any(any(part in str(name).lower() for part in _PERSONAL) or _personal(one) for name, one in value.items())
    return isinstance(value, list | tuple) and any(map(_personal, value))


class FacilityVersions:
    """Versions out of the facility, deleted ones, too."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def get(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version, deleted or not; nothing if there never was one."""
        try:
            return (await self._facility.record(tenant, id)).version
        except (NotFound, Invalid):
            return None

    async def under(self, tenant: Tenant, agreement: str) -> Sequence[DatasetVersion]:
        """Return the versions that came under an agreement, deleted ones, too."""
        found: list[DatasetVersion] = []
        after: str | None = None
        while True:
            page = await self._facility.versions(tenant, agreement=agreement, gone=True, after=after, limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found
            after = page[-1].id

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile] | None:
        """Return the files of a version; nothing if their list is gone, or cannot be read any more."""
        try:
            return await self._facility.files(tenant, id)
        except (NotFound, Invalid, StorageFailed):
            return None


class NoVersions:
    """A participant without a facility: it has no versions."""

    async def get(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return nothing."""
        return None

    async def under(self, tenant: Tenant, agreement: str) -> Sequence[DatasetVersion]:
        """Return nothing."""
        return ()

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile] | None:
        """Return nothing."""
        return None


class NoDocuments:
    """Nobody makes documents."""

    async def of(self, tenant: Tenant, subject: str) -> Sequence[Written]:
        """Return nothing."""
        return ()


class ArchiveSide:
    """The export. Who makes documents of versions and models sets `exporting.documents`."""

    def __init__(self, ground: Ground, evidence: EvidenceSide, witnesses: WitnessSide, facility: Facility | None = None) -> None:
        self.exporting = Exporting(
            ContractAgreements(ground.database),
            LedgerStatements(ground.database, evidence, witnesses),
            WalletIdentities(ground),
            KeptCredentials(ground),
            NoVersions() if facility is None else FacilityVersions(facility),
            NoDocuments(),
            ground.clock,
            f"Hanse {__version__}",
        )
