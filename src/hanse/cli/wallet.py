"""`hanse wallet`: the credentials that you hold, requests for more, and the keys with which you sign."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.asking import confirm
from hanse.cli.kit import DONE, FAILED, WAITING, Noun
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.wallet_model import CredentialRequest, HeldCredential, Key, OpenedCredential


@click.group("wallet", cls=Noun, default="list")
def command() -> None:
    """Credentials that you hold, and your keys."""


# --- Credentials --------------------------------------------------------------------------------------------------------


@command.verb("list", example="hanse wallet list")
def show_list(shell: Shell) -> None:
    """Credentials that you hold, and your keys.

    Lists the credentials, and whether your space takes them.
    """
    held = shell.client.wallet.list()
    rows = [(one.id, ", ".join(one.types), words.short(one.issuer), words.moment(one.valid_until), _state(one)) for one in held]
    empty = "The wallet holds no credentials; `hanse join` brings those of a space."
    shell.answer(held, lambda: shell.table(("ID", "TYPE", "ISSUER", "UNTIL", "STATE"), rows, empty))


@command.verb("show", example="hanse wallet show vc_06f9k2q4m8s1t5v7w9x3yz --check")
@click.argument("id", metavar="ID")
@click.option("--check", is_flag=True, help="Look up now whether its issuer has taken it back.")
def show_one(shell: Shell, id: str, check: bool) -> None:
    """Show what a credential says, and where its status is to be read."""
    wallet = shell.client.wallet
    one = wallet.check(id) if check else wallet.get(id)
    shell.answer(one, lambda: _show(shell, one))


@command.verb("remove", example="hanse wallet remove vc_06f9k2q4m8s1t5v7w9x3yz --yes")
@click.argument("id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(shell: Shell, id: str, yes: bool) -> None:
    """Throw a credential away. What its issuer still makes, `hanse wallet request` brings back."""
    if not yes:
        one = shell.client.wallet.get(id)
        confirm(shell, f"Throw {one.id} ({', '.join(one.types)}) away?")
    shell.client.wallet.remove(id)
    shell.answer({"id": id, "removed": True}, lambda: shell.print(f"{id} is gone."))


# --- Requests -----------------------------------------------------------------------------------------------------------


@command.verb(
    "request",
    example="hanse wallet request MembershipCredential",
    resume="What was asked for stays asked for: `hanse wallet requests` tells what came of it.",
)
@click.argument("types", metavar="[TYPE]...", nargs=-1)
@click.option("--issuer", metavar="DID", help="Whom to ask; otherwise the anchor of your space.")
@click.option("--space", metavar="SPACE", help="Whose anchor to ask, if you are in several: its address or its name.")
@click.option(
    "--patience", type=click.IntRange(0, 3600), default=10, show_default=True, metavar="SECONDS", help="How long to wait for the answer."
)
@click.pass_context
def request(ctx: click.Context, shell: Shell, types: tuple[str, ...], issuer: str | None, space: str | None, patience: int) -> None:
    """Ask an issuer for credentials.

    Without a TYPE the anchor of your space is asked for all that you are entitled to. The exit code is 3 while the issuer has not
    answered, and 1 if it said no.
    """
    wallet = shell.client.wallet
    asked = wallet.request(types, issuer=issuer, space=space, patience=0)
    if asked.open and patience:
        shell.note(f"The request {asked.id} is made. Waiting up to {words.plural(patience, 'second')} for {asked.issuer}.")
        asked = wallet.await_request(asked.id, patience=patience)
    shell.answer(asked, lambda: _show_request(shell, asked))
    ctx.exit(WAITING if asked.open else DONE if asked.state == "issued" else FAILED)


@command.verb("requests", example="hanse wallet requests")
def requests(shell: Shell) -> None:
    """List what you have asked issuers for, and what came of it."""
    listed = shell.client.wallet.requests()
    rows = [(one.id, ", ".join(one.types), words.short(one.issuer), one.state, one.reason) for one in listed]
    shell.answer(listed, lambda: shell.table(("ID", "TYPE", "ISSUER", "STATE", "REASON"), rows, "Nothing was asked for yet."))


# --- Keys ---------------------------------------------------------------------------------------------------------------


@command.verb("keys", example="hanse wallet keys")
def keys(shell: Shell) -> None:
    """List your keys: the one that signs, and those that only verify what they signed."""
    listed = shell.client.wallet.keys()
    rows = [(one.kid.rpartition("#")[2], one.kind, _key_state(one), words.moment(one.created), words.moment(one.until)) for one in listed]
    shell.answer(listed, lambda: shell.table(("KEY", "KIND", "STATE", "MADE", "UNTIL"), rows, "There is no key."))


@command.verb("rotate", example="hanse wallet rotate --kind Ed25519")
@click.option("--kind", type=click.Choice(["P-256", "P-384", "Ed25519", "RSA"]), help="Of this kind; otherwise of the last one's.")
def rotate(shell: Shell, kind: str | None) -> None:
    """Sign with a new key from now on. What the old one signed stays good until it ends."""
    made = shell.client.wallet.rotate(kind)
    shell.answer(made, lambda: shell.print(f"{made.kid} ({made.kind}) signs from now on."))


@command.verb("compromised", example="hanse wallet compromised key-1 --since 2026-11-20T08:00:00Z")
@click.argument("kid", metavar="KEY")
@click.option("--since", metavar="MOMENT", required=True, help="Since when somebody else may have had it: 2026-11-20, or with a time.")
def compromised(shell: Shell, kid: str, since: str) -> None:
    """Declare that somebody else may have had a key: what it signed since then is refused, and another one signs.

    What an anchor signed with it is offered to its members anew. Once they have taken it, `hanse wallet release` ends the key.
    """
    found = shell.client.wallet.compromise(kid, _moment(since))

    def tell() -> None:
        shell.print(f"{found.compromised.kid} is compromised since {words.moment(found.compromised.compromised)}.")
        shell.print(f"{found.active.kid} signs now.")
        if found.offered or found.depending:
            shell.print(f"New credentials were offered to members: {words.plural(found.offered, 'offer')}.")
            shell.print(f"{words.plural(found.depending, 'credential')} of the old key had no successor yet.")

    shell.answer(found, tell)


@command.verb("release", example="hanse wallet release key-1")
@click.argument("kid", metavar="KEY")
@click.option("--anyway", is_flag=True, help="Even if credentials depend on it; they count no more then.")
def release(shell: Shell, kid: str, anyway: bool) -> None:
    """Let a key leave the DID document: what it signed counts no more."""
    key = shell.client.wallet.release(kid, anyway=anyway)
    shell.answer(key, lambda: shell.print(f"{key.kid} is released."))


def _state(one: HeldCredential) -> str:
    if one.state != "good" or one.counts:
        return one.state
    return "not known" if one.counts is None else "does not count"


def _key_state(key: Key) -> str:
    return f"{key.state} since {words.moment(key.compromised)}" if key.compromised is not None else key.state


def _show(shell: Shell, one: OpenedCredential) -> None:
    claims = [(name, str(value)) for subject in one.claims for name, value in subject.items()]
    shell.fields(
        [
            (one.id, ", ".join(one.types)),
            ("issuer", one.issuer),
            ("state", _state(one)),
            ("why", one.why),
            ("from", words.moment(one.valid_from)),
            ("until", words.moment(one.valid_until)),
            ("profile", one.profile),
            ("issuer's id", one.credential_id or ""),
            ("came by", one.request or ""),
            *((at.purpose, f"{at.list}, index {at.index}") for at in one.statuses),
            *(("schema", address) for address in one.schemas),
        ]
    )
    shell.print()
    shell.table(("CLAIM", "VALUE"), claims, "It cannot be read by this version of the program.")


def _show_request(shell: Shell, asked: CredentialRequest) -> None:
    what = ", ".join(asked.types)
    shell.print(f"The request {asked.id} to {asked.issuer} for {what} is {asked.state}. {asked.reason}".rstrip())
    if asked.open:
        shell.note(f"It waits for {asked.waits_for} ({asked.who}). `hanse explain {asked.id}` tells more.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write it as 2026-11-20 or 2026-11-20T08:00:00Z.", param_hint="--since") from None
    return moment if moment.tzinfo is not None else moment.astimezone()
