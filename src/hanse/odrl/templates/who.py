"""Templates for who may use the data."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from hanse.odrl.constraints.jsonpath import read_path
from hanse.odrl.names import (
    ACTIVE,
    CLAIM,
    CONNECTOR,
    CREDENTIAL,
    MEMBERSHIP,
    PARTICIPANT,
    PARTICIPANT_LOCATION,
    ROLE,
    is_did,
)
from hanse.odrl.templates.pieces import Made, Piece, Template, Words, always, below, check_name, condition, wrong
from hanse.odrl.templates.values import NAME, places

_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}")
_COMPARISONS = {"=": "eq", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq"}
_UNQUOTED = "$.'"


def _role(words: Words) -> Piece:
    return condition(ROLE, "isAnyOf", words.names("a role such as ai-factory", NAME))


def _credential(words: Words) -> Piece:
    return condition(CREDENTIAL, "isAnyOf", words.names("the type of a credential such as LegalEntityCredential", _TYPE))


def _claim(words: Words) -> Piece:
    kind = check_name(words.one("the type of a credential"), "the type of a credential such as LegalEntityCredential", _TYPE)
    path = words.one("a path such as $.country")
    encoded = quote(path, safe=_UNQUOTED)
    if not read_path(encoded):
        raise wrong(f"{path[:80]!r} is not a path to one value, such as $.address.country or $['a name'][0] (RFC 9535).")
    sign = words.one("a comparison such as =")
    if sign not in _COMPARISONS:
        raise wrong(f"{sign[:80]!r} is not one of {' '.join(_COMPARISONS)}.")
    values = words.names("a value")
    if sign != "=" and len(values) > 1:
        raise wrong(f"{sign!r} compares with one value.")
    left = f"{CLAIM}{kind}#{encoded}"
    return condition(left, "isAnyOf", values) if len(values) > 1 else condition(left, _COMPARISONS[sign], values[0])


def _only(words: Words) -> Piece:
    dids = words.names("a DID")
    for did in dids:
        if not is_did(did):
            raise wrong(f"{did[:80]!r} is not a DID.")
    return condition(PARTICIPANT, "isAnyOf", dids)


def _connector(words: Words) -> Piece:
    urls = words.names("an address")
    for url in urls:
        if not _is_address(url):
            raise wrong(f"{url[:80]!r} is not the address of a connector such as https://example.org/dsp.")
    return condition(CONNECTOR, "isAnyOf", urls)


def _is_address(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return found.scheme in ("http", "https") and bool(found.hostname) and not found.query and not found.fragment


def _established(words: Words) -> Piece:
    return below(PARTICIPANT_LOCATION, "isPartOf", places(words))


WHO: tuple[Made, ...] = (
    (
        Template(
            name="open", usage="open", meaning="Anybody who may see the offer may use the data.", example="open", also=("anybody", "public")
        ),
        always(Piece()),
    ),
    (
        Template(
            name="members",
            usage="members",
            meaning="Active members of the space may use the data.",
            example="members",
            also=("member", "membership"),
        ),
        always(condition(MEMBERSHIP, "eq", ACTIVE)),
    ),
    (
        Template(
            name="role",
            usage="role NAME[,NAME...]",
            meaning="Members with one of these roles in the space, such as ai-factory, may use the data.",
            example="role ai-factory",
            classes=(4,),
        ),
        _role,
    ),
    (
        Template(
            name="credential",
            usage="credential TYPE[,TYPE...]",
            meaning="Members with one of these credentials, by an issuer that the space trusts for it, may use the data.",
            example="credential LegalEntityCredential",
            classes=(4,),
            also=("certificate", "proof"),
        ),
        _credential,
    ),
    (
        Template(
            name="claim",
            usage="claim TYPE PATH = VALUE[,VALUE...]",
            meaning="Who uses the data has a credential of this TYPE with VALUE at PATH (a JSONPath into its subject; also <, <=, >, >=).",
            example="claim LegalEntityCredential $.country = DE",
            classes=(4,),
            repeats=True,
            also=("attribute", "jsonpath"),
        ),
        _claim,
    ),
    (
        Template(
            name="only",
            usage="only DID[,DID...]",
            meaning="Only the participants named may use the data.",
            example="only did:web:acme.example",
            classes=(1,),
            also=("consumer", "participant", "party", "company", "user"),
        ),
        _only,
    ),
    (
        Template(
            name="connector",
            usage="connector URL[,URL...]",
            meaning="The data is fetched by a connector at one of these addresses.",
            example="connector https://acme.example/dsp",
            classes=(2,),
            also=("address", "endpoint"),
        ),
        _connector,
    ),
    (
        Template(
            name="established-in",
            usage="established-in PLACE[,PLACE...]",
            meaning="Who uses the data is established in one of these countries (DE) or groups of countries (EU).",
            example="established-in EU",
            classes=(22,),
            also=("seat", "headquarters", "jurisdiction", "country"),
        ),
        _established,
    ),
)
"""Templates about the party that uses the data."""
