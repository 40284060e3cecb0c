"""Where we are willing to connect to, decided before a socket exists.

Foreign parties hand us addresses: a `did:web`, a callback, a data address. Each of them is a way to make this server
fetch something that only this server can reach (SSRF). So a URL is read strictly, by one parser; its host is looked up
once; every address that came back is judged; and only these addresses may be connected to, so that a second answer of
the name server (DNS rebinding) has nothing to win.

What is allowed without a setting: https to public addresses. An operator can list hosts, `host:port`s and networks
that may be reached although they are not public; plain http is for those only.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from hanse.kernel.errors import AddressRefused, Misconfigured, PeerUnreachable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""A name server as a function: `(host, port) -> addresses` as text; raises OSError where there is no answer."""

MAX_URL = 2048
MAX_ADDRESSES = 16

_URL = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<rest>(?:[/?][!-~]*)?)", re.I)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_NETWORKS: dict[str, tuple[str, ...]] = {
    "a loopback address": ("127.0.0.0/8", "::1/128"),
    "a private address": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    "an address behind carrier-grade NAT": ("100.64.0.0/10",),
    "a link-local address (cloud metadata lives there)": ("169.254.0.0/16", "fe80::/10"),
    "an address of this host or network": ("0.0.0.0/8", "::/128"),
    "a multicast address": ("224.0.0.0/4", "ff00::/8"),
    "a reserved address": ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "100::/64", "5f00::/16", "fec0::/10"),
    "an address for documentation": (
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001:db8::/32",
        "3fff::/20",
    ),
    "an IPv4 address in IPv6 clothes": ("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b:1::/48"),
    "a tunnel (6to4 or Teredo)": ("192.88.99.0/24", "2002::/16", "2001::/23"),
}
_REFUSED: tuple[tuple[Network, str], ...] = tuple((ip_network(net), reason) for reason, nets in _NETWORKS.items() for net in nets)
_LOOPBACK = tuple(ip_network(net) for net in _NETWORKS["a loopback address"])
# What the name of a host may lead to once an operator has listed that name. Anything odder needs its network listed.
_LOCAL: tuple[Network, ...] = (
    *_LOOPBACK,
    *(ip_network(net) for net in (*_NETWORKS["a private address"], "100.64.0.0/10")),
)
# Metadata services hand out the machine's credentials: a wide network in the settings does not open them.
_METADATA = frozenset(map(ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")


class Target(NamedTuple):
    """A URL that was read strictly. `host` is lower case, without brackets; `rest` is path and query as they came."""

    scheme: str
    host: str
    port: int
    rest: str
    literal: Address | None

    @property
    def origin(self) -> str:
        """`https://host:port`, safe to be shown: it has no path and no query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL in the one spelling that every library reads alike."""
        return self.origin + (self.rest if self.rest.startswith("/") else f"/{self.rest}")


def why_not_public(address: Address) -> str | None:
    """Return why `address` is no public address, in words, or None when it is one.

    Addresses that carry an IPv4 address inside (NAT64, ISATAP) are public only where the inner one is, too.
    """
    for network, reason in _REFUSED:
        if address in network:
            return reason
    inner = _embedded(address)
    if inner is not None:
        reason_inside = why_not_public(inner)
        return f"an IPv6 address that stands for {reason_inside}" if reason_inside else None
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "an address outside the public space"
    return None if address.is_global else "not a public address"


def _embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address inside a NAT64 (RFC 6052) or ISATAP (RFC 5214) address."""
    if isinstance(address, IPv4Address):
        return None
    raw = address.packed
    isatap = raw[8:12] in (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")
    return IPv4Address(raw[12:]) if isatap or address in _NAT64 else None


class Allowed:
    """The operator's list: `name`, `name:port`, `10.1.2.0/24`, `127.0.0.1:8080`, `[::1]:8080`.

    Raises Misconfigured for an entry that is none of these, or that would open (nearly) everything.
    """

    def __init__(self, entries: Sequence[str], setting: str) -> None:
        self._setting = setting
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[Network, int | None]] = []
        for entry in entries:
            self._add(entry.strip().lower())

    def _add(self, entry: str) -> None:
        name, port = self._split(entry)
        try:
            network = ip_network(name)
        except ValueError:
            if "/" in name or _name_fault(name) is not None:
                raise self._wrong(entry, "is neither a host, nor host:port, nor a network") from None
            self._names.add((name, port))
            return
        if network.prefixlen < (8 if network.version == 4 else 7):
            raise self._wrong(entry, "would open far too much")
        self._networks.append((network, port))

    def _split(self, entry: str) -> tuple[str, int | None]:
        found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?", entry)
        if found is None:
            return entry, None  # a bare IPv6 address or network, or nonsense that is found out later
        port = int(found[3]) if found[3] else None
        if port is not None and not 0 < port < 65536:
            raise self._wrong(entry, "names a port that does not exist")
        return found[1] or found[2], port

    def _wrong(self, entry: str, what: str) -> Misconfigured:
        return Misconfigured(
            f"'{entry[:80]}' {what}.",
            where=self._setting,
            hint="Write 'localhost', 'connector.internal:8443', '10.1.2.0/24' or '[fd12::1]:8443'.",
        )

    def name(self, target: Target) -> bool:
        """Say whether the target's host is listed by its name."""
        return (target.host, None) in self._names or (target.host, target.port) in self._names

    def address(self, address: Address, target: Target) -> bool:
        """Say whether `address` may be reached for `target` because it, its network or the target's name is listed."""
        if self._network(address, target.port):
            return True
        return self.name(target) and address not in _METADATA and any(address in net for net in _LOCAL)

    def _network(self, address: Address, port: int) -> bool:
        return any(
            address in network and only in (None, port) and (address not in _METADATA or network.num_addresses == 1)
            for network, only in self._networks
        )


class AddressGuard:
    """Reads URLs strictly, looks their host up once, and lets through only addresses that may be connected to.

    `allow` is the operator's list of hosts, `host:port`s and networks that are not public and may be reached all the
    same; `setting` is its name, for messages. `lookup` answers for the name server. `timeout` bounds it, in seconds.
    """

    def __init__(
        self,
        allow: Sequence[str] = (),
        *,
        lookup: Lookup | None = None,
        setting: str = "network.allow",
        timeout: float = 3.0,
    ) -> None:
        self._allowed = Allowed(allow, setting)
        self._lookup = system_lookup if lookup is None else lookup
        self._setting = setting
        self._timeout = timeout
        self._cached = lru_cache(maxsize=4096)(self._examine)

    def examine(self, url: str) -> Target:
        """Read `url` and judge what can be judged without a name server. Raises AddressRefused."""
        return self._cached(url)

    async def addresses(self, target: Target) -> tuple[str, ...]:
        """Look the host of `target` up, once, and return the addresses that may be connected to, as text.

        All that came back must be allowed: a name with one public and one inner address is refused. Raises
        AddressRefused, and PeerUnreachable where the name server has no answer in time.
        """
        if target.literal is not None:
            self.judge(target.literal, target)
            return (str(target.literal),)
        found = await self._ask(target)
        if _is_localhost(target.host):
            found = self._loopback_only(found, target)
        for address in found:
            self.judge(address, target)
        return tuple(map(str, found))

    async def check(self, url: str) -> tuple[Target, tuple[str, ...]]:
        """Examine `url` and return it with the addresses to connect to: for clients that pin addresses themselves."""
        target = self.examine(url)
        return target, await self.addresses(target)

    def judge(self, address: Address, target: Target) -> None:
        """Raise AddressRefused unless `address` may be connected to for `target`."""
        reason = why_not_public(address)
        if reason is None:
            if target.scheme == "http":
                raise self._refused(f"{target.origin} is public, and plain http is for listed inner hosts only.", "Use https.")
        elif not self._allowed.address(address, target):
            said = "is" if target.literal is not None else f"leads to {address}, which is"
            raise self._refused(f"The host {target.host} {said} {reason}.", self._listing(target))

    def _examine(self, url: str) -> Target:
        found = _URL.fullmatch(url) if len(url) <= MAX_URL else None
        if found is None or "#" in url or "\\" in url:
            raise self._refused(*_url_fault(url))
        scheme, host = found["scheme"].lower(), found["host"].lower()
        port = int(found["port"] or (443 if scheme == "https" else 80))
        if not 0 < port < 65536:
            raise self._refused("The address names a port that does not exist.", "Ports go from 1 to 65535.")
        literal = _literal(found["host"])
        if literal is None and (fault := _name_fault(host)) is not None:
            raise self._refused(f"The host of the address {fault}.", "Write a plain name or a plain IP address.")
        target = Target(scheme, host if literal is None else str(literal), port, found["rest"], literal)
        if literal is not None:
            self.judge(literal, target)
        return target

    async def _ask(self, target: Target) -> list[Address]:
        try:
            async with asyncio.timeout(self._timeout):
                answers = await self._lookup(target.host, target.port)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise PeerUnreachable(f"The host {target.host} cannot be found.", rule="peer-unknown-host") from error
        if not answers:
            raise PeerUnreachable(f"The host {target.host} has no address.", rule="peer-unknown-host")
        if any("%" in text for text in answers):
            raise self._refused(f"The host {target.host} leads to a link-local address.", self._listing(target))
        # Every one of them is judged; only then may the list be shortened.
        found = [ip_address(text) for text in dict.fromkeys(answers)]
        for address in found[MAX_ADDRESSES:]:
            self.judge(address, target)
        return found[:MAX_ADDRESSES]

    def _loopback_only(self, found: list[Address], target: Target) -> list[Address]:
        """RFC 6761, 6.3: `localhost` is the loopback, whatever a name server says."""
        if not all(any(address in net for net in _LOOPBACK) for address in found):
            raise self._refused(f"The host {target.host} leads away from this machine.", "Mend its name resolution.")
        return [address for address in found if self._allowed.address(address, target)] or found

    def _listing(self, target: Target) -> str:
        entry = target.origin.partition("://")[2]
        return f"If this is meant to be reached, list '{entry}' (or its network) in {self._setting}."

    @staticmethod
    def _refused(message: str, hint: str) -> AddressRefused:
        return AddressRefused(message, hint=hint)


def _literal(host: str) -> Address | None:
    """Read the plain spelling of an IP address: four decimal numbers without leading zeros, or IPv6 in brackets."""
    try:
        return IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)
    except ValueError:
        return None


def _name_fault(host: str) -> str | None:
    """Say what is wrong with `host` as the name of a host, or None.

    A name whose last label is a number is an IPv4 address in an odd spelling (`127.1`, `0x7f.1`, `2130706433`,
    `0177.0.0.1`), which libraries read in different ways: it is refused, as in the WHATWG URL standard, 3.5.
    """
    labels = host.split(".")
    if host.endswith("."):
        return "ends with a dot"
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "is not a well-formed name"
    return "is an IP address in an odd spelling" if _NUMBER.fullmatch(labels[-1]) else None


def _url_fault(url: str) -> tuple[str, str]:
    """Say why a text is no address that we read: message and hint."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if len(url) > MAX_URL:
        return f"The address is longer than {MAX_URL} characters.", "Use a shorter one."
    if scheme.lower() not in ("http", "https"):
        return "The address has no scheme that we speak.", "Use https."
    if "@" in authority:
        return "The address carries a user name or a password.", "Leave them out."
    if "#" in url:
        return "The address has a fragment.", "Leave out '#' and what follows."
    return "The address is not well formed.", "Write https://host[:port]/path in ASCII, special characters as %XX."


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """Ask the machine's resolver. `localhost` is answered here, so that it costs no thread and no name server."""
    if _is_localhost(host):
        return ("127.0.0.1", "::1")
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_lookup_threads(), ask)
    return [str(entry[4][0]) for entry in found]


@cache
def _lookup_threads() -> ThreadPoolExecutor:
    """Return the threads for look-ups: a stranger's slow name server must not hold those that others work with."""
    return ThreadPoolExecutor(max_workers=16, thread_name_prefix="lookup")
