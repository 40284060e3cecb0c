"""Asks a person before something is done that cannot be undone."""

from __future__ import annotations

import sys

import click

from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid


def confirm(shell: Shell, question: str) -> None:
    """Go on if the person says yes; raises `Abort` for a no, and `Invalid` (rule `not-confirmed`) where nobody can answer."""
    if shell.as_json:
        raise _unanswered(question)
    try:
        click.confirm(question, abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise _unanswered(question) from None


def _unanswered(question: str) -> Invalid:
    return Invalid(f"Nobody said yes to this: {question}", rule="not-confirmed", hint="Add --yes to do it without being asked.")
