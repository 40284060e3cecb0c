"""What a space's rulebook says, and the trust that follows from it: who may issue which credential, within which bounds.

The anchor publishes it as a signed statement of the kind `RULEBOOK`; every member reads it there. How it is written down by
people (one YAML file) is the anchor's affair (`anchor/rulebook.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from hanse.identity.credentials.model import VC20, Credential, Profile, Subject

RULEBOOK: Final = "hanse-rulebook+jwt"
"""The kind of the statement; its body is a `Rulebook`."""
MEMBERSHIP: Final = "MembershipCredential"
"""The credential by which a member proves that it is one, unless a rulebook names another."""
MAX_RULEBOOK: Final = 256 * 1024
"""Bytes of a rulebook."""

Trust = Literal["mirror", "replicate"]
"""What a role may do besides what every member may: keep mirrors under one agreement; keep a copy of the space's catalogues."""
TRUSTS: Final[tuple[Trust, ...]] = ("mirror", "replicate")
Scalar = str | int | bool
Values = Annotated[list[Scalar], Meta(min_length=1, max_length=256)]
Name = Annotated[str, Meta(pattern=r"^[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?\Z")]
"""Of a role, or of a piece of evidence: `ai-factory`."""
TypeName = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{0,127}\Z")]
"""Of a credential's type: `MembershipCredential`."""
Title = Annotated[str, Meta(min_length=1, max_length=500)]
_Text = Annotated[str, Meta(max_length=4000)]
_Claims = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=128)], Values], Meta(max_length=64)]
_Did = Annotated[str, Meta(min_length=1, max_length=1280)]
_Days = Annotated[int, Meta(ge=1, le=3660)]


