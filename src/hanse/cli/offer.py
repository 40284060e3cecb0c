"""`hanse offer`: own data on offer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from hanse.cli import words
from hanse.cli.kit import Function, Noun, wrong_usage
from hanse.cli.policy import warn
from hanse.cli.policy_say import show_weak
from hanse.cli.shell import Shell
from hanse.cli.terms import terms_of
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from hanse.client import Description
    from hanse.client.model import Asset

DEFAULT_POLICY = "members"


def described(function: Function) -> Function:
    """Add the options by which an owner describes data; a decorator."""
    options = (
        click.option("--title", help="The title; found out if it is not given."),
        click.option("--description", help="What it is, in a few sentences."),
        click.option("--keyword", "keywords", multiple=True, help="A keyword; may be repeated."),
        click.option("--theme", help="The theme, as an address of a vocabulary."),
        click.option("--licence", help="The licence, as an address or a short name."),
        click.option("--language", multiple=True, help="A language such as en; may be repeated."),
        click.option("--media-type", help="The media type, e.g. text/csv."),
        click.option("--place", "spatial", metavar="CODE", multiple=True, help="Where it was collected: DE, EU; may be repeated."),
        click.option("--creator", "creators", metavar="NAME|IRI", multiple=True, help="Who made it; may be repeated."),
        click.option("--collection", metavar="TEXT", help="How it was collected, e.g. sensors, surveys, web scraping."),
        click.option("--personal", metavar="TEXT|none", help="Which data about persons it holds, or none."),
        click.option("--rai", metavar="TERM=TEXT", multiple=True, help="A statement of the Croissant RAI vocabulary; may be repeated."),
        click.option("--policy", "policies", metavar="TEMPLATE|FILE", multiple=True, help="Terms; may be repeated: one offer each."),
        click.option(
            "--negotiable",
            metavar="TEMPLATE|FILE|none",
            help="The widest terms that are agreed to by rule; requests beyond them get a counter-offer within.",
        ),
        click.option(
            "--derived-from", metavar="CONTRACT", multiple=True, help="A contract under which the data came to you; may be repeated."
        ),
        click.option(
            "--rights-held/--no-rights-held", default=None, help="Whether you hold the rights that files beside the data reserve."
        ),
        click.option("--visible-to", metavar="DID|NAME", multiple=True, help="Who sees it (otherwise every member); may be repeated."),
        click.option(
            "--by-hand/--by-rule", default=None, help="Whether you answer requests yourself; by rule, what equals an offer is accepted."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.group("offer", cls=Noun, default="add")
def command() -> None:
    """Offer data: a file, a folder or an address."""


@command.verb("add", example='hanse offer ./weather.csv --title "Weather" --policy "members + until 2027-01-01"')
@click.argument("source", metavar="[PATH_OR_URL]", required=False)
@click.option("--stored", metavar="NAME[@N][/PATH]", help="Offer what the facility holds, instead of a path or an address.")
@described
def add(shell: Shell, source: str | None, stored: str | None, **said: Any) -> None:
    """Offer data: a file, a folder, an address, or what the facility holds.

    What came under a contract is offered within that contract's next policy, and no longer than it stands. Of a NAME without @N it is
    the newest version at any time; a PATH in it is one file, or a folder if it ends with `/`. Size, checksums, media type and title are
    found out. Terms are templates (`hanse policy list`) or files with ODRL JSON;
    without any it is the template `members`.
    """
    policies = [terms_of(one) for one in said.pop("policies")]
    about = _description(shell, said)
    if (source is None) == (stored is None):
        wrong_usage("Say what you offer: a path, an address, or --stored NAME@N.")
    place = _source(source) if source is not None else _stored(stored or "")
    asset = shell.client.assets.create(place, policies or [DEFAULT_POLICY], about)

    def show() -> None:
        _show(shell, asset)
        warn(shell, policies)
        shell.note(f"Others find it with `hanse catalog` and get it with `hanse get {asset.id}`.")

    shell.answer(asset, show)


@command.verb("list", example="hanse offer --list")
def show_list(shell: Shell) -> None:
    """List what you offer."""
    assets = shell.client.assets.list()
    rows = [(one.id, one.dataset.title, words.size(one.dataset.byte_size), "withdrawn" if one.withdrawn else "on offer") for one in assets]
    shell.answer(assets, lambda: shell.table(("ID", "TITLE", "SIZE", "STATE"), rows, "You offer nothing yet: `hanse offer PATH`."))


@command.verb("show", example="hanse offer show ds_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def show_one(shell: Shell, id: str) -> None:
    """Show one asset with its terms."""
    asset = shell.client.assets.get(id)
    shell.answer(asset, lambda: _show(shell, asset))


@command.verb("edit", example='hanse offer edit ds_06f9k2q4m8s1t5v7w9x3yz --title "Weather of Seattle"')
@click.argument("id", metavar="ID")
@click.option("--visible-to-all", is_flag=True, help="Let every member see it again.")
@described
def edit(shell: Shell, id: str, visible_to_all: bool, **said: Any) -> None:
    """Change what is said of an asset. Standing contracts keep their own terms."""
    policies = [terms_of(one) for one in said.pop("policies")]
    about = _description(shell, said)
    if policies:
        about.terms = policies
    if visible_to_all:
        about.visible_to = []
    if not about.body():
        wrong_usage("There is nothing to change: give at least one option, such as --title.")
    asset = shell.client.assets.edit(id, about)

    def show() -> None:
        _show(shell, asset)
        warn(shell, policies)

    shell.answer(asset, show)


@command.verb("refresh", example="hanse offer refresh ds_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def refresh(shell: Shell, id: str) -> None:
    """Look at the source again after it has changed."""
    asset = shell.client.assets.refresh(id)
    shell.answer(asset, lambda: _show(shell, asset))


@command.verb("withdraw", example="hanse offer withdraw ds_06f9k2q4m8s1t5v7w9x3yz")
@click.argument("id", metavar="ID")
def withdraw(shell: Shell, id: str) -> None:
    """Take an asset off the catalogue. Standing contracts keep their right to it until they end."""
    asset = shell.client.assets.withdraw(id)
    shell.answer(asset, lambda: shell.print(f"{asset.id} is withdrawn. Contracts that stand keep their right to it until they end."))


def _stored(text: str) -> dict[str, str]:
    version, _, path = text.partition("/")
    return {"kind": "stored", "version": version, "path": path}


def _source(text: str) -> dict[str, str]:
    if urlsplit(text).scheme in ("http", "https"):
        return {"kind": "http", "url": text}
    path = Path(text).absolute()
    if path.is_dir():
        return {"kind": "folder", "path": str(path)}
    if path.is_file():
        return {"kind": "file", "path": str(path)}
    raise Invalid(
        f"There is no file and no folder {text[:500]!r}.",
        where="PATH_OR_URL",
        rule="source",
        hint="Name one that is here, or an http address.",
    )


def _description(shell: Shell, said: dict[str, Any]) -> Description:
    """Return what was said on the command line; what was not stays unset."""
    from hanse.client import Description

    by_hand, negotiable, rights_held = said.pop("by_hand"), said.pop("negotiable"), said.pop("rights_held")
    rai = _rai(said.pop("rai"), dataCollectionType=said.pop("collection"), personalSensitiveInformation=said.pop("personal"))
    given: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}
    if rai:
        given["rai"] = rai
    if "visible_to" in given:
        given["visible_to"] = [shell.client.did_of(one) for one in given["visible_to"]]
    if by_hand is not None:
        given["answering"] = "hand" if by_hand else "rule"
    if rights_held is not None:
        given["rights_held"] = rights_held
    if negotiable is not None:
        given["preferences"] = None if negotiable == "none" else {"must": terms_of(negotiable)}
    return Description(**given)


def _rai(stated: Sequence[str], **named: str | None) -> dict[str, list[str]]:
    """Return statements by term, from `TERM=TEXT` and from the options that have a name of their own."""
    found: dict[str, list[str]] = {}
    for one in stated:
        term, equals, text = one.partition("=")
        if not (equals and text.strip()):
            wrong_usage("Write a statement as TERM=TEXT, e.g. dataBiases='Cities are over-represented.'")
        found.setdefault(term.strip(), []).append(text.strip())
    for term, text_ in named.items():
        if text_:
            found.setdefault(term, []).append(text_)
    return found


def _show(shell: Shell, asset: Asset) -> None:
    dataset = asset.dataset
    place = asset.source
    source = place.get("url") or "/".join(one for one in (place.get("version"), place.get("path")) if one)
    seen = ", ".join(map(words.short, asset.visible_to)) or "every member of the space"
    shell.print(f"{asset.id}  {dataset.title}")
    shell.fields(
        [
            ("source", str(source)),
            ("size", words.size(dataset.byte_size) + (f" in {words.plural(dataset.files, 'file')}" if dataset.files is not None else "")),
            ("type", dataset.media_type or ""),
            ("licence", dataset.licence or ""),
            ("collected in", ", ".join(dataset.spatial)),
            ("made by", ", ".join(dataset.creators)),
            *((term, " ".join(texts)) for term, texts in dataset.rai.items()),
            ("quality", words.measures(dataset.measures, len(dataset.measures))),
            ("seen by", seen),
            ("answered", "by hand" if asset.answering == "hand" else "by rule: what equals an offer is accepted"),
            ("negotiable", " ".join(asset.preferences.sentences) if asset.preferences else ""),
            ("derived from", ", ".join(asset.derived_from)),
            ("reserved", " ".join(asset.reservations) + (" You hold these rights." if asset.reservations and asset.rights_held else "")),
            ("withdrawn", words.moment(asset.withdrawn)),
            *(("terms", " ".join(offer.sentences)) for offer in dataset.offers),
        ]
    )
    show_weak(shell, [offer.terms for offer in dataset.offers], None)
