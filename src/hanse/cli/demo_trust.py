"""The demo's chapters about trust: joining by approval, a stranger, and a member that loses its right while it reads."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from hanse.cli import words
from hanse.client import Client
from hanse.client.offers import Description
from hanse.client.wallet_model import HeldCredential
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import ClaimsRefused, Conflict, Misconfigured, PeerRefused, StorageFailed

Say = Callable[[str], None]

ARCHIVE_BYTES = 64 * 1024 * 1024
_PATIENCE = 10.0
_REFUSAL = re.compile(r"rfs_\w+")
_CHUNK = 16 * 1024
_READ_FOR = 0.6
"""Seconds that the factory reads before the anchor acts."""


def join_by_approval(say: Say, clients: Mapping[str, Client], space_url: str) -> None:
    """Let the factory apply, two operators of the anchor approve, and its credentials arrive."""
    factory, did = clients["factory"], _did(clients["factory"])
    applied = factory.join(space_url, roles=["consumer", "ai-factory"])
    for step in applied.steps:
        say(f"   {step}")
    for name in ("ada", "bo"):
        member = clients[name].anchor.approve(did)
        say(f"   {name.title()} approves: {len(member.approvals) or 2} of {member.approvals_needed or 2}. The factory is {member.status}.")
        if name == "ada":
            _say_refused(say, lambda: clients["ada"].anchor.approve(did), "Ada cannot be both")
    say("   The anchor offers the credentials, the factory's wallet asks for them, and they are delivered (DCP 1.0):")
    for held in _held(factory, 3):
        say(f"      {held.types[0]:<24} {held.id}  until {words.moment(held.valid_until)}")


def refuse_stranger(say: Say, stranger: Client, provider: Client, space_url: str) -> None:
    """Let somebody who was not approved ask for a catalogue; then ask the provider why it said no."""
    stranger.join(space_url)
    try:
        stranger.catalog("Meteo, a company")
    except (PeerRefused, ClaimsRefused) as refusal:
        say(f"   {refusal.message}")
        found = _REFUSAL.search(refusal.message)
        if found is not None:
            say(f"   The provider's operator asks `hanse explain {found[0]}`: {provider.explain(found[0]).summary}")
    else:
        raise Misconfigured("The stranger was let in.")


def cut_reader(say: Say, clients: Mapping[str, Client], folder: Path) -> None:
    """Let the factory read slowly, and the anchor remove it meanwhile: its stream ends, and nothing more is served."""
    title, address = _archive(clients, folder)
    say(f"   The factory reads {title!r}, {ARCHIVE_BYTES >> 20} MiB, under terms for AI factories.")
    reader = Reader(address)
    reader.start()
    time.sleep(_READ_FOR)
    if not reader.is_alive():
        raise StorageFailed("The stream ended before anybody ended it.")
    moment = time.monotonic()
    clients["anchor"].anchor.remove(_did(clients["factory"]), "It broke the terms.")
    reader.join(_PATIENCE)
    if reader.is_alive() or reader.read >= ARCHIVE_BYTES:
        raise StorageFailed("The stream was not cut.")
    took, came = (reader.ended - moment) * 1000, reader.read / (1 << 20)
    say(f"   The anchor removes it, which revokes its credentials. {took:.0f} ms later the stream is cut; {came:.1f} MiB had come.")
    say(f"   What it gets now: {_asked_again(address)}")


def _archive(clients: Mapping[str, Client], folder: Path) -> tuple[str, DataAddress]:
    """Offer something large, and start its transfer; return its title, and where the data is."""
    with (folder / "radar.bin").open("wb") as file:
        file.truncate(ARCHIVE_BYTES)
    about = Description(title="A made-up radar archive", description="Zeros, to be read slowly.", keywords=("radar",))
    source = {"kind": "file", "path": str(folder / "radar.bin")}
    asset = clients["meteo"].assets.create(source, ["members + role ai-factory"], about)
    _, address = started(clients["factory"], _did(clients["meteo"]), asset.id, asset.dataset.offers[0].id)
    return asset.dataset.title, address


def _did(client: Client) -> str:
    participant = client.who_am_i().participant
    assert participant is not None  # the demo has no operators of the whole server
    return participant.did


class Reader(threading.Thread):
    """Reads a stream with little room, so that what is in flight is little, and remembers when it ended."""

    def __init__(self, address: DataAddress) -> None:
        super().__init__(daemon=True)
        self._address = address
        self.read = 0
        self.ended = 0.0

    def run(self) -> None:
        """Read until the end, whatever it is."""
        connection = _connect(self._address)
        try:
            connection.request("GET", urlsplit(self._address.endpoint or "").path, headers=_authorization(self._address))
            response = connection.getresponse()
            while chunk := response.read(_CHUNK):
                self.read += len(chunk)
                time.sleep(0.002)
        except (OSError, http.client.HTTPException):
            pass  # cut
        finally:
            self.ended = time.monotonic()
            connection.close()


def _connect(address: DataAddress) -> http.client.HTTPConnection:
    parts = urlsplit(address.endpoint or "")
    connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port, timeout=_PATIENCE)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.sock.connect(("127.0.0.1", parts.port or 80))
    return connection


def _authorization(address: DataAddress) -> dict[str, str]:
    return {"Authorization": f"Bearer {address.properties['authorization']}"}


class _Problem(Struct):
    detail: str = ""


def _asked_again(address: DataAddress) -> str:
    import msgspec

    connection = _connect(address)
    try:
        connection.request("GET", urlsplit(address.endpoint or "").path, headers=_authorization(address))
        response = connection.getresponse()
        said = msgspec.json.decode(response.read(64 * 1024), type=_Problem).detail if response.status >= 400 else "the data"
        return f"HTTP {response.status}. {said}"
    finally:
        connection.close()


def started(factory: Client, peer: str, dataset: str, offer: str) -> tuple[str, DataAddress]:
    """Negotiate and start a transfer by hand; return its id, and where the data is."""
    begun = factory.negotiations.start(peer, dataset, offer=offer)
    agreed = factory.negotiations.wait(begun.id, ["FINALIZED", "TERMINATED"])
    if agreed.contract is None:
        raise Misconfigured("The factory and the provider did not agree.", where=begun.id)
    transfer = factory.transfers.start(agreed.contract)
    factory.transfers.wait(transfer.id, ["STARTED"])
    return transfer.id, factory.transfers.address(transfer.id)


def _held(client: Client, count: int) -> list[HeldCredential]:
    end = time.monotonic() + _PATIENCE
    while len(held := client.wallet.list()) < count:
        if time.monotonic() > end:
            raise Misconfigured("The credentials did not come.", hint="The server's log says why.")
        time.sleep(0.02)
    return held


def _say_refused(say: Say, act: Callable[[], object], what: str) -> None:
    try:
        act()
    except Conflict as refusal:
        say(f"   {what}: {refusal.message}")
