"""Note keys: with which participants sign checkpoints of their logs, and cosign those of others (`evidence.cosignature`).

Such a key is Ed25519, whatever key the wallet has, since that is what everybody who reads notes can check. It is derived from the
installation's master key, so it is in no table and no backup, and comes back with the master key alone. It stands in the DID document
in no relationship: it proves notes, and nothing else. See `docs/decisions/0029-witnesses.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hanse.identity.did import PublishedKey
from hanse.identity.keys import SigningKey
from hanse.kernel.tenant import Did
from hanse.ledger.ports import Pen

NUMBER: Final = 1
"""Which of a participant's note keys signs; it can be another when the master key is."""
_KEPT: Final = 1024


class NoteKeys:
    """The note keys of all participants of this server. `derive` makes 32 bytes of names (`app.keys.derived_key`)."""

    def __init__(self, derive: Callable[..., bytes]) -> None:
        self._derive = derive
        self._pen = lru_cache(maxsize=_KEPT)(self._made)

    def pen(self, did: Did) -> Pen:
        """Return the note key of the participant of that DID, which is hosted here."""
        return self._pen(did)

    def published(self, did: Did) -> tuple[PublishedKey, ...]:
        """Return what the participant's DID document says of it."""
        pen = self.pen(did)
        return (PublishedKey(pen.kid, pen.jwk, ()),)

    def _made(self, did: Did) -> Pen:
        kid = f"{did}#note-{NUMBER}"
        private = Ed25519PrivateKey.from_private_bytes(self._derive("note key", did, str(NUMBER)))
        key = SigningKey.from_pem(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), kid)
        return Pen(did, kid, key.public_jwk, key.sign_bytes)
