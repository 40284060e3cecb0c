"""`hanse anchor rulebook`: the rules of a space that you anchor, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.anchoring import anchor_of, in_space
from hanse.cli.files import read_text
from hanse.cli.kit import DONE, WAITING, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.space_model import ProposedRulebook

_LIMIT = 256 * 1024
"""Bytes of a rulebook."""

_FILE = click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))


@click.group("rulebook", cls=Noun, default="show")
def command() -> None:
    """Read, check and publish the rulebook."""


@command.verb("show", example="hanse anchor rulebook show --version 2")
@click.option("--version", type=click.IntRange(min=1), metavar="NUMBER", help="This version, not the one that holds now.")
@in_space
def show(shell: Shell, version: int | None, space: str | None) -> None:
    """Read, check and publish the rulebook.

    Prints it as it was published (YAML): `hanse anchor rulebook > FILE`, edit FILE, `hanse anchor rulebook publish FILE`.
    """
    found = anchor_of(shell).rulebook(version, space=space)

    def tell() -> None:
        shell.print(found.text.rstrip("\n"))
        shell.note(f"Version {found.version}, published by {found.by} on {words.moment(found.published)}.")

    shell.answer(found, tell)


@command.verb("check", example="hanse anchor rulebook check rulebook.yaml")
@_FILE
@in_space
def check(shell: Shell, file: Path, space: str | None) -> None:
    """Say what publishing a file would change.

    The exit code is 1 if it cannot be published; the message names the line.
    """
    found = anchor_of(shell).check_rulebook(read_text(file, "rulebook", _LIMIT), space=space)
    shell.answer(found, lambda: _changes(shell, found.changes, "Nothing would change."))


@command.verb("publish", example="hanse anchor rulebook publish rulebook.yaml")
@_FILE
@in_space
@click.pass_context
def publish(ctx: click.Context, shell: Shell, file: Path, space: str | None) -> None:
    """Make a file the rulebook, as its next version. Members go by it within minutes.

    Where the rulebook asks for two operators, the second publishes the very same file; until then the exit code is 3.
    """
    found = anchor_of(shell).publish_rulebook(read_text(file, "rulebook", _LIMIT), space=space)

    def tell() -> None:
        if found.proposal is not None:
            shell.print(_waits(found.proposal))
            _changes(shell, [f"Then: {sentence}" for sentence in found.changes], "Nothing would change.")
            return
        shell.print(f"Version {found.version} holds.")
        _changes(shell, found.changes, "Nothing has changed.")
        if found.offered:
            shell.print(f"New credentials were offered to {words.plural(found.offered, 'member')}.")

    shell.answer(found, tell)
    ctx.exit(DONE if found.proposal is None else WAITING)


@command.verb("versions", example="hanse anchor rulebook versions")
@in_space
def versions(shell: Shell, space: str | None) -> None:
    """List the versions, the newest first."""
    listed = anchor_of(shell).rulebook_versions(space=space)
    rows = [(str(one.version), words.moment(one.published), one.by, one.sha256[:16]) for one in listed]
    proposal = anchor_of(shell).rulebook(space=space).proposal

    def tell() -> None:
        shell.table(("VERSION", "PUBLISHED", "BY", "SHA-256"), rows, "There is no version yet.")
        if proposal is not None:
            shell.note(_waits(proposal))

    shell.answer(listed, tell)


def _waits(proposal: ProposedRulebook) -> str:
    given = ", ".join(one.name for one in proposal.approvals) or "nobody yet"
    return (
        f"A rulebook with the SHA-256 {proposal.sha256[:16]}, proposed by {proposal.by} on {words.moment(proposal.at)}, waits:"
        f" {len(proposal.approvals)} of {proposal.needs} approvals ({given}). Another operator has to publish the same file."
    )


def _changes(shell: Shell, changes: list[str], none: str) -> None:
    for sentence in changes or [none]:
        shell.print(sentence)
