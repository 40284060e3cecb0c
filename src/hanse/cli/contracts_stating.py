"""`hanse contracts end`, `state` and `deleted`: what is stated, signed, under a contract. They are verbs of `contracts`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.asking import confirm
from hanse.cli.kit import DONE, FAILED, WAITING, define, wrong_usage
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.ledger_model import LedgerEntry

_CODES = {"acknowledged": DONE, "one-sided": DONE, "waiting": WAITING}


@define("end", example='hanse contracts end agr_06f9k2q4m8s1t5v7w9x3yz --notice "We take the station down."')
@click.argument("id", metavar="CONTRACT")
@click.option("--notice", metavar="REASON", help="End it by notice.")
@click.option("--breach", metavar="REASON", help="End it because the other side has broken it.")
def end(shell: Shell, id: str, notice: str | None, breach: str | None) -> None:
    """End a contract. Transfers are cut at once, and both sides keep the signed statement."""
    if (notice is None) == (breach is None):
        wrong_usage("Say why, with --notice or with --breach.")
    contract = shell.client.contracts.end(id, notice or breach or "", how="notice" if breach is None else "breach")
    told = shell.client.ledger.get(contract.end_statement).delivered

    def show() -> None:
        shell.print(contract.end_reason)
        shell.fields([("ended", words.moment(contract.ended)), ("statement", contract.end_statement)])
        shell.fields([("other side", "" if told is None else ". ".join(filter(None, (told.state, told.reason))))])

    shell.answer(contract, show)


@define("state", example="hanse contracts state agr_06f9k2q4m8s1t5v7w9x3yz --purpose dpv:ServiceProvision")
@click.argument("id", metavar="CONTRACT")
@click.option("--purpose", metavar="IRI", help="What for, e.g. dpv:ServiceProvision.")
@click.option("--application", metavar="NAME", help="By which application.")
@click.option("--environment", metavar="NAME", help="In which environment, e.g. production.")
@click.option("--spatial", metavar="CODE", help="Where, e.g. DE.")
@click.option("--security-level", metavar="LEVEL", help="How secured, e.g. trust.")
@click.pass_context
def state(
    ctx: click.Context,
    shell: Shell,
    id: str,
    purpose: str | None,
    application: str | None,
    environment: str | None,
    spatial: str | None,
    security_level: str | None,
) -> None:
    """State, signed, what you use the data of a contract for. It counts until you state something else."""
    entry = shell.client.contracts.state(
        id, purpose=purpose, application=application, environment=environment, spatial=spatial, security_level=security_level
    )
    shell.answer(entry, lambda: _show(shell, entry))
    _leave(ctx, entry)


@define("deleted", example="hanse contracts deleted agr_06f9k2q4m8s1t5v7w9x3yz --path ./weather --delete --yes")
@click.argument("id", metavar="CONTRACT")
@click.option("--path", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where the data lies, or lay.")
@click.option("--delete", is_flag=True, help="Delete it now; otherwise delete it yourself and run the command again.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.pass_context
def deleted(ctx: click.Context, shell: Shell, id: str, path: Path, delete: bool, yes: bool) -> None:
    """Confirm, signed, that you have deleted the data of a contract, file by file with its hash.

    The files are hashed first; the list is kept beside the folder until the receipt is signed.
    """
    from hanse.client import receipts

    shell.client.contracts.get(id)  # nothing is deleted under a contract that there is none of
    objects = receipts.listed(path)
    if delete and not yes:
        files = words.plural(len(objects), "file")
        confirm(shell, f"Delete {files} in {path.absolute()}, for good, and sign that it was the contract's data?")
    if delete:
        receipts.remove(path, objects)
    receipts.require_gone(path, objects)
    entry = shell.client.contracts.confirm_deleted(id, objects)
    receipts.list_of(path).unlink(missing_ok=True)
    shell.answer(entry, lambda: _show(shell, entry))
    _leave(ctx, entry)


def _show(shell: Shell, entry: LedgerEntry) -> None:
    shell.print(entry.sentence)
    delivered = entry.delivered
    shell.fields([("entry", f"{entry.index} ({entry.id})"), ("other side", delivered.state if delivered else "")])
    if delivered is not None and delivered.reason:
        shell.note(delivered.reason)


def _leave(ctx: click.Context, entry: LedgerEntry) -> None:
    ctx.exit(_CODES.get(entry.delivered.state, FAILED) if entry.delivered else DONE)
