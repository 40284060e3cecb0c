"""`hanse link`: how the factory works with each space, and what the next mode needs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.asking import confirm
from hanse.cli.kit import DONE, FAILED, Noun, wrong_usage
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.client.factory.links_model import ChangedLink, EndedLink, Link, LinkLimits, ModeNeeds, Requirement

_MODES = ("ad-hoc", "intermediary", "participant", "own-role", "federated", "automated")
_SPACE = "Which space: its address, or the name of a joined one; needed only if you are in several."
_MET = {True: "met", False: "not met", None: "not known"}
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}


@click.group("link", cls=Noun, default="show")
def command() -> None:
    """How the factory works with each space, and what the next mode needs."""


@command.verb("list", example="hanse link list")
def list_(shell: Shell) -> None:
    """List the spaces, in which mode each is, and what that allows."""
    found = shell.client.links.list()
    rows = [(one.space, _mode(one), words.moment(one.until), ", ".join(one.rights) or "nothing", str(one.contracts)) for one in found]
    shell.answer(found, lambda: shell.table(("SPACE", "MODE", "UNTIL", "ALLOWS NOW", "CONTRACTS"), rows, "You are in no space."))


@command.verb("show", example="hanse link show harbour")
@click.argument("space", metavar="[SPACE]", required=False)
def show(shell: Shell, space: str | None) -> None:
    """Show where the link with a space stands, and what the next mode needs."""
    link = shell.client.links.show(space)
    shell.answer(link, lambda: _show(shell, link))


@command.verb("needs", example="hanse link needs own-role --space harbour")
@click.argument("mode", metavar="[MODE]", required=False, type=click.Choice(_MODES))
@click.option("--space", metavar="SPACE", help=_SPACE)
@click.option("--intermediary", metavar="DID", help="Through whom, for the mode of that name.")
@click.pass_context
def needs(ctx: click.Context, shell: Shell, mode: str | None, space: str | None, intermediary: str | None) -> None:
    """Say what a mode needs, one line each: met, or how to get there. The exit code is 1 if something is not met.

    Without a MODE it is the one after the present one.
    """
    found = _next(shell, space) if mode is None else shell.client.links.needs(mode, space, intermediary=intermediary)
    shell.answer(found, lambda: _show_needs(shell, found))
    ctx.exit(DONE if found.met else FAILED)


@command.verb("set", example="hanse link set automated --space harbour --budget 500EUR --datasets 20")
@click.argument("mode", metavar="MODE", type=click.Choice(_MODES))
@click.option("--space", metavar="SPACE", help=_SPACE)
@click.option("--until", metavar="DATE", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="ad-hoc: when it ends (UTC).")
@click.option("--project", metavar="NAME", help="ad-hoc: what it is for.")
@click.option("--intermediary", metavar="DID", help="intermediary: through whom.")
@click.option("--budget", metavar="MONEY", help="automated: what may be spent, such as 500EUR.")
@click.option("--size", metavar="SIZE", help="automated: how much may come, such as 2TB.")
@click.option("--datasets", type=click.IntRange(0), metavar="COUNT", help="automated: how many datasets may come.")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, metavar="DAYS", help="The time over which limits run.")
@click.option("--without", multiple=True, metavar="DID_OR_ID", help="A member or a dataset that is left out; may be repeated.")
def set_(
    shell: Shell, mode: str, space: str | None, until: datetime | None, project: str | None, intermediary: str | None, **said: object
) -> None:
    """Set the mode of the collaboration with a space.

    Contracts that stand are kept; it says which new right takes a new one. It is refused, with the reasons, while something that the
    mode needs is not met.
    """
    from datetime import UTC

    without = said.pop("without")
    changed = shell.client.links.set(
        mode,
        space,
        until=None if until is None else until.replace(tzinfo=UTC),
        project=project,
        intermediary=intermediary,
        limits=_limits(said),
        without=list(without) if isinstance(without, tuple) and without else None,
    )
    shell.answer(changed, lambda: _show_changed(shell, changed))


@command.verb("catalogues", example="hanse link catalogues harbour --refresh")
@click.argument("space", metavar="[SPACE]", required=False)
@click.option("--refresh", is_flag=True, help="Read them anew first.")
def catalogues(shell: Shell, space: str | None, refresh: bool) -> None:
    """List what is copied of a federated space's catalogues. They are read anew every hour."""
    found = shell.client.links.catalogues(space, refresh=refresh)
    rows = [(each.id, each.title, one.name, words.moment(one.read), one.problem) for one in found for each in one.datasets]
    shell.answer(found, lambda: shell.table(("ID", "TITLE", "FROM", "READ", "TROUBLE SINCE"), rows, "Nothing is copied."))


