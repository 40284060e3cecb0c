"""What a provider's manifest says, checked before anything is written: it comes from outside."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from hanse.kernel.errors import PeerInvalid

MAX_FILES = 1_000_000
MAX_BYTES = 400 << 20
"""The largest manifest that is read: a million files with long names."""
PARTS = ".hanse-parts"
HEX = re.compile(r"[0-9a-f]{64}")
"""A digest in hexadecimal."""


class RemoteFile(Struct, frozen=True, rename="camel"):
    """One file as the provider promises it: size in bytes, digests in hexadecimal, `etag` for ranges."""

    path: str
    size: int
    blake3: str
    sha256: str = ""
    etag: str | None = None
    media_type: str = ""


class RemoteManifest(Struct, frozen=True, rename="camel"):
    """All files. `kind` is `file` or `folder`; `chunks` names the rule of the chunk lists, where there are any."""

    id: str
    kind: str
    files: list[RemoteFile]
    chunks: str | None = None

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)


def decode(body: bytes) -> RemoteManifest:
    """Return the manifest. Raises `PeerInvalid` for one that cannot be read, or that would write where it must not."""
    try:
        manifest = msgspec.json.decode(body, type=RemoteManifest)
    except (ValueError, RecursionError) as error:
        raise PeerInvalid(f"The provider's manifest cannot be read: {str(error)[:300]}.", where="manifest") from error
    if len(manifest.files) > MAX_FILES or (manifest.kind == "file" and len(manifest.files) != 1):
        raise PeerInvalid("The provider's manifest names too many files.", where="manifest.files")
    seen: set[str] = set()
    for file in manifest.files:
        _check(file)
        seen.add(file.path)
    if len(seen) != len(manifest.files):
        raise PeerInvalid("The provider's manifest names a file twice.", where="manifest.files")
    _no_file_is_a_folder(seen)
    return manifest


def _check(file: RemoteFile) -> None:
    fault = path_fault(file.path)
    if fault:
        raise PeerInvalid(f"The provider's manifest names a path that {fault}: {file.path[:200]!r}.", where="manifest.files.path")
    if file.size < 0 or not HEX.fullmatch(file.blake3):
        raise PeerInvalid(f"The provider's manifest has no usable size or BLAKE3 for {file.path[:200]!r}.", where="manifest.files")


def path_fault(path: str) -> str | None:
    """Say why nothing is written under that path, or nothing when it stays below the target folder."""
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in parts[0]:
        return "is absolute or names a drive"
    if any(part in ("", ".", "..") for part in parts):
        return "leads elsewhere"
    if parts[0] == PARTS or len(parts) > 64 or len(path.encode(errors="replace")) > 4096:
        return "cannot be used here"
    if any(ord(character) < 32 or ord(character) == 127 or 0xD800 <= ord(character) < 0xE000 for character in path):
        return "holds control characters"
    return "has a name that is too long" if any(len(part.encode()) > 255 for part in parts) else None


def _no_file_is_a_folder(paths: set[str]) -> None:
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in paths:
                raise PeerInvalid("The provider's manifest names a file that is also a folder.", where="manifest.files.path")
            parent = parent.rpartition("/")[0]
