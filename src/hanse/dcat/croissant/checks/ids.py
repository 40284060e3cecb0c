"""The ids of a description: what is defined where, twice, or nowhere (Croissant 1.1, ID and reference mechanism)."""

from __future__ import annotations

from collections.abc import Iterator

from hanse.dcat.croissant.checks.finding import Report, nearest, shown
from hanse.dcat.values import items, text_of_value

Json = dict[str, object]
_DEEPEST = 16


class Ids:
    """Which ids are defined, as what. Duplicates and unfit ones are reported when it is made."""

    def __init__(self, value: Json, report: Report) -> None:
        self._kinds: dict[str, str] = {}
        self._report = report
        for path, node, kind in _nodes(value):
            self._define(path, node, kind)

    def _define(self, path: str, node: Json, kind: str) -> None:
        id = text_of_value(node.get("@id"))
        if id is None:
            if kind != "annotation":
                self._report.error(f"{path}.@id", "id-missing", "It has no id, so that nothing can refer to it.")
            return
        if any(one.isspace() for one in id):
            self._report.error(f"{path}.@id", "id-space", f"The id {shown(id)} has white space, which readers refuse.")
        if id in self._kinds:
            self._report.error(f"{path}.@id", "id-duplicate", f"The id {shown(id)} is there twice.", "Give each part an id of its own.")
        self._kinds[id] = kind

    def check(self, reference: object, path: str, kinds: tuple[str, ...]) -> str | None:
        """Return the id that a reference names, after reporting one that names nothing, or something else than `kinds`."""
        for one in items(reference):
            id = text_of_value(one.get("@id")) if isinstance(one, dict) else one if isinstance(one, str) else None
            if id is None:
                self._report.error(path, "reference", "This refers to nothing.", 'Write {"@id": ...}.')
            elif id not in self._kinds:
                hint = nearest(id, self._kinds)
                self._report.error(path, "reference-dangling", f"There is nothing with the id {shown(id)}.", hint)
            elif self._kinds[id] not in kinds:
                self._report.error(path, "reference-kind", f"{shown(id)} is a {self._kinds[id]}, and not a {' or a '.join(kinds)}.")
        first = next(iter(items(reference)), None)
        return text_of_value(first.get("@id")) if isinstance(first, dict) else first if isinstance(first, str) else None


def _nodes(value: Json) -> Iterator[tuple[str, Json, str]]:
    for index, one in enumerate(items(value.get("distribution"))):
        if isinstance(one, dict):
            yield f"distribution[{index}]", one, "FileSet" if "FileSet" in str(one.get("@type")) else "FileObject"
    for index, one in enumerate(items(value.get("recordSet"))):
        if isinstance(one, dict):
            path = f"recordSet[{index}]"
            yield path, one, "RecordSet"
            yield from _fields(one, path, 0)


def _fields(node: Json, path: str, depth: int) -> Iterator[tuple[str, Json, str]]:
    if depth > _DEEPEST:
        return
    for key in ("field", "subField", "annotation"):
        for index, one in enumerate(items(node.get(key))):
            if isinstance(one, dict):
                where = f"{path}.{key}[{index}]"
                yield where, one, "annotation" if key == "annotation" else "Field"
                yield from _fields(one, where, depth + 1)
