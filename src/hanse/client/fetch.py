"""Pull data from a provider: in parallel, verified, and going on where it broke off.

With a manifest each file is fetched and verified by itself: small ones over four kept connections, large ones with the
digest beside the download. A damaged file is fetched again, only that one. Without a manifest (a foreign provider) it
is one plain GET.
"""

from __future__ import annotations

import http.client
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from hanse.client import wire as w
from hanse.client.partial import Partial, digest_of
from hanse.dataplane.listing import MAX_BYTES, PARTS, RemoteFile, RemoteManifest, decode, path_fault
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import NotReady, PeerInvalid, PeerUnreachable, TooMany

Progress = Callable[[int, int | None], None]
"""Called with (bytes that are there, bytes in all or `None` while unknown), from several threads, one at a time."""

T = TypeVar("T")
WORKERS = 4
ATTEMPTS = 6
RESTARTS = 3
MAKING = 3600.0
"""Seconds that are waited for a provider that is still making the data; it answers all the while."""
_RERUN = "The data may have changed meanwhile: run the same command again."
REPAIRS = 2
"""How often a file that fails its check is fetched anew before the provider is told to be wrong."""


class FetchReport(Struct, frozen=True, kw_only=True):
    """What lies where. `repaired` and `resumed` count files; `verified` tells whether digests were there to check."""

    folder: Path
    files: tuple[Path, ...]
    size: int
    verified: bool
    fetched: int = 0
    already_there: int = 0
    repaired: int = 0
    resumed: int = 0
    seconds: float = 0.0


class _Tally:
    """Counts, from several threads."""

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self.total = total
        self.done = self.fetched = self.already_there = self.repaired = self.resumed = 0
        self.stop = threading.Event()

    def count(self, name: str) -> None:
        with self._lock:
            setattr(self, name, getattr(self, name) + 1)

    def advance(self, count: int) -> None:
        with self._lock:
            self.done += count
            if self._progress is not None:
                self._progress(self.done, self.total)


class Settings(Struct, frozen=True, kw_only=True):
    """How to fetch. `timeout` bounds a stall, in seconds; `dial` can be a guard's; `wait` sleeps between attempts."""

    workers: int = WORKERS
    timeout: float = 30.0
    attempts: int = ATTEMPTS
    tls: ssl.SSLContext | None = None
    dial: w.Dial = w.dial
    wait: Callable[[float], None] = time.sleep


def fetch(
    address: DataAddress, into: Path, progress: Progress | None = None, *, renew: w.Renew | None = None, settings: Settings | None = None
) -> FetchReport:
    """Fetch what the data address stands for into the folder `into`, and verify it.

    What is there already and whole is not fetched again; `.hanse-parts` holds what is under way. Raises `PeerRefused`
    (no right any more), `PeerUnreachable` (run it again: it goes on), `NotReady` (the provider takes very long to make the
    data: run it again later), `PeerInvalid` (wrong data), `AddressRefused`, and `StorageFailed` (disk full; what has arrived is kept).
    """
    began = time.monotonic()
    chosen = settings or Settings()
    w.read_url(address.endpoint)
    job = _Job(w.Credentials(address, renew), into, chosen)
    manifest_url = address.properties.get("manifest")
    report = job.manifest(address, manifest_url, progress) if manifest_url else job.plain(address.endpoint or "", progress)
    with suppress(OSError):
        (into / PARTS).rmdir()  # stays while there are parts in it
    return replace(report, seconds=time.monotonic() - began)


