"""Does an applicant fit the rulebook? One pure report, for the applicant beforehand and for the anchor when it decides.

An application that lacks something is refused with this report. One that lacks nothing is decided by a rule of the
rulebook, or waits for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from hanse.identity.credentials.model import Credential, Verified
from hanse.identity.rulebook import Automatic, Rulebook, SpaceTrust, within
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did

Decider = Literal["automatic rule", "invitation", "1 operator", "2 operators"]
AUTOMATIC: Final = "automatic rule"


class Check(Struct, frozen=True, kw_only=True):
    """One thing that the rulebook asks: `met` or not, `why`, and what would `help`. `where` is the part of the application."""

    what: str
    met: bool
    why: str
    help: str = ""
    where: str


class FitReport(Struct, frozen=True):
    """Whether an application `fits`, who decides about one that does, and each thing that was looked at."""

    fits: bool
    decided_by: Decider
    checks: tuple[Check, ...]

    @property
    def missing(self) -> tuple[Check, ...]:
        """What is not met."""
        return tuple(check for check in self.checks if not check.met)


class Sponsor(Struct, frozen=True):
    """Who vouches for an applicant; `problem` is why that does not count, or empty."""

    did: Did
    problem: str = ""


def report(
    rulebook: Rulebook,
    roles: Sequence[str],
    presented: Sequence[Verified],
    evidence: Mapping[str, str],
    terms: str,
    sponsor: Sponsor | None = None,
) -> FitReport:
    """Judge an application for `roles`. `terms` is the hash of those that the applicant accepts, or empty.

    `presented` are credentials about the applicant that were verified; one that the rulebook does not trust does not count.
    """
    trust = SpaceTrust(rulebook)
    objections = {kind: why for one in presented for kind in one.credential.types if (why := trust.objection(one.credential))}
    good = counted(rulebook, presented)
    checks = (
        *needed(rulebook, roles, {kind for one in good for kind in one.types}, evidence, terms, objections),
        *_unknown(rulebook, evidence),
        *(() if sponsor is None else (_vouched(sponsor),)),
    )
    fits = all(check.met for check in checks)
    vouched = sponsor is not None and not sponsor.problem
    alone = fits and bool(roles) and all(_rule(rulebook, role, good, vouched) for role in roles)
    decider: Decider = "2 operators" if rulebook.joining.approvals == 2 else "1 operator"
    return FitReport(fits, AUTOMATIC if alone else decider, checks)


def counted(rulebook: Rulebook, presented: Sequence[Verified]) -> list[Credential]:
    """Return those that the rulebook trusts: whoever verified them may have gone by another version of it."""
    trust = SpaceTrust(rulebook)
    return [one.credential for one in presented if trust.objection(one.credential) is None]


def needed(
    rulebook: Rulebook,
    roles: Sequence[str],
    types: Collection[str],
    evidence: Collection[str],
    terms: str,
    objections: Mapping[str, str] | None = None,
) -> list[Check]:
    """Return what these roles ask for, and whether it is there. `objections` says of types why what was presented does not count."""
    known = [name for name in roles if name in rulebook.roles]
    credentials = dict.fromkeys(kind for name in known for kind in rulebook.roles[name].needs)
    papers = dict.fromkeys(paper for name in known for paper in rulebook.roles[name].evidence)
    return [
        *(_role(rulebook, name) for name in roles),
        *(_credential(rulebook, kind, kind in types, (objections or {}).get(kind, "")) for kind in credentials),
        *(_paper(rulebook, paper, paper in evidence) for paper in papers),
        *_terms(rulebook, terms),
    ]


def refusal(missing: Sequence[Check]) -> Invalid:
    """Return the error that lists all that an application lacks."""
    return Invalid(
        "The application does not fit the rulebook. " + " ".join(check.why for check in missing),
        where=missing[0].where,
        rule="fit",
        hint=" ".join(check.help for check in missing if check.help),
    )


def _role(rulebook: Rulebook, name: str) -> Check:
    if name in rulebook.roles:
        role = rulebook.roles[name]
        trust = f", and trusts it to {' and '.join(role.trust)}" if role.trust else ""
        return Check(what=f"role {name}", met=True, why=f"The space has this role: {role.title}{trust}.", where="roles")
    return Check(
        what=f"role {name[:80]}",
        met=False,
        why=f"The space has no role {name[:80]!r}.",
        help=f"Its roles are {', '.join(rulebook.roles)}.",
        where="roles",
    )


def _credential(rulebook: Rulebook, kind: str, met: bool, objection: str) -> Check:
    what, issuers = rulebook.credentials[kind], ", ".join(issuer.did for issuer in rulebook.credentials[kind].issuers)
    if met:
        return Check(what=f"credential {kind}", met=True, why=f"A {kind} was presented.", where="presented")
    why = f"The {kind} that was presented does not count: {objection}" if objection else f"No {kind} ({what.title}) was presented."
    return Check(
        what=f"credential {kind}", met=False, why=why, help=f"Present a {kind} that one of these issued: {issuers}.", where="presented"
    )


def _paper(rulebook: Rulebook, name: str, met: bool) -> Check:
    asked = rulebook.evidence[name]
    if met:
        return Check(what=f"evidence {name}", met=True, why="It was handed in.", where=f"evidence.{name}")
    return Check(
        what=f"evidence {name}",
        met=False,
        why=f"The evidence {name!r} ({asked.title}) was not handed in.",
        help=asked.hint or "Hand it in as a text or an address.",
        where=f"evidence.{name}",
    )


def _terms(rulebook: Rulebook, accepted: str) -> Iterator[Check]:
    terms = rulebook.terms
    if terms is None:
        return
    if accepted == terms.sha256:
        yield Check(what="terms", met=True, why=f"The terms ({terms.title}) are accepted.", where="terms")
        return
    why = "Other terms are accepted than those that hold now." if accepted else f"The terms ({terms.title}) are not accepted."
    read = terms.url or f"{rulebook.space}/rulebook.yaml"
    yield Check(what="terms", met=False, why=why, help=f"Read them at {read} and accept them by naming {terms.sha256}.", where="terms")


def _unknown(rulebook: Rulebook, evidence: Mapping[str, str]) -> Iterator[Check]:
    for name in evidence:
        if name not in rulebook.evidence:
            known = ", ".join(rulebook.evidence) or "none"
            why = f"The rulebook knows no evidence {name[:80]!r}."
            yield Check(what=f"evidence {name[:80]}", met=False, why=why, help=f"It knows: {known}.", where="evidence")


def _vouched(sponsor: Sponsor) -> Check:
    why = sponsor.problem or f"{sponsor.did} vouches for the applicant, and hosts it."
    hint = "Ask an intermediary of the space that hosts you, or apply without one." if sponsor.problem else ""
    return Check(what="sponsor", met=not sponsor.problem, why=why, help=hint, where="sponsor")


def _rule(rulebook: Rulebook, role: str, good: Sequence[Credential], vouched: bool) -> bool:
    return any(role in rule.roles and _satisfied(rule, good, vouched) for rule in rulebook.joining.automatic)


def _satisfied(rule: Automatic, good: Sequence[Credential], vouched: bool) -> bool:
    """Tell whether a rule lets the applicant in: a credential of each type, each claim made by one of these, and denied by none."""
    if rule.sponsored and not vouched:
        return False
    fitting = [one for one in good if any(kind in one.types for kind in rule.needs) and _agrees(rule, one)]
    there = {kind for one in fitting for kind in one.types}
    claimed = {claim for one in fitting for subject in one.subjects for claim in subject}
    return there.issuperset(rule.needs) and claimed.issuperset(rule.claims)


def _agrees(rule: Automatic, credential: Credential) -> bool:
    """Tell whether what the credential says of the rule's claims, if anything, has the rule's values."""
    return all(
        claim not in subject or within(subject, claim, allowed) for subject in credential.subjects for claim, allowed in rule.claims.items()
    )
