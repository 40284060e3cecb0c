"""Policies from decoded JSON (DSP 2025-1, contract schema; ODRL 2.2 IM, 2).

Strict on purpose: a member that is not understood is refused and never dropped, because a term that is dropped is a
term that is not kept. Every refusal is `Malformed` or `Invalid` and names the place.
"""

from __future__ import annotations

import re

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import Bounds, as_list, as_object, as_text, check_keys, optional_text
from hanse.odrl.forms.jsonld.context import check_known
from hanse.odrl.forms.reading import ConstraintReader, check_type
from hanse.odrl.model import Agreement, Offer, Rule, Terms

_RULES = ("permission", "prohibition", "obligation")
_PARTIES = ("target", "assigner", "assignee")
_TERMS = frozenset({"@context", "@id", "@type", "profile", *_RULES})
_OFFER = _TERMS | frozenset(_PARTIES)
_AGREEMENT = _OFFER | {"timestamp"}
_DUTY = frozenset({"@type", "action", "constraint", *_PARTIES})
_PERMISSION = _DUTY | {"duty"}
_TYPE_OF = {"permission": "Permission", "prohibition": "Prohibition", "obligation": "Duty", "duty": "Duty"}
_TIMESTAMP = re.compile(
    r"-?([1-9][0-9]{3,}|0[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?|(24:00:00(\.0+)?))(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
)

Json = dict[str, object]


def read_offer(value: object, where: str = "offer") -> Offer:
    """Return the offer that `value` (decoded JSON) holds; `where` is its path in the message, for errors.

    `@type` may be absent, as the schema allows inside a catalogue; `target` is absent there. Raises `Malformed` when
    it is no object or nested too deep, `Invalid` when a member breaks a rule (DSP 2025-1, contract schema, Offer and
    MessageOffer).
    """
    policy = _policy(value, where, _OFFER, ("Offer",))
    return Offer(
        id=as_text(policy.get("@id"), f"{where}.@id"),
        terms=_terms(policy, where),
        target=optional_text(policy, "target", where),
        assigner=optional_text(policy, "assigner", where),
        assignee=optional_text(policy, "assignee", where),
    )


def read_agreement(value: object, where: str = "agreement") -> Agreement:
    """Return the agreement that `value` (decoded JSON) holds; errors as in `read_offer` (contract schema, Agreement)."""
    policy = _policy(value, where, _AGREEMENT, ("Agreement",))
    timestamp = optional_text(policy, "timestamp", where)
    if timestamp is not None and not _TIMESTAMP.fullmatch(timestamp):
        raise Invalid(
            "The timestamp is no xsd:dateTime.",
            where=f"{where}.timestamp",
            rule="policy-timestamp",
            hint="Write it like 2026-12-31T12:00:00Z.",
        )
    return Agreement(
        id=as_text(policy.get("@id"), f"{where}.@id"),
        terms=_terms(policy, where),
        target=as_text(policy.get("target"), f"{where}.target"),
        assigner=as_text(policy.get("assigner"), f"{where}.assigner"),
        assignee=as_text(policy.get("assignee"), f"{where}.assignee"),
        timestamp=timestamp,
    )


def read_terms(value: object, where: str = "policy") -> Terms:
    """Return the terms of a policy without parties or target, e.g. from an owner's file; errors as in `read_offer`."""
    return _terms(_policy(value, where, _TERMS, ("Offer", "Set", "Policy")), where)


def _policy(value: object, where: str, keys: frozenset[str], types: tuple[str, ...]) -> Json:
    policy = as_object(value, where)
    check_keys(policy, keys, where)
    check_type(policy, types, where)
    if "@context" in policy:
        given = policy["@context"]
        for one in given if isinstance(given, list) else [given]:
            check_known(one, f"{where}.@context")
    return policy


def _terms(policy: Json, where: str) -> Terms:
    bounds = Bounds()
    permissions, prohibitions, obligations = (_rules(policy, key, where, policy, bounds) for key in _RULES)
    if not permissions and not prohibitions:
        raise Invalid(
            "A policy needs a permission or a prohibition.",
            where=where,
            rule="policy-empty",
            hint='The least is "permission": [{"action": "use"}].',
        )
    return Terms(permissions=permissions, prohibitions=prohibitions, obligations=obligations, profile=_profile(policy, where))


def _profile(policy: Json, where: str) -> tuple[str, ...]:
    if "profile" not in policy:
        return ()
    value = policy["profile"]
    if isinstance(value, list):
        return tuple(as_text(one, f"{where}.profile[{index}]") for index, one in enumerate(value))
    return (as_text(value, f"{where}.profile"),)


def _rules(holder: Json, key: str, where: str, policy: Json, bounds: Bounds) -> tuple[Rule, ...]:
    # An empty array says nothing, so nothing is lost by taking it, although the schema wants one item at least.
    items = as_list(holder[key], f"{where}.{key}") if key in holder else []
    return tuple(_rule(item, key, f"{where}.{key}[{index}]", policy, bounds) for index, item in enumerate(items))


def _rule(value: object, key: str, where: str, policy: Json, bounds: Bounds) -> Rule:
    bounds.count_rule(where)
    rule = as_object(value, where)
    check_keys(rule, _PERMISSION if key == "permission" else _DUTY, where)
    check_type(rule, (_TYPE_OF[key],), where)
    _check_parties(rule, policy, where)
    items = as_list(rule.get("constraint", []), f"{where}.constraint")
    return Rule(
        action=as_text(rule.get("action"), f"{where}.action"),
        constraints=ConstraintReader(bounds).read(items, f"{where}.constraint"),
        duties=_rules(rule, "duty", where, policy, bounds),
    )


def _check_parties(rule: Json, policy: Json, where: str) -> None:
    for key in _PARTIES:
        if key in rule and (key not in policy or rule[key] != policy[key]):
            raise Invalid(
                f"A rule cannot have another {key} than its policy.",
                where=f"{where}.{key}",
                rule="policy-party",
                hint="Leave it out: the policy's applies to all its rules.",
            )
