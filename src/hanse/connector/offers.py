"""Own offers: assets are made, edited and withdrawn here, and everything about them is checked when it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType, structs

from hanse.connector.kit import Kit
from hanse.connector.ports import ConnectorTx
from hanse.connector.preferences import Preferences, check_preferences
from hanse.connector.records import Answering, Asset, HttpSource, Source, StoredSource
from hanse.connector.rights import check_rights
from hanse.dcat.model import Agent, Checksum, Claim, Dataset, Measured, Stated
from hanse.dcat.names import RAI_TERMS
from hanse.dcat.write import DataServiceRef, encode_dataset
from hanse.kernel.errors import Conflict, Invalid, NotFound, TooMany
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl import names
from hanse.odrl.check import errors_of
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.places import PLACES, place
from hanse.odrl.model import Offer, Terms
from hanse.odrl.names import is_did
from hanse.odrl.reservations.model import Reservation

FORMATS = ("HttpData-PULL", "HttpData-PUSH")


class Found(Struct, frozen=True, kw_only=True):
    """What could be found out about a source. `byte_size` is in bytes; what is unknown is absent."""

    title: str = ""
    description: str = ""
    licence: str | None = None
    language: tuple[str, ...] = ()
    media_type: str | None = None
    byte_size: int | None = None
    files: int | None = None
    checksums: tuple[Checksum, ...] = ()
    version: str | None = None
    manifest: object = None
    """What the data plane has computed and wants to keep with the asset; nothing the connector reads."""
    reservations: tuple[Reservation, ...] = ()
    source: Source | None = None
    """The source as it is kept, where more was found out of it."""


class Inspector(Protocol):
    """Looks at a source: is it there, may this participant offer it, and what is it?"""

    async def inspect(self, tenant: Tenant, source: Source) -> Found:
        """Return what can be found out. Raises `Forbidden`, `Invalid` or `SourceVanished`."""
        ...

    def keep(self, tx: ConnectorTx, asset: Asset, found: Found) -> None:
        """Keep what was computed for the asset, in the transaction that stores it."""
        ...


class Description(Struct, kw_only=True):
    """What an owner says of an asset; what is unset is found out, or stays as it is in an edit.

    `spatial` are the places that the data is about or was collected in, `creators` names, IRIs or DIDs of who made it, `rai` statements by
    term of the Croissant RAI vocabulary (`dcat.croissant.rai`).
    """

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    keywords: tuple[str, ...] | UnsetType = UNSET
    theme: str | UnsetType | None = UNSET
    licence: str | UnsetType | None = UNSET
    language: tuple[str, ...] | UnsetType = UNSET
    media_type: str | UnsetType | None = UNSET
    spatial: tuple[str, ...] | UnsetType = UNSET
    creators: tuple[str, ...] | UnsetType = UNSET
    rai: Mapping[str, tuple[str, ...]] | UnsetType = UNSET
    visible_to: tuple[Did, ...] | UnsetType = UNSET
    answering: Answering | UnsetType = UNSET
    preferences: Preferences | UnsetType | None = UNSET
    derived_from: tuple[str, ...] | UnsetType = UNSET
    rights_held: bool | UnsetType = UNSET
    terms: tuple[Terms, ...] | UnsetType = UNSET


_TEXTS = {"title": 300, "description": 10_000, "theme": 500, "licence": 500, "media_type": 200}
_LISTS = {
    "keywords": (64, 100),
    "language": (64, 40),
    "spatial": (64, 200),
    "creators": (64, 500),
    "visible_to": (1_000, 2_048),
    "derived_from": (64, 2_048),
}
_FORMS = {
    "media_type": (re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;.*)?", re.ASCII), "a media type such as text/csv (RFC 6838)"),
    "language": (re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"), "a language tag such as en or pt-BR (BCP 47)"),
    "theme": (re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+"), "the address (IRI) of a theme in a vocabulary"),
}


class Offers:
    """The use cases of own assets."""

    def __init__(
        self,
        kit: Kit,
        inspector: Inspector,
        asset_quota: Callable[[Tenant], int] = lambda _: 100_000,
        operands: Operands = BUILT_IN,
    ) -> None:
        self._kit = kit
        self._operands = operands
        self._inspector = inspector
        self._quota = asset_quota

    async def create(self, tenant: Tenant, source: Source, said: Description) -> Asset:
        """Offer a source. Raises `Invalid` naming field and rule, `Forbidden` for a source outside the allowed ones."""
        self._check(said)
        found = await self._inspector.inspect(tenant, source)
        now = self._kit.clock.now()
        id = self._kit.ids.new("ds")
        terms = said.terms if not isinstance(said.terms, UnsetType) else ()
        formats = FORMATS[:1] if isinstance(source, HttpSource) else FORMATS
        dataset = Dataset(id=id, title=found.title or _name_of(source) or id, issued=now, modified=now, formats=formats)
        dataset = _described(_with_facts(dataset, found), said)
        dataset = structs.replace(dataset, offers=self._offers(terms))
        asset = Asset(id=id, tenant=tenant, dataset=dataset, source=found.source or source, created=now, updated=now)
        asset.reservations = found.reservations
        _set_access(asset, said)

        def work(tx: ConnectorTx) -> Asset:
            check_rights(tx, asset, self._operands)
            self._put_new(tx, asset)
            self._inspector.keep(tx, asset, found)
            return asset

        return await self._kit.database.run(work)

    async def edit(self, tenant: Tenant, id: str, said: Description) -> Asset:
        """Change what is said of an asset. Contracts that stand keep their own terms; new terms hold for new ones."""
        self._check(said)

        def work(tx: ConnectorTx) -> Asset:
            asset = self._held(tx, tenant, id)
            asset.dataset = structs.replace(_described(asset.dataset, said), modified=self._kit.clock.now())
            if not isinstance(said.terms, UnsetType):
                asset.dataset = structs.replace(asset.dataset, offers=self._offers(said.terms))
            _set_access(asset, said)
            check_rights(tx, asset, self._operands)
            self._put(tx, asset)
            return asset

        return await self._kit.database.run(work)

    async def declare(self, tenant: Tenant, id: str, version: str | None, measures: Sequence[Measured], claims: Sequence[Claim]) -> Asset:
        """Declare measures of quality with an asset, in the place of those that are declared; with none take them back.

        `version` is that of the content that was measured. Raises `Conflict` (rule `stale`) if it is another now.
        """

        def work(tx: ConnectorTx) -> Asset:
            asset = self._held(tx, tenant, id)
            if measures and asset.dataset.version != version:
                raise Conflict("The data has changed since it was looked at.", where="id", rule="stale", hint="Assess it anew.")
            changed = {"measures": tuple(measures), "claims": tuple(claims), "modified": self._kit.clock.now()}
            asset.dataset = structs.replace(asset.dataset, **changed)
            self._put(tx, asset)
            return asset

        return await self._kit.database.run(work)

    async def refresh(self, tenant: Tenant, id: str) -> Asset:
        """Look at the source again after it has changed: size, checksums and version are found out anew."""
        asset = await self._kit.database.read(lambda tx: self._get(tx, tenant, id))
        found = await self._inspector.inspect(tenant, asset.source)

        def work(tx: ConnectorTx) -> Asset:
            current = self._held(tx, tenant, id)
            current.dataset = structs.replace(_with_facts(current.dataset, found), modified=self._kit.clock.now())
            current.reservations = found.reservations
            check_rights(tx, current, self._operands)
            self._put(tx, current)
            self._inspector.keep(tx, current, found)
            return current

        return await self._kit.database.run(work)

    async def withdraw(self, tenant: Tenant, id: str) -> Asset:
        """Take an asset off the catalogue. Contracts that stand keep their right to it until they end."""

        def work(tx: ConnectorTx) -> Asset:
            asset = self._held(tx, tenant, id)
            asset.withdrawn = asset.withdrawn or self._kit.clock.now()
            self._put(tx, asset)
            return asset

        return await self._kit.database.run(work)

    async def get(self, tenant: Tenant, id: str) -> Asset:
        """Return an own asset. Raises `NotFound`."""
        return await self._kit.database.read(lambda tx: self._get(tx, tenant, id))

    async def page(self, tenant: Tenant, after: str | None, limit: int) -> Sequence[Asset]:
        """Return own assets in the order of their ids, withdrawn ones too."""
        return await self._kit.database.read(lambda tx: tx.assets.page(tenant, after=after, limit=limit))

    def _check(self, said: Description) -> None:
        _check(said)
        if isinstance(said.preferences, Preferences):
            check_preferences(said.preferences, self._operands, self._kit.clock.now())

    def _offers(self, terms: Sequence[Terms]) -> tuple[Offer, ...]:
        if not terms:
            raise Invalid("An asset needs at least one policy.", where="terms", rule="required", hint="For example the template `members`.")
        for index, one in enumerate(terms):
            for problem in errors_of(one, self._operands, self._kit.clock.now()):
                raise Invalid(
                    f"This server does not offer these terms: {problem.what}.",
                    where=f"terms[{index}].{problem.path}" if problem.path else f"terms[{index}]",
                    rule="policy",
                    hint=problem.hint or "`hanse policy check` says what is wrong with terms.",
                )
        return tuple(Offer(id=self._kit.ids.new("off"), terms=one) for one in terms)

    def _get(self, tx: ConnectorTx, tenant: Tenant, id: str) -> Asset:
        return _there(tx.assets.get(tenant, id), id)

    def _held(self, tx: ConnectorTx, tenant: Tenant, id: str) -> Asset:
        return _there(tx.assets.hold(tenant, id), id)

    def _put_new(self, tx: ConnectorTx, asset: Asset) -> None:
        allowed = self._quota(asset.tenant)
        if tx.assets.count(asset.tenant) >= allowed:
            raise TooMany(
                f"This participant may offer {allowed} assets.", retry_after=3600, hint="Withdraw some, or ask for a larger quota."
            )
        self._put(tx, asset)

    def _put(self, tx: ConnectorTx, asset: Asset) -> None:
        asset.updated = self._kit.clock.now()
        tx.assets.put(asset, encode_dataset(told(asset.dataset, asset.preferences), service_of(self._kit, asset.tenant)))


def _there(asset: Asset | None, id: str) -> Asset:
    if asset is None:
        raise NotFound(f"There is no asset {id[:80]!r} here.", where="id", hint="`hanse offer --list` shows yours.")
    return asset


def service_of(kit: Kit, tenant: Tenant) -> DataServiceRef:
    """Return the data service under which a participant's datasets can be had: its own DSP base."""
    base = kit.own.base(tenant)
    return DataServiceRef(id=f"{base}#service", endpoint_url=base)


