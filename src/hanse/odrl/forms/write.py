"""Policies to the compact JSON form of DSP 2025-1: exactly what the schemas want, no empty arrays."""

from __future__ import annotations

from hanse.odrl.model import Agreement, Atomic, Constraint, Offer, Rule, Terms

Json = dict[str, object]


def write_offer(offer: Offer, in_catalogue: bool) -> Json:
    """Return an offer. In a catalogue it has no target, because the dataset around it says which (DSP 2025-1, 6.3)."""
    out: Json = {"@id": offer.id, "@type": "Offer"}
    if offer.target is not None and not in_catalogue:
        out["target"] = offer.target
    if offer.assigner is not None:
        out["assigner"] = offer.assigner
    if offer.assignee is not None:
        out["assignee"] = offer.assignee
    return out | write_terms(offer.terms)


def write_agreement(agreement: Agreement) -> Json:
    """Return an agreement (DSP 2025-1, 8.2.3)."""
    out: Json = {
        "@id": agreement.id,
        "@type": "Agreement",
        "target": agreement.target,
        "assigner": agreement.assigner,
        "assignee": agreement.assignee,
    }
    if agreement.timestamp is not None:
        out["timestamp"] = agreement.timestamp
    return out | write_terms(agreement.terms)


def write_terms(terms: Terms) -> Json:
    """Return the rules and the profile as the members of a policy."""
    out: Json = {}
    if terms.profile:
        out["profile"] = terms.profile[0] if len(terms.profile) == 1 else list(terms.profile)
    if terms.permissions:
        out["permission"] = [_rule(rule) for rule in terms.permissions]
    if terms.prohibitions:
        out["prohibition"] = [_rule(rule) for rule in terms.prohibitions]
    if terms.obligations:
        out["obligation"] = [_rule(rule) for rule in terms.obligations]
    return out


def _rule(rule: Rule) -> Json:
    out: Json = {"action": rule.action}
    if rule.constraints:
        out["constraint"] = [_constraint(one) for one in rule.constraints]
    if rule.duties:
        out["duty"] = [_rule(duty) for duty in rule.duties]
    return out


def _constraint(constraint: Constraint) -> Json:
    if isinstance(constraint, Atomic):
        return {
            "leftOperand": constraint.left,
            "operator": constraint.operator,
            "rightOperand": constraint.right,
        }
    return {constraint.operator: [_constraint(one) for one in constraint.operands]}
