"""The questions of an authority, as verbs of `hanse evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import Noun, wrong_usage
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.factory.custody_model import Answer
    from hanse.client.factory.models_model import Risk

_QUESTIONS = (
    ("datasets-of", "MODEL", "rain-net", "Which data trained a model: contracts, terms, from whom, since when, and where it is now."),
    ("models-of", "DATASET|VERSION", "weather@1", "Which models a version, or any version of a dataset, went into."),
    ("contracts-of", "VERSION", "weather@1", "Under which contract a version came, with its terms in words, and how that stands."),
    ("where", "VERSION", "weather@1", "Where the bytes of a version are, who keeps them until when, and when they were fetched back."),
    ("readers-of", "VERSION", "weather@1", "Who read a version, and when."),
)


def add_questions(command: Noun) -> None:
    """Add the verbs."""
    for name, metavar, example, help_ in _QUESTIONS:
        _add(command, name, metavar, example, help_)
    _add_search(command)
    _add_risk(command)


def _add(command: Noun, name: str, metavar: str, example: str, help_: str) -> None:
    @command.verb(name, example=f"hanse evidence {name} {example}", help=f"{help_} Each line names the entry of the log that proves it.")
    @click.argument("about", metavar=metavar)
    def ask(shell: Shell, about: str) -> None:
        answer = shell.client.evidence.ask(name, about)
        shell.answer(answer, lambda: _show(shell, answer))


def _add_search(command: Noun) -> None:
    @command.verb("models-with-record", example="hanse evidence models-with-record --file letter.txt --lines")
    @click.argument("sha256", metavar="[SHA256]", required=False)
    @click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="The record itself, whose hashes are taken here.")
    @click.option("--lines", is_flag=True, help="Read all versions, too: the record may be a line of a text file (CSV, JSON Lines, ...).")
    def search(shell: Shell, sha256: str | None, file: Path | None, lines: bool) -> None:
        """Tell which models saw a record: a file, a chunk of one, or a line, by its SHA-256 (of a line without its line end)."""
        from hanse.client.factory.record_hash import hashes_of

        if (sha256 is None) == (file is None):
            wrong_usage("Give either a SHA-256 or --file.")
        hashes, blake3 = ([(sha256 or "").lower()], None) if file is None else hashes_of(file)
        with shell.progress("Looking") as progress:
            answer = shell.client.evidence.models_with_record([one for one in hashes if one], blake3=blake3, lines=lines, progress=progress)
        shell.answer(answer, lambda: _show(shell, answer))


def _add_risk(command: Noun) -> None:
    @command.verb("risk", example="hanse evidence risk weather@1 texts@2")
    @click.argument("versions", metavar="VERSION...", nargs=-1, required=True)
    def risk(shell: Shell, versions: tuple[str, ...]) -> None:
        """Say which share of versions is from outside the EU, without clear rights or about persons, and what to do about it."""
        found = shell.client.models.risk_of(versions)
        shell.answer(found, lambda: show_risk(shell, found))


def _show(shell: Shell, answer: Answer) -> None:
    for line in answer.lines:
        proof = "" if line.entry is None else f" [entry {line.entry}{'' if line.at is None else f', {line.at:%Y-%m-%d %H:%M} UTC'}]"
        shell.print(f"- {line.text}{proof}")
        terms = line.facts.get("terms")
        for sentence in terms if isinstance(terms, list) else ():
            shell.print(f"    {sentence}")
    for note in answer.notes:
        shell.note(note)
    if any(line.entry is not None for line in answer.lines):
        shell.note("`hanse ledger show INDEX` shows an entry; `hanse evidence export` proves it to others.")


def show_risk(shell: Shell, one: Risk) -> None:
    """Write a risk."""
    shell.print(f"{one.about}: {words.plural(len(one.marks), 'version')}, {words.size(one.size)}")
    rows = [
        (each.mark, _percent(each.share), words.size(each.size), str(each.versions), _percent(each.of_records), _percent(each.of_tokens))
        for each in one.shares
    ]
    shell.table(("MARK", "OF BYTES", "SIZE", "VERSIONS", "OF RECORDS", "OF TOKENS"), rows, "")
    if one.advice:
        shell.print("What to do:")
    for advice in one.advice:
        whose = f" ({advice.contract})" if advice.contract else ""
        shell.print(f"- {advice.version}{whose}, {advice.mark}: {advice.todo}")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"
