"""One server process for tests that kill it: short leases, and a record of the protocol requests that it has answered.

    python tests/scenarios/kill/server.py SETTINGS_AS_JSON [RECORD] [STUCK]

A request is in RECORD once its answer exists, before the first byte of it leaves. With STUCK, a file that is made then,
the first message to a peer never leaves: the process hangs in the middle of sending.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import uvloop

from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.config import Settings
from hanse.connector.ports import Limits

LEASE = timedelta(seconds=1)


class Recorder:
    """The application, with a line per answered protocol request: status, path, headers and body."""

    def __init__(self, app, path):
        self._app = app
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def __call__(self, scope, receive, send):
        protocol = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith("/participants/")
        if not protocol or "/witness/" in scope["path"]:  # witnesses of logs take no token
            return await self._app(scope, receive, send)
        body = bytearray()

        async def heard():
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def said(message):
            if message["type"] == "http.response.start":
                os.write(self._file, self._line(scope, bytes(body), message["status"]))
            await send(message)

        return await self._app(scope, heard, said)

    @staticmethod
    def _line(scope, body, status):
        token = dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer ")
        entry = {"path": scope["path"], "token": token, "jti": jti_of(token), "body": body.decode(), "status": status}
        return json.dumps(entry).encode() + b"\n"


def jti_of(token):
    """The `jti` of a self-issued token."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["jti"] if part else None


class Stuck:
    """The network, whose first message to a peer never leaves."""

    def __init__(self, own, marker):
        self._own = own
        self._marker = marker

    def __getattr__(self, name):
        return getattr(self._own, name)

    async def deliver(self, tenant, peer, url, body):
        self._marker.touch()
        await asyncio.Event().wait()


async def main(settings, record="", stuck=""):
    parts = Parts(limits=Limits(lease=LEASE), network=(lambda own: Stuck(own, Path(stuck))) if stuck else (lambda own: own))
    server = await Server.open(settings, parts)
    if record:
        server.app = Recorder(server.app, record)
    await serve(server)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(msgspec.json.decode(sys.argv[1], type=Settings), *sys.argv[2:]))
