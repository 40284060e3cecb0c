"""A participant that this project did not write, with a server and a key of its own, and what it has seen of others' secrets."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import httpx
import msgspec

from hanse.anchor.records import Space
from hanse.identity.credentials.present import present
from hanse.identity.dcp.messages import PresentationResponseMessage, write
from hanse.identity.did import Service, did_document
from hanse.identity.keys import SigningKey

if TYPE_CHECKING:
    from tests.scenarios.attacks.town import Host


class Outsider:
    """A participant that this project did not write: it has a key, a DID document, and takes whatever is sent to it.

    `seen` are the tokens, presentations and credentials that outsiders have made or were sent: none may stand in a log, a
    backup or an error.
    """

    seen: ClassVar[set[str]] = set()

    def __init__(self, name: str) -> None:
        self.taken: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.did = f"did:web:localhost%3A{self.port}:participants:{name}"
        self.base = f"http://localhost:{self.port}/participants/{name}/dsp/2025-1"
        self.key = SigningKey.generate(f"{self.did}#key-1")
        self.document = f"/participants/{name}/did.json"
        self.dcp = f"/participants/{name}/dcp"
        self.credentials: list[str] = []
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.taken]

    def wait_for(self, tail: str, seconds: float = 10) -> dict[str, Any]:
        """Return the body of the first POST whose path ends with `tail`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for method, path, _, body in list(self.taken):
                if method == "POST" and path.endswith(tail):
                    found: dict[str, Any] = json.loads(body)
                    return found
            time.sleep(0.01)
        raise AssertionError(f"nothing came to {tail}: {self.paths()}")

    def token(self, audience: str, key: SigningKey | None = None, header: dict[str, str] | None = None, **claims: Any) -> str:
        now = time.time()
        said = {"iss": self.did, "sub": self.did, "aud": audience, "jti": uuid4().hex, "iat": int(now), "exp": int(now) + 240}
        said |= {"token": f"{self.did}-opens-itself"} | claims
        said = {name: value for name, value in said.items() if value is not None}
        made = (key or self.key).sign(json.dumps(said).encode(), header or {"typ": "JWT"})
        self.seen |= {made, str(said.get("token", made))}
        return made

    def enter(self, host: Host, space: Space, code: str = "") -> None:
        """Become a member of a space by an invitation, and get its credentials."""
        code = code or host.call(lambda s: s.management.members.invite(space.tenant, space.name)).code
        headers = {"Authorization": f"Bearer {self.token(space.anchor)}"}
        body = {"name": "Outsider", "invitation": code}
        answer = httpx.post(f"{host.root}/spaces/{space.name}/applications", json=body, headers=headers)
        assert answer.is_success, answer.text
        assert answer.json()["state"] == "active"
        self.credentials = host.call(lambda s: s.management.issuing.issue_now(space.tenant, space.name, self.did))
        self.seen.update(self.credentials)
        time.sleep(1.05)  # a local register is read again after a second

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        special = self.answers.get(handler.path)
        if special is not None:
            special(handler)
        elif handler.path == self.document:
            say(handler, 200, self.did_document())
        elif handler.path == self.dcp + "/presentations/query":
            say(handler, 200, self.presentation(handler.headers["authorization"]))
        else:
            say(handler, 200, b"")

    def did_document(self) -> bytes:
        service = Service(f"{self.did}#cs", "CredentialService", f"http://localhost:{self.port}{self.dcp}")
        return msgspec.json.encode(did_document(self.did, [(self.key.kid, self.key.public_jwk)], [service]))

    def presentation(self, authorization: str) -> bytes:
        """Present everything it has to whoever asks."""
        verifier = json.loads(base64.urlsafe_b64decode(authorization.split(".")[1] + "=="))["iss"]
        made = present(self.key, verifier, self.credentials, datetime.now(UTC), uuid4().hex)
        self.seen.update(made)
        return write(PresentationResponseMessage(presentation=[*made]))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outsider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._take()

            def do_POST(self) -> None:
                self._take()

            def do_PUT(self) -> None:
                self._take()

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                outsider.taken.append((self.command, self.path, dict(self.headers), body))
                outsider.seen |= _tokens_of(self.headers.get("authorization", ""))
                outsider.answer(self)

            def log_message(self, *_: Any) -> None:
                return

        return Handler


def _tokens_of(authorization: str) -> set[str]:
    """Return the token of a header, and the one that it carries inside."""
    token = authorization.removeprefix("Bearer ")
    parts = token.split(".")
    inside = json.loads(base64.urlsafe_b64decode(parts[1] + "==")).get("token") if len(parts) == 3 else None
    return {one for one in (token, inside) if isinstance(one, str)}


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Answer a request that an outsider has taken."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def leaked(secrets: Iterable[str], text: str) -> set[str]:
    """Return the secrets that stand in a text, also where only their payload or their signature does."""
    words = set(re.findall(r"[A-Za-z0-9_-]{16,}", text))

    def is_there(secret: str) -> bool:
        if secret.startswith("eyJ"):  # a JWT: its header is no secret
            return any(part in words for part in secret.split(".")[1:] if len(part) >= 16)
        return len(secret) >= 16 and (secret in words or (not secret.isalnum() and secret in text))

    return {secret for secret in list(secrets) if is_there(secret)}  # a copy: other threads add to it
