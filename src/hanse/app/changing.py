"""Fills what derived versions need, and what the usage decision asks of a data plane that changes data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

import msgspec
from msgspec import Struct

from hanse.app.build import Ground
from hanse.connector.offers import told
from hanse.connector.records import FileSource, FolderSource, HttpSource, StoredSource
from hanse.dataplane.derived import Derived
from hanse.dataplane.manifests import Manifests
from hanse.dataplane.ports import Sources
from hanse.dataplane.spool import Spool
from hanse.dataplane.transforms.kinds import can, kind_of
from hanse.dataplane.transforms.sealing import Recipient, usable
from hanse.dcat.holding import DatasetVersion
from hanse.dcat.holding import Origin as KnownOrigin
from hanse.dcat.model import Dataset
from hanse.dcat.quality import declared
from hanse.dcat.risk import WORDS, origin_of, risk_marks
from hanse.dsp.messages import Role
from hanse.factory.facility.records import State
from hanse.http.resolve import DidResolver
from hanse.identity.did import DidDocument, VerificationMethod
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Forbidden, Invalid, PeerInvalid
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.changes import Step, chain_of
from hanse.odrl.model import Rule, Terms
from hanse.odrl.names import ANONYMIZE, ENCRYPT, PSEUDONYMISE
from hanse.sources.http import file_name
from hanse.storage import Tx
from hanse.usage.ports import Origin, UsageTx
from hanse.usage.records import Deal


class _Content(Struct):
    """Of a manifest only what names its content."""

    id: str


_CONTENT: Final = msgspec.msgpack.Decoder(_Content)
_FOLDER: Final = "released"
_STATES: Final = {ENCRYPT: "encrypted", PSEUDONYMISE: "pseudonymised", ANONYMIZE: "anonymised"}


def new_spool(ground: Ground) -> Spool:
    """Return where derived versions lie: in a folder of each participant, which its erasure clears."""
    base = ground.settings.home_path / "participants"

    def folder(tenant: Tenant) -> Path:
        return base / tenant / _FOLDER

    return Spool(folder, ground.quotas.stored_bytes)


def new_derived(ground: Ground, manifests: Manifests, sources: Sources, spool: Spool) -> Derived:
    """Return the maker of derived versions."""

    def key(tenant: Tenant, agreement: str) -> bytes:
        return ground.derive("pseudonyms", tenant, agreement)

    return Derived(manifests, sources, spool, key, RecipientKeys(ground.resolver, ground.clock))


def released_by(terms: Terms) -> tuple[Step, ...]:
    """Return the steps that data goes through under these terms. Raises `Forbidden` if they cannot be kept as they are written."""
    try:
        return chain_of(terms)
    except Invalid as error:
        raise Forbidden(error.message, where=error.where, rule="transform") from error


class ChangedData:
    """The usage decision's data port: what the data plane does to data before it is released."""

    def can(self, tx: UsageTx, tenant: Tenant, target: str, duty: Rule) -> bool:
        """Tell whether the change can be made of data of this kind. Of a folder, each file is looked at before it is released."""
        asset = cast("Tx", tx).assets.get(tenant, target)
        if asset is None:
            return False
        try:
            chain = chain_of(Terms(permissions=(Rule("use", (), (duty,)),)))
        except Invalid:
            return False
        if not chain:
            return False
        if isinstance(asset.source, FolderSource) or (isinstance(asset.source, StoredSource) and not asset.source.single):
            return True
        kind = kind_of(_name(asset.source), asset.dataset.media_type or "")
        return all(can(step, kind) for step in chain)

    def states(self, tx: UsageTx, tenant: Tenant, target: str, terms: Terms) -> frozenset[str]:
        """Return the states in which data leaves under these terms."""
        try:
            chain = chain_of(terms)
        except Invalid:
            return frozenset()
        return frozenset(_STATES[step.action] for step in chain if step.action in _STATES)

    def origin(self, tx: UsageTx, deal: Deal) -> Origin | None:
        """Return the origin of what we offer, as we describe it; of what we hold under the agreement, all versions together."""
        if deal.role is Role.PROVIDER:
            asset = cast("Tx", tx).assets.get(deal.tenant, deal.target)
            return None if asset is None else _together([(origin_of(asset.dataset), asset.dataset.licence)])
        versions = _held(tx, deal)
        return _together([(one.origin, None if one.offered is None else one.offered.licence) for one in versions]) if versions else None

    def quality(self, tx: UsageTx, deal: Deal) -> Mapping[str, tuple[Decimal, ...]] | None:
        """Return what we publish of the quality of what we offer; of what we hold under the agreement, what came with each version."""
        if deal.role is Role.PROVIDER:
            asset = cast("Tx", tx).assets.get(deal.tenant, deal.target)
            kept = None if asset is None else cast("Tx", tx).manifests.get(deal.tenant, asset.id)
            if asset is None or (kept is not None and _CONTENT.decode(kept).id != asset.dataset.version):
                return None if asset is None else {}  # it has changed since it was measured
            return _measures([told(asset.dataset, asset.preferences)])
        versions = _held(tx, deal)
        return _measures([one.offered for one in versions]) if versions else None


