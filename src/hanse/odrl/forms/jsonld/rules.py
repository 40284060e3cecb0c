"""Rules, actions, assets, parties and constraints of ODRL in JSON-LD (ODRL 2.2 IM, 2.2 to 2.7)."""

from __future__ import annotations

from typing import NoReturn, cast

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import Bounds, check_keys
from hanse.odrl.forms.compose import Act, Shared, atomic, unique
from hanse.odrl.forms.jsonld.document import Document, Json, each
from hanse.odrl.forms.jsonld.values import read_iri, read_right
from hanse.odrl.forms.reading import ConstraintReader, as_operator
from hanse.odrl.model import Atomic, Constraint, Rule, Scope

_COMMON = frozenset({"@id", "@type", "action", "target", "assigner", "assignee", "constraint"})
_MEMBERS = {
    "permission": _COMMON | {"duty"},
    "prohibition": _COMMON | {"remedy"},
    "obligation": _COMMON | {"consequence"},
    "duty": _COMMON | {"consequence"},
    "consequence": _COMMON,
    "remedy": _COMMON,
}
_TYPES = {"permission": "Permission", "prohibition": "Prohibition"}
_CONSTRAINT = frozenset({"@id", "@type", "leftOperand", "operator", "rightOperand", "unit", "dataType"})
_LOGICAL = frozenset({"and", "andSequence", "or", "xone"})
_SCOPE = frozenset({"@id", "@type", "source", "refinement"})
_KINDS = {"target": ("Asset", "AssetCollection"), "assigner": ("Party", "PartyCollection"), "assignee": ("Party", "PartyCollection")}
DESCRIPTIVE = ("dct:", "rdfs:", "vcard:", "foaf:", "schema:")
"""Vocabularies that describe and rule nothing; their members are left out (ODRL 2.2 IM, 2.2, 2.3 and 2.7.2)."""


class RuleReader:
    """Reads the rules of one document within bounds. Every refusal is `Malformed` or `Invalid` and names the place."""

    def __init__(self, document: Document, bounds: Bounds) -> None:
        self._document = document
        self._bounds = bounds
        self._constraints = _Constraints(document, bounds)

    def shared(self, node: Json, where: str) -> Shared:
        """Return the actions, targets and parties of a rule, or of a policy for all its rules."""
        return Shared(
            actions=unique(self._act(one, place) for one, place in _each_of(node, "action", where)),
            targets=self._scopes(node, "target", where),
            assigners=self._scopes(node, "assigner", where),
            assignees=self._scopes(node, "assignee", where),
        )

    def rules(self, holder: Json, kind: str, where: str, shared: Shared) -> tuple[Rule, ...]:
        """Return the atomic rules at `kind` of a policy or rule."""
        found: list[Rule] = []
        for one, place in _each_of(holder, kind, where):
            found += self._rule(one, kind, place, shared)
        return tuple(found)

    def _rule(self, value: object, kind: str, where: str, shared: Shared) -> tuple[Rule, ...]:
        node = self._document.node(value, where)
        before = self._bounds.size()
        self._bounds.count_rule(where)
        check_keys(node, _MEMBERS[kind], where)
        _check_types(self._document, node, ("Rule", _TYPES.get(kind, "Duty")), where)
        roles = self.shared(node, where).join(shared)
        if not roles.actions:
            raise Invalid("This is missing.", where=f"{where}.action", rule="policy-missing", hint="Say what may be done.")
        rule = Rule(
            action="",
            uid=_uid(node),
            constraints=self._constraints.of(node, "constraint", where),
            duties=self.rules(node, "duty", where, Shared()),
            consequences=self.rules(node, "consequence", where, Shared()),
            remedies=self.rules(node, "remedy", where, Shared()),
        )
        many = len(roles.actions) * max(1, len(roles.targets)) * max(1, len(roles.assigners)) * max(1, len(roles.assignees))
        self._bounds.repeat(before, many - 1, where)
        return atomic(rule, roles)

    def _act(self, value: object, where: str) -> Act:
        if not isinstance(value, dict) or set(value) == {"@id"}:
            described = self._document.find(self._document.identifier(value, where))
            if described is None:
                return Act(self._document.term(value, where))
            value = described
        check_keys(value, {"@id", "@type", "rdf:value", "refinement"}, where)
        _check_types(self._document, value, ("Action",), where)
        if "rdf:value" not in value:
            raise Invalid(
                "An action with refinements names the action in rdf:value.",
                where=where,
                rule="policy-missing",
                hint='Write {"rdf:value": {"@id": "odrl:print"}, "refinement": [...]}.',
            )
        name = self._document.term(value["rdf:value"], f"{where}.rdf:value")
        return Act(name, self._constraints.of(value, "refinement", where))

    def _scopes(self, node: Json, role: str, where: str) -> tuple[Scope, ...]:
        return unique(self._scope(one, role, place) for one, place in _each_of(node, role, where))

    def _scope(self, value: object, role: str, where: str) -> Scope:
        if not isinstance(value, dict) or set(value) == {"@id"}:
            identifier = self._document.identifier(value, where)
            found = self._document.find(identifier)
            if found is None:
                return Scope(id=identifier)
            value = found
        if "partOf" in value:
            _refuse(f"{where}.partOf", "policy-part-of", "Who or what belongs to a collection is a fact, and no policy can state it.")
        described = {key: inner for key, inner in value.items() if not key.startswith(DESCRIPTIVE)}
        check_keys(described, _SCOPE, where)
        return self._described(described, role, where)

    def _described(self, node: Json, role: str, where: str) -> Scope:
        single_kind, collection_kind = _KINDS[role]
        types = [one for one in self._document.types(node, where) if not one.startswith(DESCRIPTIVE)]
        _check_known_types(types, _KINDS[role], where)
        uid = _uid(node)
        source = self._document.identifier(node["source"], f"{where}.source") if "source" in node else None
        refinements = self._constraints.of(node, "refinement", where)
        if collection_kind not in types and source is None and not refinements:
            return Scope(id=uid) if uid is not None else _refuse(f"{where}.@id", "policy-missing", f"Say which {single_kind.lower()}.")
        if source is not None and uid is not None:
            _refuse(f"{where}.source", "policy-many", "A collection has one name: who belongs to it might be told of the other one only.")
        if source is None and (uid is None or refinements):
            _refuse(f"{where}.source", "policy-missing", "A collection with refinements is named by its source (ODRL 2.2 IM, 2.5.5).")
        return Scope(collection=source or uid, refinements=refinements)


