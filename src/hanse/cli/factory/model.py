"""`hanse model`: models, and which data they were trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.factory.evidence_questions import show_risk
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.factory.models_model import Model, RecordedTraining, Training


@click.group("model", cls=Noun, default="list")
def command() -> None:
    """Models, and which data they were trained on."""


@command.verb("record", example="hanse model record rain-net --file rain-net.bin --from weather@1 --from texts@2 --code git:4f2a9c1")
@click.argument("name", metavar="NAME")
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="The model's file, whose SHA-256 is taken.")
@click.option("--digest", metavar="SHA256", help="Its SHA-256, if the file is elsewhere.")
@click.option("--from", "inputs", multiple=True, required=True, metavar="VERSION", help="What it was made from; repeatable.")
@click.option("--action", default="train", show_default=True, metavar="NAME", help="train, fineTune, evaluate, ...")
@click.option("--code", metavar="TEXT", help="What made it, e.g. git:4f2a9c1.")
@click.option("--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter; repeatable.")
def record(
    shell: Shell,
    name: str,
    file: Path | None,
    digest: str | None,
    inputs: tuple[str, ...],
    action: str,
    code: str | None,
    parameter: tuple[str, ...],
) -> None:
    """Record that a model was made of stored versions, and keep these as long as the law asks. It can never be taken back."""
    found = words.pairs(parameter, "epochs=3")
    done = shell.client.models.record(name, file, digest=digest, inputs=inputs, action=action, code=code, parameters=found)
    shell.answer(done, lambda: _recorded(shell, done))


@command.verb("list", example="hanse model list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
def show_list(shell: Shell, limit: int) -> None:
    """List models, the one trained last first."""
    found = shell.client.models.list(most=limit)
    rows = [(one.name, str(len(one.trainings)), words.moment(one.trainings[0].at), _inputs(one)) for one in found]
    shell.answer(found, lambda: shell.table(("MODEL", "TRAININGS", "LAST", "FROM"), rows, "No training was recorded yet."))


@command.verb("show", example="hanse model show rain-net")
@click.argument("name", metavar="MODEL")
def show_one(shell: Shell, name: str) -> None:
    """Show how a model was made. MODEL is its name, or the SHA-256 of its bytes."""
    one = shell.client.models.get(name)

    def show() -> None:
        for training in one.trainings:
            _show(shell, training)
        shell.note(f"With contracts, and where the data is now: hanse evidence datasets-of {one.name}")

    shell.answer(one, show)


@command.verb("risk", example="hanse model risk rain-net")
@click.argument("name", metavar="MODEL")
def risk(shell: Shell, name: str) -> None:
    """Say which share of the data is from outside the EU, without clear rights or about persons, and what to do about it."""
    found = shell.client.models.risk(name)

    def show() -> None:
        for one in found:
            show_risk(shell, one)

    shell.answer(found, show)


def _inputs(one: Model) -> str:
    return ", ".join(dict.fromkeys(each.version for training in one.trainings for each in training.inputs))


def _recorded(shell: Shell, done: RecordedTraining) -> None:
    _show(shell, done.training)
    if done.again:
        shell.note("The same was recorded before; nothing was written.")
    if done.kept and done.until is not None:
        shell.print(f"Kept until {done.until:%Y-%m-%d}: {', '.join(done.kept)}")
    for warning in done.warnings:
        shell.print(f"Look at this: {warning}")
    for conflict in done.conflicts:
        shell.print(f"Decide: {conflict.text} The deletion wins, unless a legal hold stands.")


def _show(shell: Shell, one: Training) -> None:
    shell.fields(
        [
            (one.model, f"entry {one.entry} of the log"),
            ("recorded", words.moment(one.at)),
            ("SHA-256", one.digest),
            ("action", one.action),
            *(("from", f"{each.version} ({', '.join(each.contracts) or 'own data'})") for each in one.inputs),
            ("code", one.code),
            *one.parameters.items(),
        ]
    )
