"""The left operands that this engine decides by itself: the 34 of ODRL 2.2 and its own."""

from __future__ import annotations

from hanse.odrl.constraints.base import Badge, Operand, Operands
from hanse.odrl.constraints.claims import Claim
from hanse.odrl.constraints.moments import DateTime, Elapsed
from hanse.odrl.constraints.named import Named, Participant, State, party
from hanse.odrl.constraints.ordered import BYTES, MONEY, NUMBERS, SPANS, VERSIONS, Ordered, levels
from hanse.odrl.constraints.places import PLACES, place
from hanse.odrl.constraints.purposes import PURPOSES, purpose
from hanse.odrl.constraints.quality import Quality
from hanse.odrl.names import (
    ACTIVE,
    APPLICATION,
    ARTIFACT_STATE,
    CLASSIFICATION,
    COLUMN,
    CONNECTOR,
    CONSENT,
    COUNT,
    CREDENTIAL,
    DELAY_PERIOD,
    DIGITS,
    ELAPSED_TIME,
    ENVIRONMENT,
    EVENT,
    GROUP_SIZE,
    MEMBERSHIP,
    METERED_TIME,
    ORIGIN,
    PAID,
    PARTICIPANT_LOCATION,
    PAY_AMOUNT,
    POLICY,
    PURPOSE,
    RECIPIENT,
    RISK,
    ROLE,
    SECURITY_LEVEL,
    SPATIAL,
    TIME_INTERVAL,
    VOLUME,
)
from hanse.odrl.values import read_language

GIVEN, CURRENT = "given", "current"
"""The right operands of `CONSENT` and `PAID`."""

_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"


def _format(name: str) -> str:
    """Return a media type in the form that is compared: they have no case (RFC 6838, 4.2)."""
    return name.removeprefix(_MEDIA_TYPES).lower() if "/" in name else name


def _wider(language: str) -> frozenset[str]:
    """Return all language tags that a tag is within: `de` of `de-at` (basic filtering, RFC 4647, 3.3.1)."""
    parts = language.split("-")
    return frozenset("-".join(parts[:length]) for length in range(1, len(parts)))


_ENFORCED, _ATTESTED = Badge.ENFORCED, Badge.ATTESTED

_TIMES: tuple[Operand, ...] = (
    DateTime(),
    Elapsed(name=ELAPSED_TIME),
    Elapsed(name=TIME_INTERVAL, waits=True),
    Elapsed(name=DELAY_PERIOD, waits=True),
    Ordered(name=METERED_TIME, kind=SPANS, badge=_ENFORCED),
)
_AMOUNTS: tuple[Operand, ...] = (
    Ordered(name=COUNT, kind=NUMBERS, badge=_ENFORCED),
    Ordered(name=VOLUME, kind=BYTES, badge=_ENFORCED),
    Ordered(name=PAY_AMOUNT, kind=MONEY, badge=_ENFORCED),
    Ordered(name=DIGITS, kind=NUMBERS, badge=_ENFORCED),
    Ordered(name=GROUP_SIZE, kind=NUMBERS, badge=_ENFORCED),
    *(
        Ordered(name=name, kind=NUMBERS)
        for name in ("absolutePosition", "absoluteSize", "absoluteTemporalPosition", "percentage", "relativePosition")
    ),
    *(Ordered(name=name, kind=NUMBERS) for name in ("relativeSize", "relativeTemporalPosition", "resolution")),
    Ordered(name="version", kind=VERSIONS),
    Ordered(name=SECURITY_LEVEL, kind=levels("securityLevel", "base", "trust", "trust+"), badge=_ENFORCED),
    Ordered(name=CLASSIFICATION, kind=levels("classification", "public", "internal", "confidential", "secret"), badge=_ENFORCED),
)
_PARTIES: tuple[Operand, ...] = (
    Participant(),
    State(name=MEMBERSHIP, word=ACTIVE),
    Named(name=ROLE, many="any", provable=False, badge=_ENFORCED),
    Named(name=CREDENTIAL, many="any", provable=False, badge=_ENFORCED),
    Claim(),
    Named(name=CONNECTOR, badge=_ENFORCED),
    Named(name=PARTICIPANT_LOCATION, tree=PLACES, canonical=place, badge=_ENFORCED),
    State(name=CONSENT, word=GIVEN),
    State(name=PAID, word=CURRENT),
    Named(name=RECIPIENT, canonical=party),
)
_USES: tuple[Operand, ...] = (
    Named(name=PURPOSE, tree=PURPOSES, canonical=purpose, badge=_ATTESTED),
    Named(name=SPATIAL, tree=PLACES, canonical=place, badge=_ENFORCED),
    Named(name=ORIGIN, tree=PLACES, canonical=place, badge=_ENFORCED),
    Named(name=RISK, many="any", badge=_ENFORCED),
    Quality(),
    Named(name=APPLICATION, badge=_ATTESTED),
    Named(name=ENVIRONMENT, many="any", badge=_ATTESTED),
    Named(name=EVENT, many="any", also={"gt": "eq", "gteq": "eq", "lt": "neq"}, badge=_ENFORCED),
    Named(name=ARTIFACT_STATE, many="any", badge=_ENFORCED),
    Named(name=COLUMN, many="any", badge=_ENFORCED),
    Named(name=POLICY, badge=_ENFORCED),
    Named(name="language", read=read_language, canonical=str.lower, above=_wider),
    Named(name="fileFormat", canonical=_format),
    *(Named(name=name, fact="systemDevice") for name in ("systemDevice", "system", "device")),
    *(Named(name=name) for name in ("absoluteSpatialPosition", "deliveryChannel", "industry", "media", "product")),
    *(Named(name=name) for name in ("relativeSpatialPosition", "spatialCoordinates", "unitOfCount", "virtualLocation")),
)

BUILT_IN = Operands((*_TIMES, *_AMOUNTS, *_PARTIES, *_USES))
"""Every left operand of the standard, and this engine's own, those that only duties use included."""
