"""Data behind an HTTP address at one of the participant's allowed hosts.

The address is the owner's word, but the server fetches it: so the host must be on the participant's own list, exactly,
and the fetch goes through the guard that `app.py` hands in (address pinned, no redirects, bounded in time).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import unquote, urlsplit

from hanse.dataplane.records import Found, Place, Stamp
from hanse.kernel.errors import Forbidden, NotFound, SourceVanished
from hanse.kernel.tenant import Tenant
from hanse.sources.confined import name_fault

Hosts = Callable[[Tenant], Sequence[str]]
"""The hosts (`name` or `name:port`) at which a participant may offer; none means none."""


class Answer(Protocol):
    """A response whose body has not been read."""

    @property
    def status(self) -> int:
        """Return the status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the header fields by their names in lower case."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class Opener(Protocol):
    """A guarded GET. `allowed` are hosts that may be reached for this participant; no redirects are followed."""

    async def get(self, url: str, headers: Mapping[str, str], allowed: Sequence[str]) -> Answer:
        """Return the response; raises `PeerUnreachable` or `AddressRefused`."""
        ...


class OpenedAddress:
    """A response that is read in order; a read elsewhere asks again with a range."""

    def __init__(self, start: Callable[[int], AsyncIterator[bytes]], stamp: Stamp, first: list[Answer]) -> None:
        self._start = start
        self._stamp = stamp
        self._first = first
        self._stream: AsyncIterator[bytes] | None = None
        self._position = 0
        self._rest = b""

    @property
    def stamp(self) -> Stamp:
        """Return size and validators of the response."""
        return self._stamp

    @property
    def fd(self) -> None:
        """There is no descriptor."""
        return

    @property
    def path(self) -> None:
        """There is no path."""
        return

    async def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; none only at the end."""
        if self._stream is None or offset != self._position:
            if self._stream is not None:
                await self.close()
            self._stream, self._position, self._rest = self._start(offset), offset, b""
        parts, have = [self._rest], len(self._rest)
        while have < length:
            chunk = await anext(self._stream, b"")
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self._rest = data[length:]
        self._position = offset + min(length, len(data))
        return data[:length]

    def changed(self) -> bool:
        """Nothing can be known without asking again; every request carries the validator instead."""
        return False

    async def close(self) -> None:
        """Let go of the connections: of the one that is read, and of the first if nothing was read from it."""
        stream, self._stream = self._stream, None
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
        while self._first:
            await self._first.pop().close()


class HttpSources:
    """Addresses (`kind` = http), one file each, named after the last part of the path."""

    def __init__(self, hosts: Hosts, opener: Opener) -> None:
        self._hosts = hosts
        self._opener = opener

    def check(self, tenant: Tenant, place: Place) -> None:
        """Raise `Forbidden` unless the host is allowed. Whether the data is there shows when it is fetched."""
        self._allowed(tenant, place)

    async def find(self, tenant: Tenant, place: Place) -> Sequence[Found]:
        """Return the one file that the address stands for."""
        answer = await self._get(tenant, place, 0, None)
        stamp = _stamp(answer)
        await answer.close()
        return [Found(file_name(place.at), stamp)]

    async def fields(self, tenant: Tenant, place: Place) -> Mapping[str, str]:
        """Return the header fields of the response."""
        answer = await self._get(tenant, place, 0, None)
        fields = dict(answer.headers)
        await answer.close()
        return fields

    async def open(self, tenant: Tenant, place: Place, path: str) -> OpenedAddress:
        """Open it; the content is fetched as it is read."""
        if path != file_name(place.at):
            raise NotFound("There is no such file in this data.", where="path")
        answer = await self._get(tenant, place, 0, None)
        stamp = _stamp(answer)
        first: list[Answer] = [answer]

        async def stream(offset: int) -> AsyncIterator[bytes]:
            current = first.pop() if first and offset == 0 else await self._get(tenant, place, offset, stamp)
            skip = offset if current.status == 200 else 0
            try:
                async for chunk in current.chunks():
                    if skip >= len(chunk):
                        skip -= len(chunk)
                        continue
                    yield chunk[skip:]
                    skip = 0
            finally:
                await current.close()

        return OpenedAddress(stream, stamp, first)

    async def _get(self, tenant: Tenant, place: Place, offset: int, stamp: Stamp | None) -> Answer:
        headers = {"accept-encoding": "identity"}
        if offset:
            headers["range"] = f"bytes={offset}-"
        answer = await self._opener.get(place.at, headers, self._allowed(tenant, place))
        good = answer.status == 200 or (offset and answer.status == 206 and _starts_at(answer, offset))
        if good and (stamp is None or _mark(answer) == stamp.mark):
            return answer
        await answer.close()
        if good:
            raise SourceVanished("The data at its address has changed.", where="source.url")
        raise SourceVanished(f"The data's address answers {answer.status}.", where="source.url", hint="Put it back, or edit the asset.")

    def _allowed(self, tenant: Tenant, place: Place) -> Sequence[str]:
        try:
            parts = urlsplit(place.at)
            host, port = (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            host, port = "", 0
        allowed = [entry.lower() for entry in self._hosts(tenant)]
        if host and parts.username is None and parts.scheme in ("http", "https") and (host in allowed or f"{host}:{port}" in allowed):
            return [f"{host}:{port}"]
        raise Forbidden(
            "This participant may not offer data from that host.",
            where="source.url",
            rule="hosts",
            hint="The host must be one of the participant's allowed hosts.",
        )


def file_name(url: str) -> str:
    """Return the name under which the content of an address is offered."""
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    return name if name and not name.startswith(".") and "/" not in name and not name_fault(name) else "data"


def _mark(answer: Answer) -> str:
    return answer.headers.get("etag") or answer.headers.get("last-modified", "")


def _stamp(answer: Answer) -> Stamp:
    length = answer.headers.get("content-length", "")
    return Stamp(int(length) if length.isascii() and length.isdigit() else -1, _mark(answer))


def _starts_at(answer: Answer, offset: int) -> bool:
    return answer.headers.get("content-range", "").startswith(f"bytes {offset}-")