def _name_of(source: Source) -> str:
    """Return the last part of a path or address: the best title where nobody gave one."""
    if isinstance(source, StoredSource):
        return source.path.rstrip("/").rpartition("/")[2] or source.version
    place = source.url.partition("?")[0] if isinstance(source, HttpSource) else source.path
    return place.rstrip("/").rpartition("/")[2]


def _check(said: Description) -> None:
    """Judge what is said of an asset, field by field, before anything is written."""
    if said.title == "":
        raise Invalid("A dataset has a title.", where="title", rule="required")
    for name, limit in _TEXTS.items():
        value = getattr(said, name)
        if isinstance(value, str) and (len(value) > limit or "\x00" in value):
            raise Invalid(f"It is longer than {limit} characters, or has a zero character.", where=name, rule="text")
    for name, (items, length) in _LISTS.items():
        values = getattr(said, name)
        if isinstance(values, tuple) and (len(values) > items or any(not v or len(v) > length for v in values)):
            raise Invalid(f"At most {items} entries of 1 to {length} characters.", where=name, rule="list")
    _check_forms(said)
    if not isinstance(said.rai, UnsetType):
        _check_rai(said.rai)


def _check_rai(rai: Mapping[str, tuple[str, ...]]) -> None:
    for term, texts in rai.items():
        if term not in RAI_TERMS:
            hint = f"There are: {', '.join(sorted(RAI_TERMS))}."
            raise Invalid(f"{term[:80]!r} is no term of the Croissant RAI vocabulary.", where=f"rai.{term[:80]}", rule="rai", hint=hint)
        if len(texts) > 64 or any(not 0 < len(one) <= 10_000 for one in texts):
            raise Invalid("At most 64 texts of 1 to 10000 characters.", where=f"rai.{term}", rule="list")


