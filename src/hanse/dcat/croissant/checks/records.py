"""Checks of record sets and fields: sources, types, references, and whether the statistics can be true (Croissant 1.1, RecordSets)."""

from __future__ import annotations

import re

from hanse.dcat.croissant.checks import vocabulary
from hanse.dcat.croissant.checks.finding import Report, nearest, shown
from hanse.dcat.croissant.checks.ids import Ids
from hanse.dcat.croissant.checks.terms import check_unknown
from hanse.dcat.croissant.read import types_of
from hanse.dcat.values import items, text_of_value, texts_of

Json = dict[str, object]
_SHAPE = re.compile(r"\(?-?[0-9]{1,9}(?:\s*,\s*-?[0-9]{1,9}){0,15},?\)?")
_NAMED_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_DEEPEST = 16
_LONGEST_REGEX = 1_000


def check_record_sets(value: Json, ids: Ids, report: Report) -> None:
    """Report what is wrong with the record sets of a description."""
    for index, one in enumerate(items(value.get("recordSet"))):
        path = f"recordSet[{index}]"
        if not isinstance(one, dict):
            report.error(path, "record-set", "A record set is an object.")
            continue
        if "RecordSet" not in types_of(one):
            report.error(f"{path}.@type", "type", "It is not said to be a RecordSet.")
        check_unknown(one, path, vocabulary.RECORD_SET, report)
        if "key" in one:
            ids.check(one["key"], f"{path}.key", ("Field",))
        if not items(one.get("field")):
            report.error(f"{path}.field", "required", "It has no fields.")
        _Fields(ids, report, inline="data" in one).all(one, path)
        _data(one, path, report)


def _data(one: Json, path: str, report: Report) -> None:
    known = {text for field in items(one.get("field")) if isinstance(field, dict) and (text := text_of_value(field.get("@id")))}
    known |= {id.rpartition("/")[2] for id in known}
    for index, record in enumerate(items(one.get("data"))[:1_000]):
        if not isinstance(record, dict):
            report.error(f"{path}.data[{index}]", "data", "A record is an object.")
            continue
        for key in record:
            if key not in known:
                report.error(f"{path}.data[{index}]", "data-field", f"There is no field {shown(key)}.", nearest(str(key), known))


class _Fields:
    def __init__(self, ids: Ids, report: Report, *, inline: bool) -> None:
        self._ids = ids
        self._report = report
        self._inline = inline

    def all(self, node: Json, path: str, depth: int = 0) -> None:
        """Check the fields of a record set or of a field, and the annotations."""
        if depth > _DEEPEST:
            self._report.error(path, "depth", f"Fields are nested at most {_DEEPEST} deep.")
            return
        for key in ("field", "subField"):
            for index, one in enumerate(items(node.get(key))):
                self._one(one, f"{path}.{key}[{index}]", depth)
        check_annotations(node, path, self._report)

    def _one(self, one: object, path: str, depth: int) -> None:
        if not isinstance(one, dict):
            self._report.error(path, "field", "A field is an object.")
            return
        if "Field" not in types_of(one):
            self._report.error(f"{path}.@type", "type", "It is not said to be a Field.")
        check_unknown(one, path, vocabulary.FIELD, self._report)
        self._types(one, path)
        self._array(one, path)
        self._comes_from(one, path)
        for name in ("references", "parentField"):
            self._references(one, name, path)
        self.all(one, path, depth + 1)

    def _types(self, one: Json, path: str) -> None:
        kinds = texts_of(one.get("dataType"))
        plain = [kind.rpartition(":")[2].rpartition("/")[2] for kind in kinds]
        if "subField" in one:
            return
        if not kinds:
            if not isinstance(one.get("source"), dict) or not _is_field_source(one["source"]):
                self._report.error(f"{path}.dataType", "required", "It does not say of which type its values are.", "E.g. sc:Text.")
        elif not any(kind in vocabulary.ATOMIC or kind in vocabulary.CONTENT for kind in plain):
            self._report.error(
                f"{path}.dataType",
                "data-type",
                f"{shown(', '.join(kinds))} names no atomic type.",
                nearest(plain[0], vocabulary.ATOMIC) or "At least one is atomic, e.g. sc:Text.",
            )

    def _array(self, one: Json, path: str) -> None:
        if "repeated" in one:
            self._report.warn(f"{path}.repeated", "deprecated", "`repeated` is of Croissant 1.0.", "Write isArray.")
        shape = one.get("arrayShape")
        if shape is None:
            return
        if not isinstance(shape, str) or not _SHAPE.fullmatch(shape.strip()):
            self._report.error(f"{path}.arrayShape", "array", f"{shown(shape)} is no shape.", "Write it like -1 or 3,224,224.")
        if one.get("isArray") is not True:
            self._report.error(f"{path}.isArray", "array", "It has a shape and is not said to be an array.", 'Add "isArray": true.')

    def _comes_from(self, one: Json, path: str) -> None:
        source, fixed = one.get("source"), "value" in one
        if source is not None and fixed:
            self._report.error(path, "source-value", "It has a source and a value; it has one of them.")
        if source is None and not fixed and "subField" not in one and not self._inline:
            self._report.error(f"{path}.source", "required", "It does not say where its values come from.")
        for index, item in enumerate(items(source)):
            if isinstance(item, dict):
                self._source(item, f"{path}.source[{index}]" if isinstance(source, list) else f"{path}.source")
            else:
                self._report.error(f"{path}.source", "source", "A source is an object.", 'E.g. {"fileObject": {"@id": ...}}.')

    def _source(self, source: Json, path: str) -> None:
        check_unknown(source, path, vocabulary.SOURCE, self._report)
        kinds = {"fileObject": ("FileObject",), "fileSet": ("FileSet",), "recordSet": ("RecordSet",), "field": ("Field",)}
        named = [key for key in kinds if key in source]
        if "@id" in source and not named:
            self._ids.check(source, path, ("Field", "FileObject", "FileSet", "RecordSet"))
        elif len(named) != 1:
            self._report.error(path, "source", "A source names one FileObject, FileSet, RecordSet or Field.")
        for key in named:
            self._ids.check(source[key], f"{path}.{key}", kinds[key])
        self._extract(source.get("extract"), f"{path}.extract", needed=named[:1] in (["fileObject"], ["fileSet"]))
        for index, one in enumerate(items(source.get("transform"))):
            self._transform(one, f"{path}.transform[{index}]")

    def _extract(self, extract: object, path: str, *, needed: bool) -> None:
        if extract is None:
            if needed:
                self._report.warn(path, "extract", "It does not say what of the file the values are.", 'E.g. {"column": ...}.')
            return
        if not isinstance(extract, dict):
            self._report.error(path, "extract", "It is an object.", 'E.g. {"column": ...}.')
            return
        check_unknown(extract, path, vocabulary.EXTRACT, self._report)
        if len(vocabulary.EXTRACT & extract.keys()) != 1:
            self._report.error(path, "extract", f"It has one of {', '.join(sorted(vocabulary.EXTRACT))}.")
        asked = text_of_value(extract.get("fileProperty"))
        if asked is not None and asked not in vocabulary.FILE_PROPERTIES:
            hint = nearest(asked, vocabulary.FILE_PROPERTIES)
            self._report.error(f"{path}.fileProperty", "file-property", f"{shown(asked)} is no property of files.", hint)

    def _transform(self, one: object, path: str) -> None:
        if not isinstance(one, dict):
            self._report.error(path, "transform", "It is an object.")
            return
        check_unknown(one, path, vocabulary.TRANSFORM, self._report)
        pattern = one.get("regex")
        if pattern is None:
            return
        try:
            groups = re.compile(pattern).groups if isinstance(pattern, str) and len(pattern) <= _LONGEST_REGEX else -1
        except (re.error, RecursionError, OverflowError):
            groups = -1
        if groups < 1:
            self._report.error(f"{path}.regex", "regex", f"{shown(pattern)} is no expression with a group.", "The group is the value.")

    def _references(self, one: Json, name: str, path: str) -> None:
        for item in items(one.get(name)):
            if not isinstance(item, dict):
                self._report.error(f"{path}.{name}", "reference", "This refers to nothing.", 'Write {"@id": ...}.')
            elif "@id" in item or "field" in item:
                self._ids.check(item.get("field", item), f"{path}.{name}", ("Field",))
            elif name == "references":
                self._report.error(f"{path}.{name}", "reference", "This refers to nothing.", 'Write {"@id": ...}.')


