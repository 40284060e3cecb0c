"""Which credentials a member is entitled to under the rulebook, what they say, and the names of the kinds that a space issues."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from hanse.anchor.issuing.status import PURPOSES, Place, list_url
from hanse.anchor.records import Issued, Member, Space
from hanse.anchor.rulebook.schemas import schema_name, schema_url
from hanse.identity.credentials.issue import Draft, status_entry
from hanse.identity.credentials.model import VC11, VC20, Profile, SchemaReference
from hanse.identity.dcp.messages import CredentialObject, credential_object
from hanse.identity.rulebook import Role, Rulebook, Scalar
from hanse.kernel.clock import timestamp
from hanse.kernel.tenant import Did

_SLUGS: Final[Mapping[Profile, str]] = {VC20: "vc20-bssl-jwt", VC11: "vc11-sl2021-jwt"}
_PROFILES: Final[Mapping[str, Profile]] = {slug: profile for profile, slug in _SLUGS.items()}
_OBJECT: Final = re.compile(r".{1,200}/spaces/([a-z0-9-]{1,63})/credentials/([A-Za-z0-9]{1,128})/([a-z0-9-]{1,32})")


class Kind(Struct, frozen=True):
    """A kind of credential that a space issues: a type, in one of the two profiles."""

    type: str
    profile: Profile


class Grant(Struct, frozen=True):
    """A credential that a member is entitled to: its type, whom it is about, and the claims of its subject."""

    type: str
    holder: Did
    subject: dict[str, object]


class Minted(Struct, frozen=True):
    """A credential that is to be issued: its record, without the name of the key, and what is to be signed."""

    record: Issued
    draft: Draft


# Kinds of credentials, in the issuer's metadata.


def object_id(space_url: str, kind: Kind) -> str:
    """Return the id of a kind in the metadata. It stays the same for as long as the space has its address."""
    return f"{space_url}/credentials/{kind.type}/{_SLUGS[kind.profile]}"


def read_object_id(id: str) -> tuple[str, Kind] | None:
    """Return the name of the space and the kind that such an id means, or nothing if it cannot be one of ours."""
    match = _OBJECT.fullmatch(id)
    profile = None if match is None else _PROFILES.get(match[3])
    return None if match is None or profile is None else (match[1], Kind(match[2], profile))


def kinds(rulebook: Rulebook) -> list[Kind]:
    """Return all kinds that the anchor issues: its own types, each in all of its profiles."""
    return [Kind(name, profile) for name in rulebook.own_types() for profile in rulebook.credentials[name].profiles]


def preferred(rulebook: Rulebook, types: Iterable[str]) -> list[Kind]:
    """Return each of the types once, in the first of its profiles."""
    return [Kind(name, rulebook.credentials[name].profiles[0]) for name in dict.fromkeys(types)]


def objects(space: Space, wanted: Iterable[Kind], reason: str = "issue") -> list[CredentialObject]:
    """Return full entries for the issuer's metadata or an offer (DCP 1.0, 6.6.2)."""
    return [
        credential_object(object_id(space.url, kind), kind.type, kind.profile, schema_url(space.url, kind.type), reason=reason)
        for kind in wanted
    ]


# What a member may have.


def granted(space: Space, rulebook: Rulebook, member: Member) -> list[Grant]:
    """Return what the member is entitled to: membership, and the credential of each of its roles.

    A role whose claims are not within the rulebook (any more) has none, until the anchor decides about them anew.
    """
    found = [Grant(rulebook.membership, member.did, _membership(space, member))]
    for name in member.roles:
        role = rulebook.roles.get(name)
        claims = None if role is None else _claims(role, member.claims.get(name, {}))
        if role is not None and claims is not None:
            found.append(Grant(role.credential, member.did, {**claims, "id": member.did, "memberOf": space.url, "role": name}))
    return found


def why_not(rulebook: Rulebook, member: Member, kind: Kind) -> str:
    """Return, for the member, why it is not entitled to a kind."""
    if kind not in kinds(rulebook):
        return f"This space does not issue {kind.type} in the profile {kind.profile}."
    role = next((name for name in member.roles if name in rulebook.roles and rulebook.roles[name].credential == kind.type), None)
    if role is not None:
        return f"What the role {role} is to say of this member is not within the rulebook any more: the anchor has to decide anew."
    return f"{kind.type} is for members with the role {rulebook.role_of(kind.type)}, which this member does not have."


def _membership(space: Space, member: Member) -> dict[str, object]:
    said: dict[str, object] = {
        "id": member.did,
        "memberOf": space.url,
        "name": member.name,
        "since": timestamp(member.since or member.created),
    }
    return {**said, "termsHash": member.terms} if member.terms else said


def _claims(role: Role, chosen: Mapping[str, Scalar]) -> dict[str, object] | None:
    said = {claim: chosen.get(claim, values[0]) for claim, values in role.claims.items()}
    # The type counts: in Python, True is 1.
    within = all(any(type(said[claim]) is type(one) and said[claim] == one for one in values) for claim, values in role.claims.items())
    return dict(said) if within else None


# From a grant to a credential.


def minted(
    space: Space, rulebook: Rulebook, grant: Grant, profile: Profile, place: Place, *, id: str, issuance: str, now: datetime
) -> Minted:
    """Return the credential that comes of a grant, with its place in the status lists."""
    start = now.replace(microsecond=0)
    record = Issued(
        id=id,
        space=space.name,
        tenant=space.tenant,
        holder=grant.holder,
        type=grant.type,
        profile=profile,
        number=place.number,
        index=place.index,
        valid_from=start,
        valid_until=start + _lifetime(rulebook, grant.type),
        kid="",
        issuance=issuance,
    )
    return Minted(record, _draft(space, rulebook, grant, record))


def _draft(space: Space, rulebook: Rulebook, grant: Grant, record: Issued) -> Draft:
    profile, index = record.profile, record.index
    urls = [(purpose, list_url(space.url, purpose, record.number, profile)) for purpose in PURPOSES[profile]]
    described = schema_url(space.url, schema_name(rulebook, grant.type)) if rulebook.credentials[grant.type].schema else ""
    return Draft(
        profile=profile,
        types=(grant.type,),
        subject=grant.subject,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        id=f"{space.url}/credentials/{record.id}",
        statuses=tuple(status_entry(profile, purpose, index, url) for purpose, url in urls),
        # It describes the subject, not the whole credential, and stays the same when the rulebook has another.
        schemas=(SchemaReference(described, "JsonSchemaValidator2018"),) if described else (),
    )


def _lifetime(rulebook: Rulebook, type: str) -> timedelta:
    known = rulebook.credentials[type]
    # What lives longer than the rulebook lets its issuer make it live counts with nobody.
    bounds = [issuer.days for issuer in known.issuers if issuer.did == rulebook.anchor and issuer.days is not None]
    return timedelta(days=min([known.days, *bounds]))
