"""`hanse plan`: how many tokens a model wants, what the data at hand yields, what is missing, and what would fill it at what price."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hanse.cli import words
from hanse.cli.kit import Function, define, wrong_usage
from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from decimal import Decimal

    from hanse.client.factory.plans import Planned
    from hanse.factory.budget.records import Entry, Fill, Line

_MOST: Final = 20
"""Lines of a table, and members who did not answer."""
_MOST_IDS: Final = 32
_LONGEST: Final = 900
"""Datasets of one command, and characters of its query: an order takes no more."""


def _options(function: Function) -> Function:
    for option in (
        click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.svg", help="Draw it, by language."),
        click.option("--no-search", is_flag=True, help="Ask nobody what is on offer."),
        click.option("--budget", metavar="AMOUNT", help="The most that filling may cost, e.g. 500EUR."),
        click.option(
            "--purpose", multiple=True, metavar="USE|IRI", help="What for: train (so without a word), fineTune, ...; an IRI, too."
        ),
        click.option("--licence", multiple=True, metavar="ID", help="Only data under this licence, e.g. cc-by-4.0; repeatable."),
        click.option("--domain", default="", metavar="D,E", help="Only data of these themes or keywords; with shares, health=0.6,law=0.4."),
        click.option("--ratio", type=float, metavar="N", help="Tokens for each parameter; 20."),
        click.option("--languages", required=True, metavar="L,M", help="Languages, e.g. de,fr; with shares, de=0.7,fr=0.3."),
        click.option("--parameters", required=True, metavar="N", help="Parameters of the model, e.g. 1e9 or 7B."),
    ):
        function = option(function)
    return function


@define("plan", example="hanse plan --parameters 1e9 --languages de,fr --licence cc-by-4.0 --budget 500EUR --plot plan.svg")
@_options
def command(
    shell: Shell,
    parameters: str,
    languages: str,
    ratio: float | None,
    domain: str,
    licence: tuple[str, ...],
    purpose: tuple[str, ...],
    budget: str | None,
    no_search: bool,
    plot: Path | None,
) -> None:
    """Plan the data of a model: tokens wanted, held, missing, and what would fill it, at what price.

    Tokens are counted in what `hanse prepare` made, and estimated of the rest. All members of all your spaces are asked what they
    have; nothing is bought. The commands that would acquire it stand at the end.
    """
    if plot is not None and plot.suffix.lower() != ".svg":
        wrong_usage("The plot is a file .svg.")
    if not no_search:
        shell.note("Asking all members of your spaces; nothing is bought.")
    purposes = purpose or ("train",)
    found = shell.client.plans.make(
        parameters, languages, ratio=ratio, domains=domain, licences=licence, budget=budget, purpose=purposes, search=not no_search
    )
    if plot is not None:
        _draw(found, plot)
    following = list(commands(found, purposes))
    shell.answer(_as_data(found, following), lambda: _show(shell, found, following))
    if plot is not None:
        shell.note(f"Drawn: {plot}")


def commands(found: Planned, purposes: Sequence[str]) -> Iterator[str]:
    """Yield the commands that acquire what the plan names: one for what is free, one a currency, one for what has to be asked for."""
    groups: dict[str, list[Entry]] = {}
    for one in found.plan.fills:
        price = one.entry.cost.price
        groups.setdefault("?" if one.entry.cost.unknown else "" if price is None else price.currency, []).append(one.entry)
    common = [f"--purpose {shlex.quote(one)}" for one in purposes] + [f"--licence {shlex.quote(one)}" for one in found.plan.wish.licences]
    for group, entries in groups.items():
        for some in _queries(entries):
            query = shlex.quote("id:" + ",".join(one.dataset for one in some))
            cost = sum(one.cost.price.amount for one in some if one.cost.price is not None)
            budget = [f"--budget {cost:f}{group}"] if group not in ("", "?") else []
            yield " ".join(["hanse acquire", query, *common, *budget])


def _queries(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield entries by as many as one query names; an id that a query cannot name is left out."""
    some: list[Entry] = []
    for one in entries:
        id = one.dataset
        if not id or len(id) > 200 or any(char in ',"' or char.isspace() or not char.isprintable() for char in id):
            continue
        if some and (len(some) == _MOST_IDS or sum(len(each.dataset) + 1 for each in some) + len(id) > _LONGEST):
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def _draw(found: Planned, plot: Path) -> None:
    from hanse.factory.budget.plot import plot_of

    try:
        plot.write_text(plot_of(found.plan), encoding="utf-8")
    except OSError as error:
        raise Invalid(f"The plot cannot be written: {error.strerror}.", where=str(plot)) from None