def _is_field_source(source: object) -> bool:
    return isinstance(source, dict) and ("field" in source or source.keys() == {"@id"})


# --- Statistics.


def check_annotations(node: Json, path: str, report: Report) -> None:
    """Report what is wrong with the annotations of a field, a record set, or (without a path) the dataset."""
    before = f"{path}." if path else ""
    figures: dict[str, float] = {}
    for index, one in enumerate(items(node.get("annotation"))):
        where = f"{before}annotation[{index}]"
        if not isinstance(one, dict):
            report.error(where, "annotation", "An annotation is a field.")
            continue
        check_unknown(one, where, vocabulary.FIELD, report)
        for number, same in enumerate(texts_of(one.get("equivalentProperty"))):
            if not _NAMED_IRI.fullmatch(same):
                report.error(f"{where}.equivalentProperty[{number}]", "equivalent", f"{shown(same)} names no property.")
        _figure(one, figures)
    _plausible(figures, path, report)


_SAME = {
    "minValue": "min", "a1d0ec6": "min", "maxValue": "max", "8321e79": "max", "7975ed0": "mean", "690ab50": "sd", "median": "median",
    "66851a3": "median", "c646dd8": "count", "6459c62": "missing", "distinct": "distinct",
}  # fmt: skip


def _figure(one: Json, figures: dict[str, float]) -> None:
    value = one.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    for name in (*texts_of(one.get("equivalentProperty")), *texts_of(one.get("dataType"))):
        known = _SAME.get(name.rpartition(":")[2].rpartition("/")[2])
        if known is not None:
            figures[known] = value


def _plausible(figures: dict[str, float], path: str, report: Report) -> None:
    """Report figures that cannot all be true."""
    slack = 1e-9 * max((abs(one) for one in figures.values()), default=0)
    for low, high in (("min", "mean"), ("mean", "max"), ("min", "median"), ("median", "max"), ("min", "max"), ("distinct", "count")):
        if low in figures and high in figures and figures[low] > figures[high] + slack:
            report.error(f"{path}.annotation", "statistics", f"The {low} ({figures[low]}) is above the {high} ({figures[high]}).")
    for name in ("count", "missing", "distinct", "sd"):
        if figures.get(name, 0) < 0:
            report.error(f"{path}.annotation", "statistics", f"The {name} is negative.")
