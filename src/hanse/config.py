"""One frozen tree of settings, read once: defaults, then the settings file, then `HANSE_…` variables.

Every key of `hanse.toml` is also a variable: `port` is `HANSE_PORT`, `peers_allow` is `HANSE_PEERS_ALLOW` (lists are
separated by commas).
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from hanse.kernel.errors import Misconfigured

FILE = "hanse.toml"
DEFAULT_PORT = 8400


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set. Sizes are in bytes, times in seconds."""

    home: str = ".hanse"
    """The folder of the database, the keys, the data and the logs."""
    host: str = "127.0.0.1"
    """The address to bind to. Anything but loopback needs TLS, or `behind_proxy`."""
    port: int = DEFAULT_PORT
    """The port to bind to."""
    public_host: str = "localhost"
    """The host in DIDs and addresses, fixed for a participant when it is made."""
    public_port: int = 0
    """The port in DIDs and addresses; 0 means the same as `port`."""
    database: str = ""
    """`postgresql://…` for PostgreSQL; empty for SQLite in the home folder."""
    tls_certificate: str = ""
    """A PEM file with the certificate chain."""
    tls_key: str = ""
    """A PEM file with the certificate's private key."""
    behind_proxy: bool = False
    """A reverse proxy in front ends TLS and is the only one that can reach this port."""
    peers_allow: tuple[str, ...] = ()
    """Hosts, `host:port`s and networks that may be reached although they are not public."""
    requests_per_second: float = 500.0
    """How many protocol requests one peer may send one participant each second, lastingly."""
    request_burst: int = 1_000
    """How many it may send at once."""
    accel_prefix: str = ""
    """The internal nginx location for `X-Accel-Redirect`; empty to stream from this process."""
    answer_by_hand_hours: float = 336.0
    """How long a negotiation or a suspended transfer may wait for a person; then it is ended."""
    answer_by_rule_seconds: float = 3600.0
    """How long a process may wait for a server that answers by rule; then it is ended."""
    delivery_seconds: float = 900.0
    """How long a message is tried before its process is ended."""
    fact_hooks: tuple[str, ...] = ()
    """Who is asked about facts that policies depend on: `NAME=URL`, e.g. `payAmount=https://billing.example.org/hanse`."""
    fact_hook_token: str = ""
    """A file with the bearer token that these hooks are asked with."""
    fact_max_age_seconds: float = 300.0
    """How long a hook's answer counts at most; it is asked again after half of that, while data is used."""
    facility: str = ""
    """Where stored data lies: a folder, or `s3://BUCKET/PREFIX`; empty for the folder `facility` in the home folder."""
    facility_cold: str = ""
    """Where data lies that is seldom needed, likewise; empty for the folder `facility-cold` in the home folder."""
    custody_years: int = 10
    """For how many years data that trained a model is kept (AI Act, Art. 18); 0: not at all."""
    drill_days: int = 365
    """After how many days data in custody is to be fetched back again, to prove that it can be."""
    drain_seconds: float = 10.0
    """How long running requests may take to end after SIGTERM."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""

    @property
    def home_path(self) -> Path:
        """The home folder as a path."""
        return Path(self.home)

    @property
    def public_root(self) -> str:
        """The address of this server as others see it, e.g. `http://localhost:8400`."""
        scheme = "http" if _is_loopback(self.public_host) else "https"
        port = self.public_port or self.port
        shown = "" if scheme == "https" and port == 443 else f":{port}"
        return f"{scheme}://{self.public_host}{shown}"

    @property
    def database_address(self) -> str:
        """Where the database is: a PostgreSQL address, or the path of a SQLite file."""
        return self.database or str(self.home_path / "hanse.db")


class Setting(Struct, frozen=True):
    """One setting with where its value comes from: `default`, the file's path, or the variable's name."""

    name: str
    value: object
    origin: str


def load(home: str | None = None, environment: Mapping[str, str] | None = None) -> tuple[Settings, list[Setting]]:
    """Read the settings; return them with the origin of each. Raises `Misconfigured` naming the key and the file."""
    environment = os.environ if environment is None else environment
    chosen = home or environment.get("HANSE_HOME") or Settings().home
    path = Path(chosen) / FILE
    values: dict[str, object] = {"home": chosen}
    origins = {"home": "argument" if home else "HANSE_HOME" if "HANSE_HOME" in environment else "default"}
    for source, found in ((str(path), _from_file(path)), ("", _from_environment(environment))):
        for name, value in found.items():
            values[name] = value
            origins[name] = source or f"HANSE_{name.upper()}"
    values["home"] = chosen
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise Misconfigured(f"A setting has the wrong type: {error}.", where=str(path), hint="`hanse settings` lists all keys.") from None
    listed = [Setting(f.name, getattr(settings, f.name), origins.get(f.name, "default")) for f in structs.fields(Settings)]
    return settings, listed


def check_exposure(settings: Settings) -> None:
    """Raise `Misconfigured` for a server that would be open to a network without TLS and without a proxy in front."""
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise Misconfigured("TLS needs both a certificate and its key.", where="tls_certificate, tls_key")
    if _is_loopback(settings.host):
        return
    if _is_loopback(settings.public_host):
        raise Misconfigured(
            f"The server would listen on {settings.host}, and tell everybody that it is {settings.public_host}.",
            where="public_host",
            rule="public-host",
            hint="Set public_host to the name by which others reach it; participants' names are made from it, for good.",
        )
    if settings.tls_certificate or settings.behind_proxy:
        return
    raise Misconfigured(
        f"The server would listen on {settings.host} without TLS.",
        where="host",
        rule="exposed",
        hint="Set tls_certificate and tls_key, or behind_proxy = true if a reverse proxy ends TLS and nobody else reaches this port.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_file(path: Path) -> dict[str, object]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"The settings file cannot be read: {error}.", where=str(path)) from None
    known = {f.name for f in structs.fields(Settings)}
    unknown = sorted(set(found) - known)
    if unknown:
        raise Misconfigured(f"There is no setting {unknown[0]!r}.", where=str(path), hint="`hanse settings` lists all keys.")
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in structs.fields(Settings):
        text = environment.get(f"HANSE_{field.name.upper()}")
        if text is not None and field.name != "home":
            is_list = isinstance(field.default, tuple)
            found[field.name] = tuple(part.strip() for part in text.split(",") if part.strip()) if is_list else text
    return found
