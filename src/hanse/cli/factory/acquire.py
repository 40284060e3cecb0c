"""`hanse acquire`: order data in words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hanse.cli.factory import orders_show
from hanse.cli.kit import DONE, FAILED, WAITING, Function, define, wrong_usage
from hanse.cli.shell import Shell
from hanse.kernel.errors import PeerUnreachable

if TYPE_CHECKING:
    from hanse.client.factory.orders_model import NewOrder, Order

_MOST_BYTES = 1 << 20


def _acceptable(function: Function) -> Function:
    """Add the options that say what is acceptable."""
    for option in (
        click.option("--clear-rights", is_flag=True, help="Only data whose licence is a known one."),
        click.option("--eu-only", is_flag=True, help="Only data that is declared to come from the EU."),
        click.option(
            "--quality",
            multiple=True,
            metavar="NAME>=LEAST",
            help="A declared measure and its least value, or <= its greatest; repeatable.",
        ),
        click.option("--until", metavar="DATE", help="The data has to be usable until then."),
        click.option("--newer-than", metavar="DATE", help="Only data that has changed since."),
        click.option("--max-size", metavar="SIZE", help="At most so large a dataset, e.g. 10GB."),
        click.option("--language", multiple=True, metavar="TAG", help="In this language, e.g. de; repeatable, one is enough."),
        click.option("--licence", multiple=True, metavar="ID", help="Under this licence, e.g. cc-by-4.0; repeatable, one is enough."),
    ):
        function = option(function)
    return function


def _limits(function: Function) -> Function:
    """Add the options that say how much."""
    for option in (
        click.option("--total-budget", metavar="AMOUNT", help="Of a standing order: the most over all runs."),
        click.option("--every", metavar="TIME", help="Of a standing order: how often it looks, e.g. 1d or 6h."),
        click.option("--standing", is_flag=True, help="Keep running: acquire what is new or has changed, within the limits."),
        click.option("--datasets", type=click.IntRange(1), metavar="N", help="At most so many datasets in one run."),
        click.option("--size", metavar="SIZE", help="At most so much in one run, e.g. 1TB."),
        click.option("--each", metavar="AMOUNT", help="What one dataset may cost without asking."),
        click.option("--budget", metavar="AMOUNT", help="What may be spent in one run, e.g. 500EUR. Without it nothing is bought unasked."),
    ):
        function = option(function)
    return function


@define(
    "acquire",
    example='hanse acquire "weather language:de" --purpose train --budget 500EUR --licence cc-by-4.0 --into cold',
    resume="The order goes on at the server: `hanse order list`.",
)
@click.argument("query", metavar="QUERY", required=False)
@click.option("-f", "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="An order in YAML.")
@click.option(
    "--purpose", multiple=True, metavar="USE|IRI", help="What for: train, fineTune, evaluate, ...; or e.g. dpv:AcademicResearch; or both."
)
@_acceptable
@_limits
@click.option("--into", metavar="PLACE", help="Where in the facility it is stored: hot (the default) or cold.")
@click.option("--accept-declared", is_flag=True, help="Accept terms that only the law keeps without being asked.")
@click.option("--accept-drift", is_flag=True, help="Take data whose schema is another than before without being asked.")
@click.option("--yes", is_flag=True, help="Acquire what is within the limits without asking for the plan's approval.")
@click.option("--dry-run", is_flag=True, help="Only search and plan.")
@click.option("--no-wait", is_flag=True, help="Place the order and come back at once.")
@click.pass_context
def command(ctx: click.Context, /, shell: Shell, query: str | None, file: Path | None, no_wait: bool, **said: Any) -> None:
    """Order data in words: find, plan, negotiate, fetch, verify, store.

    All members of all your spaces are asked; what fits is planned with its cost, and what has to be decided by a person is asked.
    QUERY is words and filters: `weather language:de,fr keyword:co2 provider:acme`. An order file has the same fields with the same
    names. The exit code is 3 while a person has to decide.
    """
    order = shell.client.orders.place(_order(query, file, said))
    if not no_wait:
        order = follow(shell, order)
        if order.asks and _interactive(shell) and _agreed(shell, order):
            order = follow(shell, shell.client.orders.approve(order.id))
    shell.answer(order, lambda: orders_show.show(shell, order) if not no_wait else shell.print(order.id))
    ctx.exit(exit_code(order))


def follow(shell: Shell, order: Order) -> Order:
    """Follow an order until it does nothing by itself any more, and say how far it is."""
    shell.note(f"{order.id}: `hanse order show {order.id}` shows it from anywhere.")
    try:
        return _followed(shell, order.id)
    except PeerUnreachable as error:
        hint = f"The order goes on when the server does: `hanse order show {order.id} --follow`."
        raise PeerUnreachable(error.message, where=error.where, rule=error.rule, hint=hint) from None


def _followed(shell: Shell, id: str) -> Order:
    order, last = shell.client.orders.get(id), ""
    while not order.quiet:
        line = orders_show.progress(order)
        if line != last:
            shell.note(line)
            last = line
        order = shell.client.orders.follow(order)
    return shell.client.orders.get(order.id)


def exit_code(order: Order) -> int:
    """Return 3 while a person has to decide, 1 if something failed, or it has come to its end with nothing to show, else 0."""
    if order.asks:
        return WAITING
    nothing = order.state == "DONE" and not any(item.version for item in order.items)
    return FAILED if nothing or order.state == "FAILED" else DONE


def _order(query: str | None, file: Path | None, said: dict[str, Any]) -> NewOrder:
    from hanse.cli.factory.order_file import read_order
    from hanse.client.factory.orders_model import NewOrder

    given = _given(said)
    if file is not None:
        if query is not None or given:
            wrong_usage("An order file says all of it; leave out the query and the other options, or put them into the file.")
        with file.open("rb") as source:
            return read_order(source.read(_MOST_BYTES).decode("utf-8", errors="replace"), str(file))
    if not query:
        wrong_usage("Say what is looked for, or name an order file with -f.")
    return NewOrder(query=query, **given)


def _given(said: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given, as the fields of an order."""
    from hanse.cli import words
    from hanse.client.factory.orders_model import NewLimits

    given: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}
    if "quality" in given:
        said, example = given.pop("quality"), "--quality 'completeness>=0.9'"
        most = words.pairs((one.replace("<=", "=", 1) for one in said if "<=" in one), example)
        least = words.pairs((one.replace(">=", "=", 1) for one in said if "<=" not in one), example)
        given |= {name: value for name, value in (("quality", least), ("quality_most", most)) if value}
    if given.pop("accept_drift", False):
        given["drift"] = "accept"
    total: str | None = given.pop("total_budget", None)
    if total is not None:
        given["total"] = NewLimits(budget=total)
    return given


def _interactive(shell: Shell) -> bool:
    return sys.stdin.isatty() and shell.errors.is_terminal and not shell.as_json and not shell.quiet


def _agreed(shell: Shell, order: Order) -> bool:
    if not any({question.about for question in item.questions} == {"plan"} for item in order.items if item.state == "asking"):
        return False
    orders_show.show(shell, order)
    return click.confirm("Acquire what is planned?", err=True)
