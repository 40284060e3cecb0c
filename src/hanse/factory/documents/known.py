"""What is known of a version, as documents tell it: from its record, from what its provider says, from what a person has told.

What nobody knows is `None`, and stands in a document as not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from hanse.dcat.croissant.shape import Column, Table
from hanse.dcat.holding import DatasetVersion, Source
from hanse.dcat.licences import is_known, normal
from hanse.dcat.model import Dataset
from hanse.factory.documents.croissant import answered
from hanse.factory.documents.material import Material
from hanse.odrl.when import write_moment

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")


def dataset_of(version: DatasetVersion, answers: Mapping[str, str]) -> Dataset:
    """Return the dataset as its provider describes it, and a person where the provider says nothing. Raises `Invalid`."""
    return answered(version.offered or Dataset(id=version.dataset or version.id, title=version.name), answers)


def rai(dataset: Dataset, answers: Mapping[str, str], term: str) -> str | None:
    """Return what is said under a term of RAI: by a person here, else by the provider."""
    told = answers.get(f"rai:{term}")
    return told or next(("\n".join(one.texts) for one in dataset.rai if one.term == term), None)


def collection(material: Material, dataset: Dataset) -> str | None:
    """Return the way of collecting, as far as anybody says."""
    return rai(dataset, material.answers, "dataCollectionType") or material.version.origin.collection


def licence(dataset: Dataset) -> str | None:
    """Return the licence by its SPDX id where it has one, else as it is called."""
    return None if not dataset.licence else normal(dataset.licence)


def spdx_id(dataset: Dataset) -> str | None:
    """Return the licence if it has an SPDX id."""
    found = licence(dataset)
    return found if found is not None and is_known(found) and any(one.isdigit() for one in found) else None


def yes(value: bool | None) -> str:
    """Return `yes`, `no` or `unknown`."""
    return "unknown" if value is None else "yes" if value else "no"


def size(count: int) -> str:
    """Return a number of bytes for people."""
    figure, unit = float(count), 0
    while figure >= 1000 and unit < len(UNITS) - 1:
        figure, unit = figure / 1000, unit + 1
    return f"{count:,} bytes" if unit == 0 else f"{figure:.1f} {UNITS[unit]} ({count:,} bytes)"


def many(count: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def moment(when: datetime) -> str:
    """Return a moment as it is written everywhere (RFC 3339, UTC, whole seconds)."""
    return write_moment(when.replace(microsecond=0))


def tables(material: Material) -> Sequence[Table]:
    """Return the tables that were found in the files."""
    return () if material.measured is None else material.measured.tables


def records(material: Material) -> int | None:
    """Return how many records there are in all, if all tables were counted."""
    counts = [one.records for one in tables(material)]
    known = [one for one in counts if one is not None]
    return sum(known) if known and len(known) == len(counts) else None


def figures(column: Column) -> str:
    """Return the figures of a field in one line."""
    return "; ".join(
        f"{one.name} {'about ' if one.approximate else ''}{_figure(one.value)}"
        for one in column.statistics
        if not isinstance(one.value, tuple)
    )


def _figure(value: float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def source(version: DatasetVersion) -> str:
    """Return in a sentence where a version comes from."""
    if version.made_of:
        sources = ", ".join(one.version for one in version.made_of[:_SOURCES]) + (" and others" if len(version.made_of) > _SOURCES else "")
        return f"Made of {sources}, under {under(version) or 'no agreement'}; the signed log says how, step by step."
    if version.provider is None:
        return "Data of one's own, brought in from a folder."
    return (
        f"Acquired from {version.provider} as {version.dataset or 'a dataset without an id'} under agreement {version.agreement or NONE}."
    )


def sources_of(id: str, there: Mapping[str, DatasetVersion]) -> list[Source]:
    """Return all versions that one was made of, and those that they were made of, as far as they are there to tell."""
    found: dict[str, Source] = {}
    waiting = [id]
    while waiting:
        version = there.get(waiting.pop(0))
        fresh = [one for one in (() if version is None else version.made_of) if one.version not in found]
        found |= {one.version: one for one in fresh}
        waiting += [one.version for one in fresh]
    return list(found.values())


def under(version: DatasetVersion) -> str:
    """Return all agreements under which a version stands; nothing for one's own data."""
    return ", ".join(version.agreements)


NONE: Final = "none"
_SOURCES: Final = 20
