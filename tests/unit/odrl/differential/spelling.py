"""The same terms written in other ways: in another order, with other names and values for the same, and as JSON-LD."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.odrl.model import Atomic, Logical, Terms

ODRL = "http://www.w3.org/ns/odrl/2/"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
COMPARING = frozenset({"eq", "neq", "lt", "lteq", "gt", "gteq"})
SETS = frozenset({"isAnyOf", "isNoneOf", "isAllOf"})
NAMES = ("purpose", "spatial", "urn:hanse:odrl:role", "urn:hanse:odrl:environment", "urn:hanse:odrl:participant")
MOMENTS = [["2026-06-15T12:00:00Z", "2026-06-15T14:00:00+02:00", "2026-06-15T12:00:00", "2026-06-15T11:00:00.000-01:00"]]
NUMBERS = [["1", "1.0", "+1", "01"], ["2", "2.00", "2e0"], ["3", "3."]]
PERIODS = [["P1D", "PT24H", "PT1440M", "P0Y1D"], ["PT1H", "PT60M", "PT3600S"], ["P1M", "P0Y1M"]]
SAME = {"dateTime": MOMENTS, "count": NUMBERS, "elapsedTime": PERIODS}
"""Right operands that say the same, by left operand."""


def each_constraint(terms, change):
    """Return the terms with `change` made to every atomic constraint."""
    return _each(terms, change, lambda logical: logical)


def each_logical(terms, change):
    """Return the terms with `change` made to every logical constraint."""
    return _each(terms, lambda atomic: atomic, change)


def _each(terms, of_atomic, of_logical):
    def of(constraint):
        if isinstance(constraint, Atomic):
            return of_atomic(constraint)
        return of_logical(replace(constraint, operands=tuple(map(of, constraint.operands))))

    def all_of(constraints):
        return tuple(map(of, constraints))

    def scope(value):
        return None if value is None else replace(value, refinements=all_of(value.refinements))

    def rule(value):
        return replace(
            value,
            constraints=all_of(value.constraints),
            refinements=all_of(value.refinements),
            target=scope(value.target),
            assigner=scope(value.assigner),
            assignee=scope(value.assignee),
            **{name: tuple(map(rule, getattr(value, name))) for name in ("duties", "consequences", "remedies")},
        )

    return each_rule(terms, rule)


def each_rule(terms, change):
    return replace(terms, **{name: tuple(map(change, getattr(terms, name))) for name in ("permissions", "prohibitions", "obligations")})


def unnamed(terms):
    """Return the terms without ids of rules."""

    def rule(value):
        inner = {name: tuple(map(rule, getattr(value, name))) for name in ("duties", "consequences", "remedies")}
        return replace(value, uid=None, **inner)

    return each_rule(terms, rule)


def comparable(terms):
    """Return the terms without lists where one value is compared; JSON-LD cannot tell a list of one from its item."""

    def change(atomic):
        single = atomic.operator in COMPARING and isinstance(atomic.right, list)
        return replace(atomic, right=atomic.right[0]) if single else atomic

    return each_constraint(terms, change)


# --- In other words ---------------------------------------------------------------------------------------------------


class Speller:
    """Writes terms in another order and spelling."""

    def __init__(self, random):
        self.random = random

    def rules(self, values):
        found = list(map(self.rule, values))
        self.random.shuffle(found)
        return tuple(found)

    def rule(self, value):
        return replace(
            value,
            action=self.name(value.action),
            constraints=self.constraints(value.constraints),
            refinements=self.constraints(value.refinements),
            **{kind: self.rules(getattr(value, kind)) for kind in ("duties", "consequences", "remedies")},
        )

    def name(self, text):
        plain = text.removeprefix("odrl:").removeprefix(ODRL)
        return text if ":" in plain else self.random.choice([plain, f"odrl:{plain}", ODRL + plain])

    def constraints(self, values):
        found = list(map(self.constraint, values))
        found += [self.constraint(self.random.choice(values))] if values and self.random.random() < 0.2 else []
        self.random.shuffle(found)
        return (Logical("and", tuple(found)),) if found and self.random.random() < 0.2 else tuple(found)

    def constraint(self, value):
        if self.random.random() < 0.1:
            return Logical(self.random.choice(["and", "or", "xone", "andSequence"]), (self.inner(value),))
        return self.inner(value)

    def inner(self, value):
        if isinstance(value, Atomic):
            return replace(value, left=self.name(value.left), right=self.right(value))
        operands = list(map(self.constraint, value.operands))
        if value.operator != "andSequence":
            self.random.shuffle(operands)
        return Logical(value.operator, tuple(operands))

    def right(self, atomic):
        if not isinstance(atomic.right, list):
            return self.one(atomic, atomic.right)
        if atomic.operator in COMPARING:
            return atomic.right
        items = [self.one(atomic, item) for item in atomic.right]
        if atomic.operator in SETS:
            items += [self.random.choice(items)]
            self.random.shuffle(items)
        return items

    def one(self, atomic, item):
        left = atomic.left.removeprefix("odrl:")
        if left in NAMES:
            text = item["@id"] if isinstance(item, dict) else item
            return self.random.choice([text, {"@id": text}])
        if isinstance(item, dict) and "@value" not in item:
            return item
        text = item["@value"] if isinstance(item, dict) else item
        same = next((self.random.choice(group) for group in SAME.get(left, ()) if text in group), text)
        return item | {"@value": same} if isinstance(item, dict) else same


def respelled(terms, random):
    """Return the same terms in another order and spelling."""
    speller = Speller(random)
    kinds = ("permissions", "prohibitions", "obligations")
    return replace(terms, **{kind: speller.rules(getattr(terms, kind)) for kind in kinds})


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def compact(terms):
    """Return a policy in compact JSON-LD, in the words of the ODRL context."""
    out = {"@context": "http://www.w3.org/ns/odrl.jsonld", "@type": "Set", "uid": "urn:policy"}
    out |= {"profile": list(terms.profile), "inheritFrom": list(terms.inherits)} | ({"conflict": terms.conflict} if terms.conflict else {})
    return out | _rules(terms, permission="permissions", prohibition="prohibitions", obligation="obligations")


def _rules(holder, **kinds):
    return {kind: [_rule(rule) for rule in getattr(holder, name)] for kind, name in kinds.items() if getattr(holder, name)}


def _rule(rule):
    action = {"rdf:value": {"@id": _prefixed(rule.action)}, "refinement": [_constraint(one) for one in rule.refinements]}
    out = {"action": action if rule.refinements else rule.action}
    out |= {role: _scope(getattr(rule, role), role) for role in ("target", "assigner", "assignee") if getattr(rule, role) is not None}
    out |= {"constraint": [_constraint(one) for one in rule.constraints]} if rule.constraints else {}
    return out | _rules(rule, duty="duties", consequence="consequences", remedy="remedies")


def _prefixed(name):
    return name if ":" in name else f"odrl:{name}"


def _scope(scope, role):
    if scope.collection is None:
        return scope.id
    kind = "AssetCollection" if role == "target" else "PartyCollection"
    return {"@type": kind, "source": scope.collection, "refinement": [_constraint(one) for one in scope.refinements]}


def _constraint(constraint):
    if isinstance(constraint, Logical):
        return {constraint.operator: [_constraint(one) for one in constraint.operands]}
    out = {"leftOperand": constraint.left, "operator": constraint.operator, "rightOperand": constraint.right}
    return out | {key: value for key, value in (("unit", constraint.unit), ("dataType", constraint.data_type)) if value}


_TERMS = ("action", "operator", "leftOperand", "conflict", "dataType", "@type", "rdf:value")
_IRIS = ("target", "assigner", "assignee", "source", "unit", "profile", "inheritFrom")


def expanded(value, key=""):
    """Return a policy in expanded JSON-LD (JSON-LD 1.1, 5.1), given in compact form."""
    if isinstance(value, list):
        return [item for one in value for item in expanded(one, key)]
    if not isinstance(value, dict):
        return [{"@id": _whole(value)}] if key in _TERMS else [{"@id": value}] if key in _IRIS else [{"@value": value}]
    if "@value" in value:
        return [{name: _whole(inner) if name == "@type" else inner for name, inner in value.items()}]
    if set(value) == {"@id"}:
        return [{"@id": _whole(value["@id"])}] if key in _TERMS else [value]
    return [dict(_member(name, inner) for name, inner in value.items() if name != "@context")]


def _member(name, value):
    if name in ("uid", "@type"):
        return ("@id", value) if name == "uid" else ("@type", [_whole(value)])
    if name in ("and", "or", "xone", "andSequence"):
        return ODRL + name, [{"@list": expanded(value, name)}]
    return _whole(name), expanded(value, name)


def _whole(name):
    if name.startswith("xsd:"):
        return XSD + name[4:]
    if name.startswith("rdf:"):
        return RDF + name[4:]
    name = name.removeprefix("odrl:")
    return name if ":" in name else ODRL + name


def respelled_whole(terms: Terms, random):
    """Return the terms respelled, and as JSON-LD in members of any order."""

    def shuffled(value):
        if isinstance(value, dict):
            items = [(key, shuffled(inner)) for key, inner in value.items()]
            random.shuffle(items)
            return dict(items)
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    return shuffled(compact(respelled(terms, random)))
