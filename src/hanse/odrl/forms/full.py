"""Any ODRL 2.2 policy in JSON-LD: compact, with prefixes, or expanded (ODRL 2.2 IM; ODRL 2.2 Vocabulary, 4; JSON-LD 1.1).

Strict like `read`, which reads what the Dataspace Protocol carries: what is not understood is refused and never dropped. Rules
that stand for several become several, and what the policy says once for all its rules becomes each rule's own.
"""

from __future__ import annotations

from typing import cast

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import Bounds, Limits, check_keys
from hanse.odrl.forms.compose import Policy, PolicyKind
from hanse.odrl.forms.jsonld.document import Document, Json
from hanse.odrl.forms.jsonld.rules import RuleReader
from hanse.odrl.forms.jsonld.text import decode
from hanse.odrl.model import Conflict, Terms

FULL = Limits(rules=1024, constraints=4096, values=65_536)
"""What a policy of an owner has at most, after its rules are atomic."""

_RULES = ("permission", "prohibition", "obligation")
_MEMBERS = frozenset({"@id", "@type", "profile", "conflict", "inheritFrom", "action", "target", "assigner", "assignee", *_RULES})
_KINDS = {"Policy": "Set", "Set": "Set", "Offer": "Offer", "Agreement": "Agreement"}
_CONFLICTS = frozenset({"perm", "prohibit", "invalid"})


def read_policy_text(text: bytes | str, where: str = "policy") -> Policy:
    """Return the policy that JSON text says.

    Raises `TooLarge` over 5 MB, `Malformed` for what is no JSON or nested too deep, `Invalid` for what breaks a rule.
    """
    return read_policy(decode(text), where)


def read_policy(value: object, where: str = "policy") -> Policy:
    """Return the policy that decoded JSON says; `where` begins the paths in errors, which are as in `read_policy_text`."""
    document = Document(value, where)
    policy = _the_policy(document, where)
    if "dct:isReplacedBy" in policy:
        raise Invalid(
            "This policy has been replaced by another one and is void (ODRL 2.2 IM, 2.7.2).",
            where=f"{where}.dct:isReplacedBy",
            rule="policy-replaced",
            hint="Take the one that it names.",
        )
    members = {key: inner for key, inner in policy.items() if not key.startswith(("dct:", "rdfs:"))}
    check_keys(members, _MEMBERS, where)
    found = _read(document, members, where)
    document.check_met(policy, where)
    return found


def _the_policy(document: Document, where: str) -> Json:
    """Return the one top-level object that has rules; the others are what it refers to."""
    found = [node for node in document.top if any(key in node for key in _RULES)]
    if len(found) == 1:
        return found[0]
    raise Invalid(
        f"One policy with a permission, a prohibition or an obligation is needed, not {len(found)}.",
        where=where,
        rule="policy-empty" if not found else "policy-many",
        hint='The least is "permission": [{"action": "use"}].' if not found else "Write each one to a file of its own.",
    )


def _read(document: Document, policy: Json, where: str) -> Policy:
    reader = RuleReader(document, Bounds(FULL))
    shared = reader.shared(policy, where)
    permissions, prohibitions, obligations = (reader.rules(policy, kind, where, shared) for kind in _RULES)
    if not permissions and not prohibitions and not obligations:
        raise Invalid("A policy needs a permission, a prohibition or an obligation.", where=where, rule="policy-empty")
    terms = Terms(
        permissions=permissions,
        prohibitions=prohibitions,
        obligations=obligations,
        profile=_iris(document, policy, "profile", where),
        conflict=_conflict(document, policy, where),
        inherits=_iris(document, policy, "inheritFrom", where),
    )
    uid = cast("str | None", policy.get("@id"))
    return Policy(None if uid is None or uid.startswith("_:") else uid, _kind(document, policy, where), terms, shared)


def _kind(document: Document, policy: Json, where: str) -> PolicyKind:
    kinds = {_KINDS.get(one) for one in document.types(policy, where)} or {"Set"}
    # A set may be one of the others too (ODRL 2.2 IM, 2.1), those not both, and a subclass of a profile may mean more than we know.
    kinds = kinds - {"Set"} or kinds
    if None in kinds or len(kinds) > 1:
        raise Invalid(
            "The type does not belong here.",
            where=f"{where}.@type",
            rule="policy-type",
            hint="It is Set, Offer or Agreement; others grant nothing here.",
        )
    return cast("PolicyKind", kinds.pop())


def _iris(document: Document, policy: Json, key: str, where: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(document.identifiers(policy[key], f"{where}.{key}"))) if key in policy else ()


def _conflict(document: Document, policy: Json, where: str) -> Conflict | None:
    if "conflict" not in policy:
        return None
    found = document.term(policy["conflict"], f"{where}.conflict")
    if found not in _CONFLICTS:
        raise Invalid(
            "This strategy for conflicts is not known.",
            where=f"{where}.conflict",
            rule="policy-conflict",
            hint="It is perm, prohibit or invalid.",
        )
    return cast("Conflict", found)
