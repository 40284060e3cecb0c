"""The wallet, as steps: credentials held, requests for more, and keys."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from hanse.client import wallet_model as w
from hanse.client.core import Steps, get, listed, part, post, said
from hanse.kernel.errors import NotFound

LONGEST_WAIT = 30
"""Seconds that one question for a request's answer may take."""


def list_credentials(*, most: int | None = None) -> Steps[list[w.HeldCredential]]:
    """Return the credentials that the participant holds, and whether its space takes them."""
    return (yield from listed("/wallet/credentials", w.HeldCredential, most))


def get_credential(id: str) -> Steps[w.OpenedCredential]:
    """Return a credential with what it says. Raises `NotFound`."""
    return (yield from get(f"/wallet/credentials/{part(id)}", w.OpenedCredential))


def check_credential(id: str) -> Steps[w.OpenedCredential]:
    """Look up now whether its issuer has taken a credential back, and return it."""
    return (yield from post(f"/wallet/credentials/{part(id)}/check", None, w.OpenedCredential))


def remove_credential(id: str) -> Steps[None]:
    """Throw a credential away. Raises `NotFound`."""
    return (yield from post(f"/wallet/credentials/{part(id)}", None, type(None), method="DELETE"))


def list_requests(*, most: int | None = None) -> Steps[list[w.CredentialRequest]]:
    """Return the requests at issuers, the oldest first."""
    return (yield from listed("/wallet/requests", w.CredentialRequest, most))


def get_request(id: str) -> Steps[w.CredentialRequest]:
    """Return a request, with what it waits for. Raises `NotFound`."""
    return (yield from get(f"/wallet/requests/{part(id)}", w.CredentialRequest))


def request(
    types: Sequence[str] = (), *, issuer: str | None = None, space: str | None = None, patience: int = 10
) -> Steps[w.CredentialRequest]:
    """Ask an issuer for credentials, and wait up to `patience` seconds for its answer.

    Without an issuer the anchor of the joined space is asked (`space`, if there are several), without types for what the participant
    is entitled to. Raises `Invalid` for a type that the issuer does not make, `Conflict` for who is no member, and `PeerError`s.
    """
    asked = yield from post("/wallet/requests", said(issuer=issuer, space=space, types=list(types) or None), w.CredentialRequest)
    return (yield from await_request(asked.id, patience=patience))


def await_request(id: str, *, patience: int = 10) -> Steps[w.CredentialRequest]:
    """Return a request when it is answered, or after `patience` seconds."""
    left = patience
    while True:
        seconds = max(0, min(LONGEST_WAIT, left))
        found = yield from get(f"/wallet/requests/{part(id)}", w.CredentialRequest, wait=str(seconds))
        left -= seconds
        if not found.open or left <= 0:
            return found


def list_keys() -> Steps[list[w.Key]]:
    """Return the participant's keys, the oldest first."""
    return (yield from listed("/wallet/keys", w.Key))


def rotate_key(kind: str | None = None) -> Steps[w.Key]:
    """Sign with a new key from now on: `P-256`, `P-384`, `Ed25519` or `RSA` (absent: of the last one's kind)."""
    return (yield from post("/wallet/keys/rotate", said(kind=kind), w.Key))


def kid_of(key: str) -> Steps[str]:
    """Return the id of a key that is named by it, or by its last part, such as `key-1`. Raises `NotFound`."""
    if key.startswith("did:"):
        return key
    found = [one.kid for one in (yield from list_keys()) if one.kid.rpartition("#")[2] == key.removeprefix("#")]
    if not found:
        raise NotFound(f"There is no key {key[:80]!r}.", where="kid", hint="`hanse wallet keys` lists your keys.")
    return found[0]


def compromise_key(kid: str, since: datetime) -> Steps[w.CompromisedKey]:
    """Declare that somebody else may have had a key since that moment. Of an anchor's key, what it signed is offered anew."""
    kid = yield from kid_of(kid)
    return (yield from post("/wallet/keys/compromise", said(kid=kid, since=since), w.CompromisedKey))


def release_key(kid: str, *, anyway: bool = False) -> Steps[w.Key]:
    """Let a key leave the DID document: what it signed counts no more.

    Raises `Conflict` while credentials depend on it, unless `anyway`.
    """
    kid = yield from kid_of(kid)
    return (yield from post("/wallet/keys/release", said(kid=kid, anyway=anyway or None), w.Key))


def file_key(header: bytes) -> Steps[bytes]:
    """Return the key of one file that was encrypted to the participant. Raises `NotFound` if the key that it was for is gone."""
    found = yield from post("/wallet/file-keys", said(header=base64.urlsafe_b64encode(header).rstrip(b"=").decode()), w.FileKey)
    return base64.urlsafe_b64decode(found.key + "==")
