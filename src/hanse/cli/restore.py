"""`hanse restore`: bring a backup back, and confirm what it could not vouch for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.app.recovery.restore import Outcome
    from hanse.config import Settings
    from hanse.storage.stores.restores import Unconfirmed


@click.group("restore", cls=Noun, default="from")
def command() -> None:
    """Bring a backup back."""


@command.verb("from", example="hanse restore space.hbk")
@click.argument("file", metavar="FROM.hbk", type=click.Path(path_type=Path, dir_okay=False))
def bring_back(shell: Shell, file: Path) -> None:
    """Replace the database of a home folder, or of its `database` setting, by a backup.

    The server must be stopped, and the master key in its place. No used token, spent count or deleted right comes back:
    what was under way is ended, operators get new tokens, and what nobody can vouch for waits for `hanse restore confirm`.
    What was there before is kept as a backup beside it.
    """
    from hanse.app.recovery.restore import restore
    from hanse.config import load

    settings, _ = load(shell.home_option)
    outcome = asyncio.run(restore(settings, file))
    kept, shown = _keep_tokens(shell, outcome, settings)
    data = {
        "backup": outcome.manifest.id,
        "taken": outcome.manifest.taken,
        "continued": outcome.continued,
        "replaced": outcome.replaced,
        "done": outcome.counts,
        "advice": list(outcome.advice),
        "tokens": str(kept) if kept else shown,
    }
    shell.answer(data, lambda: _show(shell, outcome, kept, shown))


@command.verb("list", example="hanse restore list")
def show_list(shell: Shell) -> None:
    """Show what a restore has switched off until you confirm it."""
    from hanse.app.recovery.confirm import unconfirmed
    from hanse.config import load

    settings, _ = load(shell.home_option)
    found = asyncio.run(unconfirmed(settings))
    shell.answer(found, lambda: _table(shell, found, "Nothing waits for a confirmation."))


@command.verb("confirm", example="hanse restore confirm agr_06f9k2abcdefghjkmnpqrs")
@click.argument("ids", metavar="ID|PARTICIPANT|all...", nargs=-1, required=True)
def confirm(shell: Shell, ids: tuple[str, ...]) -> None:
    """Let things hold again that a restore has switched off, after you have asked the other side.

    The server must be stopped if its database is SQLite. What a person has changed since the restore stays as it is.
    """
    from hanse.app.recovery.confirm import confirm as confirmed
    from hanse.config import load
    from hanse.kernel.clock import SystemClock

    settings, _ = load(shell.home_option)
    found = asyncio.run(confirmed(settings, ids, SystemClock()))
    shell.answer(found, lambda: _table(shell, found, "There was nothing to confirm."))


def _keep_tokens(shell: Shell, outcome: Outcome, settings: Settings) -> tuple[Path | None, dict[str, str]]:
    """Write the new tokens into the profiles; return where, or the tokens themselves if that failed: they exist once."""
    from hanse.client.profiles import FILE, HOST, Profile, read, write

    issued = {one.operator.tenant or HOST: one.token for one in outcome.issued}
    home = settings.home_path
    try:
        profiles, default = read(home)
        fresh = {name: Profile(name, settings.public_root, token) for name, token in issued.items()}
        return write(home, profiles | fresh, default), {}
    except Exception as error:  # noqa: BLE001 - the restore is done, and these tokens are kept nowhere else
        shell.note(f"The new tokens could not be written to {home / FILE} ({type(error).__name__}); they are shown this once.")
        return None, issued


def _show(shell: Shell, outcome: Outcome, kept: Path | None, shown: dict[str, str]) -> None:
    manifest = outcome.manifest
    rows = [(name.replace("_", " ") + " brought back", f"{entry.rows:,}") for name, entry in manifest.tables.items() if entry.rows]
    rows += [(what, f"{count:,}") for what, count in outcome.counts.items() if count]
    rows.append(("operators with a new token", f"{len(outcome.issued):,}"))
    shell.table(("WHAT", "COUNT"), rows, "The backup is empty.")
    shell.print(f"Restored {manifest.id}, as of {words.moment(manifest.taken)}.")
    if outcome.replaced:
        shell.print(f"What was there before is in {outcome.replaced}.")
    if kept:
        shell.print(f"The new tokens are in {kept}. All earlier tokens are void.")
    for name, token in shown.items():
        shell.print(f"{name}: {token}")
    for advice in outcome.advice:
        shell.note(advice)
    if any(what.endswith("to be confirmed") for what in outcome.counts):
        shell.note("Some things give no right until you confirm them: `hanse restore list`, then `hanse restore confirm ID` or `all`.")


def _table(shell: Shell, found: Sequence[Unconfirmed], empty: str) -> None:
    rows = [(one.id.partition(" ")[2] or one.id, one.kind, one.tenant, words.moment(one.moment)) for one in found]
    shell.table(("ID", "KIND", "PARTICIPANT", "SINCE"), rows, empty)
