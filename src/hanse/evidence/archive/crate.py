"""The archive as an RO-Crate 1.2, with the steps as actions of the Process Run profile and as PROV-O: made, and checked by the spec.

The context goes by reference, as RO-Crate 1.2 (appendix "JSON-LD") demands; nobody has to fetch it to read or to verify the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.say import say
from hanse.kernel.clock import timestamp

SPEC: Final = "https://w3id.org/ro/crate/1.2"
CONTEXT: Final = SPEC + "/context"
PROCESS: Final = "https://w3id.org/ro/wfrun/process/0.5"
PROGRAM: Final = "#hanse"
_PROV: Final = {"prov": "http://www.w3.org/ns/prov#"}
_FORMATS: Final = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".txt": "text/plain",
    ".jwt": "application/jwt",
    ".md": "text/markdown",
}

Json = dict[str, Any]


def write_crate(
    files: Mapping[str, bytes],
    promise: f.Promise,
    parties: Iterable[str],
    versions: Sequence[f.VersionRecord],
    statements: Sequence[tuple[int, k.Predicate]],
) -> bytes:
    """Return `ro-crate-metadata.json` for these files, parties, versions, and statements with their index in the log."""
    known = {one.id: f"#version-{number}" for number, one in enumerate(versions, 1)}
    actions = [action for index, says in statements if (action := _action(index, says, known)) is not None]
    models = {model["@id"]: model for _, says in statements if isinstance(says, k.Trained) for model in [_model(says)]}
    parts = [_file(name, data) for name, data in sorted(files.items())]
    kept = [_version(one, known[one.id], actions) for one in versions]
    names = sorted({*parties, promise.by})
    root: Json = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence about {promise.about.name}",
        "description": f"What was agreed, received, used and made: signed statements, with the proofs to check them, about the "
        f"{promise.about.kind} {promise.about.name}. {f.README} tells how.",
        "datePublished": timestamp(promise.made),
        "license": "The statements are evidence; the rights to the data are in the agreements.",
        "conformsTo": _ref(PROCESS),
        "publisher": _ref(promise.by),
        "hasPart": [_ref(one["@id"]) for one in parts],
        "mentions": [_ref(one["@id"]) for one in (*actions, *kept, *models.values())],
    }
    descriptor = {"@id": f.CRATE, "@type": "CreativeWork", "conformsTo": _ref(SPEC), "about": _ref("./")}
    profile = {"@id": PROCESS, "@type": ["CreativeWork", "Profile"], "name": "Process Run Crate", "version": "0.5"}
    program = {"@id": PROGRAM, "@type": ["SoftwareApplication", "prov:SoftwareAgent"], "name": promise.program or "Hanse"}
    people = [{"@id": did, "@type": ["Organization", "prov:Agent"], "name": did} for did in names]
    graph = [descriptor, root, profile, program, *people, *parts, *kept, *models.values(), *actions]
    return f.encode({"@context": [CONTEXT, _PROV], "@graph": graph})


def _file(name: str, data: bytes) -> Json:
    ending = name[name.rfind(".") :] if "." in name else ""
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "contentSize": str(len(data)),
        "sha256": f.digest(data),
        "encodingFormat": _FORMATS.get(ending, "application/octet-stream"),
    }


def _version(one: f.VersionRecord, id: str, actions: Sequence[Json]) -> Json:
    found: Json = {"@id": id, "@type": ["Dataset", "prov:Entity"], "name": one.id, "identifier": one.root, "size": str(one.size)}
    if one.dataset:
        found["isBasedOn"] = one.dataset
    made = next((action["@id"] for action in actions if _ref(id) in action["result"]), None)
    if made is not None:
        found["prov:wasGeneratedBy"] = _ref(made)
    if one.provider:
        found["prov:wasAttributedTo"] = _ref(one.provider)
    return found


def _model(says: k.Trained) -> Json:
    return {"@id": f"#model-{says.digest[:16]}", "@type": ["Dataset", "prov:Entity"], "name": says.model, "identifier": says.digest}


def _action(index: int, says: k.Predicate, known: Mapping[str, str]) -> Json | None:
    """Return what a statement says was done, if it made something (Process Run Crate, actions)."""
    if isinstance(says, k.Acquired) and says.version in known:
        used, made = [], [known[says.version]]
    elif isinstance(says, k.Derived) and says.version in known:
        used, made = [known[one.version] for one in says.inputs if one.version in known], [known[says.version]]
    elif isinstance(says, k.Trained):
        used, made = [known[one.version] for one in says.inputs if one.version in known], [_model(says)["@id"]]
    else:
        return None
    return {
        "@id": f"#entry-{index}",
        "@type": ["CreateAction", "prov:Activity"],
        "name": say(says),
        "instrument": _ref(PROGRAM),
        "agent": _ref(says.by),
        "endTime": timestamp(says.at),
        "prov:endedAtTime": timestamp(says.at),
        "prov:wasAssociatedWith": _ref(says.by),
        "object": [_ref(one) for one in used],
        "prov:used": [_ref(one) for one in used],
        "result": [_ref(one) for one in made],
    }


def _ref(id: str) -> Json:
    return {"@id": id}


def check_crate(files: Mapping[str, bytes], findings: Findings) -> None:
    """Find where the RO-Crate is none (RO-Crate 1.2, structure), or describes other files than those in the archive."""
    raw = files.get(f.CRATE)
    if raw is None:
        findings.missing("There is no RO-Crate metadata in the archive.", f.CRATE)
        return
    for problem in crate_problems(raw, files):
        findings.fault(problem, f.CRATE)


def crate_problems(raw: bytes, files: Mapping[str, bytes]) -> list[str]:
    """Return what is wrong with RO-Crate metadata about these files, in sentences."""
    if len(raw) > f.MAX_JSON:
        return [f"It is larger than {f.MAX_JSON >> 20} MiB."]
    try:
        document = msgspec.json.decode(raw, type=Json)
        graph = {str(one["@id"]): one for one in document["@graph"]}
    except (ValueError, RecursionError, KeyError, TypeError):
        return ["It is no JSON-LD document with a flat @graph."]
    contexts = document.get("@context")
    if CONTEXT not in (contexts if isinstance(contexts, list) else [contexts]):
        return [f"Its context is not {CONTEXT}."]
    problems = [] if len(graph) == len(document["@graph"]) else ["Two of its entities have one @id."]
    problems += _entity_problems(graph)
    root = _root(graph)
    if root is None:
        return [*problems, "It has no metadata descriptor with a root data entity."]
    problems += [f"The root has no {name}." for name in ("name", "description", "datePublished", "license") if not root.get(name)]
    return problems + _part_problems(root, graph, files)


def _root(graph: Mapping[str, Json]) -> Json | None:
    descriptor = graph.get(f.CRATE, {})
    about = descriptor.get("about")
    root = graph.get(str(about.get("@id"))) if isinstance(about, dict) else None
    sound = descriptor.get("@type") == "CreativeWork" and descriptor.get("conformsTo") == _ref(SPEC)
    return root if sound and root is not None and "Dataset" in _listed(root.get("@type")) else None


def _entity_problems(graph: Mapping[str, Json]) -> list[str]:
    problems = []
    for id, entity in graph.items():
        types = _listed(entity.get("@type"))
        if not types or not all(isinstance(one, str) for one in types):
            problems.append(f"The entity {id[:80]} has no @type.")
        for name, value in entity.items():
            found = [_value_problem(one, graph) for one in _listed(value)]
            problems += [f"The entity {id[:80]}, {name[:80]}: {problem}" for problem in found if problem]
    return problems


def _value_problem(value: Any, graph: Mapping[str, Json]) -> str:
    if isinstance(value, list) or (isinstance(value, dict) and set(value) not in ({"@id"}, {"@value"}, {"@value", "@type"})):
        return "it is not flat, and holds more than a reference."
    target = str(value.get("@id", "")) if isinstance(value, dict) else ""
    return f"it refers to {target[:80]}, which is not there." if target.startswith("#") and target not in graph else ""


def _part_problems(root: Json, graph: Mapping[str, Json], files: Mapping[str, bytes]) -> list[str]:
    problems = []
    for part in _listed(root.get("hasPart")):
        name = str(part.get("@id")) if isinstance(part, dict) else ""
        entity = graph.get(name)
        if entity is None or name not in files:
            problems.append(f"The part {name[:80]!r} is not there.")
        elif entity.get("sha256") != f.digest(files[name]):
            problems.append(f"The part {name[:80]} has another SHA-256.")
    return problems


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