class _Job:
    """One fetch."""

    def __init__(self, credentials: w.Credentials, into: Path, settings: Settings) -> None:
        self._credentials = credentials
        self._into = into
        self._settings = settings
        self._range_size: int | None = None

    def manifest(self, address: DataAddress, url: str, progress: Progress | None) -> FetchReport:
        """Fetch all files of a manifest."""
        size = address.properties.get("rangeSize", "")
        self._range_size = int(size) if size.isascii() and size.isdigit() and int(size) > 0 else None
        manifest = self._listing(url)
        tally = _Tally(progress, manifest.size)
        tally.advance(0)
        self._all(list(_targets(address.endpoint or "", manifest)), tally)
        return FetchReport(
            folder=self._into,
            files=tuple(self._into / file.path for file in manifest.files),
            size=manifest.size,
            verified=True,
            fetched=tally.fetched,
            already_there=tally.already_there,
            repaired=tally.repaired,
            resumed=tally.resumed,
        )

    def plain(self, url: str, progress: Progress | None) -> FetchReport:
        """Fetch one address as it is; there is nothing to verify it by."""
        name = url.partition("?")[0].rstrip("/").rpartition("/")[2]
        name = name if name and not path_fault(name) and not name.startswith(".") else "data"
        tally = _Tally(progress, None)
        with Partial(self._into, name, None) as partial:
            _Download(self._wire(), url, None, partial, tally, self._settings).run()
            partial.digest()
            size = partial.size
            partial.finish()
        return FetchReport(folder=self._into, files=(self._into / name,), size=size, verified=False, fetched=1)

    def _wire(self) -> w.Wire:
        return w.Wire(self._credentials, timeout=self._settings.timeout, tls=self._settings.tls, dial=self._settings.dial)

    def _listing(self, url: str) -> RemoteManifest:
        wire = self._wire()

        def read() -> bytes:
            response = wire.get(url, {})
            try:
                return response.read(MAX_BYTES + 1)
            except (OSError, http.client.HTTPException) as error:
                raise PeerUnreachable("The provider's manifest broke off.") from error

        body = _again(read, self._settings, wire)
        wire.drop()
        if len(body) > MAX_BYTES:
            raise PeerInvalid("The provider's manifest is too large.", where="manifest")
        return decode(body)

    def _all(self, targets: list[tuple[str, RemoteFile]], tally: _Tally) -> None:
        waiting, lock = iter(targets), threading.Lock()

        def worker() -> None:
            wire = self._wire()
            try:
                while not tally.stop.is_set():
                    with lock:
                        target = next(waiting, None)
                    if target is None:
                        return
                    self._one(wire, target[0], target[1], tally)
            except _Stopped:
                return
            finally:
                wire.drop()

        with ThreadPoolExecutor(max_workers=min(self._settings.workers, max(1, len(targets)))) as pool:
            futures = [pool.submit(worker) for _ in range(min(self._settings.workers, len(targets)))]
            try:
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                tally.stop.set()
            for future in [*done, *futures]:
                future.result()

    def _one(self, wire: w.Wire, url: str, file: RemoteFile, tally: _Tally) -> None:
        """Have one file whole and verified in its place."""
        target = self._into / file.path
        if not target.is_symlink() and target.is_file() and target.stat().st_size == file.size and digest_of(target) == file.blake3:
            tally.count("already_there")
            tally.advance(file.size)
            return
        for attempt in range(REPAIRS + 1):
            with Partial(self._into, file.path, file.size) as partial:
                if attempt:
                    tally.advance(-partial.size)
                    partial.restart()
                elif partial.size:
                    tally.count("resumed")
                    tally.advance(partial.size)
                _Download(wire, url, file, partial, tally, self._settings, self._range_size).run()
                if partial.digest() == file.blake3:
                    partial.finish()
                    tally.count("repaired" if attempt else "fetched")
                    return
        raise PeerInvalid(
            f"{file.path!r} does not have the digest that the provider's manifest states.",
            where="manifest.files.blake3",
            hint=_RERUN,
        )


class _Stopped(Exception):
    """Another worker has failed: leave what has arrived as it is."""


