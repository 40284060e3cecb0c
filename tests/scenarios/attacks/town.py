"""A small town under attack: a whole server on loopback, an outsider with a server and a key of its own, and what both can do."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvloop

from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.app.space import Made, add_participant, found_space, host_token
from hanse.config import Settings
from hanse.kernel.tenant import Did
from tests.scenarios.attacks.outsider import Outsider, leaked, say
from tests.services import free_port
from tests.wire.schemas import validate

CONTEXT = ["https://w3id.org/dspace/2025/1/context.jsonld"]
CHANGING = {"replays", "watermarks", "presented", "refusals", "schema_version"}
"""Tables that an error may change: a token that was proved stays used up, and what was presented or refused is kept."""
NEVER_SHOWN = re.compile(r"Traceback \(most recent|/src/hanse/|sqlite3\.|psycopg\.|asyncio\.|msgspec\.", re.IGNORECASE)


class Host:
    """One server process's worth of Hanse, on a loop of its own in a thread."""

    def __init__(self, home: Path, parts: Parts | None = None, **settings: Any) -> None:
        settings.setdefault("port", free_port())
        self.settings = Settings(home=str(home), **settings)
        self._parts = parts
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        if self._failed is not None:
            raise self._failed

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def call(self, work: Callable[[Server], Coroutine[Any, Any, Any]], timeout: float = 20) -> Any:
        """Run a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work(self.server), self._loop).result(timeout)

    def stop(self) -> None:
        """Stop; once more changes nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(20)

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(self._serve())
            except BaseException as error:  # noqa: BLE001 - it is raised again where the server was asked for
                self._failed = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.server = await Server.open(self.settings, self._parts)
        ready = asyncio.Event()
        self._task = asyncio.create_task(serve(self.server, ready))
        await ready.wait()
        # Witnesses are told of the logs in the background: what that writes would be taken for a trace of an attack.
        await self.server.factory.witnesses.rounds.stop()
        self._ready.set()
        try:
            await self._task
        except asyncio.CancelledError:
            await self.server.stop()