def _as_data(found: Planned, following: Sequence[str]) -> dict[str, object]:
    return {
        "plan": found.plan,
        "order": found.order,
        "asked": found.asked,
        "silent": found.silent,
        "left_out": found.out,
        "trouble": found.trouble,
        "next": following,
    }


def _show(shell: Shell, found: Planned, following: Sequence[str]) -> None:
    plan = found.plan
    wish = plan.wish
    shell.print(f"A model of {_figure(round(wish.parameters))} parameters wants {_figure(plan.wanted)} tokens, {wish.ratio:g} for each.\n")
    _lines(shell, "LANGUAGE", plan.languages, asked=found.order is not None)
    if plan.counted or plan.estimated or any(one.offered for one in plan.licences):
        shell.print()
        _lines(shell, "DOMAIN", plan.domains, asked=found.order is not None)
        shell.print()
        _lines(shell, "LICENCE", plan.licences, asked=found.order is not None)
    if plan.fills:
        shell.print()
        _fills(shell, plan.fills)
    _sums(shell, found)
    for sentence in plan.said:
        shell.note(sentence)
    if following:
        shell.print("\nAcquire it:")
    for one in following:
        shell.print(f"  {one}")


def _lines(shell: Shell, name: str, lines: Sequence[Line], *, asked: bool) -> None:
    """Print a table; what is on offer only if anybody was asked."""
    wanted = any(line.wanted is not None for line in lines)
    there = sum(line.counted + line.estimated for line in lines)
    offered = ("ON OFFER",) if asked else ()
    columns = (name, *(("WANTED",) if wanted else ()), "COUNTED", "ESTIMATED", "MISSING" if wanted else "SHARE", *offered)
    rows = []
    for line in lines[:_MOST]:
        share = f"{100 * (line.counted + line.estimated) / there:.0f}%" if there else ""
        want = (_figure(line.wanted) if line.wanted is not None else "not asked for",) if wanted else ()
        missing = "" if line.missing is None else _figure(line.missing)
        offer = (_figure(line.offered),) if asked else ()
        rows.append((line.name, *want, _figure(line.counted), _figure(line.estimated), missing if wanted else share, *offer))
    shell.table(columns, rows, "")
    if len(lines) > _MOST:
        shell.print(f"and {len(lines) - _MOST:,} more")


def _fills(shell: Shell, fills: Sequence[Fill]) -> None:
    from hanse.factory.budget.plot import price_said

    rows = [
        (
            one.entry.title or one.entry.dataset,
            words.short(one.entry.provider),
            "unknown" if one.tokens is None else _figure(sum(one.tokens.values())),
            price_said(one.entry.cost),
            "" if one.per_million is None else _rate(one.per_million),
            "" if one.spent is None else str(one.spent),
            one.entry.licence or "not said",
            ", ".join([*one.entry.risks, *(["declared terms"] if one.entry.declared else [])]),
        )
        for one in fills[:_MOST]
    ]
    shell.table(("WOULD FILL IT", "FROM", "TOKENS", "PRICE", "A MILLION", "SO FAR", "LICENCE", "RISKS"), rows, "")
    if len(fills) > _MOST:
        shell.print(f"and {len(fills) - _MOST:,} more")


def _sums(shell: Shell, found: Planned) -> None:
    plan = found.plan
    asked = [f"{plan.unpriced} to ask the price of"] if plan.unpriced else []
    unsized = words.plural(plan.unsized, "dataset") if plan.unsized else ""
    searched = plan.unfilled or plan.fills
    left = ", ".join(f"{name} {_figure(tokens)}" for name, tokens in plan.unfilled.items())
    out = ", ".join(f"{reason} {count:,}" for reason, count in found.out.items())
    shell.print()
    shell.fields(
        [
            ("cost in all", " + ".join([*map(str, plan.costs), *asked]) or "nothing" if plan.fills else ""),
            ("size not said", unsized),
            ("still missing", left if searched else "nothing"),
            ("asked", words.plural(found.asked, "member") if found.order else ""),
            ("left out", f"{out}; `hanse order explain {found.order}` says why" if out else ""),
            ("trouble", found.trouble),
        ]
    )
    for silent in found.silent[:_MOST]:
        shell.print(f"not searched: {silent.name or words.short(silent.member)}: {silent.why}")
    if len(found.silent) > _MOST:
        shell.print(f"not searched: {len(found.silent) - _MOST:,} more")


def _rate(amount: Decimal) -> str:
    return f"{amount:.2f}" if amount == 0 or amount >= 1 else f"{amount:.2g}"


def _figure(count: int) -> str:
    from hanse.factory.budget.plot import figure

    return figure(count)
