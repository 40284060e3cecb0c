"""`hanse prepare`: stored versions become a derived version that is ready for training, with an account of every record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

import click

from hanse.cli import words
from hanse.cli.kit import Function, define, wrong_usage
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from rich.progress import TaskID

    from hanse.client.preparing.prepare import Prepared
    from hanse.client.preparing.steps import Described
    from hanse.factory.prepare.ports import Progress
    from hanse.factory.prepare.report import StepReport

_REASONS: Final = 3
_RESUME: Final = "The same command goes on where it stopped: what is done so far is in the workshop."


def _options(function: Function) -> Function:
    for option in (
        click.option("--steps", "list_steps", is_flag=True, help="List all steps with their parameters, and do nothing."),
        click.option("--workers", type=click.IntRange(1, 4096), help="Processes at a time; as many as there are CPUs."),
        click.option("--workshop", type=click.Path(path_type=Path), help="The folder to work in; .NAME.workshop, removed at the end."),
        click.option("--on", metavar="PLACE", help="ray, or ray://HOST:PORT: run on that Ray cluster, which sees the workshop."),
        click.option("--purpose", metavar="IRI", help="What for, e.g. dpv:ResearchAndDevelopment."),
        click.option("--action", metavar="NAME", help="train, fineTune, evaluate, embed, retrieve, mine, or an ODRL action."),
        click.option("--folder", "folders", multiple=True, type=click.Path(path_type=Path), help="Prepare a folder of this machine."),
        click.option("--into", metavar="NAME", help="Name of the derived version; with --folder, the new folder."),
        click.option("--from", "versions", multiple=True, metavar="VERSION", help="A stored version to prepare; may be repeated."),
    ):
        function = option(function)
    return function


@define("prepare", example="hanse prepare pipeline.yaml --from web@1 --into web-ready --action train", resume=_RESUME)
@click.argument("pipeline", metavar="PIPELINE.yaml", required=False)
@_options
def command(
    shell: Shell,
    pipeline: str | None,
    versions: tuple[str, ...],
    into: str | None,
    folders: tuple[Path, ...],
    action: str | None,
    purpose: str | None,
    on: str | None,
    workshop: Path | None,
    workers: int | None,
    list_steps: bool,
) -> None:
    """Make stored versions ready for training: a list of steps in a file, run here or on a Ray cluster.

    Every record that is left out has a reason; the account of each step is signed into the log. The product stands under the terms of
    all that went in. From Python it is one line: hanse.prepare([...], inputs=["web@1"], name="web-ready")
    """
    if list_steps:
        _list(shell)
        return
    if pipeline is None or into is None or bool(versions) == bool(folders):
        wrong_usage("Name a pipeline, --into, and either --from or --folder (or ask for --steps).")
    from hanse.client.preparing.prepare import prepare

    with _progress(shell) as progress:
        made = prepare(
            Path(pipeline),
            inputs=folders or versions,
            name="" if folders else into,
            into=Path(into) if folders else None,
            action=action,
            purpose=purpose,
            on=on,
            workers=workers,
            workshop=workshop,
            progress=progress,
            client=None if folders else shell.client,
        )
    shell.answer(_as_data(made), lambda: _show(shell, made, action, purpose))


def _as_data(made: Prepared) -> dict[str, object]:
    place = {"version": made.version} if made.version is not None else {"folder": str(made.folder)}
    return place | {"report": made.report}


def _show(shell: Shell, made: Prepared, action: str | None, purpose: str | None) -> None:
    rows = [
        (one.name, f"{one.records_in:,}", f"{one.records_out:,}", f"{one.dropped:,}" if one.dropped else "", _told_of(one))
        for one in made.report.steps
    ]
    shell.table(("STEP", "IN", "OUT", "DROPPED", "MAIN REASONS; COUNTS"), rows, "")
    if made.version is not None:
        size = words.size(made.version.size)
        shell.print(f"\n{made.version.id}: {words.plural(made.version.files, 'file')}, {size}.")
        how = "".join(f" --{name} {value}" for name, value in (("action", action), ("purpose", purpose)) if value)
        shell.note(f"Every dropped record is in its _account/dropped.parquet. Open it: hanse open {made.version.id}{how}")
    else:
        shell.print(f"\n{made.folder}")
        shell.note("Every dropped record is in _account/dropped.parquet, samples are in _account/report.json.")


def _told_of(step: StepReport) -> str:
    made = f"makes {step.made:,}" if step.made else ""
    return "; ".join(part for part in (_largest(step.reasons), made, _largest(step.counts)) if part)


def _largest(counts: Mapping[str, int]) -> str:
    """Return the largest figures: `encoding 12, empty 3`."""
    main = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    more = len(main) - _REASONS
    return ", ".join(f"{name} {count:,}" for name, count in main[:_REASONS]) + (f", {more} more" if more > 0 else "")


def _list(shell: Shell) -> None:
    from hanse.client.preparing.steps import described

    found = described()
    wide = min(shell.console.width, 100)
    shell.answer(found, lambda: shell.print("\n\n".join(_told(one, wide) for one in found)))


def _told(step: Described, wide: int) -> str:
    lines = [step.name, *wrap(step.says, wide - 2, initial_indent="  ", subsequent_indent="  ")]
    for one in step.parameters:
        lines.append(f"    {one.name}: {one.default}" if one.default else f"    {one.name}")
        lines += wrap(one.says, wide - 2, initial_indent="        ", subsequent_indent="        ")
    return "\n".join(lines)


@contextmanager
def _progress(shell: Shell) -> Iterator[Progress | None]:
    """Show a bar for each thing that is being done on a terminal; elsewhere nothing."""
    with shell.bars() as bars:
        if bars is None:
            yield None
            return
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done, total=of)

        yield advance
