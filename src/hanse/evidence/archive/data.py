"""The data that an archive is about: the lists of its files, what was stated about them, and the files themselves, if they are at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.log import Log, Seen
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.merkle import EMPTY_ROOT, leaf_hash, node_hash
from hanse.kernel.errors import Malformed

_line = msgspec.json.Decoder(f.FileLine)
_SHOWN = 20


class Listed(Struct, frozen=True):
    """A version whose list of files gives its root: SHA-256 and size by path."""

    record: f.VersionRecord
    files: Mapping[str, tuple[str, int]]


class Measured(Struct, frozen=True):
    """What lies in a folder: SHA-256 and size by path, and what is no plain file."""

    files: Mapping[str, tuple[str, int]]
    odd: tuple[str, ...] = ()


def tree_root(lines: Sequence[bytes]) -> str:
    """Return the Merkle root over lines (RFC 9162, 2.1.1), in hexadecimal."""
    level = [leaf_hash(line) for line in lines]
    while len(level) > 1:
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return (level[0] if level else EMPTY_ROOT).hex()


def check_versions(files: Mapping[str, bytes], log: Log, findings: Findings) -> list[Listed]:
    """Check every version: its list of files, and the signed statements that name its root."""
    records = f.decode(files, f.VERSIONS, list[f.VersionRecord], [])
    if len({one.id for one in records}) != len(records):
        findings.fault("A version is there twice.", f.VERSIONS)
    listed = []
    named = _named(log)
    for number, record in enumerate(records):
        where = f"{f.VERSIONS}, [{number}] {record.id}"
        try:
            found = _listed(files, record)
        except Malformed as fault:
            findings.fault(fault.message, fault.where or where)
            continue
        if found is None:
            findings.missing(f"The archive has no list of the files of {record.id}, only its root {record.root}.", where)
        else:
            listed.append(found)
        _stated(record, named.get(record.id, []), findings, where)
        if record.deleted is not None:
            findings.told(f"{record.id} was deleted on {record.deleted:%Y-%m-%d}: that no copy is left anywhere, nothing can prove.", where)
    return listed


def _listed(files: Mapping[str, bytes], record: f.VersionRecord) -> Listed | None:
    if record.files is None:
        return None
    if record.files not in files:
        raise Malformed(f"The list of the files of {record.id} is missing.", where=record.files, rule="archive")
    lines = f.lines(files, record.files, f.MAX_LISTED)
    found: dict[str, tuple[str, int]] = {}
    last = b""
    for number, raw in enumerate(lines, 1):
        where = f"{record.files}, line {number}"
        try:
            one = _line.decode(raw)
        except (ValueError, RecursionError):
            raise Malformed("This is no file's path, SHA-256 and size.", where=where, rule="archive") from None
        if (number > 1 and one.path.encode() <= last) or not _inside(one.path):
            raise Malformed("The paths are out of order, one is there twice, or leads out of its folder.", where=where, rule="archive")
        last = one.path.encode()
        found[one.path] = (one.sha256, one.size)
    size = sum(size for _, size in found.values())
    if (tree_root(lines), len(found), size) != (record.root, record.count, record.size):
        problem = f"The files of {record.id} do not add up to its root, their number and their size: the list was changed."
        raise Malformed(problem, where=record.files, rule="archive")
    return Listed(record, found)


def _inside(path: str) -> bool:
    parts = path.split("/")
    return not path.startswith("/") and "\\" not in path and "\0" not in path and not any(part in ("", ".", "..") for part in parts)


def _stated(record: f.VersionRecord, named: Sequence[tuple[Seen, str]], findings: Findings, where: str) -> None:
    """Look at the signed statements that name the version; they must name its root."""
    naming = 0
    for one, root in named:
        if root != record.root:
            findings.fault(f"The statement names another content of {record.id} than the archive.", f"{one.where}, predicate.root")
            continue
        naming += 1
        problem = _contradiction(one.says, record)
        if problem:
            findings.fault(problem, f"{one.where}, predicate")
        elif isinstance(one.says, k.Acquired):
            findings.proved(_received(one, one.says, record), one.where)
    if not naming:
        findings.told(f"That {record.id} has these files is the exporter's word: no statement in the log names its root.", where)


def _contradiction(says: object, record: f.VersionRecord) -> str:
    """Return where a signed statement and what the archive says of the version differ: whence it came, under what, how it was checked."""
    told: dict[str, tuple[object, object]] = {}
    if isinstance(says, k.Acquired):
        told = {"number of files": (says.count, record.count), "size": (says.size, record.size)}
        told |= {
            "agreement": (says.agreement or record.agreement or "", record.agreement or ""),
            "provider": (says.provider, record.provider or ""),
        }
        if says.provider:
            told |= {"dataset": (says.dataset, record.dataset or ""), "checksums": (says.sums, record.sums)}
    elif isinstance(says, k.Trained):
        named = next((each.agreement for each in says.inputs if each.version == record.id), "")
        told = {"agreement": (named or (record.agreement or ""), record.agreement or "")}
    wrong = ", ".join(name for name, (signed, said) in told.items() if signed != said)
    return f"What was signed of {record.id} differs from what the archive says of it: {wrong}." if wrong else ""


def _received(one: Seen, says: k.Acquired, record: f.VersionRecord) -> str:
    files = "1 file" if says.count == 1 else f"{says.count} files"
    whole = f"{record.id} ({files}, {says.size} bytes)"
    if not says.provider:
        return f"{one.signer} signed, as entry {one.index}, that it stored data of its own as {whole}."
    whose = "the provider's checksums" if says.sums == "provider" else "no checksums but those that it measured itself"
    return f"{one.signer} signed, as entry {one.index}, that it received {whole} from {says.provider} and verified it against {whose}."


def _named(log: Log) -> dict[str, list[tuple[Seen, str]]]:
    """Return, by version, the entries that name its root, with the root that they name."""
    found: dict[str, list[tuple[Seen, str]]] = {}
    for one in log.entries.values():
        says = one.says
        if isinstance(says, k.Acquired | k.Kept | k.Drilled | k.Opened | k.Held | k.Mirrored | k.Derived | k.Prepared):
            found.setdefault(says.version, []).append((one, says.root))
        if isinstance(says, k.Trained | k.Derived):
            for each in says.inputs:
                found.setdefault(each.version, []).append((one, each.root))
    return found


def check_data(listed: Listed, measured: Measured, findings: Findings) -> None:
    """Compare a version's list with what lies in a folder."""
    record, problems = listed.record, 0
    for path, (sha256, size) in listed.files.items():
        found = measured.files.get(path)
        if found == (sha256, size):
            continue
        problems += 1
        if problems <= _SHOWN:
            what = "is missing" if found is None else "was changed" if found[1] == size else f"has {found[1]} bytes instead of {size}"
            findings.fault(f"The file {path} of {record.id} {what}.", f"data, {path}")
    if problems > _SHOWN:
        findings.fault(f"So it is with {problems - _SHOWN} more files of {record.id}.", "data")
    extra = sorted([*(path for path in measured.files if path not in listed.files), *measured.odd])
    if extra:
        findings.told(f"{len(extra)} files in the folder are no part of {record.id}, {extra[0]!r} among them.", "data")
    if not problems:
        findings.proved(f"The {record.count} files of {record.id} ({record.size} bytes) are unchanged, every one of them.", "data")
