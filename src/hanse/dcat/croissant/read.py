"""Descriptions by anybody, read with patience into the model of this package; what is wrong with them is for `check` to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from hanse.dcat.croissant.document import normal
from hanse.dcat.croissant.names import CONFORMS_TO, RAI_CONFORMS_TO
from hanse.dcat.croissant.policy import compact
from hanse.dcat.model import Agent, Checksum, Dataset, Measured, Period, Stated
from hanse.dcat.names import RAI_TERMS, STATEMENT_PREFIX
from hanse.dcat.quality import MAX_MEASURES
from hanse.dcat.read import Unreadable
from hanse.dcat.rest import with_rest
from hanse.dcat.values import items, moment_of, number_of, text_of_value, texts_of
from hanse.kernel.errors import CallerError
from hanse.odrl.forms.read import read_offer
from hanse.odrl.model import Offer

_HASH = re.compile("[0-9a-f]{64}")
_LONGEST_IRI = 500
_SIZE = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(B|[kKMGTP]i?B)?\s*", re.IGNORECASE)
_UNITS = "kMGTP".upper()

Json = dict[str, object]


class Described(Struct, frozen=True, kw_only=True):
    """What a description says: the dataset, who provides it, and what of its offers could not be read."""

    dataset: Dataset
    provider: str | None = None
    unreadable: tuple[Unreadable, ...] = ()


def read_described(document: object) -> Described:
    """Return what a Croissant document (decoded JSON) says of its dataset.

    Raises `Malformed` for what is no object, is nested too deep or is too large, `Invalid` for what is no dataset.
    """
    value = normal(document)
    lost: list[Unreadable] = []
    provider = next(iter(_agents(value.get("provider"))), Agent()).id
    id = text_of_value(value.get("identifier")) or text_of_value(value.get("@id")) or text_of_value(value.get("url")) or "dataset"
    files = [one for one in items(value.get("distribution")) if isinstance(one, dict)]
    alone = files[0] if len(files) == 1 else {}
    title, description = text_of_value(value.get("name")) or id, text_of_value(value.get("description"))
    found = Dataset(
        id=id,
        title=title,
        description=description if description and description != title else "",
        offers=tuple(_offers(value, id, lost)),
        **_named(value, provider),
        **_about(value),
        **_bytes(alone),
    )
    return Described(dataset=with_rest(found, value.get("hanse:rest")), provider=provider, unreadable=tuple(lost))


def _named(value: Json, provider: str | None) -> dict[str, Any]:
    publisher = next(iter(_agents(value.get("publisher"))), None)
    return {
        "licence": text_of_value(value.get("license")) or _url(value.get("license")),
        "creators": tuple(_agents(value.get("creator"))),
        "publisher": None if publisher == Agent(id=provider) else publisher,  # stands in where nobody else is named
        "issued": moment_of(value.get("datePublished")),
        "modified": moment_of(value.get("dateModified")),
        "created": moment_of(value.get("dateCreated")),
        "version": _version(value.get("version")),
        "keywords": texts_of([one for one in items(value.get("keywords")) if not isinstance(one, dict)]),
        "theme": next((_term(one) for key in ("about", "keywords") for one in items(value.get(key)) if isinstance(one, dict)), None),
        "language": texts_of(value.get("inLanguage")),
    }


def _about(value: Json) -> dict[str, Any]:
    conforms = [one for one in texts_of(value.get("conformsTo")) if one not in (CONFORMS_TO, RAI_CONFORMS_TO)]
    return {
        "citation": text_of_value(value.get("citeAs")) or "",
        "type": text_of_value(value.get("additionalType")),
        "spatial": texts_of([_place(one) for one in items(value.get("spatialCoverage"))]),
        "temporal": _period(text_of_value(value.get("temporalCoverage"))),
        "sources": texts_of([_source(one) for one in items(value.get("prov:wasDerivedFrom")) if not _is_version(one)]),
        "conforms_to": tuple(one for one in conforms if not one.startswith("http://mlcommons.org/croissant/")),
        "landing_page": None if (page := text_of_value(value.get("url"))) and page.startswith("urn:hanse:") else page,
        "rai": tuple(Stated(term, texts) for term in sorted(RAI_TERMS) if (texts := texts_of(value.get(f"rai:{term}")))),
        "measures": tuple(_measures(value.get("annotation")))[:MAX_MEASURES],
    }


def _measures(value: object) -> Iterator[Measured]:
    """Yield the figures that annotate the dataset itself and say what they are."""
    for one in items(value):
        figure = one.get("value") if isinstance(one, dict) else None
        if not isinstance(one, dict) or isinstance(figure, bool) or not isinstance(figure, int | float):
            continue
        metric = text_of_value(one.get("equivalentProperty"))
        claim = (text_of_value(one.get("prov:wasDerivedFrom")) or "").removeprefix(STATEMENT_PREFIX)
        if metric and len(metric) <= _LONGEST_IRI:
            yield Measured(metric, float(figure), claim if _HASH.fullmatch(claim) else "")


def _bytes(file: Json) -> dict[str, Any]:
    sums = [("sha256", text_of_value(file.get("sha256"))), ("blake3", text_of_value(file.get("hanse:blake3")))]
    return {
        "media_type": text_of_value(file.get("encodingFormat")),
        "byte_size": size_of(file.get("contentSize")),
        "files": number_of(file.get("hanse:files")),
        "checksums": tuple(Checksum(name, text.lower()) for name, text in sums if text and _HASH.fullmatch(text.lower())),
        "formats": texts_of(file.get("hanse:format")),
    }


def size_of(value: object) -> int | None:
    """Return `contentSize` in bytes, whether it is a number or text with a unit."""
    if isinstance(value, int):
        return number_of(value)
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    unit = (found[2] or "B").upper()
    power: int = 0 if unit == "B" else _UNITS.index(unit[0]) + 1
    scale: int = (1024 if "I" in unit else 1000) ** power
    return int(Decimal(found[1]) * scale)


def _agents(value: object) -> Iterator[Agent]:
    for one in items(value):
        if isinstance(one, str) and one:
            yield Agent(one)
        elif isinstance(one, dict):
            id = text_of_value(one.get("identifier")) or text_of_value(one.get("@id")) or _url(one)
            name = text_of_value(one.get("name")) or ""
            if name or id:
                yield Agent(name, None if id is not None and id.startswith("_:") else id, "Person" in types_of(one))


def types_of(value: Json) -> list[str]:
    """Return the types of a node without their prefixes."""
    return [one.rpartition(":")[2].rpartition("/")[2] for one in items(value.get("@type")) if isinstance(one, str)]


def _url(value: object) -> str | None:
    return next((text for one in items(value) if isinstance(one, dict) and (text := text_of_value(one.get("url")))), None)


def _term(value: Json) -> str | None:
    return text_of_value(value.get("termCode")) or _url(value) or text_of_value(value.get("@id")) or text_of_value(value.get("name"))


def _version(value: object) -> str | None:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else text_of_value(value)


def _place(value: object) -> object:
    return text_of_value(value.get("@id")) or text_of_value(value.get("name")) if isinstance(value, dict) else value


def _is_version(source: object) -> bool:
    """The dataset that a version was acquired from is no source of the dataset itself."""
    return isinstance(source, dict) and "identifier" in source


def _source(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return text_of_value(value.get("@id")) or text_of_value(value.get("prov:label")) or text_of_value(value.get("name")) or _url(value)


def _period(text: str | None) -> Period | None:
    first, slash, last = (text or "").partition("/")
    start, end = moment_of(first), moment_of(last)
    return Period(start, end) if slash and (start or end) else None


def _offers(value: Json, id: str, lost: list[Unreadable]) -> Iterator[Offer]:
    for index, info in enumerate(items(value.get("usageInfo"))):
        where = f"usageInfo[{index}]"
        if not isinstance(info, dict) or not {"Offer", "Policy", "Set"} & set(types_of(info)):
            continue
        try:
            offer = read_offer(compact(info), where)
        except CallerError as error:
            name = text_of_value(info.get("@id"))
            lost.append(Unreadable(id, name, error.where or where, error.message))
        else:
            yield offer
