"""`hanse mirror`: collections of providers, kept up to date by difference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from hanse.cli import words
from hanse.cli.asking import confirm
from hanse.cli.kit import Noun, wrong_usage
from hanse.cli.shell import Shell
from hanse.cli.terms import stated

if TYPE_CHECKING:
    from hanse.client.factory.mirrors_model import Mirror, MirrorReport

_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400}
_EVERY: Final = "How often it is refreshed, such as 30m, 6h or 7d; otherwise by hand."
_KEEP: Final = "How many versions stay; older ones are destroyed, unless somebody keeps them."


@click.group("mirror", cls=Noun, default="list")
def command() -> None:
    """Collections of providers, kept up to date by difference."""


@command.verb("list", example="hanse mirror list")
def list_(shell: Shell) -> None:
    """List mirrors, ended ones too."""
    found = shell.client.mirrors.list()
    rows = [(one.name, one.state, one.version or "", words.size(one.size), _often(one), words.moment(one.checked)) for one in found]
    head = ("NAME", "STATE", "VERSION", "SIZE", "REFRESHED", "LAST")
    shell.answer(found, lambda: shell.table(head, rows, "Nothing is mirrored: `hanse mirror make PROVIDER COLLECTION --name NAME`."))


@command.verb("make", example="hanse mirror make meteo ds_06f9k2q4m8s1t5v7w9x3yz --name weather --every 6h")
@click.argument("provider", metavar="PROVIDER")
@click.argument("collection", metavar="COLLECTION")
@click.option("--name", required=True, metavar="NAME", help="What its versions are called in the facility.")
@click.option("--every", metavar="TIME", help=_EVERY)
@click.option("--keep", type=click.IntRange(1, 1_000), default=3, show_default=True, metavar="COUNT", help=_KEEP)
@click.option("--purpose", metavar="IRI", help="What for, e.g. dpv:ResearchAndDevelopment; it is stated with each refresh.")
@click.option("--offer", metavar="ID", help="Which offer is taken, if there is no agreement yet; otherwise the first that is free.")
def make(
    shell: Shell, provider: str, collection: str, name: str, every: str | None, keep: int, purpose: str | None, offer: str | None
) -> None:
    """Mirror a provider's collection, a dataset that is a folder, under one agreement.

    An agreement that stands is taken up, otherwise a free offer is taken. Where the space's rulebook trusts a role with mirrors, you
    need that role. It waits for the first version.
    """
    made = shell.client.mirrors.make(provider, collection, name, every=_seconds(every), keep=keep, stated=stated(purpose), offer=offer)
    shell.answer(made, lambda: _show(shell, made))


@command.verb("show", example="hanse mirror show weather")
@click.argument("name", metavar="NAME")
def show(shell: Shell, name: str) -> None:
    """Show one mirror."""
    mirror = shell.client.mirrors.show(name)
    shell.answer(mirror, lambda: _show(shell, mirror))


@command.verb("refresh", example="hanse mirror refresh weather")
@click.argument("name", metavar="NAME")
def refresh(shell: Shell, name: str) -> None:
    """Bring a mirror up to date: only what changed travels."""
    mirror = shell.client.mirrors.refresh(name)
    shell.answer(mirror, lambda: _show(shell, mirror))


@command.verb("schedule", example="hanse mirror schedule weather --every 1d --keep 5")
@click.argument("name", metavar="NAME")
@click.option("--every", metavar="TIME", help=_EVERY)
@click.option("--by-hand", is_flag=True, help="Refresh it by hand only.")
@click.option("--keep", type=click.IntRange(1, 1_000), metavar="COUNT", help=_KEEP)
def schedule(shell: Shell, name: str, every: str | None, by_hand: bool, keep: int | None) -> None:
    """Set how often a mirror is refreshed, and how many versions stay."""
    if every is not None and by_hand:
        wrong_usage("Give either --every or --by-hand.")
    mirror = shell.client.mirrors.schedule(name, every=_seconds(every), by_hand=by_hand, keep=keep)
    shell.answer(mirror, lambda: _show(shell, mirror))


@command.verb("report", example="hanse mirror report weather")
@click.argument("name", metavar="NAME")
def report(shell: Shell, name: str) -> None:
    """Report to the provider, signed, what your users did since the last report. Once a day it is done by itself.

    Users are named by salted digests, never by name.
    """
    found = shell.client.mirrors.report(name)
    shell.answer(found, lambda: _show_report(shell, found))


@command.verb("end", example='hanse mirror end weather --reason "The project is over."')
@click.argument("name", metavar="NAME")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def end(shell: Shell, name: str, reason: str, yes: bool) -> None:
    """End a mirror: all its versions are destroyed, and the provider gets signed receipts. The agreement stands.

    What somebody keeps, such as a legal hold, is told to the provider, and destroyed once nobody keeps it.
    """
    if not yes:
        confirm(shell, f"Destroy all versions of the mirror {name}?")
    mirror = shell.client.mirrors.end(name, reason)
    shell.answer(mirror, lambda: _show(shell, mirror))


@command.verb("purge", example="hanse mirror purge weather --yes")
@click.argument("name", metavar="NAME")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def purge(ctx: click.Context, /, shell: Shell, name: str, reason: str, yes: bool) -> None:
    """Try again to destroy what was kept of a mirror that has ended; one that has not ended ends."""
    ctx.invoke(end.callback, shell=shell, name=name, reason=reason, yes=yes)  # type: ignore[arg-type]


@command.verb("recall", example='hanse mirror recall agr_06f9k2q4m8s1t5v7w9x3yz --reason "Consent was withdrawn."')
@click.argument("contract", metavar="CONTRACT")
@click.option("--reason", default="", metavar="TEXT", help="Why; the other side is told.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def recall(shell: Shell, contract: str, reason: str, yes: bool) -> None:
    """Ask the consumer of a contract, signed, to destroy its mirrors of your data. Its receipts come into your log."""
    if not yes:
        confirm(shell, f"Ask for the deletion of all mirrors under {contract}?")
    found = shell.client.mirrors.recall(contract, reason)
    shell.answer(found, lambda: shell.print(f"Asked, by the statement {found.statement}. `hanse ledger` shows the receipts."))


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*([mhd])\s*", text)
    if found is None:
        wrong_usage(f"{text!r} is no time; write a number and a unit, such as 30m, 6h or 7d.")
    return int(found[1]) * _UNITS[found[2]]


def _often(mirror: Mirror) -> str:
    if mirror.every is None:
        return "by hand"
    unit = next(name for name in ("d", "h", "m") if mirror.every % _UNITS[name] == 0 or name == "m")
    return f"every {mirror.every // _UNITS[unit]}{unit}"


def _show(shell: Shell, one: Mirror) -> None:
    shell.fields(
        [
            ("name", one.name),
            ("collection", one.dataset),
            ("provider", one.provider),
            ("contract", one.contract),
            ("space", f"{one.space}{' (by a trusted role)' if one.trusted else ''}"),
            ("state", one.state if one.state == "active" else f"{one.state}: {one.why}"),
            ("refreshed", _often(one)),
            ("version", one.version or ""),
            ("holds", f"{words.plural(one.files, 'file')}, {words.size(one.size)}" if one.version else ""),
            ("moved", f"{words.size(one.moved)} in the last refresh, {words.size(one.moved_ever)} in all" if one.checked else ""),
            ("last", words.moment(one.checked)),
            ("next", words.moment(one.due)),
            ("trouble", one.problem),
            ("receipts", ", ".join(one.receipts)),
            ("kept", "; ".join(f"{each.version}: {each.reason}" for each in one.kept)),
        ]
    )


def _show_report(shell: Shell, found: MirrorReport) -> None:
    if not found.statements:
        shell.print(f"Nothing was used since {words.moment(found.since)}: there is nothing to report.")
        return
    shell.table(("USER", "USES", "SIZE"), [(one.user, str(one.uses), words.size(one.size)) for one in found.users], "Nothing to report.")
    shell.note(f"Stated to the provider by {', '.join(found.statements)}.")
