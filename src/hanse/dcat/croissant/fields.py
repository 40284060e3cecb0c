"""Record sets and fields from what was measured, with statistics as annotations (Croissant 1.1, RecordSets; descriptive statistics)."""

from __future__ import annotations

from hanse.dcat.croissant.ids import Names
from hanse.dcat.croissant.names import RECORDS, STATISTICS
from hanse.dcat.croissant.shape import Column, Counted, Statistic, Table

Json = dict[str, object]


def write_table(table: Table, source: Json, names: Names) -> Json:
    """Return a record set. `source` names its FileObject or FileSet."""
    id = names.new(table.name)
    out: Json = {"@type": "cr:RecordSet", "@id": id, "name": table.name}
    if table.records is not None:
        out["annotation"] = [_records(table, id, names)]
    out["field"] = [_field(column, id, source, names) for column in table.columns]
    return out


def _records(table: Table, id: str, names: Names) -> Json:
    out: Json = {
        "@type": "cr:Field",
        "@id": names.new(f"{id}/count"),
        "name": "count",
        "dataType": ["sc:Integer", RECORDS],
        "value": table.records,
    }
    return out | ({"hanse:approximate": True} if table.approximate else {})


def _field(column: Column, above: str, source: Json, names: Names, column_above: str = "") -> Json:
    id = names.new(f"{above}/{column.name}")
    out: Json = {"@type": "cr:Field", "@id": id, "name": column.name}
    if column.array:
        out |= {"isArray": True, "arrayShape": "-1"}
    if column.statistics:
        out["annotation"] = [_statistic(one, id, column, names) for one in column.statistics]
    if column.parts:
        return out | {"subField": [_field(part, id, source, names, column.column) for part in column.parts]}
    return out | {"dataType": f"sc:{column.kind}", "source": _source(column, source, column.column or column_above)}


def _source(column: Column, source: Json, name: str) -> Json:
    if column.file:
        return {**source, "extract": {"fileProperty": column.file}}
    if not name:
        return {**source, "extract": {"jsonPath": column.path}}
    return {**source, "extract": {"column": name}} | ({"transform": {"jsonPath": column.path}} if column.path else {})


def _statistic(one: Statistic, id: str, column: Column, names: Names) -> Json:
    same = STATISTICS[one.name]
    return {
        "@type": "cr:Field",
        "@id": names.new(f"{id}/{one.name}"),
        "name": one.name,
        "dataType": _type(one, column),
        "equivalentProperty": same[0] if len(same) == 1 else list(same),
        "value": _value(one.value),
    } | ({"hanse:approximate": True} if one.approximate else {})


def _type(one: Statistic, column: Column) -> str:
    if isinstance(one.value, bool | str):
        return f"sc:{column.kind}" if one.name in ("min", "max", "median") else "sc:Text"
    return "sc:Integer" if isinstance(one.value, int) else "sc:Float" if isinstance(one.value, float) else "sc:Text"


def _value(value: int | float | str | tuple[Counted, ...]) -> object:
    """Return a figure. Values with counts are a JSON literal, because they are one figure and have an order."""
    if isinstance(value, tuple):
        return {"@value": [{"value": one.value, "count": one.count} for one in value], "@type": "@json"}
    return value
