"""Which kind of file a file is: by its name, else by the type that came with it, else by its first bytes."""

from __future__ import annotations

import re
from typing import Final

CSV, TSV, JSONL, JSON, PARQUET, ARROW = "csv", "tsv", "jsonl", "json", "parquet", "arrow"
TEXT, MARKDOWN, HTML, PDF, WARC = "text", "markdown", "html", "pdf", "warc"
GZIP, ZIP, TAR = "gzip", "zip", "tar"
KINDS: Final = (CSV, TSV, JSONL, JSON, PARQUET, ARROW, TEXT, MARKDOWN, HTML, PDF, WARC)
PACKED: Final = (GZIP, ZIP, TAR)
"""What is packed is always unpacked, to see what is in it."""

_BY_ENDING: Final = {
    "csv": CSV, "tsv": TSV, "tab": TSV, "jsonl": JSONL, "ndjson": JSONL, "jsonlines": JSONL, "json": JSON, "parquet": PARQUET,
    "pq": PARQUET, "arrow": ARROW, "ipc": ARROW, "feather": ARROW, "txt": TEXT, "text": TEXT, "log": TEXT, "rst": TEXT, "tex": TEXT,
    "py": TEXT, "c": TEXT, "h": TEXT, "cpp": TEXT, "rs": TEXT, "go": TEXT, "java": TEXT, "js": TEXT, "sh": TEXT, "md": MARKDOWN,
    "markdown": MARKDOWN, "html": HTML, "htm": HTML, "xhtml": HTML, "pdf": PDF, "warc": WARC, "gz": GZIP, "gzip": GZIP, "tgz": GZIP,
    "zip": ZIP, "tar": TAR,
}  # fmt: skip
_BY_TYPE: Final = {
    "text/csv": CSV, "application/csv": CSV, "text/tab-separated-values": TSV, "text/tsv": TSV, "application/jsonlines": JSONL,
    "application/jsonl": JSONL, "application/x-ndjson": JSONL, "application/x-jsonlines": JSONL, "application/json": JSON,
    "application/x-parquet": PARQUET, "application/vnd.apache.parquet": PARQUET, "application/vnd.apache.arrow.file": ARROW,
    "application/vnd.apache.arrow.stream": ARROW, "text/plain": TEXT, "text/markdown": MARKDOWN, "text/html": HTML,
    "application/xhtml+xml": HTML, "application/pdf": PDF, "application/warc": WARC, "application/gzip": GZIP,
    "application/x-gzip": GZIP, "application/zip": ZIP, "application/x-tar": TAR,
}  # fmt: skip
_BY_BYTES: Final = (
    (b"\x1f\x8b", GZIP), (b"PK\x03\x04", ZIP), (b"PAR1", PARQUET), (b"ARROW1", ARROW), (b"%PDF-", PDF), (b"WARC/", WARC),
)  # fmt: skip
_OTHER: Final = re.compile(
    r"png|jpe?g|gif|tiff?|svg|webp|mp[34]|wav|flac|ogg|webm|avi|npy|npz|bin|exe|so|dll|xlsx?|docx?|pptx?|xml|ya?ml|toml|css|db|sqlite"
    r"|bz2|xz|zst|7z|rar|safetensors|pt|onnx|gguf"
)
_ABOUT: Final = re.compile(r"(?:read.?me|licen[cs]e|copying|notice|changelog|citation|croissant)\b[^/]*|\.git[^/]*", re.IGNORECASE)
HEAD: Final = 512
"""Bytes that are looked at."""


def kind_of(path: str, media_type: str, head: bytes) -> str | None:
    """Return the kind of a file, None if it is of none that is read. The path of a packed file ends with what it is packed with."""
    ending = _ending(path)
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    told = _BY_TYPE.get(media_type.partition(";")[0].strip().lower())
    if told is not None or ending is not None:
        return told
    if head[257:262] == b"ustar":
        return TAR
    for begin, kind in _BY_BYTES:
        if head.startswith(begin):
            return kind
    return None if b"\0" in head else TEXT


def unpacked_name(path: str) -> str:
    """Return what a file packed with gzip is called without that."""
    stem, _, ending = path.rpartition(".")
    return f"{stem}.tar" if ending.lower() == "tgz" else stem if ending.lower() in ("gz", "gzip") else path


def is_about(path: str) -> bool:
    """Tell whether a file is about the data and not of it: at the top, and called README, LICENSE or the like."""
    return _ABOUT.fullmatch(path) is not None


def _ending(path: str) -> str | None:
    name = path.rpartition("/")[2].lower()
    stem, _, ending = name.rpartition(".")
    return ending if stem and (ending in _BY_ENDING or _OTHER.fullmatch(ending)) else None
