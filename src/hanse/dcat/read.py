"""Foreign datasets and catalogues (DSP 2025-1, 6.3), read with patience.

Unknown properties are ignored, single values stand for arrays, and one offer that cannot be read never costs the
catalogue: it is listed as unreadable, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from hanse.dcat import names
from hanse.dcat.model import Checksum, Dataset, Stated
from hanse.dcat.quality import read_measures
from hanse.dcat.values import agents_of, items, moment_of, number_of, period_of, property_of, text_of_value, texts_of
from hanse.kernel.errors import CallerError, Invalid, Malformed
from hanse.odrl.forms.read import read_offer
from hanse.odrl.model import Offer

MAX_NESTING = 8
_HASH = re.compile("[0-9a-f]{64}")
_ALGORITHMS = frozenset({"sha256", "blake3"})

Json = dict[str, object]


class Unreadable(Struct, frozen=True):
    """What of a catalogue could not be read: `offer` is `None` when it is the whole dataset; `reason` is for people."""

    dataset: str | None
    offer: str | None
    where: str
    reason: str


class CataloguePage(Struct, frozen=True, kw_only=True):
    """A catalogue, with the datasets of nested catalogues among its own.

    `endpoint_url` is the DSP base address of its first service; `endpoints` has the address per dataset id where the
    catalogue says one; `nested` are the addresses of nested catalogues that list no datasets here.
    """

    participant_id: str
    endpoint_url: str | None
    datasets: tuple[Dataset, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    endpoints: dict[str, str] = {}
    nested: tuple[str, ...] = ()


def read_dataset(value: object, where: str = "dataset", unreadable: list[Unreadable] | None = None) -> Dataset:
    """Return the dataset that `value` (decoded JSON) holds; what cannot be read of its offers is added to `unreadable`.

    Raises `Malformed` when it is no object, `Invalid` when it has no `@id`.
    """
    if not isinstance(value, dict):
        raise Malformed("A dataset is a JSON object.", where=where, rule="dataset")
    id = value.get("@id")
    if not isinstance(id, str) or not id:
        raise Invalid("A dataset needs an id.", where=f"{where}.@id", rule="dataset-id")
    lost: list[Unreadable] = unreadable if unreadable is not None else []
    distributions = [one for one in items(value.get("distribution")) if isinstance(one, dict)]
    about = _About(value, distributions)
    measures, claims = read_measures(value)
    return Dataset(
        id=id,
        title=about.text(names.TITLE) or id,
        description=about.text(names.DESCRIPTION) or "",
        keywords=about.texts(names.KEYWORD),
        theme=about.text(names.THEME),
        licence=about.text(names.LICENCE),
        language=about.texts(names.LANGUAGE),
        media_type=about.text(names.MEDIA_TYPE),
        byte_size=number_of(about.first(names.BYTE_SIZE)),
        files=number_of(about.first(names.FILES)),
        checksums=_checksums(about.first(names.CHECKSUM)),
        version=about.text(names.VERSION),
        issued=moment_of(about.first(names.ISSUED)),
        modified=moment_of(about.first(names.MODIFIED)),
        offers=tuple(_offers(value, id, where, lost)),
        formats=_formats(distributions),
        created=moment_of(about.first(names.CREATED)),
        creators=agents_of(about.first(names.CREATOR)),
        publisher=next(iter(agents_of(about.first(names.PUBLISHER))), None),
        landing_page=about.text(names.LANDING_PAGE),
        sources=about.texts(names.SOURCE),
        spatial=about.texts(names.SPATIAL),
        temporal=period_of(about.first(names.TEMPORAL)),
        conforms_to=about.texts(names.CONFORMS_TO),
        type=about.text(names.TYPE),
        citation=about.text(names.CITATION) or "",
        rai=tuple(Stated(term, texts) for term in sorted(names.RAI_TERMS) if (texts := about.texts(names.RAI + term))),
        measures=measures,
        claims=claims,
    )


class _About:
    """Looks a property up in the dataset, then in its distributions, because catalogues differ in where they put it."""

    def __init__(self, dataset: Json, distributions: list[Json]) -> None:
        self._places = (dataset, *distributions)

    def first(self, name: str) -> object:
        return next((found for place in self._places if (found := property_of(place, name)) is not None), None)

    def text(self, name: str) -> str | None:
        return text_of_value(self.first(name))

    def texts(self, name: str) -> tuple[str, ...]:
        return texts_of(self.first(name))


def _formats(distributions: list[Json]) -> tuple[str, ...]:
    found = (text_of_value(one.get("format")) for one in distributions)
    return tuple(dict.fromkeys(format for format in found if format))


def _offers(dataset: Json, id: str, where: str, lost: list[Unreadable]) -> Iterator[Offer]:
    for index, item in enumerate(items(dataset.get("hasPolicy"))):
        place = f"{where}.hasPolicy[{index}]"
        try:
            yield _offer(item, id, place)
        except CallerError as error:
            name = item.get("@id") if isinstance(item, dict) else None
            lost.append(Unreadable(id, name if isinstance(name, str) else None, error.where or place, error.message))


def _offer(value: object, dataset_id: str, where: str) -> Offer:
    offer = read_offer(value, where)
    if offer.target not in (None, dataset_id):
        raise Invalid("The offer is for another target than its dataset.", where=f"{where}.target", rule="offer-target")
    # The dataset around it is the target (DSP 2025-1, 6.3); a repeated one says nothing more.
    return Offer(id=offer.id, terms=offer.terms, assigner=offer.assigner, assignee=offer.assignee)


def _checksums(value: object) -> tuple[Checksum, ...]:
    found = []
    for item in items(value):
        algorithm = text_of_value(property_of(item, names.CHECKSUM_ALGORITHM)) if isinstance(item, dict) else None
        digest = text_of_value(property_of(item, names.CHECKSUM_VALUE)) if isinstance(item, dict) else None
        short = re.split("[#_:/]", algorithm)[-1].lower() if algorithm else ""
        if short in _ALGORITHMS and digest and _HASH.fullmatch(digest.lower()):
            found.append(Checksum(short, digest.lower()))
    return tuple(found)


def read_catalogue(value: object) -> CataloguePage:
    """Return the catalogue that `value` (decoded JSON) holds, as far as it can be read.

    Raises `Malformed` when it is no object or nests catalogues more than eight deep, `Invalid` when it does not say
    whose it is.
    """
    if not isinstance(value, dict):
        raise Malformed("A catalogue is a JSON object.", where="catalogue", rule="catalogue")
    participant = text_of_value(value.get("participantId"))
    if participant is None:
        raise Invalid("A catalogue says whose it is.", where="participantId", rule="catalogue-participant")
    found = _Found()
    found.services = _services(value)
    endpoint = next(iter(found.services.values()), None)
    found.take(value, "catalogue", found.services, 1)
    return CataloguePage(
        participant_id=participant,
        endpoint_url=endpoint,
        datasets=tuple(found.datasets),
        unreadable=tuple(found.lost),
        endpoints=found.endpoints,
        nested=tuple(dict.fromkeys(found.nested)),
    )


def _services(holder: Json) -> dict[str, str]:
    found = {}
    for service in items(holder.get("service")):
        if isinstance(service, dict):
            address = text_of_value(property_of(service, "dcat:endpointURL"))
            id = service.get("@id")
            if address and isinstance(id, str):
                found[id] = address
    return found


class _Found:
    """Gathers what a catalogue and the catalogues in it hold."""

    def __init__(self) -> None:
        self.datasets: list[Dataset] = []
        self.lost: list[Unreadable] = []
        self.endpoints: dict[str, str] = {}
        self.nested: list[str] = []
        self.services: dict[str, str] = {}

    def take(self, catalogue: Json, where: str, services: dict[str, str], depth: int) -> None:
        """Take the datasets of one catalogue, then of those in it; inner ones know the services of outer ones."""
        if depth > MAX_NESTING:
            raise Malformed(f"Catalogues are nested at most {MAX_NESTING} deep.", where=where[:80], rule="catalogue-depth")
        for index, item in enumerate(items(catalogue.get("dataset"))):
            self._dataset(item, f"{where}.dataset[{index}]", services)
        for index, item in enumerate(items(catalogue.get("catalog"))):
            place = f"{where}.catalog[{index}]"
            if not isinstance(item, dict):
                self.lost.append(Unreadable(None, None, place, "A catalogue is a JSON object."))
                continue
            own = _services(item)
            if not items(item.get("dataset")) and not items(item.get("catalog")):
                self.nested += own.values()
            self.take(item, place, services | own, depth + 1)

    def _dataset(self, item: object, where: str, services: dict[str, str]) -> None:
        try:
            dataset = read_dataset(item, where, self.lost)
        except CallerError as error:
            id = item.get("@id") if isinstance(item, dict) else None
            self.lost.append(Unreadable(id if isinstance(id, str) else None, None, error.where or where, error.message))
            return
        self.datasets.append(dataset)
        address = _address(item, services)
        if address is not None:
            self.endpoints[dataset.id] = address


def _address(dataset: object, services: dict[str, str]) -> str | None:
    """Return the address of the first service that a distribution names or holds."""
    for distribution in items(dataset.get("distribution")) if isinstance(dataset, dict) else []:
        access = distribution.get("accessService") if isinstance(distribution, dict) else None
        for one in items(access):
            inline = text_of_value(property_of(one, "dcat:endpointURL")) if isinstance(one, dict) else None
            id = one.get("@id") if isinstance(one, dict) else one
            address = inline or (services.get(id) if isinstance(id, str) else None)
            if address:
                return address
    return None
