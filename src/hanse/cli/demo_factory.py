"""The demo's chapters about the AI factory: data from two spaces by one order, a mirror, a model, and the proof of it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hanse.cli.demo_terms import _did
from hanse.client import Client
from hanse.client.factory.evidence_check import save_archive
from hanse.client.factory.orders_model import NewOrder
from hanse.client.reading.opened import open as open_version
from hanse.kernel.errors import Misconfigured, StorageFailed

if TYPE_CHECKING:
    from hanse.client.factory.orders_model import Order

Say = Callable[[str], None]

PURPOSE: Final = "dpv:ResearchAndDevelopment"
WANTED: Final = "keyword:transport,multilingual,energy"
_OFFLINE: Final = """
import socket, sys
def refuse(*_, **__):
    raise SystemExit("the network is off")
socket.socket.connect = socket.getaddrinfo = refuse
from hanse.cli import main
sys.argv = ["hanse", *sys.argv[1:]]
main()
"""
"""Runs the command line in a process that cannot connect to anything."""


def join_second_space(say: Say, clients: Mapping[str, Client], space: str) -> None:
    """Let the factory join another space, beside the first one, by an invitation."""
    factory = clients["factory"]
    invited = clients["registry"].anchor.invite(did=_did(factory), roles=["consumer", "ai-factory"])
    factory.join(space, invitation=invited.code)
    urls = [joined.url for joined in factory.status().spaces]
    say(f"   The factory is in {len(urls)} spaces with one name: {', '.join(urls)}.")


def acquire(say: Say, factory: Client) -> dict[str, str]:
    """Order data in words, from all members of both spaces; return the stored versions by the title of their dataset."""
    say(f"   hanse acquire {WANTED!r} --purpose train --purpose {PURPOSE} --budget 0EUR --yes")
    wish = NewOrder(query=WANTED, purpose=["train", PURPOSE], budget="0EUR", yes=True, accept_declared=True)
    order = factory.orders.wait(factory.orders.place(wish).id)
    _show(say, order)
    versions = {item.title: item.version for item in order.items if item.version is not None}
    if len(versions) < 3:
        raise Misconfigured("The order did not bring three datasets.", where=order.id, hint=f"`hanse order explain {order.id}` says why.")
    return versions


def _show(say: Say, order: Order) -> None:
    for item in order.items:
        said = f"{item.state}, {item.version}, {item.size or 0:,} bytes, {item.cost}" if item.version else f"{item.state}: {item.why}"
        say(f"   {item.title[:52]:<52} {item.provider_name:<24} {said}")
    run = order.run
    if run is not None:
        say(f"   {run.asked} members of {len(run.spaces)} spaces were asked; what was left out is explained by `hanse order explain`.")


def open_all(say: Say, factory: Client, versions: Mapping[str, str]) -> None:
    """Open each version in one line, under its contract; and be refused for another purpose."""
    for title, version in versions.items():
        with open_version(version, action="train", purpose=PURPOSE, client=factory) as data:
            say(f"   hanse.open({version!r}, action='train'): {data.table().num_rows:,} rows of {title!r}")


def mirror(say: Say, clients: Mapping[str, Client], folder: Path) -> str:
    """Mirror a collection of texts; let its owner change it; and bring the mirror up to date: only what changed travels.

    Return its newest version.
    """
    factory, library = clients["factory"], clients["library"]
    asset = next(one for one in library.assets.list() if one.dataset.title.startswith("Documentation topics"))
    made = factory.mirrors.make(_did(library), asset.id, "topics")
    say(f"   The factory mirrors {asset.dataset.title!r} as {made.version}: {made.files} files, {made.size:,} bytes.")
    with (folder / "python-topics" / "assert.txt").open("a", encoding="utf-8") as file:
        file.write("\nOne more line, added by the library.\n")
    (folder / "python-topics" / "new.txt").write_text("A new article.\n", "utf-8")
    library.assets.refresh(asset.id)
    now = factory.mirrors.refresh("topics")
    say(f"   The library changes one article and adds another. The mirror is {now.version} now; {now.moved:,} bytes moved.")
    return str(now.version)


def prove(say: Say, factory: Client, about: str, into: Path) -> None:
    """Export the evidence, and verify it in a fresh directory without network; then change one bit of it."""
    made = factory.evidence.export(about)
    archive = into / f"{about}.evidence.zip"
    archive.unlink(missing_ok=True)
    save_archive(archive, made.archive)
    say(f"   {archive}: {len(made.archive) / 1e3:.0f} kB, everything about {about} in one file.")
    said = _verified(archive, 0)
    for line in said[:12]:
        say(f"   {line}")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    with tempfile.NamedTemporaryFile(suffix=".zip") as copy:
        copy.write(data)
        copy.flush()
        say("   One bit of a copy is changed. What the verifier says then:")
        for line in _verified(Path(copy.name), 1)[:4]:
            say(f"   {line}")


def _verified(archive: Path, code: int) -> list[str]:
    """Verify an archive in a directory of its own, by a process that reaches nothing; return what it says."""
    with tempfile.TemporaryDirectory() as fresh:
        done = subprocess.run(  # noqa: S603 - this program itself
            [sys.executable, "-c", _OFFLINE, "evidence", "verify", str(archive.absolute())],
            cwd=fresh,
            env={"HOME": fresh},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != code:
        raise StorageFailed(f"The verification ended with {done.returncode}: {done.stderr.strip()[-300:]}", where=str(archive))
    return [line for line in done.stdout.splitlines() if line.strip()]
