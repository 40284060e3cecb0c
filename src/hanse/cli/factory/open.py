"""`hanse open`: a stored version as plain files, or as rows to look at, opened under its contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Function, define
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.reading.opened import Data


def opening_options(function: Function) -> Function:
    """Add the options of whatever opens a version: what for, by which lease, and where."""
    for option in (
        click.option("--facility", metavar="DIR", help="Where the facility's folder is here, if it is mounted elsewhere."),
        click.option("--key", type=click.Path(path_type=Path), help="The node's key, with --lease."),
        click.option("--lease", type=click.Path(path_type=Path), help="Open the version by this lease, without the server."),
        click.option("--purpose", metavar="IRI", help="What for, e.g. dpv:ResearchAndDevelopment."),
        click.option("--action", metavar="NAME", help="train, fineTune, evaluate, embed, retrieve, mine, or an ODRL action."),
    ):
        function = option(function)
    return function


@define("open", example="hanse open weather@1 --action train --into weather")
@click.argument("version", metavar="VERSION")
@click.option("--into", type=click.Path(path_type=Path), help="Write plain files into this new folder.")
@click.option("--rows", type=click.IntRange(1, 10_000), default=5, show_default=True, help="How many rows to show.")
@opening_options
def command(
    shell: Shell,
    version: str,
    into: Path | None,
    rows: int,
    action: str | None,
    purpose: str | None,
    lease: Path | None,
    key: Path | None,
    facility: str | None,
) -> None:
    """Open a stored version under its contract: decided, counted and logged. Shows its first rows, or writes its files.

    From Python it is one line: hanse.open("weather@1").polars()
    """
    from hanse.client.reading.opened import open as open_version

    client = None if lease is not None else shell.client
    with open_version(version, action=action, purpose=purpose, lease=lease, key=key, facility=facility, client=client) as data:
        if into is not None:
            folder = data.folder(into)
            count, size = data.version.count, data.version.size
            shell.answer({"folder": str(folder), "files": count, "size": size}, lambda: shell.print(_written(folder, count, size)))
            return
        found = _first(data, rows)
        shell.answer(found, lambda: _show(shell, found))


def _first(data: Data, most: int) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for batch in data.batches():
        found += batch.slice(0, most - len(found)).to_pylist()
        if len(found) >= most:
            break
    return found


def _show(shell: Shell, rows: list[dict[str, object]]) -> None:
    names = list(rows[0]) if rows else []
    shell.table(tuple(names), [tuple(_cell(row.get(name)) for name in names) for row in rows], "It has no rows.")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def _written(folder: Path, count: int, size: int) -> str:
    return f"{words.plural(count, 'file')}, {words.size(size)}, in {folder}."
