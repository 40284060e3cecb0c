"""The documented filter of our catalogue (DSP 2025-1, 6.1: `filter` is ours to define).

A filter is an array of objects; each member is a documented field with a text or an array of texts. Between objects
and fields all must match, within an array one is enough: `[{"language": ["en", "nl"]}, {"text": "weather"}]`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from msgspec import Struct

from hanse.dcat.model import Dataset
from hanse.kernel.errors import Invalid

MAX_ITEMS = 16
MAX_VALUES = 32
MAX_LENGTH = 200
TEXT = "text"

FIELDS: Mapping[str, str] = {
    "id": "the dataset's id, exactly",
    "title": "the whole title",
    "text": "a part of the title, of the description or of a keyword",
    "keyword": "one keyword",
    "theme": "the theme",
    "licence": "the licence",
    "language": "one language, e.g. en",
    "mediaType": "the media type, e.g. text/csv",
    "format": "one transfer format, e.g. HttpData-PULL",
}
"""The documented fields. Only `id` minds the case of letters."""

_ALIASES = {
    "dct:title": "title",
    "dcat:keyword": "keyword",
    "dcat:theme": "theme",
    "dct:license": "licence",
    "dct:language": "language",
    "dcat:mediaType": "mediaType",
    "dct:format": "format",
}

Term = tuple[str, str]


class Criteria(Struct, frozen=True):
    """What a dataset must match: one term of every group of `terms`, and one part of every group of `text`."""

    terms: tuple[tuple[Term, ...], ...] = ()
    text: tuple[tuple[str, ...], ...] = ()

    def match(self, terms: set[Term], text: str) -> bool:
        """Tell whether a dataset with these `terms_of` and this `text_of` matches."""
        return all(not terms.isdisjoint(group) for group in self.terms) and all(any(part in text for part in group) for group in self.text)


def parse_filter(filter: Sequence[object]) -> Criteria:
    """Return the criteria of a CatalogRequestMessage's `filter`.

    Raises `Invalid`, naming the field, for anything that is not documented and for more than 16 objects, 32 values
    in all, or 200 characters in a value.
    """
    if len(filter) > MAX_ITEMS:
        raise _wrong(f"A filter has at most {MAX_ITEMS} items.", "filter")
    pairs = [pair for index, item in enumerate(filter) for pair in _item(item, f"filter[{index}]")]
    if sum(len(values) for _, values in pairs) > MAX_VALUES:
        raise _wrong(f"A filter has at most {MAX_VALUES} values.", "filter")
    return Criteria(
        terms=tuple(tuple((field, one) for one in values) for field, values in pairs if field != TEXT),
        text=tuple(values for field, values in pairs if field == TEXT),
    )


def _item(item: object, where: str) -> list[tuple[str, tuple[str, ...]]]:
    if not isinstance(item, dict) or not item:
        raise _wrong("An item of a filter is an object with a documented field.", where)
    return [_field(str(key), value, where) for key, value in item.items()]


def _field(key: str, value: object, where: str) -> tuple[str, tuple[str, ...]]:
    field = _ALIASES.get(key, key)
    if field not in FIELDS:
        raise _wrong(f"{key[:80]!r} is not a field of the filter.", f"{where}.{key[:80]}")
    return field, _values(field, value, f"{where}.{key}")


def _values(field: str, value: object, where: str) -> tuple[str, ...]:
    items: list[object] = value if isinstance(value, list) else [value]
    if not items:
        raise _wrong("An empty array matches nothing.", where)
    return tuple(_normal(field, _value(one, where)) for one in items)


def _value(one: object, where: str) -> str:
    if not isinstance(one, str) or not one.strip():
        raise _wrong("A field of the filter has a text or an array of texts.", where)
    if len(one) > MAX_LENGTH:
        raise _wrong(f"A value has at most {MAX_LENGTH} characters.", where)
    return one


def _wrong(message: str, where: str) -> Invalid:
    return Invalid(message, where=where, rule="filter", hint=f"Known fields: {', '.join(FIELDS)}.")


def terms_of(dataset: Dataset) -> set[Term]:
    """Return the index terms of a dataset, (field, value), normalised as the criteria are: a match is an equality."""
    values: dict[str, tuple[str | None, ...]] = {
        "id": (dataset.id,),
        "title": (dataset.title,),
        "keyword": dataset.keywords,
        "theme": (dataset.theme,),
        "licence": (dataset.licence,),
        "language": dataset.language,
        "mediaType": (dataset.media_type,),
        "format": dataset.formats,
    }
    return {(field, _normal(field, one)) for field, many in values.items() for one in many if one}


def text_of(dataset: Dataset) -> str:
    """Return title, description and keywords, one to a line, normalised for a search by parts."""
    return "\n".join(_fold(part) for part in (dataset.title, dataset.description, *dataset.keywords) if part)


def _normal(field: str, text: str) -> str:
    return text if field == "id" else _fold(text)


def _fold(text: str) -> str:
    """Return `text` without case, in one normal form, with single spaces: no line break of it is left."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())
