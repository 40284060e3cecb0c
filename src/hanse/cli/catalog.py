"""`hanse catalog`: what others offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import define, wrong_usage
from hanse.cli.policy_say import show_weak
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.model import Catalogue, Dataset, Everything


@define("catalog", example="hanse catalog acme --filter language=en --filter text=weather --terms")
@click.argument("peer", metavar="[PEER]", required=False)
@click.option("--filter", "filters", metavar="FIELD=VALUE", multiple=True, help="What must match; may be repeated: all must.")
@click.option("--terms", is_flag=True, help="Show the terms of each offer, too, and which of them no server keeps by itself.")
def command(shell: Shell, peer: str | None, filters: tuple[str, ...], terms: bool) -> None:
    """Show what others offer you.

    PEER is a member's name or DID; without it all members of your space are asked. Fields of the filter: id, title, text,
    keyword, theme, licence, language, mediaType, format. Several values of one field are separated by commas: one is enough.
    """
    criteria = [_criterion(one) for one in filters]
    if peer is not None:
        catalogue = shell.client.catalog(peer, criteria)
        shell.answer(catalogue, lambda: _show(shell, [catalogue], terms))
        return
    everything = shell.client.browse(criteria)
    shell.answer(everything, lambda: _show_all(shell, everything, terms))


def _criterion(text: str) -> dict[str, str | list[str]]:
    field, equals, value = text.partition("=")
    if not equals or not field or not value:
        wrong_usage(f"{text!r} is no filter; write FIELD=VALUE, e.g. language=en.")
    values = [one.strip() for one in value.split(",") if one.strip()]
    # A text may hold a comma of its own; only fields with short values are lists.
    return {field: value if field in ("text", "title", "id") or len(values) < 2 else values}


def _show_all(shell: Shell, everything: Everything, terms: bool) -> None:
    _show(shell, everything.catalogues, terms)
    for did, problem in everything.unreachable.items():
        shell.note(f"{words.short(did)} could not be asked: {problem}")


def _show(shell: Shell, catalogues: list[Catalogue], terms: bool) -> None:
    found = [(one, page.participant) for page in catalogues for one in page.datasets]
    if terms:
        _with_terms(shell, found)
    else:
        rows = [(one.id, one.title, words.short(did), words.size(one.byte_size)) for one, did in found]
        shell.table(("ID", "TITLE", "FROM", "SIZE"), rows, "Nothing that you may see is offered.")
    unreadable = sum(len(page.unreadable) for page in catalogues)
    if unreadable:
        shell.note(f"{words.plural(unreadable, 'entry').replace('entrys', 'entries')} could not be read; --json shows why.")
    if found:
        who = f" --participant {shell.participant}" if shell.participant else ""
        shell.note(f"`hanse get {found[0][0].id}{who}` gets the first.")


def _with_terms(shell: Shell, found: list[tuple[Dataset, str]]) -> None:
    for one, did in found:
        shell.print(f"{one.id}  {one.title}")
        facts = (f"from {words.short(did)}", words.size(one.byte_size), one.media_type, one.licence, ", ".join(one.language))
        shell.print("  " + ", ".join(fact for fact in facts if fact))
        for offer in one.offers:
            shell.print(f"  {offer.id}: {' '.join(offer.sentences)}")
            show_weak(shell, [offer.terms], did)
