"""`hanse get`: the whole road to a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import define
from hanse.cli.shell import Shell
from hanse.cli.terms import needed, stated, terms_of

if TYPE_CHECKING:
    from hanse.client.model import Got


@define(
    "get", example="hanse get ds_06f9k2q4m8s1t5v7w9x3yz --from acme --into ./weather", resume="The same command goes on where it stood."
)
@click.argument("dataset", metavar="DATASET")
@click.option("--from", "peer", metavar="PEER", help="Who offers it: a member's name or DID (otherwise all members are asked).")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Where to; otherwise a folder named as the dataset."
)
@click.option("--offer", metavar="ID", help="Under which of its offers; otherwise the first.")
@click.option("--policy", metavar="TEMPLATE|FILE", help="Own terms, proposed as a counter-offer.")
@click.option("--purpose", metavar="NAME[,NAME...]", help="What you need it for: as --need 'purpose NAME', and stated.")
@click.option("--need", metavar="TEMPLATE|FILE", help="The use that you need: a counter-offer that covers it is accepted.")
@click.option("--rounds", type=click.IntRange(1, 20), metavar="N", help="At most so many proposals of yours (otherwise 5).")
@click.option("--accept-declared", is_flag=True, help="Accept terms that only the law keeps without being asked.")
@click.option("--accept-counter", is_flag=True, help="Accept the provider's counter-offer if there is one.")
@click.option("--again", is_flag=True, help="Negotiate anew, even if a contract stands.")
@click.option(
    "--patience",
    type=click.IntRange(1, 86_400),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the other side.",
)
def command(
    shell: Shell,
    dataset: str,
    peer: str | None,
    into: Path | None,
    offer: str | None,
    policy: str | None,
    purpose: str | None,
    need: str | None,
    rounds: int | None,
    accept_declared: bool,
    accept_counter: bool,
    again: bool,
    patience: int,
) -> None:
    """Get a dataset: negotiate, fetch, verify.

    Every file is checked against the provider's digests. Whatever broke off, the same command goes on where it stood. The
    exit code is 3 while a person has to act, e.g. on a counter-offer. With --need or --purpose the server negotiates by
    itself: it asks for the offer if that covers the use, else for the use, and accepts what covers it.
    """
    terms = None if policy is None else terms_of(policy)
    with shell.progress(dataset) as progress:
        got = shell.client.get(
            dataset,
            into,
            peer=peer,
            offer=offer,
            terms=terms,
            need=needed(purpose, need),
            rounds=rounds,
            ask_declared=not accept_declared,
            stated=stated(purpose),
            accept_counter=accept_counter,
            anew=again,
            patience=patience,
            progress=progress,
            tell=shell.note,
        )
    shell.answer(got, lambda: _show(shell, got))


def _show(shell: Shell, got: Got) -> None:
    if shell.quiet:
        shell.print(str(got.folder))
        return
    checked = "every checksum verified" if got.verified else "not verified: the provider gave no checksums"
    repaired = f", {got.repaired} repaired" if got.repaired else ""
    there = f", {got.already_there} already there" if got.already_there else ""
    shell.print(f"{words.plural(len(got.files), 'file')}, {words.size(got.size)}, {checked}{repaired}{there}.")
    shell.fields([("files in", str(got.folder.absolute())), ("transfer", got.transfer)])
    for sentence in got.contract.sentences:
        shell.print(sentence)
