"""The encryption of a backup: the whole file, in chunks, under a key made from the installation's master key.

    header    "HANSEBK", version (1 byte), salt (32 random bytes), check (32 bytes)
    chunks    each up to 64 KiB of plain text under AES-256-GCM, and its tag (16 bytes)

HKDF-SHA256 (RFC 5869) makes the key of the chunks, the prefix of their nonces and the check from master key and salt. The check
tells another master key from damage, and binds the file to one key. A nonce is the prefix, the chunk's number and a mark
of the last chunk, and the header is associated data of each chunk: the STREAM construction (Hoang, Reyhanitabar, Rogaway and
Vizár, 2015). So whatever was changed, moved, cut off or appended is refused, and nothing is read before it is proved.
"""

from __future__ import annotations

import hmac
import io
import os
import secrets
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hanse.kernel.errors import Malformed, Misconfigured

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK: Final = 1 << 16
"""Plain bytes of a chunk; the last may have fewer."""
TAG: Final = 16
HEADER: Final = 72

_MAGIC: Final = b"HANSEBK"
_VERSION: Final = b"\x01"
_PLAIN_ZIP: Final = b"PK"
_INFO: Final = b"hanse backup file 1"
_SALT, _KEY, _PREFIX, _CHECK = 32, 32, 7, 32


class _Chunks:
    """Encrypts and decrypts single chunks. A key is used for one file, and a nonce for one chunk."""

    def __init__(self, master_key: bytes, salt: bytes) -> None:
        made = HKDF(SHA256(), _KEY + _PREFIX + _CHECK, salt, _INFO).derive(master_key)
        self._cipher = AESGCM(made[:_KEY])
        self._prefix = made[_KEY : _KEY + _PREFIX]
        self.header = _MAGIC + _VERSION + salt + made[_KEY + _PREFIX :]

    def seal(self, plain: bytes, number: int, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(number, last), plain, self.header)

    def open(self, sealed: bytes, number: int, *, last: bool) -> bytes:
        return self._cipher.decrypt(self._nonce(number, last), sealed, self.header)

    def _nonce(self, number: int, last: bool) -> bytes:
        return self._prefix + number.to_bytes(4, "big") + bytes([last])


class SealingWriter:
    """Encrypts what is written to it, and writes that to `file`. The file is whole only after `finish`."""

    def __init__(self, file: IO[bytes], master_key: bytes) -> None:
        self._file = file
        self._chunks = _Chunks(master_key, secrets.token_bytes(_SALT))
        self._waiting = bytearray()
        self._number = 0
        file.write(self._chunks.header)

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # a full one may still be the last
            self._put(last=False)
        return len(data)

    def flush(self) -> None:
        """Do nothing: a chunk is written when it is full."""

    def close(self) -> None:
        """Do nothing: only `finish` makes the file whole, and who has opened it closes it."""

    def finish(self) -> None:
        """Write the last chunk, without which nobody takes the file."""
        self._put(last=True)

    def _put(self, *, last: bool) -> None:
        self._file.write(self._chunks.seal(bytes(self._waiting[:CHUNK]), self._number, last=last))
        del self._waiting[:CHUNK]
        self._number += 1


def open_sealed(path: Path, master_key: bytes) -> io.BufferedReader:
    """Check every byte of an encrypted file, and return a seekable reader of its plain text, which is never on a disk.

    Raises `Malformed` (damaged, or no backup) and `Misconfigured` (another master key, a newer version).
    """
    try:
        file = path.open("rb")
        try:
            reader = _Unsealed(file, _known(file.read(HEADER), master_key, path), path)
            reader.check()
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise Malformed(f"This is no backup: {error.strerror or 'it cannot be read'}.", where=str(path)) from None
    return io.BufferedReader(reader, CHUNK)


def _known(header: bytes, master_key: bytes, path: Path) -> _Chunks:
    start, version = header[: len(_MAGIC)], header[len(_MAGIC) : len(_MAGIC) + 1]
    if start[:2] == _PLAIN_ZIP:
        hint = "It was made before backups were encrypted: restore it with the version that made it, then take a new one."
        raise Malformed("The backup is not encrypted.", where=str(path), hint=hint)
    if start != _MAGIC:
        raise Malformed("This is no backup: it does not begin like one.", where=str(path))
    if version != _VERSION:
        raise Misconfigured("The backup is encrypted in a way that this program does not know.", where=str(path), hint="Use a newer hanse.")
    if len(header) < HEADER:
        raise damaged(path, "its beginning")
    chunks = _Chunks(master_key, header[len(_MAGIC) + 1 : -_CHECK])
    if not hmac.compare_digest(chunks.header, header):
        raise Misconfigured(
            "The backup was made under another master key, or was altered.",
            where="master.key",
            rule="master-key",
            hint="First put in place the master key of the installation that made it (HANSE_MASTER_KEY or master.key); no backup holds it.",
        )
    return chunks


class _Unsealed(io.RawIOBase):
    """The plain text of an encrypted file. Each chunk is proved each time it is read, so nobody can change it meanwhile."""

    def __init__(self, file: IO[bytes], chunks: _Chunks, path: Path) -> None:
        self._file, self._chunks, self._path = file, chunks, path
        body = os.fstat(file.fileno()).st_size - HEADER
        self._count = -(-body // (CHUNK + TAG))
        self._size = body - self._count * TAG
        self._at = 0
        self._current: tuple[int, bytes] = (-1, b"")

    def check(self) -> None:
        """Prove every chunk, and that the last is there. Raises `Malformed`."""
        for number in range(max(1, self._count)):
            self._chunk(number)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError("There is nothing before the beginning.")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        if self._at >= self._size:
            return 0
        target = memoryview(buffer).cast("B")
        number, begin = divmod(self._at, CHUNK)
        part = self._chunk(number)[begin : begin + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._current[0] != number:
            self._file.seek(HEADER + number * (CHUNK + TAG))
            sealed = self._file.read(CHUNK + TAG)
            try:
                self._current = (number, self._chunks.open(sealed, number, last=number == self._count - 1))
            except InvalidTag:
                raise damaged(self._path, f"chunk {number + 1}") from None
        return self._current[1]


def damaged(path: Path, what: str) -> Malformed:
    """Return the error for a file of which `what` is not what was written."""
    return Malformed(f"The backup is damaged: {what} is not what was written.", where=str(path), rule="damaged", hint="Take another one.")
