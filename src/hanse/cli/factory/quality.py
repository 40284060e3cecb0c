"""`hanse quality`: measure the quality of data, as a report for people, programs and authorities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.factory.open import opening_options
from hanse.cli.factory.quality_relay import add_relay
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.quality.assess import Assessment
    from hanse.factory.quality.ports import Progress


@click.group("quality", cls=Noun, default="assess")
def command() -> None:
    """Measure the quality of data for a stated use, as page, PDF and data."""


add_relay(command)


@command.verb("assess", example="hanse quality assess weather@1 --use use.yaml --into weather-quality")
@click.argument("what", metavar="VERSION|FOLDER|FILE")
@click.option("--use", type=click.Path(path_type=Path), metavar="FILE", help="What the data is for, and what holds in it, in YAML.")
@click.option("--population", type=click.Path(path_type=Path), metavar="FILE", help="Shares of those whom it stands for, in YAML.")
@click.option("--into", type=click.Path(path_type=Path), metavar="DIR", help="Write the report there; else NAME-quality.")
@click.option("--by", metavar="NAME", help="Who assesses, if it is not the participant.")
@opening_options
def assess(
    shell: Shell,
    what: str,
    use: Path | None,
    population: Path | None,
    into: Path | None,
    by: str | None,
    action: str | None,
    purpose: str | None,
    lease: Path | None,
    key: Path | None,
    facility: str | None,
) -> None:
    """Measure the quality of a stored version, a folder or a file; write report.json, .jsonld, .html and .pdf.

    A version is opened under its contract: decided, counted and logged. From Python: hanse.assess("weather@1", use="use.yaml")
    """
    from hanse.client.quality.assess import assess as measure
    from hanse.client.quality.assess import is_local

    local = lease is not None or is_local(what)
    with _steps(shell) as progress:
        found = measure(
            what,
            use=use,
            population=population,
            into=into or Path(f"{Path(what).stem}-quality"),
            by=by,
            action=action,
            purpose=purpose,
            lease=lease,
            key=key,
            facility=facility,
            progress=progress,
            client=None if local else shell.client,
        )
    shell.answer(_as_data(found), lambda: _show(shell, found))


def _as_data(found: Assessment) -> dict[str, object]:
    return {"folder": str(found.folder), "digest": found.digest, "report": found.report}


def _show(shell: Shell, found: Assessment) -> None:
    from hanse.factory.quality.outline import headlines, sections

    rows = [(one.title, one.value, one.sure) for one in headlines(found.report)]
    shell.table(("MEASURE", "VALUE", "HOW SURE"), rows, "Nothing could be measured.")
    missing = sum(len(one.missing) for one in sections(found.report))
    shell.note(
        f"Not measured: {words.plural(missing, 'thing')}; the report says which, and why." if missing else "Everything was measured."
    )
    for why in sorted({one.why for one in found.report.measurements if one.why.startswith("no table has") and "of texts" not in one.why}):
        shell.note(f"Is it written as in the data? {why[0].upper()}{why[1:]}.")
    shell.print(f"{found.folder}: report.json, report.jsonld, report.html, report.pdf")


@contextmanager
def _steps(shell: Shell) -> Iterator[Progress | None]:
    """Show which measure is at work on a terminal; elsewhere nothing."""
    with shell.bars() as bars:
        if bars is None:
            yield None
            return
        task = bars.add_task("reading", total=None)

        def tell(done: int, of: int, step: str) -> None:
            bars.update(task, completed=done, total=of, description=step)

        yield tell
