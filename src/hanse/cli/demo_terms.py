"""The demo's chapter about terms: a purpose that is negotiated, columns that arrive masked, uses that are counted, an end that cuts."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from hanse.cli.demo_trust import ARCHIVE_BYTES, Reader, started
from hanse.client import Client
from hanse.client.ledger_model import LedgerEntry
from hanse.client.model import Asset, Got
from hanse.client.offers import Description
from hanse.kernel.clock import SystemClock
from hanse.kernel.errors import Conflict, Misconfigured, StorageFailed

Say = Callable[[str], None]

OFFERED: Final = "members + purpose dpv:ServiceProvision + mask name,email + count 3"
WIDEST: Final = "members + purpose dpv:ServiceProvision,dpv:ResearchAndDevelopment + mask name,email + count 3"
NEEDED: Final = "purpose dpv:AcademicResearch + count 3 + mask name,email"
PURPOSE: Final = "dpv:AcademicResearch"
USES: Final = 3
LASTS: Final = timedelta(seconds=3)
_PATIENCE: Final = 10.0
_CUSTOMERS = (
    ("name", "email", "town", "readings"),
    ("Ada Larsen", "ada@example.org", "Lund", "1204"),
    ("Bo Nilsen", "bo@example.org", "Bergen", "988"),
    ("Cleo Maas", "cleo@example.org", "Breda", "1411"),
)


def use_under_terms(say: Say, clients: Mapping[str, Client], folder: Path, into: Path) -> None:
    """Offer made-up customers, let the factory ask for another purpose, and use the data until its uses are used up."""
    factory, meteo = clients["factory"], clients["meteo"]
    asset = _customers(meteo, folder)
    say(f"   Meteo offers {asset.dataset.title!r}. By rule it also agrees to research. Its terms:")
    for term in meteo.policies.check([OFFERED], peer=_did(factory))[0].badges:
        say(f"      {term.badge:<9} {term.sentence}")
    say(f"   The factory needs: {NEEDED}. That is not what is offered, so the two negotiate by themselves:")
    got = _get(factory, asset, into / "customers")
    _show_agreement(say, factory, got)
    say("   What arrives:")
    with (got.folder / "customers.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            say("      " + "  ".join(f"{cell:<12}" for cell in row).rstrip())
    for number in range(2, USES + 1):
        _get(factory, asset, into / f"customers-{number}")
    say(f"   It fetches again, {USES} times in all. Then:")
    try:
        _get(factory, asset, into / "customers-once-more")
    except Conflict as refusal:
        say(f"   {refusal.message}")
    else:
        raise Misconfigured("The contract was used more often than it permits.")


def cut_at_the_end(say: Say, clients: Mapping[str, Client], folder: Path) -> None:
    """Let a contract end while its data is read: the stream is cut, and both sides' ledgers say why."""
    factory, meteo = clients["factory"], clients["meteo"]
    with (folder / "satellite.bin").open("wb") as file:
        file.truncate(ARCHIVE_BYTES)
    end = SystemClock().now() + LASTS
    about = Description(title="A made-up satellite archive", description="Zeros, to be read slowly.", keywords=("satellite",))
    source = {"kind": "file", "path": str(folder / "satellite.bin")}
    asset = meteo.assets.create(source, [f"members + until {end.isoformat()}"], about)
    transfer, address = started(factory, _did(meteo), asset.id, asset.dataset.offers[0].id)
    say(f"   The factory reads {asset.dataset.title!r} under a contract that ends in {(end - SystemClock().now()).total_seconds():.1f} s.")
    reader = Reader(address)
    reader.start()
    moment = time.monotonic() + (end - SystemClock().now()).total_seconds()
    reader.join(_PATIENCE)
    if reader.is_alive() or reader.read >= ARCHIVE_BYTES or reader.ended < moment - 0.1:
        raise StorageFailed("The stream was not cut at the end of the contract.")
    say(f"   {(reader.ended - moment) * 1000:.0f} ms after the end the stream is cut; {reader.read / (1 << 20):.1f} MiB had come.")
    for name, client in (("meteo", meteo), ("factory", factory)):
        entry = _why(client, factory.transfers.get(transfer).contract)
        say(f"   {name}'s ledger, entry {entry.index}: {entry.sentence}")


def _customers(meteo: Client, folder: Path) -> Asset:
    with (folder / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_CUSTOMERS)
    about = Description(
        title="Customers of a weather service (made up)",
        description="Three people who do not exist.",
        keywords=("customers",),
        preferences={"must": WIDEST},
    )
    return meteo.assets.create({"kind": "file", "path": str(folder / "customers.csv")}, [OFFERED], about)


def _get(factory: Client, asset: Asset, into: Path) -> Got:
    return factory.get(asset.id, into, need=NEEDED, stated={"purpose": PURPOSE})


def _show_agreement(say: Say, factory: Client, got: Got) -> None:
    for step in factory.explain(factory.explain(got.contract.id).related["negotiation"]).history:
        if "now" in step.what and "not" not in step.what:
            say(f"      {'the provider' if step.by == 'peer' else 'the factory':<13}{step.what}")
    say("   What they agreed on is the provider's counter-offer:")
    for sentence in got.contract.sentences[2:]:
        say(f"      {sentence}")


def _why(client: Client, contract: str) -> LedgerEntry:
    """Return the entry that tells why the use under a contract ended, once it is there."""
    end = time.monotonic() + _PATIENCE
    while True:
        for entry in client.ledger.list(agreement=contract):
            if entry.kind in ("use-ended", "agreement-ended"):
                return entry
        if time.monotonic() > end:
            raise Misconfigured("The ledger does not say why the use ended.", where=contract)
        time.sleep(0.05)


def _did(client: Client) -> str:
    participant = client.who_am_i().participant
    assert participant is not None  # the demo has no operators of the whole server
    return participant.did
