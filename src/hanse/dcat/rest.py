"""What another format cannot say of a dataset, carried beside what it can, so that nothing is lost on the way.

A format is written, read back, and compared; each field that came back otherwise is carried whole, under its own name, in the
JSON of this model. So the extension holds no more than the format lacks, and is empty where it lacks nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import structs

from hanse.dcat.model import Dataset

REST: Final = "urn:hanse:dcat:rest"
"""The property that carries it: a JSON literal, `{field of the model: value}`."""
MAX_BYTES: Final = 1 << 20
"""Bytes of a rest that is read; a larger one is left."""

_FIELDS: Final = frozenset(field.name for field in structs.fields(Dataset))

Json = dict[str, object]


def rest_of(dataset: Dataset, read_back: Dataset) -> Json:
    """Return the fields of `dataset` that `read_back` does not have the same."""
    return {
        name: msgspec.to_builtins(getattr(dataset, name)) for name in sorted(_FIELDS) if getattr(dataset, name) != getattr(read_back, name)
    }


def with_rest(dataset: Dataset, rest: object) -> Dataset:
    """Return `dataset` with the fields of a rest. One that is no rest of ours, or too large, changes nothing."""
    found = rest.get("@value") if isinstance(rest, dict) and "@value" in rest else rest
    if not isinstance(found, dict) or not found.keys() <= _FIELDS:
        return dataset
    if len(msgspec.json.encode(found)) > MAX_BYTES:
        return dataset
    try:
        return msgspec.convert(_fields_of(dataset) | found, Dataset)
    except msgspec.ValidationError:
        return dataset


def _fields_of(dataset: Dataset) -> Json:
    return {name: msgspec.to_builtins(getattr(dataset, name)) for name in _FIELDS}
