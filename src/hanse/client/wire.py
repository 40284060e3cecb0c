"""One kept HTTP connection to a provider's data endpoint, with tokens that are renewed when they run out.

Plain `http.client`: measured at a third to a fifth of the CPU of richer clients for bulk data. Redirects are not
followed. Plain http is spoken to loopback only.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

from hanse.dataplane.answers import LONGEST, fault_of
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import AddressRefused, PeerRefused, PeerUnreachable

Renew = Callable[[DataAddress], DataAddress]
"""Returns the address with fresh tokens; raises `PeerError`s."""
Dial = Callable[[str, int, float], socket.socket]
"""Opens a TCP connection to (host, port) within so many seconds. A guard can be handed in; raises OSError."""


def dial(host: str, port: int, timeout: float) -> socket.socket:
    """Connect without a guard: for a user's own machine."""
    return socket.create_connection((host, port), timeout)


def read_url(url: str | None) -> SplitResult:
    """Return the parts of an address. Raises `AddressRefused` unless it is https, or http to loopback."""
    try:
        parts = urlsplit(url or "")
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise AddressRefused("The data address is not well formed.", where="dataAddress.endpoint") from None
    if not host or parts.username is not None or not (url or "").isascii() or any(c <= " " for c in url or ""):
        raise AddressRefused("The data address is not well formed.", where="dataAddress.endpoint")
    if parts.scheme == "https" or (parts.scheme == "http" and _loopback(host)):
        return parts
    raise AddressRefused("The data address must be https.", where="dataAddress.endpoint", hint="Plain http is for this machine only.")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Credentials:
    """The current address with its token, shared by all workers; renewed by one of them at a time."""

    def __init__(self, address: DataAddress, renew: Renew | None) -> None:
        self._address = address
        self._renew = renew
        self._lock = threading.Lock()

    @property
    def token(self) -> str | None:
        """Return the access token, if the address has one."""
        return self._address.properties.get("authorization")

    def renewed(self, stale: str | None) -> bool:
        """Get a token in place of `stale`; tell whether there is another one now."""
        with self._lock:
            if self.token != stale:
                return True  # somebody else was faster
            if self._renew is None:
                return False
            self._address = self._renew(self._address)
            return self.token != stale


class Wire:
    """A connection of one worker. It is opened when needed, kept while it lasts, and bound to one origin."""

    def __init__(self, credentials: Credentials, *, timeout: float, tls: ssl.SSLContext | None, dial: Dial) -> None:
        self._credentials = credentials
        self._timeout = timeout
        self._tls = tls
        self._dial = dial
        self._connection: http.client.HTTPConnection | None = None
        self._origin: tuple[str, str, int] | None = None

    def get(self, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """GET with the current token. The caller reads the body to its end, or calls `drop`.

        Raises `PeerUnreachable` (try again), `PeerRefused` (do not), `TooMany` and `NotReady` (come back later).
        """
        for _ in range(3):
            token = self._credentials.token
            response = self._send(url, headers, token)
            if response.status != 401:
                return self._judged(response)
            self.drop()
            if not self._credentials.renewed(token):
                break
        raise PeerRefused("The provider does not accept the access token.", status=401)

    def drop(self) -> None:
        """Close the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _send(self, url: str, headers: Mapping[str, str], token: str | None) -> http.client.HTTPResponse:
        parts = read_url(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = {"Accept-Encoding": "identity", **headers}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        fresh = self._prepare(parts)
        try:
            return self._request(target, fields)
        except (OSError, http.client.HTTPException) as error:
            self.drop()
            if fresh:
                raise PeerUnreachable(f"The provider at {parts.hostname} does not answer.") from error
        # A kept connection may have been closed by the other side meanwhile: that says nothing.
        self._prepare(parts)
        try:
            return self._request(target, fields)
        except (OSError, http.client.HTTPException) as error:
            self.drop()
            raise PeerUnreachable(f"The provider at {parts.hostname} does not answer.") from error

    def _request(self, target: str, fields: Mapping[str, str]) -> http.client.HTTPResponse:
        assert self._connection is not None
        self._connection.request("GET", target, headers=dict(fields))
        return self._connection.getresponse()

    def _prepare(self, parts: SplitResult) -> bool:
        """Have a connection to the origin; tell whether it is a new one."""
        origin = (parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        if self._connection is not None and self._origin == origin:
            return False
        self.drop()
        self._origin = origin
        self._connection = _Dialled(origin, self._timeout, self._tls, self._dial)
        return True

    def _judged(self, response: http.client.HTTPResponse) -> http.client.HTTPResponse:
        body = response.read(LONGEST) if response.status >= 400 and response.status != 416 else b""
        fault = fault_of(response.status, response.headers.get("Retry-After", ""), body)
        if fault is None:
            return response
        self.drop()
        raise fault


class _Dialled(http.client.HTTPConnection):
    """A connection whose socket comes from `dial`, with TLS on top where the scheme says so."""

    def __init__(self, origin: tuple[str, str, int], timeout: float, tls: ssl.SSLContext | None, dial: Dial) -> None:
        self._scheme, host, port = origin
        super().__init__(host, port, timeout=timeout)
        if self._scheme == "https":
            self.default_port = 443
        self._tls = tls
        self._dial = dial

    def connect(self) -> None:
        """Open the connection."""
        plain = self._dial(self.host, self.port, float(self.timeout or 30.0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._scheme == "https":
            context = self._tls or ssl.create_default_context()
            plain = context.wrap_socket(plain, server_hostname=self.host)
        self.sock = plain
