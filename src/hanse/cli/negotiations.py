"""`hanse negotiations`: see them, and answer by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import DONE, FAILED, WAITING, Noun
from hanse.cli.policy_say import show_badges
from hanse.cli.shell import Shell
from hanse.cli.terms import needed, terms_of

if TYPE_CHECKING:
    from hanse.client.model import Negotiation

PATIENCE = 5
"""Seconds that an answer waits to see what the other side makes of it."""


@click.group("negotiations", cls=Noun, default="list")
def command() -> None:
    """Show negotiations, and answer them."""


@command.verb("list", example="hanse negotiations --open")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not final.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, open_only: bool, limit: int) -> None:
    """Show negotiations, and answer them."""
    found = shell.client.negotiations.list(open_only=open_only, most=limit)
    rows = [(one.id, one.role, words.short(one.peer), one.state or "unsent", _who(one)) for one in found]
    columns = ("ID", "AS", "WITH", "STATE", "WAITS FOR")
    shell.answer(found, lambda: shell.table(columns, rows, "There are no negotiations."))


@command.verb("show", example="hanse negotiations show neg_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one negotiation with the offer on the table, and how far each of its terms is kept."""
    negotiation = shell.client.negotiations.get(id)

    def show() -> None:
        _show(shell, negotiation)
        show_badges(shell, negotiation.offer.terms, negotiation.peer)

    shell.answer(negotiation, show)


@command.verb("accept", example="hanse negotiations accept neg_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
@click.pass_context
def accept(ctx: click.Context, shell: Shell, id: str) -> None:
    """Take what is on the table: accept the offer, or agree to the request."""
    shell.client.negotiations.accept(id)
    _after(ctx, shell, id)


@command.verb("counter", example='hanse negotiations counter neg_06f9k2q4m8s1t5v7w9x3yz "members + until 2027-01-01"')
@click.argument("id", metavar="ID")
@click.argument("policy", metavar="TEMPLATE|FILE")
@click.pass_context
def counter(ctx: click.Context, shell: Shell, id: str, policy: str) -> None:
    """Put other terms on the table."""
    role = shell.client.negotiations.counter(id, terms_of(policy)).role
    _after(ctx, shell, id, "REQUESTED" if role == "consumer" else "OFFERED")


@command.verb("refuse", example='hanse negotiations refuse neg_06f9k2q4m8s1t5v7w9x3yz --reason "Too long."')
@click.argument("id", metavar="ID")
@click.option("--reason", default="", help="Why; the other side is told.")
def refuse(shell: Shell, id: str, reason: str) -> None:
    """End a negotiation."""
    shell.client.negotiations.terminate(id, reason)
    ended = shell.client.negotiations.wait(id, ("TERMINATED",), patience=PATIENCE)
    shell.answer(ended, lambda: _show(shell, ended))


@command.verb("start", example="hanse negotiations start acme ds_06f9k2q4m8s1t5v7w9x3yz off_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("peer", metavar="PEER")
@click.argument("dataset", metavar="DATASET")
@click.argument("offer", metavar="OFFER")
@click.option("--policy", metavar="TEMPLATE|FILE", help="Own terms, as a counter-offer.")
@click.option("--need", metavar="TEMPLATE|FILE", help="The use that you need: what covers it is accepted, within 5 proposals.")
@click.option("--accept-declared", is_flag=True, help="Accept terms that only the law keeps without being asked.")
@click.option("--by-hand", is_flag=True, help="Answer whatever comes back yourself.")
@click.pass_context
def start(
    ctx: click.Context,
    shell: Shell,
    peer: str,
    dataset: str,
    offer: str,
    policy: str | None,
    need: str | None,
    accept_declared: bool,
    by_hand: bool,
) -> None:
    """Ask for a dataset without fetching it."""
    terms = None if policy is None else terms_of(policy)
    negotiation = shell.client.negotiate(
        peer, dataset, offer, terms, need=needed(None, need), ask_declared=not accept_declared, by_hand=by_hand, wait=False
    )
    _after(ctx, shell, negotiation.id)


@command.verb("offer", example="hanse negotiations offer factory ds_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("peer", metavar="PEER")
@click.argument("asset", metavar="ASSET")
@click.option("--policy", metavar="TEMPLATE|FILE", help="Other terms than those of the asset's first offer.")
@click.pass_context
def offer(ctx: click.Context, shell: Shell, peer: str, asset: str, policy: str | None) -> None:
    """Offer an asset of yours to a member that has not asked."""
    terms = None if policy is None else terms_of(policy)
    _after(ctx, shell, shell.client.negotiations.offer(peer, asset, terms).id, "OFFERED")


def _after(ctx: click.Context, shell: Shell, id: str, *until: str) -> None:
    """Show where it stands after our step; the exit code says whether it is done, ended or waits."""
    now = shell.client.negotiations.wait(id, until, patience=PATIENCE)
    shell.answer(now, lambda: _show(shell, now))
    ctx.exit({"FINALIZED": DONE, "TERMINATED": FAILED}.get(now.state or "", WAITING))


def _who(one: Negotiation) -> str:
    return "" if one.final else f"{one.who}: {one.waits_for}" if one.who else one.waits_for


def _show(shell: Shell, one: Negotiation) -> None:
    by = "you" if one.offered_by == one.role else words.short(one.peer)
    shell.fields(
        [
            (one.id, one.state or "not yet acknowledged"),
            ("as", f"{one.role}, with {one.peer}"),
            ("dataset", one.dataset),
            ("on the table", f"{' '.join(one.offer.sentences)} (from {by})"),
            ("waits for", _who(one)),
            ("until", words.moment(one.deadline)),
            ("contract", one.contract or ""),
        ]
    )
