"""Collects what proves something about a version, a model or an agreement, and makes one archive of it.

A derived version leads to all that it was made of, and so to all agreements under which it stands.

What is asked for leads to the rest: a model to its versions (by what was stated when it was trained), a version to its agreement, an
agreement to everything that either side stated, to the parties, their keys and their credentials.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.pack import Agreed, Contents, Proofs, Shown, Stored, Written, pack
from hanse.evidence.dsse import read_envelope
from hanse.evidence.statement import Statement, digest_of, statement_of
from hanse.factory.custody.export import ports
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, NotFound
from hanse.kernel.tenant import Tenant

MOST: Final = 50_000
"""Entries in one archive; the newest, and what is left out is said."""
LOOKED: Final = 500_000
"""Entries about no agreement that are looked at to find those about a version or a model."""


class Exported(Struct, frozen=True):
    """An archive, its SHA-256, what it is about, and what is not in it, in sentences."""

    archive: bytes
    sha256: str
    about: f.About
    missing: tuple[str, ...]


class Exporting:
    """Makes archives for all participants of this server."""

    def __init__(
        self,
        agreements: ports.Agreements,
        statements: ports.Statements,
        identities: ports.Identities,
        credentials: ports.Credentials,
        versions: ports.Versions,
        documents: ports.Documents,
        clock: Clock,
        program: str,
    ) -> None:
        self.agreements = agreements
        self.statements = statements
        self.identities = identities
        self.credentials = credentials
        self.versions = versions
        self.documents = documents
        self._clock = clock
        self._program = program
        self._one = asyncio.Lock()

    async def export(self, tenant: Tenant, name: str, also: Sequence[Written] = ()) -> Exported:
        """Return the archive about a version (`name@number`), an agreement or a model; `also` are more documents that go into it.

        Raises `NotFound`, `TooLarge`.
        """
        async with self._one:  # it takes a while, and so would another one
            return await self._exported(tenant, name, also)

    async def _exported(self, tenant: Tenant, name: str, also: Sequence[Written]) -> Exported:
        found = _Collected()
        found.documents += also
        about = await self._find(tenant, name, found)
        await self._follow(tenant, found)
        pen = await self.identities.pen(tenant)
        made = self._clock.now()
        proofs = await self._proofs(tenant, found)
        found.parties.add(pen.did)
        credentials = [one for party in sorted(found.parties) for one in await self.credentials.of(tenant, party)]
        keys, dids = await self._identities(tenant, found, {one.record.issuer for one in credentials})
        self._say_missing(found, dids, credentials)
        contents = Contents(
            promise=f.Promise(about, pen.did, made, self._program, tuple(found.missing)),
            keys=tuple(keys),
            dids=tuple(dids),
            proofs=proofs,
            agreements=tuple(found.agreements.values()),
            versions=tuple(found.versions.values()),
            credentials=tuple(credentials),
            documents=tuple(found.documents),
            model=f.ModelRecord(about.name, tuple(sorted(found.trained))) if about.kind == "model" else None,
        )
        archive = await asyncio.to_thread(pack, contents, pen.kid, pen.sign)
        return Exported(archive, digest_of(archive), about, tuple(found.missing))

    async def _find(self, tenant: Tenant, name: str, found: _Collected) -> f.About:
        """Find out what a name names, and begin with it."""
        version = await self.versions.get(tenant, name) if "@" in name else None
        if version is not None:
            await self._add_input(tenant, version.id, "", found)
            return f.About("dataset", version.id)
        agreement = await self.agreements.get(tenant, name)
        if agreement is not None:
            found.agreements[name] = agreement
            for one in await self.versions.under(tenant, name):
                found.names.add(one.id)
                await self._add_version(tenant, one, found)
            return f.About("agreement", name)
        await self._add_model(tenant, name, found)
        if not found.trained:
            raise NotFound(
                f"There is no version, no agreement and no model {name[:80]!r} here.",
                where="about",
                hint="Name a version as `name@number`, a contract by its id, or a model that a statement in the ledger names.",
            )
        return f.About("model", name)

    async def _add_model(self, tenant: Tenant, name: str, found: _Collected) -> None:
        """Find how a model was made, and the versions that went into it."""
        looked, inputs = 0, set[str]()
        async for entry in self.statements.about(tenant, ""):
            looked += 1
            statement = _read(entry)
            says = None if statement is None else statement.predicate
            if isinstance(says, k.Trained) and says.model == name:
                found.add(entry)
                found.trained.add(entry.index)
                found.names.add(name)
                inputs |= {one.version for one in says.inputs}
            if looked >= LOOKED:
                found.missing.append(f"Only the newest {LOOKED} statements were looked at.")
                break
        for id in sorted(inputs):
            await self._add_input(tenant, id, "the model", found)
        found.documents += await self.documents.of(tenant, name) if found.trained else ()

    async def _add_input(self, tenant: Tenant, id: str, into: str, found: _Collected) -> None:
        """Add a version that went into something, with all that it was made of itself."""
        waiting = [(id, into)]
        while waiting:
            one, into = waiting.pop(0)
            found.names.add(one)
            version = None if one in found.versions else await self.versions.get(tenant, one)
            if version is not None:
                await self._add_version(tenant, version, found)
                waiting += [(source.version, version.id) for source in version.made_of]
            elif one not in found.versions:
                found.missing.append(f"{one}, which went into {into}, is not known here any more.")

    async def _add_version(self, tenant: Tenant, version: DatasetVersion, found: _Collected) -> None:
        files = await self.versions.files(tenant, version.id)
        lines = None if files is None else tuple(f.FileLine(one.path, one.sha256, one.size) for one in files)
        found.versions[version.id] = Stored(_record(version), lines)
        if version.order is not None:
            found.names.add(version.order)
        if version.provider is not None:
            found.parties.add(version.provider)
        if version.agreement is not None and version.agreement not in found.agreements:
            agreement = await self.agreements.get(tenant, version.agreement)
            if agreement is None:
                found.missing.append(f"The agreement {version.agreement}, under which {version.id} came, is not here.")
            else:
                found.agreements[version.agreement] = agreement
        written = await self.documents.of(tenant, version.id)
        found.documents += written
        kinds = {one.kind for one in written}
        if "quality" not in kinds:
            found.missing.append(f"No report on the quality of {version.id} was made.")
        if "pipeline" not in kinds and not version.made_of:
            found.missing.append(f"No steps that prepared {version.id} are recorded.")

    async def _follow(self, tenant: Tenant, found: _Collected) -> None:
        """Collect all that was stated about the agreements, and about the versions and the model by their names."""
        for id, agreement in found.agreements.items():
            found.parties |= {agreement.record.assigner, agreement.record.assignee}
            async for entry in self.statements.about(tenant, id):
                if len(found.entries) >= MOST:
                    found.missing.append(f"Older statements about {id} than the newest {MOST} are left out.")
                    break
                found.add(entry)
        looked = 0
        async for entry in self.statements.about(tenant, ""):
            looked += 1
            if looked > LOOKED or len(found.entries) >= MOST:
                found.missing.append("Older statements about the data that name no agreement are left out.")
                break
            if not found.names.isdisjoint(_names(_read(entry))):
                found.add(entry)

    async def _proofs(self, tenant: Tenant, found: _Collected) -> Proofs:
        entries = [found.entries[index] for index in sorted(found.entries)]
        proved = await self.statements.prove(tenant, [one.index for one in entries])
        lines = tuple(_line(one, proved) for one in entries)
        receipts = tuple(f.ReceiptLine(entry=one.index, envelope=msgspec.Raw(one.receipt)) for one in entries if one.receipt)
        return Proofs(proved.checkpoint, lines, receipts, proved.witnessed, proved.witnesses)

    async def _identities(self, tenant: Tenant, found: _Collected, issuers: Collection[str]) -> tuple[list[f.KnownKey], list[f.KnownDid]]:
        """Return the keys that prove what is in the archive, and the DID documents of the parties, and of who issued their credentials."""
        dids = [await self.identities.document(tenant, did) for did in sorted(found.parties | set(issuers))]
        keys: dict[tuple[str, str], f.KnownKey] = {}
        for did in dids:
            for kid, jwk in published(did).items():
                keys[kid, str(sorted(jwk.items()))] = f.KnownKey(kid, jwk, "document")
        own = await self.identities.own_keys(tenant)
        known = [f.KnownKey(kid, _public(jwk), "own") for kid, jwk in own.items()]
        known += [f.KnownKey(read_envelope(one.raw).keyid, _public(one.key), "arrival") for one in found.entries.values()]
        for one in known:
            keys.setdefault((one.kid, str(sorted(one.jwk.items()))), one)
        return sorted(keys.values(), key=lambda one: (one.kid, one.origin)), dids

    def _say_missing(self, found: _Collected, dids: Sequence[f.KnownDid], credentials: Sequence[Shown]) -> None:
        found.missing += [f"The DID document of {one.did} could not be had when this was exported." for one in dids if one.document is None]
        holders = {one.record.holder for one in credentials}
        found.missing += [f"No credential of {did} is kept here." for did in sorted(found.parties - holders)]
        if not found.versions and not found.trained:
            found.missing.append("No data that came under this agreement is kept here.")


class _Collected:
    """What was found so far."""

    def __init__(self) -> None:
        self.agreements: dict[str, Agreed] = {}
        self.versions: dict[str, Stored] = {}
        self.documents: list[Written] = []
        self.entries: dict[int, ports.Logged] = {}
        self.trained: set[int] = set()
        self.parties: set[str] = set()
        self.names: set[str] = set()
        self.missing: list[str] = []

    def add(self, entry: ports.Logged) -> None:
        self.entries[entry.index] = entry
        self.parties.add(entry.signer)


def published(did: f.KnownDid) -> dict[str, f.Jwk]:
    """Return the keys in a DID document, by their full names."""
    methods = did.document.get("verificationMethod") if did.document is not None else None
    found: dict[str, f.Jwk] = {}
    for one in methods if isinstance(methods, list) else []:
        if isinstance(one, dict) and isinstance(one.get("publicKeyJwk"), dict):
            name = str(one.get("id", ""))
            found[did.did + name if name.startswith("#") else name] = _public(one["publicKeyJwk"])
    return found


def _public(jwk: Mapping[str, object]) -> f.Jwk:
    """Return the public members of a key: whatever else stands there, no secret leaves."""
    return {name: value for name in ("kty", "crv", "x", "y", "n", "e") if isinstance(value := jwk.get(name), str)}


def _record(version: DatasetVersion) -> f.VersionRecord:
    offered = None if version.offered is None else msgspec.to_builtins(structs.replace(version.offered, offers=()))
    return f.VersionRecord(
        id=version.id,
        root=version.root,
        count=version.count,
        size=version.size,
        stored=version.stored,
        agreement=version.agreement,
        provider=version.provider,
        dataset=version.dataset,
        sums=version.sums,
        origin=msgspec.to_builtins(version.origin),
        offered=offered,
        deleted=version.deleted,
        made_of=tuple(f.SourceRecord(one.version, one.root) for one in version.made_of),
        under=version.under,
    )


def _line(entry: ports.Logged, proved: ports.Proved) -> f.EntryLine:
    return f.EntryLine(
        index=entry.index,
        appended=entry.at,
        proof=tuple(one.hex() for one in proved.proofs[entry.index]),
        seen=tuple(one.hex() for one in proved.seen.get(entry.index, ())),
        sent=entry.sent,
        reason=entry.reason,
        envelope=msgspec.Raw(entry.raw),
    )


def _read(entry: ports.Logged) -> Statement | None:
    """Return what an entry states; nothing if it is of a kind that is not known here."""
    try:
        return statement_of(read_envelope(entry.raw))
    except HanseError:
        return None


def _names(statement: Statement | None) -> set[str]:
    """Return the versions, models and orders that a statement is about."""
    if statement is None:
        return set()
    says = statement.predicate
    found = {statement.subject.name}
    if isinstance(says, k.Trained | k.Derived):
        found |= {one.version for one in says.inputs}
    told = (getattr(says, name, "") for name in ("version", "order", "subject", "model"))
    return found | {one for one in told if isinstance(one, str) and one}
