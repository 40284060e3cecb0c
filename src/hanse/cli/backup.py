"""`hanse backup`: everything a home folder's server knows, in one encrypted file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from hanse.cli import words
from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("backup", example="hanse backup space.hbk")
@click.argument("to", metavar="TO.hbk", type=click.Path(path_type=Path, dir_okay=False))
def command(shell: Shell, to: Path) -> None:
    """Write an encrypted backup of a home folder, whether its server runs or not.

    The whole file is encrypted under the master key. It holds no token, no message on its way and no data. The master key
    itself is in no backup: keep `master.key` apart from it, for without it nobody can read a backup.
    """
    from hanse.app.recovery.backup import backup
    from hanse.config import load
    from hanse.kernel.clock import SystemClock

    settings, _ = load(shell.home_option)
    manifest = asyncio.run(backup(settings, to, SystemClock()))
    size = to.stat().st_size
    rows = {name: entry.rows for name, entry in manifest.tables.items()}
    data = {"id": manifest.id, "file": str(to), "taken": manifest.taken, "size": size, "rows": rows}

    def show() -> None:
        shell.table(("WHAT", "ROWS"), [(name.replace("_", " "), f"{count:,}") for name, count in rows.items() if count], "It is empty.")
        shell.print(f"{to}: {words.size(size)}, {manifest.id}, as of {words.moment(manifest.taken)}.")
        shell.note("It is encrypted under the master key, which is not in it: keep that elsewhere.")

    shell.answer(data, show)
