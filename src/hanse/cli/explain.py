"""`hanse explain`: the story of an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import define
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.model import Explanation


@define("explain", example="hanse explain neg_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def command(shell: Shell, id: str) -> None:
    """Tell what happened to an id, and what it waits for.

    ID is that of a negotiation, a contract, a transfer, a use (use_…), an own asset or offer, a credential (vc_…), a request for
    credentials (req_…, iss_…), an invitation (inv_…), a refusal (rfs_…), a signed statement (led_…), an order (ord_…), a lease (lea_…),
    a legal hold (hld_…), a stored version (NAME@N) or a model (its name), or the DID of a participant: what it has proved, and why it
    was refused. Your own DID and the address of your space tell where you stand there.
    """
    story = shell.client.explain(id)
    shell.answer(story, lambda: _show(shell, story))


def _show(shell: Shell, story: Explanation) -> None:
    shell.print(story.summary)
    shell.fields(
        [
            ("state", story.state),
            ("waits for", story.waits_for),
            ("who must act", story.who),
            ("until", words.moment(story.until)),
            ("last trouble", story.last_error),
            ("next attempt", words.moment(story.next_attempt)),
            *story.related.items(),
        ]
    )
    if story.history:
        shell.print()
        rows = [(f"{line.at.astimezone():%Y-%m-%d %H:%M:%S}", line.by, line.what, line.detail) for line in story.history]
        shell.table(("WHEN", "WHO", "WHAT", "DETAIL"), rows, "")