class Operator:
    """An operator's client of the management interface."""

    def __init__(self, root: str, token: str) -> None:
        self.token = token
        self._client = httpx.Client(base_url=f"{root}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self._client.request(method, path, json=body, **more)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(method, path, body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def until(self, path: str, *states: str) -> Any:
        shown = self("GET", f"{path}?wait=15&until={','.join(states)}")
        assert shown["state"] in states, shown
        return shown


class Logs(logging.Handler):
    """Everything that the servers of the run have logged, as a formatter would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(("httpx", "httpcore")):
            return  # the attackers' own
        extra = {name: value for name, value in vars(record).items() if isinstance(value, str)}
        self.lines.append(f"{self.format(record)} {extra}")


class Town:
    """The server with its space: `acme` offers, `zoo` asks, `owl` offers too; `mallory` is a member elsewhere, `nobody` is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._client = httpx.Client(timeout=30)
        self.stuck: set[str] = set()
        self.mallory, self.nobody = Outsider("mallory"), Outsider("nobody")
        allow = tuple(f"{host}:{one.port}" for one in (self.mallory, self.nobody) for host in ("localhost", "127.0.0.1"))
        self.roots = {}
        for name in ("acme", "owl"):
            self.roots[name] = folder / name
            self.roots[name].mkdir()
            (self.roots[name] / "rain.csv").write_text("day,rain\n" + f"1,{name}\n" * 2000)
        (self.roots["acme"] / "many").mkdir()
        (self.roots["acme"] / "many" / "a.txt").write_text("a")
        (self.roots["acme"] / "many" / "b.txt").write_text("b")
        self.host = Host(folder / "home", peers_allow=allow)
        self.host_token: str = self.host.call(host_token)
        self.space, anchor = self.host.call(lambda s: found_space(s, "harbour", "The Harbour"))
        self.made: dict[str, Made] = {"anchor": anchor}
        for name in ("acme", "zoo", "owl"):
            roots = (str(self.roots[name]),) if name in self.roots else ()
            self.made[name] = self.host.call(lambda s, n=name, r=roots: add_participant(s, self.space, n, n.title(), roots=r))
        self.operators = {name: Operator(self.host.root, one.token) for name, one in self.made.items()}
        self.keeper = Operator(self.host.root, self.host_token)
        self.admit(self.mallory)
        self.secrets = {self.host_token, *(one.token for one in self.made.values())}
        self.assets = {name: self.offer(name, self.roots[name] / "rain.csv") for name in self.roots}

    def close(self) -> None:
        self.host.stop()
        self.mallory.close()
        self.nobody.close()

    def admit(self, outsider: Outsider) -> None:
        """Make an outsider a member."""
        outsider.enter(self.host, self.space)

    def offer(self, name: str, path: Path, kind: str = "file", terms: tuple[str, ...] = ("members",)) -> Any:
        """Offer a file or folder."""
        return self.operators[name]("POST", "/assets", {"source": {"kind": kind, "path": str(path)}, "terms": list(terms)})

    def started(self, provider: str = "acme", asset: Any = None) -> tuple[str, str, dict[str, str]]:
        """Let `zoo` negotiate and fetch; return (contract, its transfer's id, the data address)."""
        zoo, asset = self.operators["zoo"], asset or self.assets[provider]
        offer = asset["dataset"]["offers"][0]["id"]
        begun = zoo("POST", "/negotiations", {"peer": self.made[provider].did, "dataset": asset["id"], "offer": offer})
        agreed = zoo.until(f"/negotiations/{begun['id']}", "FINALIZED")
        transfer = zoo("POST", "/transfers", {"contract": agreed["contract"]})
        zoo.until(f"/transfers/{transfer['id']}", "STARTED")
        address = zoo("GET", f"/transfers/{transfer['id']}/address")
        self.secrets |= {address["properties"]["authorization"], address["properties"].get("refreshToken", "")} - {""}
        return agreed["contract"], transfer["id"], address

    # What peers do.

    def dsp(self, path: str, token: str | None, body: Any = None, name: str = "acme", **more: Any) -> httpx.Response:
        """Call a participant's DSP endpoint: POST with a body (bytes as they are), GET without."""
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
            self.note(token)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        method = more.pop("method", "GET" if body is None else "POST")
        url = f"{self.host.root}/participants/{name}/dsp/2025-1{path}"
        return self._client.request(method, url, content=content, headers=headers, **more)

    def note(self, token: str) -> None:
        if len(token) > 20:
            self.secrets.add(token)

    def proof(self, name: str = "acme", outsider: Outsider | None = None, **claims: Any) -> str:
        """Return a good token of mallory's, unless `claims` make it bad."""
        return (outsider or self.mallory).token(claims.pop("aud", self.made[name].did), **claims)

    def contract_request(self, callback: str | None = None, **changes: Any) -> dict[str, Any]:
        """Return a good first message of mallory's."""
        asset = self.assets["acme"]
        offer = {
            "@type": "Offer",
            "@id": asset["dataset"]["offers"][0]["id"],
            "target": asset["id"],
            "permission": [{"action": "use", "constraint": []}],
        }
        message = {
            "@context": CONTEXT,
            "@type": "ContractRequestMessage",
            "consumerPid": f"neg-{uuid4().hex}",
            "offer": offer,
            "callbackAddress": callback or self.mallory.base,
        }
        return message | changes

    def rows(self) -> dict[str, list[Any]]:
        """Return everything in the database that an error must leave as it is; what waits for a dead peer is left out."""
        tables = rows_of(self.folder / "home")
        tables["outbox"] = [row for row in tables["outbox"] if row[:40].split("'")[1] not in self.stuck]
        return tables

    def quiet(self) -> None:
        """Wait until nothing is on its way, but for what no peer will ever take."""
        time.sleep(0.2)  # how many bytes a response has sent is written down a moment later
        until = time.monotonic() + 2
        while self.rows()["outbox"]:
            if time.monotonic() > until:
                self.stuck |= {row[:40].split("'")[1] for row in self.rows()["outbox"]}
            time.sleep(0.02)


def rows_of(home: Path) -> dict[str, list[Any]]:
    """Return everything in a server's database that an error must leave as it is."""
    with sqlite3.connect(f"file:{home}/hanse.db?mode=ro", uri=True) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in names if name not in CHANGING}


def check_dsp_error(answer: httpx.Response, kind: str, *statuses: int) -> dict[str, Any]:
    """Check that an answer is the protocol's own error, and says nothing of our inside."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"].startswith("application/json")
    body: dict[str, Any] = answer.json()
    assert body["@type"] == kind
    validate(None, body)
    assert not NEVER_SHOWN.search(answer.text), answer.text
    return body


def check_problem(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """Check that an answer is a problem document (RFC 9457), and says nothing of our inside."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == answer.status_code
    assert not NEVER_SHOWN.search(answer.text), answer.text
    return body


def raw(port: int, data: bytes, seconds: float = 5) -> bytes:
    """Send bytes and return all that comes back until the connection ends or nothing comes for `seconds`."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection, contextlib.suppress(OSError):
        connection.sendall(data)
        while chunk := connection.recv(65536):
            received += chunk
    return received


def allow(host: Host, outsider: Outsider) -> None:
    """Let the running server reach one more port of this machine, as its settings would."""

    async def work(server: Server) -> None:
        guard = server.ground.client._guard
        guard._allowed._names.add(("localhost", outsider.port))
        guard._cached.cache_clear()

    host.call(work)


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """Return a JWT put together by hand."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    return f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}.{part(signature)}"


__all__ = [
    "Did",
    "Host",
    "Logs",
    "Operator",
    "Outsider",
    "Town",
    "allow",
    "check_dsp_error",
    "check_problem",
    "leaked",
    "raw",
    "rows_of",
    "say",
    "unsigned",
]
