"""`hanse evidence`: archives that prove what was agreed, received, used and made, and their verification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.factory.evidence_questions import add_questions
from hanse.cli.kit import DONE, FAILED, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.evidence.archive.verdict import Finding, Sort
    from hanse.evidence.archive.verify import Examined

_SORTS: Sequence[tuple[Sort, str]] = (
    ("fault", "What is wrong:"),
    ("proved", "Proved:"),
    ("told", "By the exporter's word alone:"),
    ("missing", "Not there, or not known:"),
)


@click.group("evidence", cls=Noun, default="verify")
def command() -> None:
    """Proof for years: archives, their verification, and an authority's questions."""


add_questions(command)


@command.verb("verify", example="hanse evidence verify rain.evidence.zip --data rain/")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--data", metavar="FOLDER", type=click.Path(path_type=Path), help="Compare the files in this folder with the archive, too.")
@click.option(
    "--trust", metavar="DID=KEY", multiple=True, help="A key that is right: its thumbprint, JWK or file; or a file: a DID document."
)
@click.option("--timeline", is_flag=True, help="Tell all that was stated, too, in the order of the log.")
@click.pass_context
def verify(ctx: click.Context, shell: Shell, file: Path, data: Path | None, trust: tuple[str, ...], timeline: bool) -> None:
    """Check an archive offline and say what it proves. The exit code is 1 if anything in it is not as it was written."""
    from hanse.client.factory.evidence_check import verify_archive

    with shell.progress("hashing") as progress:
        found = verify_archive(file, data=data, trust=trust, progress=progress)
    shell.answer(_plain(found), lambda: _show(shell, found, timeline))
    ctx.exit(DONE if found.verdict.sound else FAILED)


@command.verb("export", example="hanse evidence export rain@1 -o rain.evidence.zip")
@click.argument("about", metavar="DATASET@VERSION|MODEL|AGREEMENT")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), required=True, help="Where the archive goes.")
def export(shell: Shell, about: str, output: Path) -> None:
    """Write everything that proves what was agreed, received, used and made into one file."""
    from hanse.client.factory.evidence_check import save_archive

    made = shell.client.evidence.export(about)
    save_archive(output, made.archive)
    shown = {"file": str(output), "sha256": made.sha256, "size": len(made.archive), "about": made.about, "missing": made.missing}

    def show() -> None:
        shell.print(f"{output}: {words.size(len(made.archive))}, SHA-256 {made.sha256}")
        for sentence in made.missing:
            shell.print(f"  not in it: {sentence}")
        shell.note(f"Anybody can check it: hanse evidence verify {output}")

    shell.answer(shown, show)


def _plain(found: Examined) -> dict[str, object]:
    promise = found.promise
    return {
        "sound": found.verdict.sound,
        "faults": found.verdict.faults,
        "about": None if promise is None else promise.about,
        "by": None if promise is None else promise.by,
        "made": None if promise is None else promise.made,
        "findings": found.verdict.findings,
        "timeline": found.timeline,
    }


def _show(shell: Shell, found: Examined, timeline: bool) -> None:
    verdict, promise = found.verdict, found.promise
    if promise is not None:
        shell.print(f"Evidence about the {promise.about.kind} {promise.about.name}, exported by {promise.by}.")
    many = words.plural(verdict.faults, "fault")
    sound = "It is sound: nothing in it was changed since it was signed."
    shell.print(sound if verdict.sound else f"REFUSED: {many}. Do not rely on anything in it.")
    for sort, title in _SORTS:
        findings = verdict.of(sort)
        if findings:
            shell.print()
            shell.print(title)
        for one in findings:
            shell.print(f"- {_line(one)}")
    if timeline:
        shell.print()
        shell.print("What was stated, in the order of the log:")
        for sentence in found.timeline:
            shell.print(sentence)


def _line(one: Finding) -> str:
    return f"{one.text} [{one.where}]" if one.where and one.sort == "fault" else one.text
