"""`hanse catalog`: what others offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.kit import define, wrong_usage
from hanse.cli.policy_say import show_weak
from hanse.cli.shell import Shell

if TYPE_CHECKING:
    from hanse.client.model import Catalogue, Dataset, Everything, SeenSpace


@define("catalog", example="hanse catalog acme --filter language=en --filter text=weather --terms")
@click.argument("peer", metavar="[PEER]", required=False)
@click.option("--filter", "filters", metavar="FIELD=VALUE", multiple=True, help="What must match; may be repeated: all must.")
@click.option("--space", metavar="SPACE", help="Ask the members of this space alone: its name, or the address of one you have not joined.")
@click.option("--terms", is_flag=True, help="Show the terms of each offer, too, and which of them no server keeps by itself.")
def command(shell: Shell, peer: str | None, filters: tuple[str, ...], space: str | None, terms: bool) -> None:
    """Show what others offer you.

    PEER is a member's name or DID; without it all members of your spaces are asked. Fields of the filter: id, title, text,
    keyword, theme, licence, language, mediaType, format. Several values of one field are separated by commas: one is enough.

    With the address of a SPACE that you have not joined, it shows what is public of it: its members, what its roles need, and
    what members offer to anybody.
    """
    criteria = [_criterion(one) for one in filters]
    if peer is not None:
        catalogue = shell.client.catalog(peer, criteria)
        shell.answer(catalogue, lambda: _show(shell, [catalogue], {}, terms=terms))
        return
    if space is not None and "://" in space and space.rstrip("/") not in [one.url for one in shell.client.spaces()]:
        seen = shell.client.look(space, offers=True, filter=criteria)
        shell.answer(seen, lambda: _show_seen(shell, seen, terms))
        return
    everything = shell.client.browse(criteria, space)
    shell.answer(everything, lambda: _show_all(shell, everything, terms))


def _show_seen(shell: Shell, seen: SeenSpace, terms: bool) -> None:
    """Show what is public of a space, and what it would need to join."""
    shell.fields(
        [
            ("space", f"{seen.title} ({seen.url})"),
            ("anchor", seen.anchor),
            ("members", words.plural(len(seen.members), "member")),
            ("decides", seen.decided_by),
            ("terms", seen.terms_url),
        ]
    )
    shell.print()
    rows = [(one.name, one.title, ", ".join([*one.needs, *one.evidence]), ", ".join(one.trust)) for one in seen.roles]
    shell.table(("ROLE", "TITLE", "NEEDS", "TRUSTED TO"), rows, "Its rulebook has no roles.")
    shell.print()
    members = [(one.did, one.name, ", ".join(one.roles)) for one in seen.members]
    shell.table(("DID", "NAME", "ROLES"), members, "It has no members.")
    shell.print()
    if seen.catalogues:
        _show(shell, seen.catalogues, {}, terms=terms)
    if seen.closed:
        shell.note(f"{words.plural(len(seen.closed), 'member')} showed nothing to who is no member; --json says why.")
    shell.note(f"`hanse join {seen.url} --check` tells what you would lack; without --check it joins.")


def _criterion(text: str) -> dict[str, str | list[str]]:
    field, equals, value = text.partition("=")
    if not equals or not field or not value:
        wrong_usage(f"{text!r} is no filter; write FIELD=VALUE, e.g. language=en.")
    values = [one.strip() for one in value.split(",") if one.strip()]
    # A text may hold a comma of its own; only fields with short values are lists.
    return {field: value if field in ("text", "title", "id") or len(values) < 2 else values}


def _show_all(shell: Shell, everything: Everything, terms: bool) -> None:
    spaces = {did: words.spaces(urls) for did, urls in everything.spaces.items()}
    _show(shell, everything.catalogues, spaces if len(set(spaces.values())) > 1 else {}, terms=terms)
    for did, problem in everything.unreachable.items():
        shell.note(f"{words.short(did)} could not be asked: {problem}")


def _show(shell: Shell, catalogues: list[Catalogue], spaces: dict[str, str], *, terms: bool) -> None:
    found = [(one, page.participant) for page in catalogues for one in page.datasets]
    if terms:
        _with_terms(shell, found)
    else:
        told = any(one.measures for one, _ in found)
        rows = [
            (one.id, one.title, words.short(did), *_where(did, spaces), words.size(one.byte_size), *_quality(one, told))
            for one, did in found
        ]
        columns = ("ID", "TITLE", "FROM", *(["SPACE"] if spaces else ()), "SIZE", *(["DECLARED QUALITY"] if told else ()))
        shell.table(columns, rows, "Nothing that you may see is offered.")
    unreadable = sum(len(page.unreadable) for page in catalogues)
    if unreadable:
        shell.note(f"{words.plural(unreadable, 'entry').replace('entrys', 'entries')} could not be read; --json shows why.")
    if found:
        who = f" --participant {shell.participant}" if shell.participant else ""
        shell.note(f"`hanse get {found[0][0].id}{who}` gets the first.")


def _where(did: str, spaces: dict[str, str]) -> list[str]:
    return [spaces.get(did, "")] if spaces else []


_FIRST = ("completeness", "duplicates", "label-validity", "personal-data")


def _quality(one: Dataset, told: bool) -> list[str]:
    """Return the measures that tell most on one line; `--terms` shows all."""
    ordered = sorted(one.measures, key=lambda each: _FIRST.index(each.metric) if each.metric in _FIRST else len(_FIRST))
    return [words.measures(ordered, 2)] if told else []


def _with_terms(shell: Shell, found: list[tuple[Dataset, str]]) -> None:
    for one, did in found:
        shell.print(f"{one.id}  {one.title}")
        facts = (f"from {words.short(did)}", words.size(one.byte_size), one.media_type, one.licence, ", ".join(one.language))
        shell.print("  " + ", ".join(fact for fact in facts if fact))
        if one.measures:
            shell.print(f"  declared quality: {words.measures(one.measures, len(one.measures))}")
        for offer in one.offers:
            shell.print(f"  {offer.id}: {' '.join(offer.sentences)}")
            show_weak(shell, [offer.terms], did)
