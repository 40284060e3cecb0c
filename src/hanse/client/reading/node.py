"""A node without network: its key, and openings by lease, each written into the lease's log before anything is read."""

from __future__ import annotations

import fcntl
import os
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hanse.evidence.leases import Checked, Keys, LeaseFile, Line, check_log, hash_of, permits, read_lease, write_line
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound

KID: Final = "urn:hanse:node#key"
LOG: Final = ".log"
"""What is put behind the name of a lease's file for its log."""


def make_key(path: Path) -> dict[str, str]:
    """Make a node's key, readable by its owner only; return the public JWK. Raises `Conflict` if there is one already."""
    key = SigningKey.generate(KID)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict("There is a file of that name already.", where=str(path), hint="A node keeps its key; name another file.") from None
    except OSError as error:
        raise Invalid(f"The key cannot be written: {error.strerror}.", where=str(path)) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.to_private_jwk())
    return dict(key.public_jwk)


def public_key(path: Path) -> dict[str, str]:
    """Return the public JWK of a node's key, or of a file that holds the public part only. Raises `NotFound`, `Invalid`."""
    try:
        found = msgspec.json.decode(_read(path), type=dict[str, str])
    except (ValueError, RecursionError):
        raise Invalid("This is no key as JWK.", where=str(path), hint="`hanse lease key` makes one.") from None
    return {name: found[name] for name in ("kty", "crv", "x", "y") if name in found}


def open_leased(version: str, lease: Path, key: Path, *, action: str | None, purpose: str, clock: Clock) -> tuple[LeaseFile, Keys]:
    """Log one more opening under a lease, and return what reads the version.

    Raises `Forbidden` (rule `lease`) if the lease does not permit it, `Invalid` for a file or a log that is not whole, `NotFound`.
    """
    file = read_lease(_read(lease))
    signing = SigningKey.from_private_jwk(_read(key), KID)
    keys = _unsealed(file, _read(key))
    lent = file.terms.version
    if version not in (lent, lent.partition("@")[0]):  # looked at first: a slip of the pen costs no opening
        raise Forbidden(f"The lease is for {lent}, not for {version[:120]}.", where="lease", rule="lease")
    with _locked(Path(f"{lease}{LOG}")) as log:
        checked, last = _checked(file, signing, log)
        _append(file, signing, log, checked, last, action or file.terms.action, purpose, clock.now())
    return file, keys


def _append(
    file: LeaseFile, signing: SigningKey, log: Path, checked: Checked, last: bytes | None, action: str, purpose: str, now: datetime
) -> None:
    openings = checked.openings
    why = permits(file.terms, action, purpose, len(openings), now, openings[-1].at if openings else None)
    if why:
        raise Forbidden(why, where="lease", rule="lease", hint="Ask the factory for another lease: `hanse lease give`.")
    line = Line(
        number=len(openings) + 1,
        at=now,
        action=action,
        before=hash_of(last) if last is not None else file.digest,
        purpose=purpose or file.terms.purpose or "",
    )
    with log.open("ab") as out:
        out.write(write_line(line, signing.sign_bytes) + b"\n")
        out.flush()
        os.fsync(out.fileno())


def _checked(file: LeaseFile, signing: SigningKey, log: Path) -> tuple[Checked, bytes | None]:
    raw = log.read_bytes()
    if raw and not raw.endswith(b"\n"):
        raise Invalid("The lease's log is not whole: its last line is cut off.", where=str(log), rule="lease-log")
    verifying = VerifyingKey.from_jwk(dict(signing.public_jwk))
    lines = raw.splitlines()
    return check_log(raw, file, verifying.verify_bytes), lines[-1] if lines else None


def _unsealed(file: LeaseFile, key: bytes) -> Keys:
    try:
        own = ECKey.import_key(msgspec.json.decode(key))
        plain = jwe.decrypt_compact(file.sealed, own, algorithms=["ECDH-ES+A256KW", "A256GCM"]).plaintext
        keys = msgspec.json.decode(plain or b"", type=Keys)
        urlsafe_b64decode(keys.key)
    except (JoseError, ValueError):
        raise Invalid("The lease is for another node: this key does not open it.", where="key", rule="lease") from None
    if keys.lease != file.digest:
        raise Invalid("The lease was changed: its keys belong to another statement.", where="lease", rule="lease")
    return keys


@contextmanager
def _locked(log: Path) -> Iterator[Path]:
    """Hold the log, so that openings of several processes of the node are written one after the other."""
    try:
        descriptor = os.open(log, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Invalid(f"The lease's log cannot be written: {error.strerror}.", where=str(log)) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield log
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFound("There is no such file.", where=str(path)) from None
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}.", where=str(path)) from None
