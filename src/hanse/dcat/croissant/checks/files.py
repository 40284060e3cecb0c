"""Checks of the files that a description names: FileObject and FileSet, and the bytes behind them (Croissant 1.1, Resources)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Mapping

from hanse.dcat.croissant.checks import vocabulary
from hanse.dcat.croissant.checks.finding import Report, shown
from hanse.dcat.croissant.checks.ids import Ids
from hanse.dcat.croissant.checks.terms import check_unknown
from hanse.dcat.croissant.globs import matching
from hanse.dcat.croissant.names import FILE
from hanse.dcat.croissant.read import size_of, types_of
from hanse.dcat.holding import HeldFile
from hanse.dcat.values import items, text_of_value, texts_of
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files

Json = dict[str, object]
Files = Mapping[str, HeldFile] | None
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+|https?://\S+|git\+https?", re.ASCII)
_HEX = {"sha256": re.compile("[0-9a-fA-F]{64}"), "md5": re.compile("[0-9a-fA-F]{32}")}
_BYTES = {"sha256": 32, "md5": 16}


def check_distribution(value: Json, ids: Ids, files: Files, report: Report) -> None:
    """Report what is wrong with the files of a description."""
    live = value.get("isLiveDataset") is True
    described: set[str] = set()
    for index, one in enumerate(items(value.get("distribution"))):
        path = f"distribution[{index}]"
        if not isinstance(one, dict):
            report.error(path, "distribution", "A file is an object.")
        elif "FileSet" in types_of(one):
            described |= _file_set(one, path, ids, files, report)
        else:
            described |= _file_object(one, path, ids, live, files, report)
    if files is not None:
        for path in sorted(files.keys() - described - {FILE})[:100]:
            report.warn("distribution", "file-undescribed", f"The file {shown(path)} is there and is not described.")


def _file_object(one: Json, path: str, ids: Ids, live: bool, files: Files, report: Report) -> set[str]:
    if "FileObject" not in types_of(one):
        report.error(f"{path}.@type", "type", "It is neither a FileObject nor a FileSet.", "Croissant has no DataDownload here.")
    check_unknown(one, path, vocabulary.FILE_OBJECT, report)
    _formats(one, path, report)
    if "contentSize" in one and size_of(one["contentSize"]) is None:
        report.error(f"{path}.contentSize", "size", f"{shown(one['contentSize'])} is no size.", "Write it like 1024 B.")
    address = text_of_value(one.get("contentUrl"))
    if "containedIn" in one:
        ids.check(_containers(one.get("containedIn")), f"{path}.containedIn", ("FileObject", "FileSet"))
        _relative(address or "", f"{path}.contentUrl", report)
        return set()
    _hashes(one, path, live, report)
    if address is None:
        report.error(f"{path}.contentUrl", "required", "It does not say where its bytes are.")
        return set()
    return _address(one, path, address, files, report)


def _address(one: Json, path: str, address: str, files: Files, report: Report) -> set[str]:
    """Check where the bytes are, and the bytes; return the path if it is one of `files`."""
    if files is None or address not in files:  # what is there by that name is meant, even if it looks like another thing
        _relative(address, f"{path}.contentUrl", report)
    if files is None or (not _is_local(address) and address not in files):
        return set()
    _compare(one, path, address, files, report)
    return {address}


def _containers(value: object) -> list[object]:
    return [one.get("fileObject", one.get("fileSet", one)) if isinstance(one, dict) else one for one in items(value)]


def _file_set(one: Json, path: str, ids: Ids, files: Files, report: Report) -> set[str]:
    check_unknown(one, path, vocabulary.FILE_SET, report)
    _formats(one, path, report)
    if "containedIn" in one:
        ids.check(_containers(one.get("containedIn")), f"{path}.containedIn", ("FileObject", "FileSet"))
    patterns = texts_of(one.get("includes"))
    if not patterns and "containedIn" not in one:
        report.error(f"{path}.includes", "required", "It does not say which files it has.")
    for index, pattern in enumerate(patterns):
        _relative(pattern, f"{path}.includes[{index}]", report)
    if files is None or "containedIn" in one or not patterns:
        return set()
    found = matching(patterns[:1_000], files) - matching(texts_of(one.get("excludes"))[:1_000], files)
    said = one.get("hanse:files")
    if not found:
        report.error(f"{path}.includes", "file-missing", "No file is like that.")
    elif isinstance(said, int) and said != len(found):
        report.error(f"{path}.includes", "file-count", f"{len(found)} files are like that, and not {said}.")
    return found


def _formats(one: Json, path: str, report: Report) -> None:
    formats = texts_of(one.get("encodingFormat"))
    missing = texts_of(one.get("hanse:missing"))
    if not formats and "encodingFormat" not in missing:
        report.error(f"{path}.encodingFormat", "required", "It does not say of which type its bytes are.", "E.g. text/csv.")
    for index, format in enumerate(formats):
        if not _MEDIA_TYPE.fullmatch(format):
            report.error(f"{path}.encodingFormat[{index}]", "media-type", f"{shown(format)} is no media type.")


def _relative(text: str, path: str, report: Report) -> None:
    """Report a path that leads out of the folder of the description."""
    if not _is_local(text):
        if text.lower().startswith(("file:", "javascript:", "data:")):
            report.error(path, "path", f"{shown(text)} is no address from which a file is taken.")
        return
    if text.startswith(("/", "\\")) or re.match("[A-Za-z]:[\\\\/]", text) or ".." in re.split(r"[\\/]", text) or "\0" in text:
        report.error(path, "path", f"{shown(text)} leads out of the folder.", "A path is relative to the description, without `..`.")


def _is_local(text: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) is None


def _hashes(one: Json, path: str, live: bool, report: Report) -> None:
    there = [name for name in ("sha256", "md5") if one.get(name) is not None]
    if not there and not live:
        if "sha256" in texts_of(one.get("hanse:missing")):
            report.warn(f"{path}.sha256", "hash-missing", "It is said that no hash is known.", "mlcroissant refuses it until one is.")
        else:
            report.error(f"{path}.sha256", "hash-missing", "It has no hash, so that nobody can tell whether the bytes are right.")
    for name in there:
        text = text_of_value(one.get(name)) or ""
        if not _is_hash(name, text):
            hint = "An address is no hash: it checks nothing." if "://" in text else ""
            report.error(f"{path}.{name}", "hash-form", f"{shown(text)} is no {name} in hexadecimal.", hint)
        elif len(set(text.lower())) == 1:
            report.warn(f"{path}.{name}", "hash-form", "One digit all over is hardly a real hash.")


def _is_hash(name: str, text: str) -> bool:
    if _HEX[name].fullmatch(text):
        return True
    try:
        return len(text) < 60 and len(b64decode(text, validate=True)) == _BYTES[name]
    except (NoBase64, ValueError):
        return False


def _compare(one: Json, path: str, address: str, files: Mapping[str, HeldFile], report: Report) -> None:
    held = files.get(address)
    if held is None:
        report.error(f"{path}.contentUrl", "file-missing", f"The file {shown(address)} is not there.")
        return
    said = text_of_value(one.get("sha256"))
    if said is not None and _is_hash("sha256", said) and _as_hex(said) != held.sha256:
        report.error(f"{path}.sha256", "hash-false", f"The SHA-256 of {shown(address)} is {held.sha256}.")
    size = size_of(one.get("contentSize"))
    if size is not None and "." not in str(one.get("contentSize")) and size != held.size:
        report.error(f"{path}.contentSize", "size-false", f"{shown(address)} has {held.size} bytes, and not {size}.")


def _as_hex(text: str) -> str:
    return text.lower() if len(text) == 64 else b64decode(text).hex()


def check_root(value: Json, files: Files, report: Report) -> None:
    """Report a root that is not the one over the files (a property of ours, `hanse:root`)."""
    said = text_of_value(value.get("hanse:root"))
    if said is None or files is None:
        return
    held = [Object(one.path, one.sha256, one.size) for path, one in files.items() if path != FILE]
    if root_of_files(held) != said:
        report.error("hanse:root", "root-false", "The root is not the one over these files.")