@command.verb("end", example='hanse link end harbour --reason "The project is over."')
@click.argument("space", metavar="[SPACE]", required=False)
@click.option("--reason", default="", metavar="TEXT", help="Why; the providers are told.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def end(shell: Shell, space: str | None, reason: str, yes: bool) -> None:
    """End a link.

    The contracts that an ad-hoc link has brought end with it, unless they stand in another space, and its standing orders are
    revoked. Data is kept or deleted as its terms say. You stay a member; `hanse leave` leaves.
    """
    if not yes:
        confirm(shell, f"End the link {space or ''}".rstrip() + ", with what is bound to it?")
    ended = shell.client.links.end(space, reason)
    shell.answer(ended, lambda: _show_ended(shell, ended))


def _next(shell: Shell, space: str | None) -> ModeNeeds:
    link = shell.client.links.show(space)
    if link.next is None:
        wrong_usage(f"The link is {link.mode}, and there is no mode after it: name one.")
    return link.next


def _limits(said: dict[str, object]) -> LinkLimits | None:
    from hanse.client.factory.links_model import LinkLimits

    budget, size, datasets, days = said["budget"], said["size"], said["datasets"], said["days"]
    if budget is None and size is None and datasets is None:
        return None
    return LinkLimits(
        budget=budget if isinstance(budget, str) else None,
        size=_bytes(size) if isinstance(size, str) else None,
        datasets=datasets if isinstance(datasets, int) else None,
        days=days if isinstance(days, int) else 30,
    )


def _bytes(text: str) -> int:
    number = text.strip().rstrip("KMGTPBkmgtpb")
    unit = text.strip()[len(number) :].upper()
    if not number.strip().isdigit() or unit not in _UNITS:
        wrong_usage(f"{text!r} is no size; write a number and a unit, such as 500GB.")
    return int(number) * _UNITS[unit]


def _mode(link: Link) -> str:
    return f"{link.mode} (ended)" if link.ended is not None else link.mode


def _show(shell: Shell, link: Link) -> None:
    limits = link.limits
    bounds = [] if limits is None else [limits.budget or "no money", f"{limits.datasets} datasets" if limits.datasets is not None else ""]
    bounds += [words.size(limits.size)] if limits is not None and limits.size is not None else []
    shell.fields(
        [
            ("space", link.space),
            ("mode", _mode(link) + ("" if link.set else " (not chosen: as any member)")),
            ("since", words.moment(link.since) if link.set else ""),
            ("until", words.moment(link.until)),
            ("project", link.project),
            ("through", link.intermediary or ""),
            ("limits", ", ".join(one for one in bounds if one) + (f" in {limits.days} days" if limits is not None else "")),
            ("left out", ", ".join(link.without)),
            ("allows now", ", ".join(link.rights) or "nothing"),
            ("contracts", str(link.contracts)),
            ("ended", f"{words.moment(link.ended)}: {link.why}" if link.ended is not None else ""),
        ]
    )
    shell.print()
    _lines(shell, link.needs)
    if link.next is not None:
        shell.print()
        _show_needs(shell, link.next)


def _show_needs(shell: Shell, needs: ModeNeeds) -> None:
    shell.print(f"The mode {needs.mode} needs:")
    _lines(shell, needs.needs)
    shell.note(f"It allows: {', '.join(needs.rights)}.")


def _lines(shell: Shell, needs: Sequence[Requirement]) -> None:
    for one in needs:
        shell.print(f"{_MET[one.met]:>9}  {one.what}. {one.how}")


def _show_changed(shell: Shell, changed: ChangedLink) -> None:
    shell.print(f"The mode with {changed.space} is {changed.mode}.")
    if changed.kept:
        stand = "stands" if len(changed.kept) == 1 else "stand"
        shell.print(f"{words.plural(len(changed.kept), 'contract')} {stand} as before: {', '.join(changed.kept[:10])}.")
    for line in changed.new:
        shell.print(line)


def _show_ended(shell: Shell, ended: EndedLink) -> None:
    shell.print(f"The link with {ended.space} has ended.")
    for name, ids in (("Contracts ended", ended.contracts), ("Standing orders revoked", ended.orders), ("Contracts kept", ended.kept)):
        if ids:
            shell.print(f"{name}: {', '.join(ids)}.")
