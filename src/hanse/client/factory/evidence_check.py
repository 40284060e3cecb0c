"""Verifies evidence archives where they lie: no server, no account, no network, and nothing of the space that they are about."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from hanse.evidence.archive.container import MAX_ARCHIVE
from hanse.evidence.archive.credentials import Status
from hanse.evidence.archive.data import Listed, Measured
from hanse.evidence.archive.format import AgreementRecord
from hanse.evidence.archive.keys import Anchors, thumbprint
from hanse.evidence.archive.verify import Examined, Examiner
from hanse.identity.credentials.lists import MAX_LIST
from hanse.identity.keys import VerifyingKey
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound, StorageFailed, TooLarge

_CHUNK: Final = 1024 * 1024
_MAX_TRUST: Final = 1024 * 1024
_THUMBPRINT: Final = re.compile("[A-Za-z0-9_-]{43}")

_WORDS: Final = {"revocation": "revoked", "suspension": "suspended"}

Progress = Callable[[int, int | None], None]
"""Called with (bytes done, bytes in all)."""


def verify_archive(path: Path, *, data: Path | None = None, trust: Iterable[str] = (), progress: Progress | None = None) -> Examined:
    """Look at an archive, offline; with `data`, compare the files in that folder with the archive's lists, too.

    Of several versions, each lies in a folder of its name (`name@number`) below `data`. `trust` are keys that are known to be right:
    see `read_trust`. Raises `NotFound`, `TooLarge`, `Invalid` for what is no archive to look at; all else is in the verdict.
    """
    anchors = read_trust(trust)
    if data is not None and not data.is_dir():
        raise NotFound(f"There is no folder {data}.", where="data")
    measures = None if data is None else Folder(data, progress).measure
    return Examiner(check_of, anchors, read_policy, read_status).examine(_read(path, MAX_ARCHIVE, "file"), measures)


def check_of(jwk: Mapping[str, str]) -> Callable[[bytes, bytes], bool]:
    """Return what checks signatures with a public JWK. Raises `Invalid`."""
    return VerifyingKey.from_jwk(dict(jwk)).verify_bytes


def read_policy(record: AgreementRecord, normal: bytes) -> str | None:
    """Read an agreement's policy and compare its terms with their normal form.

    Returns what is wrong, an empty text if nothing is, and nothing at all for a policy that this program cannot read.
    """
    from hanse.odrl.forms.read import read_agreement
    from hanse.odrl.normal import normal_form

    try:
        agreement = read_agreement(record.policy)
    except HanseError:  # written by a program that knows more: the signed hash holds all the same
        return None
    same = normal_form(agreement.terms) == normal
    return "" if same else f"The policy of {record.id} has other terms than the normal form that was signed for."


def read_status(text: str, lists: Sequence[str]) -> Status | None:
    """Look a credential up in its issuer's status lists, whose signatures were checked; nothing if one is not there or cannot be read."""
    from hanse.identity.credentials.read import read_credential
    from hanse.identity.status import decode_bits

    try:
        found = {one.id: one for one in (read_credential(each, MAX_LIST).credential for each in lists)}
        word, moments = "valid", [one.valid_from for one in found.values()]
        for entry in read_credential(text).credential.statuses:
            (subject,) = found[entry.status_list_credential].subjects
            same = subject.get("type") == entry.form and entry.status_purpose in _listed(subject.get("statusPurpose"))
            if not same:
                return None
            if decode_bits(str(subject.get("encodedList")))[entry.index]:
                word = "revoked" if "revoked" in (word, _WORDS.get(entry.status_purpose)) else "suspended"
    except (HanseError, KeyError, ValueError):
        return None
    return Status(word, min((one for one in moments if one is not None), default=None))


