"""The installation's master key: the one secret that the database and its backups do not hold."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hanse.kernel.errors import Misconfigured
from hanse.wallet.seal import MASTER_KEY_BYTES, new_master_key

VARIABLE = "HANSE_MASTER_KEY"
FILE = "master.key"


def master_key(home: Path, environment: Mapping[str, str] | None = None) -> bytes:
    """Return the key from `HANSE_MASTER_KEY` (base64), or from `master.key` in the home folder, made if need be.

    Several server processes on one database share one key. Raises `Misconfigured` for anything that is no key.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE)
    if text is not None:
        return _decoded(text, VARIABLE)
    path = home / FILE
    try:
        return _decoded(path.read_text("ascii"), str(path))
    except FileNotFoundError:
        return _made(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The master key cannot be read: {type(error).__name__}.", where=str(path)) from None


def existing_master_key(home: Path, environment: Mapping[str, str] | None = None) -> bytes:
    """Return the key as `master_key` does, but never make one: without the old key a restored database is useless."""
    known = os.environ if environment is None else environment
    if VARIABLE not in known and not (home / FILE).is_file():
        raise Misconfigured(
            "The master key is not there.",
            where=str(home / FILE),
            rule="master-key",
            hint=f"Put it back, or set {VARIABLE}. It is in no backup: it is kept apart from them.",
        )
    return master_key(home, environment)


def derived_key(master: bytes, *names: str) -> bytes:
    """Return a key of 32 bytes that nobody can compute without the master key, one for each sequence of names (HKDF, RFC 5869)."""
    info = b"hanse derived key\0" + b"".join(len(name.encode()).to_bytes(4) + name.encode() for name in names)
    return HKDF(SHA256(), 32, None, info).derive(master)


def _made(path: Path) -> bytes:
    key = new_master_key()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(base64.b64encode(key).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise Misconfigured(f"The master key is not {MASTER_KEY_BYTES} bytes in base64.", where=where, rule="master-key")
    return key
