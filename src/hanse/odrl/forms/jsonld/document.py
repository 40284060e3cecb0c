"""A JSON-LD document brought to one form: names plain, lists unwrapped, parts found by their ids."""

from __future__ import annotations

import json

from hanse.kernel.errors import Invalid, Malformed
from hanse.odrl.forms.bounds import as_object, as_text
from hanse.odrl.forms.jsonld.context import as_texts, context_of

Json = dict[str, object]

MAX_LEVELS = 128
"""Levels of JSON; expanded JSON-LD has four for each level of a policy."""
MAX_PARTS = 200_000
_SHOWN = 80
_WRAPPERS = ("@list", "@set")


class Document:
    """The objects of one document. `top` are those at its beginning (one policy, and what it refers to)."""

    def __init__(self, value: object, where: str) -> None:
        nodes = _top(value, where)
        self.context = context_of(nodes, where)
        self._count = 0
        self._named: dict[str, Json] = {}
        self._met: set[str] = set()
        self.top = [as_object(self._plain(node, where, 0), where) for node in nodes]

    def node(self, value: object, where: str) -> Json:
        """Return the object that `value` is or refers to within the document.

        Raises `Invalid` for a reference to what is elsewhere: nothing is ever fetched.
        """
        value = single(value, where)
        if isinstance(value, dict) and set(value) != {"@id"}:
            return value
        name = self.identifier(value, where)
        found = self.find(name)
        if found is None:
            raise Invalid(
                "This refers to something that is not in the document, and nothing is ever fetched.",
                where=where,
                rule="policy-reference",
                hint="Write it in place.",
            )
        return found

    def find(self, identifier: str) -> Json | None:
        """Return the object with this id if the document says something about it."""
        self._met.add(identifier)
        return self._named.get(identifier)

    def check_met(self, policy: Json, where: str) -> None:
        """Raise `Invalid` when the document says something at its top that the policy, read before, does not refer to."""
        for node in self.top:
            if node is not policy and node.get("@id") not in self._met:
                raise Invalid(
                    "The policy does not refer to this part of the document, and dropping it could drop a term.",
                    where=f"{where}.{str(node.get('@id', ''))[:_SHOWN]}",
                    rule="policy-unknown-member",
                )

    def identifier(self, value: object, where: str) -> str:
        """Return an id, given as text or as `{"@id": text}`."""
        value = single(value, where)
        if isinstance(value, dict) and set(value) == {"@id"}:
            value = value["@id"]
        return self.context.iri(as_text(value, where))

    def identifiers(self, value: object, where: str) -> list[str]:
        """Return one or many ids as a list."""
        return [self.identifier(one, place) for one, place in each(value, where)]

    def term(self, value: object, where: str) -> str:
        """Return the plain name of a term, given as text or as `{"@id": text}`."""
        value = single(value, where)
        if isinstance(value, dict) and set(value) == {"@id"}:
            value = value["@id"]
        return self.context.term(as_text(value, where))

    def types(self, node: Json, where: str) -> list[str]:
        """Return the plain names of an object's types; none when it has no type."""
        if "@type" not in node:
            return []
        return [self.context.term(one) for one in as_texts(node["@type"], f"{where}.@type")]

    def _plain(self, value: object, where: str, level: int) -> object:
        self._count += 1
        if level > MAX_LEVELS:
            raise Malformed("The policy is nested too deep.", where=where[:_SHOWN], rule="policy-depth")
        if self._count > MAX_PARTS:
            raise Invalid(f"A policy has at most {MAX_PARTS:,} parts.", where=where[:_SHOWN], rule="policy-size")
        if isinstance(value, list):
            return [self._plain(one, f"{where}[{index}]", level + 1) for index, one in enumerate(value)]
        if isinstance(value, dict):
            return self._plain_object(value, where, level)
        if isinstance(value, str):
            _check_text(value, where)
        return value

    def _plain_object(self, value: Json, where: str, level: int) -> object:
        plain: Json = {}
        for name, inner in value.items():
            _check_text(name, where)
            key = self.context.key(name, where)
            if key == "@context":
                if level:
                    raise Invalid("A context stands at the top of a document only.", where=f"{where}.@context", rule="policy-context")
                continue
            found = self._plain(inner, f"{where}.{key[:_SHOWN]}", level + 1)
            if key == "@id":
                found = self.identifier(found, f"{where}.@id")
            if key in plain and (key != "@id" or plain[key] != found):
                raise Invalid(
                    "This member comes twice, under two names for the same.", where=f"{where}.{key[:_SHOWN]}", rule="policy-twice"
                )
            plain[key] = found
        for wrapper in _WRAPPERS:
            if set(plain) == {wrapper}:
                return plain[wrapper]
        self._keep(plain, where)
        return plain

    def _keep(self, node: Json, where: str) -> None:
        name = node.get("@id")
        if not isinstance(name, str) or len(node) == 1:
            return
        if not _same(self._named.setdefault(name, node), node):
            raise Invalid("Two parts of the document with the same id say different things.", where=where, rule="policy-twice")


def _top(value: object, where: str) -> list[Json]:
    if isinstance(value, list):
        return [as_object(one, f"{where}[{index}]") for index, one in enumerate(value)]
    node = as_object(value, where)
    if set(node) - {"@context"} != {"@graph"}:
        return [node]
    graph = node["@graph"]
    inner = _top(graph, f"{where}.@graph")
    return [({"@context": node["@context"]} if "@context" in node else {}) | one for one in inner]


def _check_text(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Malformed("Half a character (a lone surrogate) is no text.", where=where[:_SHOWN], rule="policy-json") from None


def _same(a: Json, b: Json) -> bool:
    # Not a == b: to Python 1 equals True, to JSON it does not.
    return a is b or _text(a) == _text(b)


def _text(node: Json) -> str:
    return json.dumps(node, sort_keys=True, default=str)


def single(value: object, where: str) -> object:
    """Return `value`, or its one item when it is an array of one. Raises `Invalid` for an array of none or many."""
    if not isinstance(value, list):
        return value
    if len(value) != 1:
        raise Invalid(f"One value is needed here, not {len(value)}.", where=where, rule="policy-many")
    return single(value[0], where)


def each(value: object, where: str) -> list[tuple[object, str]]:
    """Return (item, path) for every item of an array; for anything else it alone."""
    if not isinstance(value, list):
        return [(value, where)]
    return [pair for index, item in enumerate(value) for pair in each(item, f"{where}[{index}]")]