def _held(tx: UsageTx, deal: Deal) -> list[DatasetVersion]:
    """Return the versions that came under an agreement; what was made of them counts where nothing else is left."""
    held = cast("Tx", tx).facility.of_agreement(deal.tenant, deal.id, State.WHOLE) if deal.id else ()
    versions = [one.version for one in held]
    return [one for one in versions if not one.made_of] or versions


def _measures(found: Sequence[Dataset | None]) -> dict[str, tuple[Decimal, ...]]:
    """Return the measures that all of them declare."""
    said = [{} if one is None else declared(one) for one in found]
    names = set(said[0]).intersection(*said[1:])
    return {name: tuple(Decimal(repr(one[name])) for one in said) for name in sorted(names)}


def _together(found: Sequence[tuple[KnownOrigin, str | None]]) -> Origin:
    """Return all places, as far as those of each are known, and all marks."""
    places = frozenset(place for origin, _ in found for place in origin.places)
    known = all(origin.places for origin, _ in found)
    marks = frozenset(WORDS[mark] for origin, licence in found for mark in risk_marks(origin, licence))
    return Origin(places if known else None, marks)


def _name(source: FileSource | HttpSource | StoredSource) -> str:
    return file_name(source.url) if isinstance(source, HttpSource) else source.path


class RecipientKeys:
    """Finds the key of a consumer that data is encrypted to: one for key agreement, else the one that it signs with."""

    def __init__(self, resolver: DidResolver, clock: Clock) -> None:
        self._resolver = resolver
        self._clock = clock

    async def __call__(self, tenant: Tenant, did: Did) -> Recipient | None:
        """Return the key, or nothing where the DID document has none that would do. Raises `PeerUnreachable`."""
        del tenant
        try:
            document = await self._resolver.resolve(did)
        except PeerInvalid:
            return None
        if document.id != did:
            return None
        now = self._clock.now().timestamp()
        found = (_recipient(document, method, now) for method in (*document.agreement_keys(), *_signing(document)))
        return next((one for one in found if one is not None), None)


def _signing(document: DidDocument) -> list[VerificationMethod]:
    """Return the keys that the participant signs with now, the newest (the last) first."""
    methods = [m for m in document.verification_method if document.allows("authentication", document.absolute(m.id))]
    return methods[::-1]


def _recipient(document: DidDocument, method: VerificationMethod, now: float) -> Recipient | None:
    kid, jwk = document.absolute(method.id), method.public_key_jwk
    try:
        ended = method.end is not None and method.end <= now
    except Invalid:
        ended = True
    if ended or jwk is None or not kid.startswith(f"{document.id}#"):
        return None
    members = usable(jwk)
    return None if members is None else Recipient(kid, members)