def read_trust(texts: Iterable[str]) -> Anchors:
    """Return the keys that a reader trusts, by DID. Raises `Invalid`.

    Each text is `DID=KEY`, where KEY is the key's thumbprint (RFC 7638), its JWK, or a file with a JWK, a list of them or a DID
    document; or it is the name of a file with a DID document, all of whose keys are trusted then.
    """
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        did, gap, key = text.partition("=")
        if gap and did.startswith("did:"):
            names = _names(key)
        else:
            document = _json(_read(Path(text), _MAX_TRUST, "trust"))
            did = str(document.get("id", "")) if isinstance(document, dict) else ""
            names = _thumbprints(document)
        if not did.startswith("did:") or not names:
            hint = "Write DID=THUMBPRINT, or name a file with a DID document."
            raise Invalid(f"{text[:80]!r} names no key that can be trusted.", where="trust", hint=hint)
        found[did] = found.get(did, frozenset()) | names
    return found


class Folder:
    """A folder with data. Links are not followed, and only what an archive lists is read."""

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self._path = path
        self._progress = progress
        self._done = 0

    def measure(self, listed: Listed, alone: bool) -> Measured | None:
        """Hash the files of a version; nothing if it has no folder here."""
        name = listed.record.id
        own = self._path / name
        folder = own if "/" not in name and ".." not in name and own.is_dir() else self._path if alone else None
        if folder is None:
            return None
        files: dict[str, tuple[str, int]] = {}
        odd: list[str] = []
        for path, plain in _walk(folder):
            relative = path.relative_to(folder).as_posix()
            if not plain or relative not in listed.files:
                odd.append(relative)
            else:
                files[relative] = self._hashed(path, listed.record.size)
        return Measured(files, tuple(odd))

    def _hashed(self, path: Path, whole: int) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        try:
            with path.open("rb", buffering=0) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    self._tell(len(chunk), whole)
        except OSError as error:
            raise StorageFailed(f"{path} cannot be read: {error.strerror}.", where="data") from error
        return digest.hexdigest(), size

    def _tell(self, more: int, whole: int) -> None:
        self._done += more
        if self._progress is not None:
            self._progress(self._done, whole)


def _walk(folder: Path) -> Iterable[tuple[Path, bool]]:
    """Yield what lies below a folder, each with whether it is a plain file."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in [*sorted(names), *(one for one in folders if (Path(root) / one).is_symlink())]:
            path = Path(root) / name
            yield path, stat.S_ISREG(path.lstat().st_mode)


def _names(key: str) -> frozenset[str]:
    if _THUMBPRINT.fullmatch(key):
        return frozenset({key})
    raw = key.encode() if key.lstrip().startswith(("{", "[")) else _read(Path(key), _MAX_TRUST, "trust")
    return _thumbprints(_json(raw))


def _thumbprints(value: Any) -> frozenset[str]:
    """Return the thumbprints of a JWK, of a list or set of them, or of the keys of a DID document."""
    keys: Any = value
    if isinstance(value, dict) and isinstance(value.get("verificationMethod"), list):
        keys = [one.get("publicKeyJwk") for one in value["verificationMethod"] if isinstance(one, dict)]
    elif isinstance(value, dict):
        keys = value.get("keys", [value])
    found = (thumbprint(one) for one in (keys if isinstance(keys, list) else []) if isinstance(one, dict))
    return frozenset(one for one in found if one)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _json(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        raise Invalid("A key that is to be trusted is no JSON that can be read.", where="trust") from None


def _read(path: Path, most: int, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Invalid(f"{path} is no plain file.", where=where)
            raw = file.read(most + 1)
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", where=where) from None
    if len(raw) > most:
        raise TooLarge(f"{path} is larger than {most >> 20} MiB.", where=where)
    return raw


def save_archive(path: Path, archive: bytes) -> None:
    """Write an archive, whole or not at all, readable by its owner alone. Raises `Conflict` if the file is there, `StorageFailed`."""
    if path.exists():
        raise Conflict(f"{path} is there already.", where="output", hint="Name another file: evidence is not overwritten.")
    draft = path.with_name(path.name + ".part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(archive)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written: {error.strerror}.", where="output") from error
