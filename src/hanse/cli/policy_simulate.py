"""`hanse policy simulate`: who could do what under a policy, at any moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from hanse.cli import words
from hanse.cli.kit import define, wrong_usage
from hanse.cli.policy_say import LANGUAGES, with_parents
from hanse.cli.shell import Shell
from hanse.cli.terms import terms_of

if TYPE_CHECKING:
    from hanse.client.policy_model import Simulated, Simulation

MEMBER = "member"
_SHORT = {
    "purpose": "purpose",
    "count": "count",
    "place": "spatial",
    "app": "urn:hanse:odrl:application",
    "environment": "urn:hanse:odrl:environment",
    "security": "urn:hanse:odrl:securityLevel",
}
"""Options for facts, and the left operand that each is a fact of."""


@define("simulate", example='hanse policy simulate "members + purpose dpv:Marketing" --as member --purpose dpv:Marketing --at 2027-01-01')
@click.argument("policy", metavar="TEMPLATE|FILE")
@click.option("--as", "who", metavar="DID|NAME|member", multiple=True, help="For whom (otherwise: each member); may be repeated.")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="With this role; may be repeated.")
@click.option("--credential", "credentials", metavar="TYPE", multiple=True, help="With a credential of this type; may be repeated.")
@click.option("--at", metavar="DATE", help="When, a day or a moment (otherwise: now).")
@click.option("--action", metavar="ACTION", help="To do what, such as train (otherwise: use).")
@click.option("--dataset", "target", metavar="ID", help="With which dataset.")
@click.option("--purpose", metavar="NAME", help="For this purpose.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="As this use under the contract: 1 is the first.")
@click.option("--place", metavar="PLACE", help="In this country.")
@click.option("--app", metavar="NAME", help="In this application.")
@click.option("--environment", metavar="STATE", help="In an environment of this state.")
@click.option("--security", metavar="LEVEL", help="In an environment of this security level.")
@click.option("--fact", "facts", metavar="NAME=VALUE", multiple=True, help="Any other fact, such as paid=current; may be repeated.")
@with_parents
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="The language.")
@click.pass_context
def command(ctx: click.Context, /, shell: Shell, policy: str, language: str, **said: Any) -> None:
    """Say who could do what under a policy, at any moment.

    Nothing is used, counted or written. What is not given is not known, and unknown never permits; the answer says what would
    have to be known. The exit code is 1 if nobody could.
    """
    found = shell.client.policies.simulate(
        terms_of(policy),
        participants=_participants(shell, said["who"]),
        roles=said["roles"],
        credentials=said["credentials"],
        at=_moment(said["at"]),
        action=said["action"],
        target=said["target"],
        facts=_facts(said),
        parents=[terms_of(one) for one in said["parents"]],
        language=language,
    )
    shell.answer(found, lambda: _show(shell, found))
    ctx.exit(0 if any(one.permitted for one in found.items) else 1)


def _participants(shell: Shell, who: tuple[str, ...]) -> list[str]:
    return [one if one == MEMBER else shell.client.did_of(one) for one in who]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        wrong_usage(f"{text[:80]!r} is not a date like 2027-01-01 or 2027-01-01T12:00:00Z.")
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _facts(said: dict[str, Any]) -> dict[str, str | list[str]]:
    """Return facts by left operand; one that is given twice has both values."""
    found: dict[str, list[str]] = {}
    for text in said["facts"]:
        for name, value in words.pairs([text], "paid=current").items():
            found.setdefault(name, []).append(value)
    for option, left in _SHORT.items():
        if said[option] is not None:
            found.setdefault(left, []).append(str(said[option]))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _show(shell: Shell, found: Simulation) -> None:
    shell.note(f"{found.action} at {words.moment(found.at)}:")
    rows = [(one.name or words.short(one.participant), _answer(one), words.moment(one.valid_until)) for one in found.items]
    shell.table(("WHO", "MAY", "UNTIL"), rows, "There is nobody to ask about: the space has no members.")
    for one in found.items:
        # Of one participant everything is said, of many only what keeps them from it.
        for sentence in one.sentences if len(found.items) == 1 else [one.refusal] if one.refusal else []:
            shell.print(f"{one.name or words.short(one.participant)}: {sentence}")


def _answer(one: Simulated) -> str:
    if one.permitted:
        return "yes"
    return "no" if not one.unknown else f"not known: {', '.join(one.unknown)}"
