"""`hanse policy`: terms by name, and what a policy says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hanse.cli import words
from hanse.cli.files import read_text
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from hanse.client.model import CheckedPolicy


def terms_of(text: str) -> str | Mapping[str, Any]:
    """Return what stands for terms: a template as it is typed, or the ODRL JSON of a file. Raises `Invalid`."""
    if not text.lstrip().startswith("{"):
        path = Path(text)
        if not (text.endswith(".json") or path.is_file()):
            return text
        text = read_text(path, "policy")
    import msgspec

    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"The policy is no JSON object: {error}.", where="policy", rule="json") from None


@click.group("policy", cls=Noun, default="list")
def command() -> None:
    """Terms: the templates, and what a policy says."""


@command.verb("list", example="hanse policy list")
def show_list(shell: Shell) -> None:
    """Terms: the templates, and what a policy says.

    Lists the policies that can be named instead of written. They combine with +, e.g. "members + until 2027-01-01".
    """
    found = shell.client.policies.list()
    rows = [(one.usage, one.meaning) for one in found]
    shell.answer(found, lambda: shell.table(("POLICY", "MEANING"), rows, "This server knows no templates."))


@command.verb("check", example='hanse policy check "members + until 2027-01-01"')
@click.argument("policies", metavar="TEMPLATE|FILE", nargs=-1, required=True)
@click.option("--for", "peer", metavar="DID", help="Decide for this participant (otherwise: for some active member).")
@click.pass_context
def check(ctx: click.Context, shell: Shell, policies: tuple[str, ...], peer: str | None) -> None:
    """Say what policies mean, and whether they permit a use now.

    The exit code is 1 if this server could not offer one of them.
    """
    checked = shell.client.policies.check([terms_of(one) for one in policies], peer=peer)
    shell.answer(checked, lambda: _show(shell, checked))
    ctx.exit(1 if any(one.unsupported for one in checked) else 0)


def warn(shell: Shell, policies: Sequence[str | Mapping[str, Any]]) -> None:
    """Say what the space does not know of what policies ask for. They are good all the same: rulebooks change."""
    checked = shell.client.policies.check(policies) if policies else []
    for warning in dict.fromkeys(text for one in checked for text in one.warnings):
        shell.note(f"Warning: {warning}")


def _show(shell: Shell, checked: list[CheckedPolicy]) -> None:
    for one in checked:
        for sentence in one.sentences:
            shell.print(sentence)
        shell.print(f"  now: {'permitted' if one.permitted_now else 'not permitted'}")
        for warning in one.warnings:
            shell.print(f"  warning: {warning}")
        for reason in (*one.reasons, *(f"unknown: {fact}" for fact in one.unknown)):
            shell.print(f"  - {reason}")
        if one.valid_until is not None:
            shell.print(f"  until {words.moment(one.valid_until)}")
        for part in one.unsupported:
            shell.print(f"  cannot be offered here: {part.get('reason', '')} ({part.get('field', '')})")
