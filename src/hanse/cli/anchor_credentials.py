"""`hanse anchor issuers|credentials|revoke`: who may issue what, and what this anchor has issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.anchoring import anchor_of, in_space
from hanse.cli.kit import define
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.space_model import IssuedCredential, TrustedToIssue


@define("issuers", example="hanse anchor issuers")
@in_space
def issuers(shell: Shell, space: str | None) -> None:
    """List who may issue which credentials, within which bounds."""
    listed = anchor_of(shell).issuers(space=space)
    rows = [(one.type, "you" if one.anchor else one.issuer, _bounds(one)) for one in listed]
    shell.answer(listed, lambda: shell.table(("TYPE", "ISSUER", "BOUNDS"), rows, "Nobody may issue anything."))


@define("credentials", example="hanse anchor credentials --holder acme")
@click.option("--holder", metavar="DID|NAME", help="Only those of this participant.")
@in_space
def credentials(shell: Shell, holder: str | None, space: str | None) -> None:
    """List the credentials that you have issued."""
    listed = anchor_of(shell).credentials(holder=holder, space=space)
    shell.answer(listed, lambda: table(shell, listed, f"Nothing was issued to {holder}." if holder else "Nothing was issued yet."))


@define("revoke", example='hanse anchor revoke vc_06f9k2q4m8s1t5v7w9x3yz --reason "Issued by mistake."')
@click.argument("id", metavar="CREDENTIAL_ID")
@click.option("--reason", default="", help="Why; kept with the credential.")
@in_space
def revoke(shell: Shell, id: str, reason: str, space: str | None) -> None:
    """Take back one credential for good.

    The member stays one: `hanse anchor remove` takes back all that it has. Everybody sees it within a minute.
    """
    anchor = anchor_of(shell)
    before = anchor.credential(id, space=space)
    again = before.state == "revoked"
    one = before if again else anchor.revoke(id, reason, space=space)
    how = "was revoked before" + (f" by {one.by}" if one.by else "") + f". {one.reason}" if again else f"is {one.state}."
    shell.answer(one, lambda: shell.print(f"The {one.type} {one.id} of {one.holder} {how}".rstrip()))


def table(shell: Shell, listed: Sequence[IssuedCredential], empty: str = "Nothing was issued yet.") -> None:
    """Print issued credentials."""
    rows = [(one.id, one.type, words.short(one.holder), words.moment(one.valid_until), one.state) for one in listed]
    shell.table(("ID", "TYPE", "HOLDER", "UNTIL", "STATE"), rows, empty)


def _bounds(one: TrustedToIssue) -> str:
    claims = [f"{name}: {' or '.join(str(value) for value in values)}" for name, values in one.claims.items()]
    return "; ".join([*claims, *([f"for {words.plural(one.days, 'day')}"] if one.days is not None else [])])