class _Part(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a rulebook. A member that nobody knows is refused: it would be a rule that nobody keeps."""


class TrustedIssuer(_Part, frozen=True, kw_only=True):
    """Who may issue a credential of some type, and its bounds.

    Each claim that `claims` names must be there in every subject, and have one of the values (a list: only such values).
    A credential that lives for longer than `days` does not count.
    """

    did: _Did
    claims: _Claims = {}
    days: _Days | None = None


class CredentialType(_Part, frozen=True, kw_only=True):
    """A type of credential that the space knows. Those of the anchor live for `days`, and follow `schema` (of the subject)."""

    title: Title
    issuers: Annotated[list[TrustedIssuer], Meta(min_length=1, max_length=64)]
    days: _Days = 90
    schema: dict[str, object] | None = None
    profiles: Annotated[list[Profile], Meta(min_length=1, max_length=2)] = field(default_factory=lambda: [VC20])


class Role(_Part, frozen=True, kw_only=True):
    """A role, the credential that says so, and what an applicant needs for it: credentials to present, and evidence to provide.

    `claims` are what the credential may say besides the role; the first value of each is what it says unless an operator
    chooses another. `trust` is what the space lets those do who have it, besides what every member may; no agreement is spared by it.
    """

    title: Title
    credential: TypeName
    needs: Annotated[list[TypeName], Meta(max_length=16)] = []
    evidence: Annotated[list[Name], Meta(max_length=16)] = []
    claims: _Claims = {}
    trust: Annotated[list[Trust], Meta(max_length=8)] = []


class Evidence(_Part, frozen=True, kw_only=True):
    """Something that an applicant hands in as text or as an address, for a person to look at."""

    title: Title
    hint: _Text = ""


class Terms(_Part, frozen=True, kw_only=True):
    """What members agree to. `sha256` is of the text (64 hexadecimal digits): who applies names it, and so accepts it."""

    title: Title
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    text: Annotated[str, Meta(max_length=128 * 1024)] = ""
    url: Annotated[str, Meta(max_length=2048)] = ""


class Automatic(_Part, frozen=True, kw_only=True):
    """When nobody has to decide: for these roles, if the applicant presents these credentials, with these claims.

    With `sponsored` an intermediary of the space has to vouch for it, and host it.
    """

    roles: Annotated[list[Name], Meta(min_length=1, max_length=32)]
    needs: Annotated[list[TypeName], Meta(max_length=16)] = []
    claims: _Claims = {}
    sponsored: bool = False


class Joining(_Part, frozen=True, kw_only=True):
    """How one becomes a member. `approvals` is how many operators have to say yes; `approvers`, if there are any, are their names."""

    approvals: Annotated[int, Meta(ge=1, le=2)] = 1
    approvers: Annotated[list[Title], Meta(max_length=64)] = []
    automatic: Annotated[list[Automatic], Meta(max_length=32)] = []


class Rulebook(_Part, frozen=True, kw_only=True):
    """The rules of a space. `space` is its address, `anchor` its anchor's DID. Raises `ValueError` where parts do not fit each other."""

    space: Annotated[str, Meta(min_length=1, max_length=128)]
    anchor: _Did
    title: Title
    terms: Terms | None = None
    membership: TypeName = MEMBERSHIP
    credentials: Annotated[dict[TypeName, CredentialType], Meta(min_length=1, max_length=64)]
    roles: Annotated[dict[Name, Role], Meta(min_length=1, max_length=32)]
    evidence: Annotated[dict[Name, Evidence], Meta(max_length=64)] = {}
    joining: Joining = Joining()

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ValueError(problem)

    def _problems(self) -> Sequence[str]:
        known = set(self.credentials)
        own = [self.membership, *(role.credential for role in self.roles.values())]
        named = [*own, *(name for role in self.roles.values() for name in role.needs)]
        named += [name for rule in self.joining.automatic for name in rule.needs]
        found = [f"The credential {name} is named, but not described under `credentials`" for name in named if name not in known]
        found += [f"The credential {name} is not issued by the anchor" for name in own if name in known and not self._issues(name)]
        found += [
            f"The role {name} asks for the evidence {one}, which is not described under `evidence`"
            for name, role in self.roles.items()
            for one in role.evidence
            if one not in self.evidence
        ]
        roles = [name for rule in self.joining.automatic for name in rule.roles]
        found += [
            f"An automatic rule names the role {name}, which is not described under `roles`" for name in roles if name not in self.roles
        ]
        if len(set(self.joining.approvers)) == 1 and self.joining.approvals == 2:
            found.append("Two approvals are asked for, but one approver is named")
        return found

    def _issues(self, name: str) -> bool:
        return any(issuer.did == self.anchor for issuer in self.credentials[name].issuers)

    def own_types(self) -> tuple[str, ...]:
        """Return the types that the anchor issues to members: membership first, then those of the roles, each once."""
        return tuple(dict.fromkeys([self.membership, *(role.credential for role in self.roles.values())]))

    def trusted_with(self, roles: Collection[str]) -> frozenset[str]:
        """Return what members with these roles may do besides what every member may."""
        return frozenset(one for name in roles if name in self.roles for one in self.roles[name].trust)

    def trusting(self, what: str) -> tuple[str, ...]:
        """Return the roles that the space trusts with this."""
        return tuple(name for name, role in self.roles.items() if what in role.trust)

    def role_of(self, credential_type: str) -> str | None:
        """Return the role that a credential of this type stands for."""
        return next((name for name, role in self.roles.items() if role.credential == credential_type), None)


def asked_of_applicants(rulebook: Rulebook) -> tuple[str, ...]:
    """Return the types of credentials that an applicant may be asked to present: for some role, or by an automatic rule."""
    named = [name for role in rulebook.roles.values() for name in role.needs]
    return tuple(dict.fromkeys([*named, *(name for rule in rulebook.joining.automatic for name in rule.needs)]))


class SpaceTrust:
    """The trust policy of a space's members: what the rulebook says about issuers (an `IssuerPolicy`).

    Membership of another space is none of this one, whatever bounds the rulebook sets: an anchor may have several spaces,
    and call their credentials alike.
    """

    __slots__ = ("_membership", "_space", "_types")

    def __init__(self, rulebook: Rulebook) -> None:
        self._types: Mapping[str, CredentialType] = rulebook.credentials
        self._membership = rulebook.membership
        self._space = rulebook.space

    def objection(self, credential: Credential) -> str | None:
        """Return why the issuer may not say this. DIDs are compared whole; each of several types must be within bounds."""
        for kind in credential.types:
            known = self._types.get(kind)
            if known is None:
                return f"The space's rulebook does not know the type {kind}."
            problem = _objection(credential, kind, known)
            if problem is not None:
                return problem
        if self._membership in credential.types and not all(self._is_ours(subject) for subject in credential.subjects):
            return f"Its memberOf is another space than {self._space}."
        return None

    def _is_ours(self, subject: Subject) -> bool:
        return "memberOf" not in subject or within(subject, "memberOf", [self._space])


def _objection(credential: Credential, kind: str, known: CredentialType) -> str | None:
    entries = [issuer for issuer in known.issuers if issuer.did == credential.issuer]
    if not entries:
        return f"{credential.issuer} is not trusted for {kind}."
    problems = [_beyond(credential, kind, entry) for entry in entries]
    return None if None in problems else problems[0]


def _beyond(credential: Credential, kind: str, issuer: TrustedIssuer) -> str | None:
    for claim, allowed in issuer.claims.items():
        if not all(within(subject, claim, allowed) for subject in credential.subjects):
            return f"{issuer.did} may not issue a {kind} with this {claim}: it is outside the bounds that the rulebook sets."
    if issuer.days is not None and not _lives(credential, timedelta(days=issuer.days)):
        return f"{issuer.did} may not issue a {kind} that lives for more than {issuer.days} days."
    return None


def within(subject: Subject, claim: str, allowed: Sequence[Scalar]) -> bool:
    """Tell whether the subject makes this claim, with one of the values (a list: only such values); the value's type counts."""
    if claim not in subject:
        return False
    value = subject[claim]
    said = value if isinstance(value, list) else [value]
    # The type counts: in Python, True is 1.
    return bool(said) and all(any(type(one) is type(other) and one == other for other in allowed) for one in said)


def _lives(credential: Credential, longest: timedelta) -> bool:
    start, end = credential.valid_from, credential.valid_until
    return start is not None and end is not None and end - start <= longest
