"""`hanse policy diff` and `match`: two policies beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from hanse.cli.kit import define, wrong_usage
from hanse.cli.policy_say import LANGUAGES
from hanse.cli.shell import Shell
from hanse.cli.terms import named_terms

if TYPE_CHECKING:
    from hanse.client.policy_model import Difference, Example, PolicyMatch

COVERED = "covered"


@define("diff", example='hanse policy diff "members + count 3" "members + count 5 + log"')
@click.argument("first", metavar="FIRST")
@click.argument("second", metavar="SECOND")
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="The language.")
@click.pass_context
def diff(ctx: click.Context, shell: Shell, first: str, second: str, language: str) -> None:
    """Say what one policy permits and the other does not, with a request as proof, and which terms differ.

    Both may be a template, a file or an id. The exit code is 0 if they mean the same, and 1 if they do not, or if that cannot be told.
    """
    found = shell.client.policies.diff(_one(shell, first), _one(shell, second), language=language)
    shell.answer(found, lambda: _show_difference(shell, found))
    ctx.exit(0 if found.same else 1)


@define("match", example='hanse policy match "members + purpose dpv:AcademicResearch" "members + purpose dpv:ResearchAndDevelopment"')
@click.argument("wanted", metavar="WANTED")
@click.argument("offer", metavar="OFFER")
@click.option("--from", "peer", metavar="PEER", help="Who makes the offer, if it is an id: a member's name or DID (otherwise you).")
@click.pass_context
def match(ctx: click.Context, shell: Shell, wanted: str, offer: str, peer: str | None) -> None:
    """Say whether a use that you want is covered by an offer, and what would do.

    Both may be a template, a file or an id. That you are a member, and your roles, go without saying. The exit code is 0 if all of it
    is covered.
    """
    found = shell.client.policies.match(_one(shell, wanted), _one(shell, offer, peer))
    shell.answer(found, lambda: _show_match(shell, found))
    ctx.exit(0 if found.verdict == COVERED else 1)


def _one(shell: Shell, text: str, peer: str | None = None) -> str | Mapping[str, Any]:
    found = named_terms(shell.client, text, peer)
    if len(found) != 1:
        wrong_usage(f"{text} has {len(found)} offers; name one of them by its id, such as off_06gzt52.")
    return found[0]


def _show_difference(shell: Shell, found: Difference) -> None:
    shell.print({True: "They mean the same.", False: "They differ.", None: "Whether they mean the same cannot be told."}[found.same])
    if found.why:
        shell.print(found.why)
    _show_example(shell, "only the first permits", found.only_first)
    _show_example(shell, "only the second permits", found.only_second)
    for sign, changes in (("-", found.removed), ("+", found.added)):
        for one in changes:
            shell.print(f"{sign} {one.sentence}")


def _show_match(shell: Shell, found: PolicyMatch) -> None:
    shell.print(f"{found.verdict}{f': {found.why}' if found.why else ''}")
    rows = [(row.about, ", ".join(row.offered), ", ".join(row.wanted), row.verdict) for row in found.rows]
    shell.table(("ABOUT", "OFFERED", "WANTED", "VERDICT"), rows, "There is nothing to compare.")
    for row in found.rows:
        if row.suggestion:
            shell.print(f"{row.about}: {row.suggestion}{f' ({row.who})' if row.who else ''}")
    _show_example(shell, "refused", found.refused)
    _show_example(shell, "allowed", found.allowed)
    if found.counter_sentences:
        shell.print("Both would do with:")
        for sentence in found.counter_sentences:
            shell.print(f"  {sentence}")


def _show_example(shell: Shell, what: str, example: Example | None) -> None:
    if example is not None:
        shell.print(f"{what}: {example.action}{_with(example)}")


def _with(example: Example) -> str:
    return f" with {'; '.join(example.circumstances)}" if example.circumstances else ""
