"""What a participant asks of witnesses and of others' logs, over the one guarded client; keys and addresses are in DID documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from hanse.evidence.checkpoint import MAX_CHECKPOINT
from hanse.evidence.cosignature import Submission
from hanse.evidence.merkle import HASH_SIZE
from hanse.evidence.tiles import WIDTH
from hanse.http.peer import PeerAnswer, PeerClient
from hanse.http.resolve import DidResolver
from hanse.identity.did import DidDocument, VerificationMethod
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Invalid, PeerInvalid, PeerRefused, PeerUnreachable
from hanse.kernel.tenant import Did
from hanse.ledger.witness import hash_of
from hanse.ledger.witness_ports import Answer

WITNESS_SERVICE: Final = "TransparencyWitness"
LOG_SERVICE: Final = "TransparencyLog"
"""Services in DID documents: where a participant cosigns, and where its own log is."""
_NOTE_KEY: Final = re.compile("note-[1-9][0-9]{0,5}")
_TIMEOUT: Final = 5.0
_TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}


class HttpWitnesses:
    """Speaks with witnesses and logs."""

    def __init__(self, client: PeerClient, resolver: DidResolver, clock: Clock) -> None:
        self._client = client
        self._resolver = resolver
        self._clock = clock

    async def add(self, witness: Did, submission: Submission) -> Answer:
        """Submit a checkpoint. Raises `PeerError`s where no answer came."""
        url = await self._endpoint(witness, WITNESS_SERVICE) + "/add-checkpoint"
        answer = await self._client.send("POST", url, submission.text.encode(), _TEXT, timeout=_TIMEOUT, limit=MAX_CHECKPOINT)
        return Answer(answer.status, _text(answer))

    async def seen(self, witness: Did, origin: str) -> str | None:
        """Return the checkpoint that the witness saw last of a log, cosigned; nothing if it saw none. Raises `PeerError`s."""
        url = f"{await self._endpoint(witness, WITNESS_SERVICE)}/{hash_of(origin)}/checkpoint"
        answer = await self._client.send("GET", url, timeout=_TIMEOUT, limit=MAX_CHECKPOINT)
        return None if answer.status == 404 else _text(_good(answer, "witness"))

    async def keys(self, did: Did) -> Sequence[dict[str, str]]:
        """Return the note keys that a DID document names (Ed25519 JWKs). Raises `PeerError`s."""
        document = await self._document(did)
        return [jwk for one, jwk in self._usable(document) if _is_note_key(document, one) and jwk.get("crv") == "Ed25519"]

    async def log_keys(self, did: Did, *, fresh: bool = False) -> Sequence[dict[str, str]]:
        """Return the JWKs with which a participant may sign its checkpoints now. Raises `PeerError`s."""
        document = await self._document(did, fresh=fresh)
        found = self._usable(document)
        return [jwk for one, jwk in found if _is_note_key(document, one) or document.allows("assertionMethod", document.absolute(one.id))]

    async def checkpoint(self, did: Did) -> str:
        """Return what a participant's log says of itself. Raises `PeerError`s."""
        url = await self._endpoint(did, LOG_SERVICE) + "/checkpoint"
        return _text(_good(await self._client.send("GET", url, timeout=_TIMEOUT, limit=MAX_CHECKPOINT), "log"))

    async def tile(self, did: Did, path: str) -> bytes:
        """Return the hashes of a tile of a participant's log. Raises `PeerError`s."""
        url = f"{await self._endpoint(did, LOG_SERVICE)}/tile/{path}"
        return _good(await self._client.send("GET", url, timeout=_TIMEOUT, limit=WIDTH * HASH_SIZE), "log").body

    def _usable(self, document: DidDocument) -> Iterator[tuple[VerificationMethod, dict[str, str]]]:
        now = self._clock.now().timestamp()
        for method in document.verification_method:
            try:
                _ = method.key  # raises where we cannot verify with it
                ended = method.end is not None and method.end <= now
            except Invalid:
                continue
            if not ended and method.public_key_jwk is not None:
                yield method, {name: value for name, value in method.public_key_jwk.items() if isinstance(value, str)}

    async def _document(self, did: Did, *, fresh: bool = False) -> DidDocument:
        document = await self._resolver.resolve(did, fresh=fresh)
        if document.id != did:
            raise PeerInvalid(f"The DID document of {did} is another DID's.", rule="did-document")
        return document

    async def _endpoint(self, did: Did, service: str) -> str:
        endpoint = (await self._document(did)).endpoint(service)
        if endpoint is None:
            raise PeerInvalid(f"The DID document of {did} names no {service}.", rule="no-service")
        return endpoint.rstrip("/")


def _is_note_key(document: DidDocument, method: VerificationMethod) -> bool:
    did, _, fragment = document.absolute(method.id).partition("#")
    return did == document.id and _NOTE_KEY.fullmatch(fragment) is not None


def _good(answer: PeerAnswer, whose: str) -> PeerAnswer:
    if answer.status == 200:
        return answer
    if answer.status >= 500 or answer.status == 429:
        raise PeerUnreachable(f"The {whose} answered HTTP {answer.status}.")
    raise PeerRefused(f"The {whose} refused with HTTP {answer.status}.", status=answer.status)


def _text(answer: PeerAnswer) -> str:
    try:
        return answer.body.decode()
    except UnicodeDecodeError:
        raise PeerInvalid("The answer is not text in UTF-8.", rule="witness") from None
