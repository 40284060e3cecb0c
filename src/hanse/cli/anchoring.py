"""What the commands of an anchor share: who acts, in which space, and how a decision ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli.kit import DONE, WAITING, Function
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.client import Anchor
    from hanse.client.shells import Sync
    from hanse.client.space_model import AnchoredMember

ANCHOR = "anchor"
"""The profile that acts unless another is asked for."""


def in_space(function: Function) -> Function:
    """Add the option that names the space; a decorator."""
    return click.option("--space", metavar="NAME", help="Which space; needed if you anchor several.")(function)


def anchor_of(shell: Shell) -> Anchor[Sync]:
    """Return the methods of an anchor, for the profile that acts."""
    return shell.client_of(ANCHOR).anchor


def decided(ctx: click.Context, shell: Shell, member: AnchoredMember, how: str = "") -> None:
    """Say what a member is now, and `how`. While another operator has to say yes, the exit code is 3."""
    waits = waiting(member) if member.approvals else ""
    more = f": {waits}, another operator has to approve" if waits else ""
    shell.answer(member, lambda: shell.print(f"{member.name} ({member.did}) is {member.status}{more or f' {how}'.rstrip()}."))
    ctx.exit(WAITING if waits else DONE)


def waiting(member: AnchoredMember) -> str:
    """Return how many approvals there are, and to what; nothing if nothing waits for any."""
    if not member.approvals_needed:
        return ""
    count = f"{len(member.approvals)} of {member.approvals_needed} approvals"
    return f"{count} to {member.approvals[-1].says}" if member.approvals else count
