"""`hanse status`: how the server and the participant are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import define
from hanse.cli.shell import Shell
from hanse.kernel.errors import HanseError

if TYPE_CHECKING:
    from hanse.client.model import Status
    from hanse.client.space_model import Member, Membership
    from hanse.client.wallet_model import Holding

_STANDING = {
    "pending": "applied, waits for the anchor",
    "not listed": "its anchor does not know this participant: `hanse join` applies",
    "unknown": "it cannot be told now",
}
"""Words for where the participant stands; others are said as they are."""

_ORDERS = 100
_ORDER_STATES = (
    ("ASKING", "waiting for a person"),
    ("FAILED", "failed"),
    ("SEARCHING", "searching"),
    ("RUNNING", "under way"),
    ("WAITING", "standing"),
)
"""States of orders that are told, in the order in which they matter."""


@define("status", example="hanse status")
@click.option("--members", "with_members", is_flag=True, help="List the members of your spaces, too.")
@click.option("--space", metavar="SPACE", help="List the members of this space alone: its address or its name.")
def command(shell: Shell, with_members: bool, space: str | None) -> None:
    """Show how the server and your participant are."""
    status = shell.client.status()
    with_members = with_members or space is not None
    members = shell.client.members(space) if with_members else []
    data = {"status": status, "members": members} if with_members else status
    shell.answer(data, lambda: _show(shell, status, members))


def _show(shell: Shell, status: Status, members: list[Member]) -> None:
    factory = _factory(shell) if status.participant is not None and status.counts is not None else []
    server = ("server", f"Hanse {status.version}, {status.database}, up for {_span(status.uptime_seconds)}")
    shell.fields([server, *_own(status), *factory])
    if members:
        shell.print()
        several = len(status.spaces) > 1
        rows = [(one.did, one.name, ", ".join(one.roles), *([words.spaces(one.spaces)] if several else ())) for one in members]
        shell.table(("DID", "NAME", "ROLES", *(["SPACES"] if several else ())), rows, "")


def _own(status: Status) -> list[tuple[str, str]]:
    participant, counts = status.participant, status.counts
    found: list[tuple[str, str]] = []
    if participant is not None:
        found += [("participant", f"{participant.title} ({participant.name})"), ("DID", participant.did)]
        found += [("suspended", words.moment(participant.suspended))]
        for space in status.spaces:
            found += _space(space)
        if not status.spaces:
            found.append(("space", "none: `hanse join ADDRESS`"))
    found += [("credential", _held(one)) for one in status.credentials or ()]
    found.append(("ledger", status.ledger))
    found += [("custody", one) for one in status.custody]
    if counts is not None:
        found += [
            ("assets", str(counts.assets)),
            ("contracts", str(counts.contracts)),
            ("negotiations", f"{counts.negotiations_open} open"),
            ("transfers", f"{counts.transfers_running} open"),
            ("outbox", f"{words.plural(counts.outbox_waiting, 'message')} waiting for an acknowledgement"),
        ]
    return found


def _factory(shell: Shell) -> list[tuple[str, str]]:
    """Return where the newest orders stand, those that wait for a person first, and what is stored."""
    try:
        counts, used = Counter(one.state for one in shell.client.orders.list(most=_ORDERS)), shell.client.facility.usage()
    except HanseError:  # an operator who may not look, or an older server: the rest is told
        return []
    said = [f"{counts[state]} {what}" for state, what in _ORDER_STATES if counts[state]]
    stored = f"{words.plural(used.versions, 'version')}, {words.size(used.content)}" if used.versions else ""
    return [("orders", f"{', '.join(said)}: `hanse order list`" if said else ""), ("facility", stored)]


def _space(space: Membership) -> list[tuple[str, str]]:
    standing = _STANDING.get(space.state, space.state)
    if space.reason and space.state != "member":
        standing = f"{standing}: {space.reason}"
    found = [("space", f"{space.url} ({standing})"), ("trouble", space.problem or "")]
    if space.terms:
        accept = f"accept them with `hanse join {space.url} --accept-terms {space.terms}`"
        found.append(("terms", f"they have changed: read them at {space.terms_url}, {accept}"))
    if space.members is not None:
        found.append(("members", str(space.members)))
    return found


def _held(one: Holding) -> str:
    state = words.holding(one.state, counts=one.counts)
    until = f" until {words.moment(one.until)}" if one.until is not None and state == "good" else ""
    return f"{', '.join(one.types)}, {state}{until}"


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
