"""Licences: the many spellings of one are one name, and what its name alone says about a use.

The name is the SPDX id where there is one (SPDX License List), else the address or text as it was. Addresses that catalogues use are
known for Creative Commons, Open Data Commons, the Publications Office of the European Union, dcat-ap.de, SPDX itself and a few
more; nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hanse.odrl.names import EMBED, EVALUATE, FINE_TUNE, MINE, RETRIEVE, TRAIN, plain

MAX_LICENCE: Final = 500
"""Characters of a licence; a longer one is a text, not a name."""

# fmt: off
_IDS: Final = (
    "0BSD", "AFL-3.0", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC-PDDC", "CC0-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "C-UDA-1.0", "DL-DE-BY-2.0",
    "DL-DE-ZERO-2.0", "ECL-2.0", "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "GFDL-1.3-only", "GFDL-1.3-or-later", "GPL-2.0-only",
    "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only",
    "LGPL-3.0-or-later", "LO-FR-2.0", "etalab-2.0", "MIT", "MIT-0", "MPL-2.0", "NLOD-1.0", "NLOD-2.0", "ODbL-1.0", "ODC-By-1.0",
    "OGL-UK-1.0", "OGL-UK-2.0", "OGL-UK-3.0", "PDDL-1.0", "PSF-2.0", "Python-2.0", "Unlicense", "W3C", "WTFPL", "Zlib",
)
# fmt: on
_BY_LOWER: Final = {id.lower(): id for id in _IDS}
_ALIASES: Final = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache-license-2.0": "Apache-2.0",
    "cc0": "CC0-1.0",
    "cc zero": "CC0-1.0",
    "public domain": "CC-PDDC",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "lgpl-2.1": "LGPL-2.1-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
    "mit license": "MIT",
    "odbl": "ODbL-1.0",
    "odc-odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "dl-by-de/2.0": "DL-DE-BY-2.0",
    "dl-zero-de/2.0": "DL-DE-ZERO-2.0",
    "data licence germany attribution 2.0": "DL-DE-BY-2.0",
}

_CC: Final = re.compile(r"cc[-_ ]?(by(?:[-_ ](?:nc|nd|sa)){0,2})(?:[-_ /]([1-4])[._]([05])(?:[-_ /]([a-z]{2,3}))?)?")
_CC_ADDRESS: Final = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-(?:nc|nd|sa)){0,2})/([1-4]\.[05])(?:/([a-z]{2,3}))?"
    r"|publicdomain/(zero|mark)/1\.0)(?:/(?:legalcode|deed)[^/]{0,20})?"
)
_ADDRESSES: Final = (
    (re.compile(r"spdx\.org/licenses/([a-z0-9.+-]{1,60})"), "{}"),
    (re.compile(r"publications\.europa\.eu/resource/authority/licence/([a-z0-9_.-]{1,60})"), "{}"),
    (re.compile(r"dcat-ap\.de/def/licenses/([a-z0-9./-]{1,60})"), "{}"),
    (re.compile(r"opendatacommons\.org/licenses/(odbl|by|pddl)(?:/1[-.]0)?"), "odc {}"),
    (re.compile(r"(?:www\.)?opensource\.org/licenses?/([a-z0-9.-]{1,60})"), "{}"),
    (re.compile(r"(?:www\.)?apache\.org/licenses/license-(2\.0)"), "apache-{}"),
    (re.compile(r"(?:www\.)?gnu\.org/licenses/((?:a|l)?gpl-[0-9.]{3})"), "{}"),
    (re.compile(r"(?:www\.)?mozilla\.org/mpl/(2\.0)"), "mpl-{}"),
    (re.compile(r"(?:www\.)?govdata\.de/dl-de/(by|zero)-(2)-0"), "dl-de-{}-{}.0"),
    (re.compile(r"(?:www\.)?nationalarchives\.gov\.uk/doc/open-government-licence/version/([123])"), "ogl-uk-{}.0"),
    (re.compile(r"(?:www\.)?etalab\.gouv\.fr/(?:wp-content/.{0,80})?(?:licence-ouverte-open-licence|etalab-2\.0-en)()"), "etalab-2.0{}"),
    (re.compile(r"cdla\.(?:dev|io)/(permissive|sharing)-([12])-0"), "cdla-{}-{}.0"),
)
_TRAILING: Final = re.compile(r"(?:/|\.html?|\.json|\.txt|\.rdf|#.{0,60})$")
_ODC: Final = {"odc odbl": "ODbL-1.0", "odc by": "ODC-By-1.0", "odc pddl": "PDDL-1.0"}

# A phrase that a licence's text has and no other's; the longer name first where one contains the other.
_TEXTS: Final = (
    ("Apache License", "https://www.apache.org/licenses/LICENSE-2.0"),
    ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ("Attribution-ShareAlike 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    ("Attribution-NonCommercial-ShareAlike 4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
    ("Attribution-NonCommercial-NoDerivatives 4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/"),
    ("Attribution-NoDerivatives 4.0", "https://creativecommons.org/licenses/by-nd/4.0/"),
    ("Attribution-NonCommercial 4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
    ("Attribution 4.0 International", "https://creativecommons.org/licenses/by/4.0/"),
    ("Permission is hereby granted, free of charge", "https://spdx.org/licenses/MIT"),
    ("GNU AFFERO GENERAL PUBLIC LICENSE", "https://www.gnu.org/licenses/agpl-3.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "https://www.gnu.org/licenses/lgpl-3.0"),
    ("GNU GENERAL PUBLIC LICENSE", "https://www.gnu.org/licenses/gpl-3.0"),
    ("Open Database License", "https://opendatacommons.org/licenses/odbl/1-0/"),
    ("Mozilla Public License", "https://www.mozilla.org/MPL/2.0/"),
)

_DERIVING: Final = frozenset(map(plain, (TRAIN, FINE_TUNE, EVALUATE, EMBED, RETRIEVE, MINE)))
_OPEN: Final = frozenset(_IDS)


def licence_of(text: str) -> str | None:
    """Return the address of the licence that a text is, or nothing if it is none of the well-known ones."""
    words = " ".join(text.split()).lower()
    return next((address for phrase, address in _TEXTS if phrase.lower() in words), None)


def normal(licence: str) -> str:
    """Return the SPDX id of a licence where it is known by name or address, else the text without blanks at its ends."""
    text = " ".join(licence.split())
    if len(text) > MAX_LICENCE:
        return text[:MAX_LICENCE]
    low = text.lower()
    address = re.sub(r"^https?://", "", low)
    found = _named(low) if address == low else _at(address)
    return found or text


def alternatives(licence: str) -> tuple[frozenset[str], ...]:
    """Return a licence expression as sets of licences: all of one set hold together, and whoever takes it chooses among the sets."""
    if len(licence) > MAX_LICENCE:
        return (frozenset({normal(licence)}),)
    parts = re.split(r" (?:OR|or) ", licence.strip("() "))
    return tuple(frozenset(normal(one.strip("() ")) for one in re.split(r" (?:AND|and) ", part)) for part in parts)


def accepts(wanted: Iterable[str], licence: str) -> bool:
    """Tell whether a licence (or an expression of several) is one of those that are wanted."""
    known = {normal(one) for one in wanted}
    return any(one <= known for one in alternatives(licence))


def is_known(licence: str) -> bool:
    """Tell whether every part of it is a licence whose name is known."""
    return any(all(one in _OPEN or one.startswith("CC-") for one in choice) for choice in alternatives(licence))


def forbids(licence: str, action: str, *, commercial: bool) -> str:
    """Return why a licence forbids a use, in words; nothing where its name does not say that it does.

    `NC` forbids what is commercial; `ND` lets nobody share what was derived, which is what a model is made to be.
    """
    reasons = [_forbidden(choice, plain(action), commercial=commercial) for choice in alternatives(licence)]
    return "" if "" in reasons else reasons[0]


def non_commercial(licence: str) -> bool:
    """Tell whether every choice that a licence leaves forbids commercial use by its name."""
    return all(_forbidden(choice, "", commercial=True) != "" for choice in alternatives(licence))


def _forbidden(choice: frozenset[str], action: str, *, commercial: bool) -> str:
    for one in sorted(choice):
        parts = one.upper().split("-") if one.startswith("CC-") else []
        if "NC" in parts and commercial:
            return f"{one} forbids commercial use, and the purpose is not known to be another"
        if "ND" in parts and action in _DERIVING:
            return f"{one} forbids sharing what is derived from the data"
    return ""


def _named(low: str) -> str | None:
    known = _BY_LOWER.get(low) or _ALIASES.get(low) or _ODC.get(low) or _BY_LOWER.get(low.replace(" ", "-").replace("_", "-"))
    return known or _creative(low)


def _creative(low: str) -> str | None:
    found = _CC.fullmatch(low)
    if found is None:
        return "CC0-1.0" if re.fullmatch(r"cc[-_ ]?(?:0|zero)(?:[-_ /]1[._]0)?", low) else None
    version = f"{found[2]}.{found[3]}" if found[2] else ""
    return _cc(re.sub("[_ ]", "-", found[1]), version, found[4])


def _cc(kind: str, version: str, port: str | None) -> str:
    """Return the SPDX id: conditions in the order nc, nd, sa; a version that is not named stays out."""
    parts = kind.split("-")[1:]
    ordered = [one for one in ("nc", "nd", "sa") if one in parts]
    ported = port if port not in (None, "igo") or version != "4.0" else None
    return "-".join(["CC", "BY", *(one.upper() for one in ordered), *([version] if version else []), *([ported.upper()] if ported else [])])


def _at(address: str) -> str | None:
    before = ""
    while before != address:
        before, address = address, _TRAILING.sub("", address)
    found = _CC_ADDRESS.fullmatch(address)
    if found is not None:
        if found[4]:
            return "CC0-1.0" if found[4] == "zero" else "CC-PDDC"
        return _cc(found[1], found[2], found[3])
    for pattern, template in _ADDRESSES:
        match = pattern.fullmatch(address)
        if match is not None:
            return _named(template.format(*match.groups())) or _named(_office(template.format(*match.groups())))
    return None


def _office(name: str) -> str:
    """Return the Publications Office's way of writing a version as everybody's, e.g. of `cc_byncnd_4_0`."""
    name = re.sub(r"^cc_by(nc)?(nd|sa)?_", lambda found: "-".join(["cc-by", *(one for one in found.groups() if one)]) + "-", name)
    return re.sub(r"[-_](\d)[-_](\d)$", r"-\1.\2", name).replace("_", "-")
