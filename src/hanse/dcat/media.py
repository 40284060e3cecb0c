"""Media types of files by their names, as Croissant's readers know them."""

from __future__ import annotations

import re
from typing import Final

CSV: Final = "text/csv"
TSV: Final = "text/tab-separated-values"
JSON: Final = "application/json"
JSON_LINES: Final = "application/jsonlines"
PARQUET: Final = "application/x-parquet"
TEXT: Final = "text/plain"
GZIP: Final = "application/gzip"
BINARY: Final = "application/octet-stream"

_BY_ENDING: Final = {
    "csv": CSV, "tsv": TSV, "tab": TSV, "json": JSON, "geojson": JSON, "jsonl": JSON_LINES, "ndjson": JSON_LINES, "jsonlines": JSON_LINES,
    "parquet": PARQUET, "pq": PARQUET, "txt": TEXT, "text": TEXT, "md": "text/markdown", "html": "text/html", "htm": "text/html",
    "xml": "application/xml", "pdf": "application/pdf", "zip": "application/zip", "tar": "application/x-tar", "jpg": "image/jpeg",
    "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "tif": "image/tiff", "tiff": "image/tiff", "svg": "image/svg+xml",
    "mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "mp4": "video/mp4", "webm": "video/webm", "npy": BINARY,
    "npz": BINARY, "bin": BINARY, "log": TEXT, "yaml": "application/yaml", "yml": "application/yaml", "xlsx":
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "arrow": "application/vnd.apache.arrow.file",
}  # fmt: skip
_SAME: Final = {
    "application/vnd.apache.parquet": PARQUET, "application/parquet": PARQUET, "application/x-ndjson": JSON_LINES,
    "application/jsonl": JSON_LINES, "application/x-jsonlines": JSON_LINES, "application/ndjson": JSON_LINES, "text/tsv": TSV,
    "application/csv": CSV, "text/x-csv": CSV,
}  # fmt: skip
_PACKED: Final = (".gz", ".gzip")


_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&_.+-]{0,126}")


def is_media_type(text: str) -> bool:
    """Tell whether a text is a media type without parameters (RFC 6838, 4.2)."""
    return _FORM.fullmatch(text) is not None and "^" not in text


def is_packed(path: str) -> bool:
    """Tell whether a file is packed with gzip, by its name."""
    return path.lower().endswith(_PACKED)


def media_type_of(path: str, said: str = "") -> str:
    """Return the media type of what a file holds, unpacked: by its name, else what is `said`, else octets."""
    name = path.rpartition("/")[2].lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    known = _BY_ENDING.get(name.rpartition(".")[2]) if "." in name else None
    told = said.partition(";")[0].strip().lower()
    if known is not None or told in ("", BINARY, GZIP, "application/x-gzip"):
        return known or BINARY
    return _SAME.get(told, told)


def encodings_of(path: str, said: str = "") -> object:
    """Return `encodingFormat`: the media type, and gzip's where the file is packed with it."""
    inner = media_type_of(path, said)
    return [inner, GZIP] if is_packed(path) else inner