class _Download:
    """Brings one partial file up to its size, over as many requests as it takes."""

    def __init__(
        self,
        wire: w.Wire,
        url: str,
        file: RemoteFile | None,
        partial: Partial,
        tally: _Tally,
        settings: Settings,
        range_size: int | None = None,
    ) -> None:
        self._wire = wire
        self._url = url
        self._size = file.size if file else None
        self._etag = file.etag if file else None
        self._partial = partial
        self._tally = tally
        self._settings = settings
        self._range_size = range_size
        self._whole = False
        self._restarts = 0

    def run(self) -> None:
        """Fetch until all is there; what a broken connection brought counts, and an attempt that brought some starts the count anew."""
        while not self._complete():
            _again(self._step, self._settings, self._wire, lambda: self._partial.size)

    def _complete(self) -> bool:
        return self._whole if self._size is None else self._partial.size == self._size

    def _step(self) -> None:
        offset = self._partial.size
        response = self._wire.get(self._url, self._headers(offset))
        if response.status == 416 or self._other(response, offset):
            self._wire.drop()
            if not offset:
                raise PeerInvalid("The data is no longer what the provider's manifest states.", where="manifest.files", hint=_RERUN)
            self._restart()
            return
        if offset and response.status == 200:
            self._restart()
        expected = response.length
        if self._size is not None and expected is not None and self._partial.size + expected > self._size:
            self._wire.drop()
            raise PeerInvalid("The provider sends more than its manifest states.", where="manifest.files.size")
        if self._size is None:
            tag = response.headers.get("ETag", "")
            self._etag = tag if tag.startswith('"') else None  # a weak tag says nothing about bytes
        self._copy(response)
        self._whole = self._size is None

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > RESTARTS:
            raise PeerInvalid("The provider's data keeps changing.", hint=_RERUN)
        self._tally.advance(-self._partial.size)
        self._partial.restart()

    def _headers(self, offset: int) -> dict[str, str]:
        """Ask for the rest. Before a web server that judges If-Range by tags of its own, the tag is compared here."""
        if self._range_size is not None and self._size:
            return {"Range": f"bytes={offset}-{min(offset + self._range_size, self._size) - 1}"}
        if not offset or (self._size is None and not self._etag):
            return {}
        return {"Range": f"bytes={offset}-"} | ({"If-Range": self._etag} if self._etag else {})

    def _other(self, response: http.client.HTTPResponse, offset: int) -> bool:
        """Tell whether a 206 is not the continuation that was asked for."""
        if response.status != 206:
            return False
        tag = response.headers.get("ETag")
        begins = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
        return not begins or (self._etag is not None and tag is not None and tag != self._etag)

    def _copy(self, response: http.client.HTTPResponse) -> None:
        room = None if self._size is None else self._size - self._partial.size
        while room is None or room > 0:
            buffer = self._partial.buffer()
            try:
                count = response.readinto(buffer if room is None else buffer[: min(len(buffer), room)])
            except (OSError, http.client.HTTPException) as error:
                self._partial.append(buffer, 0)
                raise PeerUnreachable("The connection to the provider broke off.") from error
            self._partial.append(buffer, count)
            self._tally.advance(count)
            room = None if room is None else room - count
            if self._tally.stop.is_set():
                raise _Stopped
            if not count:
                break
        self._end(response)

    def _end(self, response: http.client.HTTPResponse) -> None:
        """Leave the connection fit for the next request, or drop it."""
        if response.length:
            self._wire.drop()
            raise PeerUnreachable("The connection to the provider broke off.")
        if response.length is None or not response.isclosed():
            extra = response.read(1) if self._size is not None and response.length is None else b""
            self._wire.drop()
            if extra:
                raise PeerInvalid("The provider sends more than its manifest states.", where="manifest.files.size")


def _again(step: Callable[[], T], settings: Settings, wire: w.Wire, so_far: Callable[[], int] = lambda: 0) -> T:
    """Run a step, again after a fault that can pass, with a growing wait; bytes that arrived start the count anew."""
    failures, before, waited = 0, so_far(), 0.0
    while True:
        try:
            return step()
        except NotReady as error:
            if waited >= MAKING:
                raise
            pause = min(max(error.retry_after, 0.1), 30.0)
            waited += pause
            settings.wait(pause)
        except (PeerUnreachable, TooMany) as error:
            wire.drop()
            failures = 1 if so_far() > before else failures + 1
            before = so_far()
            if failures >= settings.attempts:
                raise
            pause = error.retry_after if isinstance(error, TooMany) else 0.1 * 2**failures
            settings.wait(min(pause, 30.0) * (0.75 + secrets.randbelow(500) / 1000))


def _targets(endpoint: str, manifest: RemoteManifest) -> Iterator[tuple[str, RemoteFile]]:
    """Yield (address, file), large files first: they take longest."""
    if manifest.kind == "file":
        yield endpoint, manifest.files[0]
        return
    base = endpoint.rstrip("/")
    for file in sorted(manifest.files, key=lambda one: -one.size):
        yield f"{base}/files/{quote(file.path)}", file
