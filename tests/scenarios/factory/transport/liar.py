"""A provider that answers as a test says."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from blake3 import blake3

from hanse.dataplane.listing import RemoteFile
from hanse.dataplane.pages import PAGE, Page
from hanse.dcat.chunks import RULE, sizes
from hanse.dsp.messages import DataAddress


@dataclass
class Answer:
    """What is answered. `length` None leaves the length out; a callable body is written piece by piece."""

    status: int = 200
    body: bytes | Callable[[], Iterable[bytes]] = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = -1


Says = Callable[[str, Any], Answer | None]


class Liar:
    """Serves honest files with their manifest and lists, but where `says` has another answer."""

    def __init__(self, port: int, files: dict[str, bytes]) -> None:
        self.base = f"http://127.0.0.1:{port}/data"
        self.files = files
        self.says: Says = lambda path, headers: None
        self.manifest: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda rows: rows
        self.page: Callable[[Page], Page] = lambda page: page
        self.asked: list[str] = []

    def address(self, **properties: str) -> DataAddress:
        return DataAddress(endpoint_type="HTTP", endpoint=self.base, properties={"manifest": f"{self.base}/manifest", **properties})

    def answer(self, path: str, headers: Any) -> Answer:
        self.asked.append(path)
        found = self.says(path, headers)
        if found is not None:
            return found
        rest = path.removeprefix("/data/")
        if rest == "manifest":
            return Answer(body=self._manifest())
        if rest.startswith("chunks/"):
            name, _, first = rest.removeprefix("chunks/").partition("?from=")
            return Answer(body=msgspec.json.encode(self.page(self.honest(name, int(first or 0)))))
        return self._part(self.files[rest.removeprefix("files/")], headers.get("Range"))

    def honest(self, name: str, first: int = 0) -> Page:
        content, offset, chunks = self.files[name], 0, []
        for size in sizes(content, end=True):
            chunks.append((size, blake3(content[offset : offset + size]).hexdigest()))
            offset += size
        begin = sum(size for size, _ in chunks[:first])
        following = first + PAGE if len(chunks) > first + PAGE else None
        return Page(RULE, len(content), blake3(content).hexdigest(), first, begin, chunks[first : first + PAGE], following)

    def _manifest(self) -> bytes:
        import hashlib

        rows = [
            {"path": path, "size": len(body), "blake3": blake3(body).hexdigest(), "sha256": hashlib.sha256(body).hexdigest()}
            for path, body in self.files.items()
        ]
        return msgspec.json.encode({"id": "m", "kind": "folder", "chunks": RULE, "files": self.manifest(rows)})

    def _part(self, content: bytes, wanted: str | None) -> Answer:
        if wanted is None:
            return Answer(body=content)
        start, _, last = wanted.removeprefix("bytes=").partition("-")
        part = content[int(start) : int(last) + 1 if last else None]
        return Answer(206, part, {"Content-Range": f"bytes {start}-{int(start) + len(part) - 1}/{len(content)}"})


@contextmanager
def liar(files: dict[str, bytes]) -> Iterator[Liar]:
    """Serve on a free port of loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            said = it.answer(self.path, self.headers)
            self.send_response(said.status)
            whole = said.body if isinstance(said.body, bytes) else None
            length = len(whole) if whole is not None and said.length == -1 else said.length
            for name, value in said.headers.items():
                self.send_header(name, value)
            if length is not None and length >= 0:
                self.send_header("Content-Length", str(length))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            with suppress(OSError):
                for part in [whole] if whole is not None else said.body():  # type: ignore[operator]
                    self.wfile.write(part)
            if whole is None or (length is not None and length > len(whole)):
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    it = Liar(server.server_address[1], files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield it
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def entry(path: str, content: bytes) -> RemoteFile:
    return RemoteFile(path, len(content), blake3(content).hexdigest())