class _Constraints(ConstraintReader):
    """Constraints with references, units and data types."""

    def __init__(self, document: Document, bounds: Bounds) -> None:
        super().__init__(bounds)
        self._document = document
        self._size = bounds

    def of(self, node: Json, key: str, where: str) -> tuple[Constraint, ...]:
        """Return the constraints at `key`."""
        return self.read([one for one, _ in _each_of(node, key, where)], f"{where}.{key}")

    def node(self, value: object, where: str) -> Json:
        """Return the object that `value` is or refers to."""
        node = self._document.node(value, where)
        if not _LOGICAL.isdisjoint(node):
            _check_types(self._document, node, ("LogicalConstraint", "Constraint"), where)
            return {key: inner for key, inner in node.items() if key not in ("@id", "@type")}
        return node

    def items(self, value: object, where: str) -> list[object]:
        """Return the constraints that a logical one joins."""
        return [one for one, _ in each(value, where)]

    def atomic(self, constraint: Json, where: str, depth: int) -> Atomic:
        """Return a constraint that is not logical."""
        _check_no_state(constraint, where)
        check_keys(constraint, _CONSTRAINT, where)
        _check_types(self._document, constraint, ("AtomicConstraint", "Constraint"), where)
        operator = as_operator(self._document.term(constraint.get("operator"), f"{where}.operator"), f"{where}.operator")
        if "rightOperand" not in constraint:
            _refuse(f"{where}.rightOperand", "policy-missing", "This is missing.")
        right = read_right(self._document, constraint["rightOperand"], operator, f"{where}.rightOperand")
        self._size.measure(right, f"{where}.rightOperand", depth)
        return Atomic(
            left=self._document.term(constraint.get("leftOperand"), f"{where}.leftOperand"),
            operator=operator,
            right=right,
            unit=read_iri(self._document, constraint["unit"], f"{where}.unit") if "unit" in constraint else None,
            data_type=self._document.term(constraint["dataType"], f"{where}.dataType") if "dataType" in constraint else None,
        )


def _check_no_state(constraint: Json, where: str) -> None:
    """Refuse what would let the writer of a policy decide what has happened, or where this engine calls."""
    if "status" in constraint:
        _refuse(
            f"{where}.status",
            "policy-status",
            "A status says what has happened, and that is counted by whoever decides, never taken from the policy.",
            "Leave it out.",
        )
    if "rightOperandReference" in constraint:
        _refuse(
            f"{where}.rightOperandReference",
            "policy-reference",
            "A reference would have to be fetched at each decision: it could change what was agreed, or make us call anywhere.",
            "Write the value itself in rightOperand.",
        )


def _check_types(document: Document, node: Json, known: tuple[str, ...], where: str) -> None:
    _check_known_types(document.types(node, where), known, where)


def _check_known_types(types: list[str], known: tuple[str, ...], where: str) -> None:
    if not set(types) <= set(known):
        _refuse(f"{where}.@type", "policy-type", "The type does not belong here.", f"It is {' or '.join(known)}.")


def _each_of(node: Json, key: str, where: str) -> list[tuple[object, str]]:
    return each(node[key], f"{where}.{key}") if key in node else []


def _uid(node: Json) -> str | None:
    """Return an object's id; a blank node label names nothing outside its document."""
    uid = cast("str | None", node.get("@id"))
    return None if uid is None or uid.startswith("_:") else uid


def _refuse(where: str, rule: str, message: str, hint: str | None = None) -> NoReturn:
    raise Invalid(message, where=where, rule=rule, hint=hint)