def _check_forms(said: Description) -> None:
    for index, did in enumerate(said.visible_to or ()):
        if not is_did(did):
            raise Invalid(
                f"{did[:80]!r} is not a DID.", where=f"visible_to[{index}]", rule="did", hint="The space's list of members has them."
            )
    for index, one in enumerate(said.spatial or ()):
        if place(one) not in PLACES.extents and not _FORMS["theme"][0].fullmatch(one):
            raise Invalid(
                f"{one[:80]!r} is no country and no group of countries.",
                where=f"spatial[{index}]",
                rule="place",
                hint="Write DE (ISO 3166-1), EU, or the address (IRI) of another place.",
            )
    for name, (pattern, what) in _FORMS.items():
        value = getattr(said, name)
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(one, str) and not pattern.fullmatch(one) for one in values):
            raise Invalid(f"It is not {what}.", where=name, rule="form")


def _with_facts(dataset: Dataset, found: Found) -> Dataset:
    if dataset.version != found.version:  # what was measured of other content says nothing of this
        dataset = structs.replace(dataset, measures=(), claims=())
    facts = {name: getattr(found, name) for name in ("byte_size", "files", "checksums", "version")}
    guesses = {name: getattr(found, name) for name in ("description", "licence", "language", "media_type") if not getattr(dataset, name)}
    return structs.replace(dataset, **facts, **guesses)


