"""What the words of ODRL 2.2 have to do with each other: actions within actions, left operands, operators (ODRL 2.2 Vocabulary).

Its 72 actions are the 63 of ODRL and the nine of Creative Commons that it takes up. `implies`, which the standard uses for
conflicts alone, has no instance in the vocabulary, so there is no table of it. This engine's own actions stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hanse.odrl.facts import Truth
from hanse.odrl.names import (
    DROP,
    EMBED,
    ENCRYPT,
    EVALUATE,
    FINE_TUNE,
    LOG,
    MASK,
    MINE,
    PSEUDONYMISE,
    RETRIEVE,
    ROUND,
    TRAIN,
    USE,
    plain,
)

TRANSFER = "transfer"
"""The other root of the actions: nothing is in both. Selling and giving are transfers, and so no use."""

_CC = "http://creativecommons.org/ns#"
_IN_USE = (
    "acceptTracking aggregate annotate anonymize archive attribute compensate concurrentUse delete derive digitize distribute"
    " ensureExclusivity execute grantUse include index inform install modify move nextPolicy obtainConsent play present print read"
    " reproduce reviewPolicy stream synchronize textToSpeech transform translate uninstall watermark"
)
_CC_IN_USE = "Attribution CommercialUse DerivativeWorks Distribution Notice Reproduction ShareAlike Sharing SourceCode"
_OWED = (LOG, MASK, PSEUDONYMISE, ROUND, DROP, ENCRYPT)
"""Done so that a use is in order, no uses themselves; each contains itself alone."""

INCLUDED_IN: Mapping[str, str] = {
    **dict.fromkeys(_IN_USE.split(), USE),
    **{f"{_CC}{name}": USE for name in _CC_IN_USE.split()},
    "display": "play",
    "extract": "reproduce",
    "give": TRANSFER,
    "sell": TRANSFER,
    MINE: USE,
    RETRIEVE: USE,
    **dict.fromkeys((TRAIN, FINE_TUNE, EVALUATE, EMBED), MINE),
}
"""`odrl:includedIn`: the action that an action is part of."""

SAME_AS: Mapping[str, str] = {
    **dict.fromkeys(("append", "appendTo", "write", "writeTo"), "modify"),
    "attachPolicy": f"{_CC}Notice",
    "attachSource": f"{_CC}SourceCode",
    "commercialize": f"{_CC}CommercialUse",
    "copy": "reproduce",
    "export": "transform",
    "license": "grantUse",
    "pay": "compensate",
    "share": f"{_CC}Sharing",
    "shareAlike": f"{_CC}ShareAlike",
}
"""`skos:exactMatch` of deprecated actions: what they are called now."""

LOOSE = frozenset({"adHocShare", "extractChar", "extractPage", "extractWord", "lease", "lend", "preview", "secondaryUse"})
"""Deprecated actions of which the vocabulary does not say where they belong: whether another action contains one is unknown."""

LEFT_OPERANDS = frozenset(
    [
        "absolutePosition",
        "absoluteSize",
        "absoluteSpatialPosition",
        "absoluteTemporalPosition",
        "count",
        "dateTime",
        "delayPeriod",
        "deliveryChannel",
        "device",
        "elapsedTime",
        "event",
        "fileFormat",
        "industry",
        "language",
        "media",
        "meteredTime",
        "payAmount",
        "percentage",
        "product",
        "purpose",
        "recipient",
        "relativePosition",
        "relativeSize",
        "relativeSpatialPosition",
        "relativeTemporalPosition",
        "resolution",
        "spatial",
        "spatialCoordinates",
        "system",
        "systemDevice",
        "timeInterval",
        "unitOfCount",
        "version",
        "virtualLocation",
    ]
)
"""The left operands of ODRL 2.2. `device` and `system` are deprecated names of `systemDevice`."""

OPERATORS = frozenset(["eq", "gt", "gteq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf", "lt", "lteq", "neq"])
"""The operators of ODRL 2.2. `term-lteq`, a slip of the DSP schema, is none: its meaning is nowhere told."""

_ROOTS = (USE, TRANSFER)
ACTIONS = frozenset({*_ROOTS, *INCLUDED_IN, *SAME_AS, *LOOSE, *_OWED})
"""Every action that is known, by its plain name or IRI."""


def action_name(action: str) -> str:
    """Return the one name of an action, however it was written: without prefix, and a deprecated one by its present name."""
    name = plain(action)
    if name.startswith("cc:"):
        name = _CC + name[3:]
    return SAME_AS.get(name, name)


def wider(action: str) -> tuple[str, ...]:
    """Return an action's present name and those of all actions that contain it, nearest first."""
    found = [action_name(action)]
    while found[-1] in INCLUDED_IN:
        found.append(INCLUDED_IN[found[-1]])
    return tuple(found)


def _contents(actions: Iterable[str]) -> dict[str, frozenset[str]]:
    within: dict[str, set[str]] = {}
    for action in actions:
        for container in wider(action):
            within.setdefault(container, set()).add(action)
    return {container: frozenset(found) for container, found in within.items()}


CONTAINS: Mapping[str, frozenset[str]] = _contents(ACTIONS)
"""By present name: the names, deprecated ones too, of all actions that an action contains, itself among them."""


def action_includes(general: str, special: str) -> Truth:
    """Tell whether who may (or must not) do `general` may (or must not) do `special` by that (ODRL 2.2 IM, 2.4.1, `includedIn`).

    `None` when it is not known: one of two different actions is unknown, or is one whose place the vocabulary leaves open.
    `use` contains `read`, but neither `sell` nor `transfer`; no action contains a wider one.
    """
    outer, inner = action_name(general), action_name(special)
    if outer == inner:
        return True
    if outer not in ACTIONS or inner not in ACTIONS or inner in LOOSE or outer in LOOSE:
        return None
    return outer in wider(inner)
