"""The materialised form: a version that is held, with the paths, sizes and hashes of its own files, and what was measured in them.

Addresses are relative to the description, which lies beside the files (`names.FILE`). Every SHA-256 was taken from the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.dcat.croissant.about import derived, filled, write_about
from hanse.dcat.croissant.fields import write_table
from hanse.dcat.croissant.globs import globs_for
from hanse.dcat.croissant.ids import Names
from hanse.dcat.croissant.names import FILE, HANSE
from hanse.dcat.croissant.read import read_described
from hanse.dcat.croissant.shape import Measured, Table
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dcat.media import encodings_of
from hanse.dcat.model import Dataset, Stated
from hanse.dcat.rest import rest_of
from hanse.odrl.when import write_moment

MAX_FILES: Final = 10_000
"""Files that are described one by one; of more, only the file sets and the root are described."""

Json = dict[str, object]


class Making(Struct, frozen=True, kw_only=True):
    """Who makes the description, with what, and when. `answers` are RAI terms that a person has told (text by term)."""

    at: datetime
    by: str
    tool: str = "Hanse"
    answers: tuple[Stated, ...] = ()


def write_materialised(version: DatasetVersion, files: Sequence[HeldFile], measured: Measured, making: Making) -> Json:
    """Return the description of a version, given its files and what was measured in them."""
    offered = version.offered or Dataset(id=version.dataset or version.id, title=version.name)
    dataset = _with_answers(offered, _known(version), making.answers)
    out = write_about(dataset, f"{HANSE}version:{version.id}")
    names = Names(offer.id for offer in dataset.offers)
    ids = {file.path: names.new(file.path) for file in files[:MAX_FILES]} if len(files) <= MAX_FILES else {}
    sets, tables = _record_sets(measured.tables, files, ids, names)
    out |= _provenance(version, dataset, making)
    out["distribution"] = [*(_file(file, ids[file.path]) for file in files if ids), *sets]
    out |= filled({"recordSet": tables, "hanse:unmeasured": [f"{one.path}: {one.reason}" for one in measured.unmeasured]})
    out["hanse:root"] = version.root
    rest = rest_of(dataset, read_described(out).dataset)
    return out | ({"hanse:rest": rest} if rest else {})


def _known(version: DatasetVersion) -> list[Stated]:
    """What is known of the origin, in the terms of RAI."""
    found = []
    if version.origin.collection:
        found.append(Stated("dataCollectionType", (version.origin.collection,)))
    if version.origin.personal is False:
        found.append(Stated("personalSensitiveInformation", ("None, as far as is known.",)))
    return found


def _with_answers(dataset: Dataset, known: Iterable[Stated], answers: Iterable[Stated]) -> Dataset:
    from msgspec import structs

    terms = {one.term: one for one in [*known, *dataset.rai, *answers]}
    return structs.replace(dataset, rai=tuple(terms[term] for term in sorted(terms)))


def _file(file: HeldFile, id: str) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": id,
        "name": file.path.rpartition("/")[2],
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": encodings_of(file.path, file.media_type),
        "sha256": file.sha256,
    }


def _record_sets(tables: Iterable[Table], files: Sequence[HeldFile], ids: dict[str, str], names: Names) -> tuple[list[Json], list[Json]]:
    sets, written = [], []
    every = [file.path for file in files]
    kinds = {file.path: encodings_of(file.path, file.media_type) for file in files}
    for table in tables:
        alone = ids.get(table.paths[0]) if len(table.paths) == 1 and not _by_file(table) else None
        if alone is None:
            globs = globs_for(table.paths, [*every, FILE])
            if globs is None:
                continue
            alone = names.new(f"{table.name}-files")
            encoding = kinds[table.paths[0]]
            sets.append(
                {"@type": "cr:FileSet", "@id": alone, "encodingFormat": encoding, "includes": globs, "hanse:files": len(table.paths)}
            )
            written.append(write_table(table, {"fileSet": {"@id": alone}}, names))
        else:
            written.append(write_table(table, {"fileObject": {"@id": alone}}, names))
    return sets, written


def _by_file(table: Table) -> bool:
    return any(column.file for column in table.columns)


def _provenance(version: DatasetVersion, dataset: Dataset, making: Making) -> Json:
    """Say how the version came to be here (PROV-O; Croissant 1.1, provenance)."""
    activity: Json = {
        "@type": "prov:Activity",
        "prov:label": f"Acquisition under agreement {version.agreement}" if version.agreement else "Own data, stored",
        "prov:endedAtTime": {"@value": write_moment(version.stored), "@type": "xsd:dateTime"},
    }
    if version.agreement:
        activity["prov:used"] = {"@type": "prov:Entity", "identifier": version.agreement, "prov:label": "agreement"}
    if version.provider:
        activity["prov:wasAssociatedWith"] = {"@type": "prov:Agent", "identifier": version.provider, "prov:label": version.provider}
    sources = [derived(one) for one in dataset.sources]
    if version.dataset:
        sources.append({"@type": "prov:Entity", "identifier": version.dataset, "prov:label": f"Dataset {version.dataset}"})
    return {
        "prov:wasGeneratedBy": activity,
        **filled({"prov:wasDerivedFrom": sources, "hanse:places": list(version.origin.places), "hanse:rights": version.origin.rights}),
        **({"provider": {"@type": "Organization", "identifier": version.provider}} if version.provider else {}),
        "sdPublisher": {"@type": "Organization", "identifier": making.by},
        "sdDatePublished": write_moment(making.at),
        "hanse:version": version.id,
        "hanse:sums": version.sums,
    }