def told(dataset: Dataset, limits: Preferences | None = None) -> Dataset:
    """Return the dataset as the catalogue tells of it.

    Of data that some offer, or what may be agreed to within the limits, releases in a changed form only, neither checksums nor
    version nor size nor measures of quality are told: whoever gets all of it but one column could try out values for that column
    until a checksum fits, and the quality of what is released is another.
    """
    terms = [*(offer.terms for offer in dataset.offers), *((limits.must,) if limits else ())]
    duties = (names.plain(duty.action) for one in terms for rule in one.permissions for duty in rule.duties)
    if names.TRANSFORMS.isdisjoint(duties):
        return dataset
    return structs.replace(dataset, checksums=(), version=None, byte_size=None, measures=(), claims=())


def _described(dataset: Dataset, said: Description) -> Dataset:
    fields = ("title", "description", "keywords", "theme", "licence", "language", "media_type", "spatial")
    changes = {name: getattr(said, name) for name in fields if not isinstance(getattr(said, name), UnsetType)}
    if not isinstance(said.creators, UnsetType):
        changes["creators"] = tuple(_agent(one) for one in said.creators)
    if not isinstance(said.rai, UnsetType):
        changes["rai"] = tuple(Stated(term, tuple(texts)) for term, texts in sorted(said.rai.items()) if texts)
    return structs.replace(dataset, **changes)


def _agent(text: str) -> Agent:
    return Agent(id=text) if _FORMS["theme"][0].fullmatch(text) else Agent(name=text)


def _set_access(asset: Asset, said: Description) -> None:
    if not isinstance(said.visible_to, UnsetType):
        asset.visible_to = said.visible_to
    if not isinstance(said.answering, UnsetType):
        asset.answering = said.answering
    if not isinstance(said.preferences, UnsetType):
        asset.preferences = said.preferences
    if not isinstance(said.derived_from, UnsetType):
        asset.derived_from = said.derived_from
    if isinstance(asset.source, StoredSource) and asset.source.agreement:  # whatever is said of it
        asset.derived_from = tuple(dict.fromkeys([*asset.source.agreement.split("\n"), *asset.derived_from]))
    if not isinstance(said.rights_held, UnsetType):
        asset.rights_held = said.rights_held
