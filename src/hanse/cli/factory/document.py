"""`hanse document`: Croissant, datasheets, data management plans and bills of material, made of what is known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, Noun, wrong_usage
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.client.factory.documents_model import Document, DocumentQuestion
    from hanse.factory.documents.checking import Checked

_OFFERED = "croissant-offered"
_LAWS = ("article10", "annex-iv", "training-summary")
_KINDS = ("croissant", _OFFERED, "datasheet", "card", "dmp", "spdx", "cyclonedx", *(kind for law in _LAWS for kind in (law, f"{law}-json")))


@click.group("document", cls=Noun, default="list")
def command() -> None:
    """Croissant, datasheets, data management plans and bills of material."""


@command.verb("list", example="hanse document list weather@1")
@click.argument("name", metavar="NAME[@VERSION]")
def show_list(shell: Shell, name: str) -> None:
    """List the documents of a version, of the newest without a number, with what only you can tell."""
    found = shell.client.documents.list(name)
    shell.answer(found, lambda: _table(shell, found, name))


@command.verb("make", example="hanse document make all weather@1 -o weather-documents/")
@click.argument("kind", metavar="KIND", type=click.Choice((*_KINDS, "all")))
@click.argument("name", metavar="NAME[@VERSION]|MODEL")
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write it there; of all of them, into that folder.")
def make(shell: Shell, kind: str, name: str, output: Path | None) -> None:
    """Make a document of a version or a model anew, or all.

    KIND: croissant, croissant-offered, datasheet, card, dmp, spdx, cyclonedx. Made if they are named, and not with `all`: article10,
    annex-iv, training-summary (the AI Act's; with `-json` behind for programs).
    """
    if kind == _OFFERED:
        found = [shell.client.documents.get(name, kind).document]
    else:
        with shell.progress("measuring") as progress:
            found = shell.client.documents.make(name, () if kind == "all" else (kind,), progress=progress)
    if output is not None:
        for one in found:
            _save(shell, one, output / one.name if kind == "all" else output)
    shell.answer(found, lambda: _table(shell, found, name))


@command.verb("show", example="hanse document show datasheet weather@1")
@click.argument("kind", metavar="KIND", type=click.Choice(_KINDS))
@click.argument("name", metavar="NAME[@VERSION]|MODEL")
def show(shell: Shell, kind: str, name: str) -> None:
    """Print a document, made if it is missing."""
    found = shell.client.documents.get(name, kind)
    if shell.as_json:
        shell.json(found)
    else:
        sys.stdout.write(_safe(found.content.decode("utf-8", "replace")))
        sys.stdout.write("\n" if not found.content.endswith(b"\n") else "")


@command.verb("check", example="hanse document check croissant.json")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_context
def check(ctx: click.Context, /, shell: Shell, file: Path) -> None:
    """Check a document of anybody's, offline: Croissant deeply, others by their schemas. The exit code is 1 if something is wrong."""
    from hanse.client.factory.documents_check import check_file

    found = check_file(file)
    shell.answer(_plain(found), lambda: _say(shell, found, file))
    ctx.exit(DONE if found.sound else FAILED)


@command.verb("ask", example="hanse document ask weather")
@click.argument("name", metavar="NAME|MODEL")
@click.option("--all", "everything", is_flag=True, help="Also what is answered.")
def ask(shell: Shell, name: str, everything: bool) -> None:
    """List what only a person can tell about a dataset or a model: asked once, kept for all versions."""
    found = [one for one in shell.client.documents.ask(name) if everything or one.open]
    shell.answer(found, lambda: _ask(shell, found, name))


@command.verb("answer", example='hanse document answer weather "rai:dataBiases=One station only." contactMail=data@meteo.example')
@click.argument("name", metavar="NAME|MODEL")
@click.argument("answers", metavar="FIELD=TEXT...", nargs=-1, required=True)
def answer(shell: Shell, name: str, answers: tuple[str, ...]) -> None:
    """Tell it, by field; `FIELD=@FILE` takes the text from a file, and `FIELD=` takes an answer back."""
    told = dict(map(_pair, answers))
    left = [one for one in shell.client.documents.answer(name, told) if one.open]
    shell.answer(left, lambda: shell.print(f"{words.plural(len(told), 'answer')} kept, {words.plural(len(left), 'field')} open."))
    shell.note(f"Make the documents anew with them: hanse document make all {name}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        wrong_usage(f"{text!r} is not FIELD=TEXT, e.g. contactName=Ada.")
    if not value.startswith("@") or len(value) == 1:
        return name, value
    try:
        return name, Path(value[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        wrong_usage(f"{value[1:]!r} is no file that can be read.")


def _save(shell: Shell, one: Document, path: Path) -> None:
    from hanse.client.factory.documents_check import save_document

    save_document(path, shell.client.documents.get(one.subject, one.kind).content)
    shell.note(f"{path}: {one.kind} of {one.subject}")


def _table(shell: Shell, found: Sequence[Document], name: str) -> None:
    rows = [
        (one.kind, one.subject, words.size(one.size), words.moment(one.made), str(one.errors or ""), str(len(one.asks) or ""))
        for one in found
    ]
    shell.table(("KIND", "OF", "SIZE", "MADE", "FAULTS", "NOT KNOWN"), rows, f"Nothing was made yet: hanse document make all {name}")
    if any(one.asks for one in found):
        shell.note(f"What only you can tell: hanse document ask {found[0].subject.partition('@')[0]}")


def _ask(shell: Shell, found: Sequence[DocumentQuestion], name: str) -> None:
    if not found:
        shell.print("Everything is answered.")
        return
    for one in found:
        mark = f" [{one.form}]" if one.form not in ("text", "line") else ""
        shell.print(f"{one.field}{mark}: {one.question}")
        shell.print(f"  {one.why} (for {', '.join(one.documents)}; kept for {_whose(one.scope, name)})")
        if one.answer:
            shell.print(f"  Answered by {one.by}: {one.answer}")
    shell.note(f'Answer once: hanse document answer {name} "{found[0].field}=..."')


def _whose(scope: str, name: str) -> str:
    return "you" if scope == "participant" else name.partition("@")[0]


def _plain(found: Checked) -> dict[str, object]:
    return {"document": found.kind, "sound": found.sound, "findings": found.findings}


def _say(shell: Shell, found: Checked, file: Path) -> None:
    errors = [one for one in found.findings if one.severity == "error"]
    warnings = [one for one in found.findings if one.severity != "error"]
    shell.print(f"{file}: {found.kind}, {'sound' if not errors else words.plural(len(errors), 'fault')}.")
    for title, some in (("To be put right:", errors), ("Better put right:", warnings)):
        if some:
            shell.print()
            shell.print(title)
        for one in some:
            shell.print(f"- {one.path} [{one.rule}]: {one.what}{f' {one.hint}' if one.hint else ''}")


def _safe(text: str) -> str:
    """Replace control characters: what others wrote must not steer this terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)
