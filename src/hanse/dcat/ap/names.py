"""The names of DCAT-AP 3.0 and of the vocabularies whose use it asks for."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote

from hanse.dcat.languages import tag_of

PROFILE: Final = "http://data.europa.eu/r5r/"

CONTEXT: Final[dict[str, object]] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dqv": "http://www.w3.org/ns/dqv#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "hanse": "urn:hanse:dcat:",
}
"""Prefixes only: every value says itself what it is, so that the document means the same to whoever ignores contexts."""

MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
LANGUAGES: Final = "http://publications.europa.eu/resource/authority/language/"
_CODES: Final = {
    "bg": "BUL", "cs": "CES", "da": "DAN", "de": "DEU", "el": "ELL", "en": "ENG", "es": "SPA", "et": "EST", "fi": "FIN", "fr": "FRA",
    "ga": "GLE", "hr": "HRV", "hu": "HUN", "it": "ITA", "lt": "LIT", "lv": "LAV", "mt": "MLT", "nl": "NLD", "pl": "POL", "pt": "POR",
    "ro": "RON", "sk": "SLK", "sl": "SLV", "sv": "SWE", "is": "ISL", "no": "NOR", "nb": "NOB", "nn": "NNO", "uk": "UKR", "tr": "TUR",
    "ar": "ARA", "zh": "ZHO", "ja": "JPN", "ru": "RUS", "ca": "CAT", "eu": "EUS", "gl": "GLG", "lb": "LTZ", "sq": "SQI", "sr": "SRP",
    "mk": "MKD", "bs": "BOS", "cy": "CYM", "hi": "HIN", "ko": "KOR", "he": "HEB", "fa": "FAS", "vi": "VIE",
}  # fmt: skip
_ID: Final = "urn:hanse:id:"


def language_iri(tag: str) -> str | None:
    """Return the IRI of a language in the authority list of the Publications Office, for a plain BCP 47 tag of a known language."""
    code = _CODES.get(tag)
    return LANGUAGES + code if code else None


def language_tag(iri: str) -> str:
    """Return the BCP 47 tag of the IRI of a language in a list that is known (`dcat.languages`); any other text as it is."""
    tag = tag_of(iri) if "://" in iri else iri
    return iri if "://" in tag else tag


def as_iri(id: str) -> str:
    """Return an id as an IRI: itself where it is one, else a URN that holds it."""
    return id if is_iri(id) else _ID + quote(id, safe="")


def from_iri(iri: str) -> str:
    """Return the id that `as_iri` made an IRI of."""
    return unquote(iri[len(_ID) :]) if iri.startswith(_ID) else iri


def is_iri(text: str) -> bool:
    """Tell whether a text can stand as an absolute IRI (RFC 3987) without being changed."""
    scheme, colon, rest = text.partition(":")
    plain = scheme.replace("+", "").replace("-", "").replace(".", "")
    return bool(colon and rest and plain.isascii() and plain.isalnum() and scheme[0].isalpha() and scheme not in CONTEXT) and not any(
        one in '<>"{}|\\^`' or one.isspace() or ord(one) < 0x21 for one in text
    )
