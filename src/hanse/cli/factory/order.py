"""`hanse order`: orders for data, what they ask, and their end."""

from __future__ import annotations

import click

from hanse.cli import words
from hanse.cli.factory import orders_show
from hanse.cli.factory.acquire import exit_code, follow
from hanse.cli.kit import Noun
from hanse.cli.shell import Shell

_ID = "ord_06f9k2q4m8s1t5v7w9x3yz"


@click.group("order", cls=Noun, default="list")
def command() -> None:
    """Orders for data, those that stand and those that run once."""


@command.verb("list", example="hanse order list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many, newest first.")
def show_list(shell: Shell, limit: int) -> None:
    """List orders, newest first."""
    found = shell.client.orders.list(most=limit)
    rows = [
        (one.id, one.state.lower(), one.wish.query, "yes" if one.wish.standing else "", words.moment(one.created), words.moment(one.due))
        for one in found
    ]
    shell.answer(found, lambda: shell.table(("ID", "STATE", "FOR", "STANDING", "PLACED", "NEXT"), rows, "Nothing was ordered yet."))


@command.verb("show", example=f"hanse order show {_ID} --follow")
@click.argument("id", metavar="ORDER")
@click.option("--follow", "following", is_flag=True, help="Follow it until it has ended, or waits for a person or its next run.")
@click.pass_context
def show_one(ctx: click.Context, /, shell: Shell, id: str, following: bool) -> None:
    """Show an order with its plan and its progress. The exit code is 3 while a person has to decide."""
    order = shell.client.orders.get(id)
    if following:
        order = follow(shell, order)
    shell.answer(order, lambda: orders_show.show(shell, order))
    ctx.exit(exit_code(order))


@command.verb("explain", example=f"hanse order explain {_ID} 3")
@click.argument("id", metavar="ORDER")
@click.argument("items", nargs=-1, type=click.IntRange(1), metavar="[ITEM]...")
def explain(shell: Shell, id: str, items: tuple[int, ...]) -> None:
    """Say why each dataset is in or out; of items that are named, all that was looked at, their terms and their story."""
    order = shell.client.orders.get(id)
    shell.answer(order, lambda: orders_show.explain(shell, order, items))


@command.verb("approve", example=f"hanse order approve {_ID} 2 --price 300EUR")
@click.argument("id", metavar="ORDER")
@click.argument("items", nargs=-1, type=click.IntRange(1), metavar="[ITEM]...")
@click.option("--price", metavar="AMOUNT", help="The most that may be agreed on for this one item.")
@click.option("--follow", "following", is_flag=True, help="Follow the order until it has ended, or waits again.")
@click.pass_context
def approve(ctx: click.Context, /, shell: Shell, id: str, items: tuple[int, ...], price: str | None, following: bool) -> None:
    """Say yes: to the plan, or to items by their numbers with all that they ask."""
    order = shell.client.orders.approve(id, items, price=price)
    if following:
        order = follow(shell, order)
    shell.answer(order, lambda: orders_show.show(shell, order))
    ctx.exit(exit_code(order))


@command.verb("refuse", example=f"hanse order refuse {_ID} 2 --reason 'Too old.'")
@click.argument("id", metavar="ORDER")
@click.argument("items", nargs=-1, type=click.IntRange(1), metavar="[ITEM]...")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
def refuse(shell: Shell, id: str, items: tuple[int, ...], reason: str) -> None:
    """Say no: to all that waits, or to items by their numbers."""
    order = shell.client.orders.refuse(id, items, reason=reason)
    shell.answer(order, lambda: orders_show.show(shell, order))


@command.verb("retry", example=f"hanse order retry {_ID}")
@click.argument("id", metavar="ORDER")
@click.argument("items", nargs=-1, type=click.IntRange(1), metavar="[ITEM]...")
def retry(shell: Shell, id: str, items: tuple[int, ...]) -> None:
    """Try items again that failed: all of them, or those that are named."""
    order = shell.client.orders.retry(id, items)
    shell.answer(order, lambda: orders_show.show(shell, order))


@command.verb("measure", example="hanse order measure acme")
@click.argument("peer", metavar="PEER")
def measure(shell: Shell, peer: str) -> None:
    """Measure the link to a provider: how long it takes to answer now, and how fast past transfers from it were."""
    speed = shell.client.orders.measure(shell.client.did_of(peer))
    rate = "unknown: nothing was fetched from it yet" if speed.rate is None else f"{words.size(int(speed.rate))} a second"
    shell.answer(speed, lambda: shell.fields([("answers in", f"{speed.latency * 1000:.0f} ms"), ("transfers at", rate)]))


@command.verb("cancel", example=f"hanse order cancel {_ID} --reason 'Not needed.'")
@click.argument("id", metavar="ORDER")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
def cancel(shell: Shell, id: str, reason: str) -> None:
    """End an order at once: nothing new is begun, what is under way is ended. What is stored stays, with its agreement."""
    _end(shell, id, reason)


@command.verb("revoke", example=f"hanse order revoke {_ID}")
@click.argument("id", metavar="ORDER")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
def revoke(shell: Shell, id: str, reason: str) -> None:
    """End a standing order at once; the same as `cancel`."""
    _end(shell, id, reason)


def _end(shell: Shell, id: str, reason: str) -> None:
    order = shell.client.orders.cancel(id, reason=reason)
    shell.answer(order, lambda: orders_show.show(shell, order))
