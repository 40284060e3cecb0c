"""`hanse lease`: lend a version to a node without network, and take its log of use back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell
from hanse.kernel.errors import Conflict, Invalid

if TYPE_CHECKING:
    from hanse.client.factory.openings import Lease

_FILE = click.Path(path_type=Path)


@click.group("lease", cls=Noun, default="list")
def command() -> None:
    """Lend a version to a node without network, and take its log of use back."""


@command.verb("key", example="hanse lease key node.key")
@click.argument("file", metavar="FILE", type=_FILE)
def key(shell: Shell, file: Path) -> None:
    """Make the key of a node, on that node. Prints its public part, which whoever gives leases needs; the file stays here."""
    import msgspec

    from hanse.client.reading.node import make_key

    public = make_key(file)
    shell.answer(public, lambda: shell.print(msgspec.json.encode(public).decode()))


@command.verb("give", example="hanse lease give weather@1 --node node.pub --hours 24 --openings 3 --action train -o run.lease")
@click.argument("version", metavar="VERSION")
@click.option("--node", type=_FILE, required=True, help="A file with the node's public key, as `hanse lease key` printed it.")
@click.option("--hours", type=float, default=24.0, show_default=True, help="For how long, at most 744.")
@click.option("--openings", type=int, default=1, show_default=True, help="How many openings; all are counted now.")
@click.option("--action", default="use", show_default=True, metavar="NAME", help="train, fineTune, evaluate, ..., or an ODRL action.")
@click.option("--purpose", metavar="IRI", help="What for, e.g. dpv:ResearchAndDevelopment.")
@click.option("-o", "--output", type=_FILE, required=True, help="The lease's file, to be brought to the node.")
def give(shell: Shell, version: str, node: Path, hours: float, openings: int, action: str, purpose: str | None, output: Path) -> None:
    """Lend a version to a node. It can open it there by the lease, without this server, within its limits."""
    from hanse.client.reading.node import public_key
    from hanse.client.reading.opened import action_of

    if output.exists():
        raise Conflict("There is a file of that name already.", where="output")
    if not output.absolute().parent.is_dir():  # before the openings are counted
        raise Invalid("There is no such folder to write the lease into.", where="output")
    stated = {"purpose": purpose} if purpose else None
    given = shell.client.leases.give(version, public_key(node), hours=hours, openings=openings, action=action_of(action), stated=stated)
    try:
        output.write_text(given.file, "utf-8")
    except OSError as error:
        raise Invalid(f"The lease cannot be written: {error.strerror}.", where="output") from None
    shell.answer(given.lease, lambda: _show(shell, given.lease))


@command.verb("return", example="hanse lease return run.lease")
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--unused", is_flag=True, help="It was never opened, so there is no log beside it.")
def take_back(shell: Shell, file: Path, unused: bool) -> None:
    """Hand a lease back with its log of use, which lies beside its file. Every line's signature is checked.

    It is handed back once: what its log does not say then is not used any more.
    """
    from hanse.client.reading.node import LOG
    from hanse.evidence.leases import read_lease

    try:
        lease, log = read_lease(file.read_bytes()), Path(f"{file}{LOG}")
        if not unused and not log.exists():
            hint = f"Bring {log.name} back with it; if it was never opened, say --unused."
            raise Invalid(f"Its log of use does not lie beside it: {log}", where="file", rule="lease-log", hint=hint)
        text = log.read_text("utf-8") if log.exists() else ""
    except OSError as error:
        raise Invalid(f"{error.filename or file} cannot be read: {error.strerror}.", where="file") from None
    except UnicodeDecodeError:
        raise Invalid("Its log is no text.", where="file", rule="lease-log") from None
    found = shell.client.leases.take_back(lease.terms.lease, text)
    shell.answer(found, lambda: _show(shell, found))


@command.verb("list", example="hanse lease list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, limit: int) -> None:
    """List leases, newest first."""
    found = shell.client.leases.list(most=limit)
    rows = [(one.id, one.version, one.state, _used(one), words.moment(one.until)) for one in found]
    shell.answer(found, lambda: shell.table(("LEASE", "VERSION", "STATE", "OPENINGS", "UNTIL"), rows, "Nothing was lent yet."))


@command.verb("show", example="hanse lease show lea_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one lease."""
    found = shell.client.leases.get(id)
    shell.answer(found, lambda: _show(shell, found))


def _used(one: Lease) -> str:
    return f"{one.used} of {one.openings}" if one.used is not None else str(one.openings)


def _show(shell: Shell, one: Lease) -> None:
    shell.fields(
        [
            (one.id, one.state),
            ("version", one.version),
            ("contract", one.contract or "own data"),
            ("node", one.holder),
            ("action", one.action),
            ("openings", _used(one)),
            ("until", words.moment(one.until)),
            ("returned", words.moment(one.returned)),
            *(("not right", gap) for gap in one.gaps),
        ]
    )
