"""`hanse` itself: the list of commands, whose modules are loaded only when one of them is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

import click

from hanse import __version__

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Start": {
        "demo": "See companies exchange real data, start to end.",
        "up": "Make a space on this machine and run it.",
        "join": "Join a space.",
    },
    "Every day": {
        "offer": "Offer data: a file, a folder or an address.",
        "catalog": "Show what others offer you.",
        "get": "Get a dataset: negotiate, fetch, verify.",
        "negotiations": "Show negotiations, and answer them.",
        "contracts": "Show contracts with their terms in words.",
        "transfers": "Show transfers, and steer them.",
        "use": "Open stored data under its contract: decided, counted and logged.",
        "facts": "Tell what decisions rest on: payments, consents, events, classifications.",
        "ledger": "Show the signed log: what was permitted, refused, stated and ended, and by whom.",
        "explain": "Tell what happened to an id, and what it waits for.",
        "status": "Show how the server and your participant are.",
    },
    "AI factory": {
        "acquire": "Order data in words: find, plan, negotiate, fetch, verify, store.",
        "order": "Orders for data, those that stand and those that run once.",
        "facility": "The store of dataset versions: look, verify, tidy up.",
        "open": "Open a stored version under its contract.",
        "prepare": "Make stored versions ready for training.",
        "plan": "Plan the data of a model: tokens wanted, held, missing, and what would fill it.",
        "quality": "Measure the quality of data for a stated use, as page, PDF and data.",
        "lease": "Lend a version to a node without network, and take its log of use back.",
        "link": "How the factory works with each space, and what the next mode needs.",
        "mirror": "Collections of providers, kept up to date by difference.",
        "document": "Croissant, datasheets, data management plans and bills of material.",
        "model": "Models, and which data they were trained on.",
        "custody": "Who keeps which bytes until when; holds and retrieval drills.",
        "evidence": "Proof for years: archives, their verification, and an authority's questions.",
    },
    "Trust": {
        "wallet": "Credentials that you hold, and your keys.",
        "anchor": "Members, rulebook and credentials of a space that you anchor.",
        "leave": "Leave a space.",
    },
    "Look after it": {
        "serve": "Run the server of a home folder.",
        "settings": "Show each setting and where it came from.",
        "participant": "Participants of this server.",
        "operator": "Operators and their tokens.",
        "policy": "Terms: the templates, and what a policy says.",
        "backup": "Write an encrypted backup of a home folder.",
        "restore": "Bring a backup back.",
        "completion": "Print the completion script of a shell.",
    },
}
"""What `hanse --help` lists, with the first line of each command's own help."""

_FACTORY = frozenset(SECTIONS["AI factory"])
_MAY_BE_ABSENT = frozenset({"demo", "backup", "restore"}) | _FACTORY


class LazyGroup(click.Group):
    """Knows its commands by name and help alone, and imports `hanse.cli.NAME` for the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands that are there."""
        return [name for section in SECTIONS.values() for name in section if _present(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or nothing if there is none of that name."""
        if not any(cmd_name in section for section in SECTIONS.values()) or not _present(cmd_name):
            return None
        command = import_module(_module(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list, without importing any command."""
        for title, section in SECTIONS.items():
            rows = [(name, text) for name, text in section.items() if _present(name)]
            with formatter.section(title):
                formatter.write_dl(rows)


def _present(name: str) -> bool:
    return name not in _MAY_BE_ABSENT or find_spec(_module(name)) is not None


def _module(name: str) -> str:
    return f"hanse.cli.factory.{name}" if name in _FACTORY else f"hanse.cli.{name}"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hanse", message="%(prog)s %(version)s")
def hanse() -> None:
    """A data space in one program: offer, negotiate and exchange data under terms that hold.

    Each command has its own --help with an example, and --json for programs. Exit codes: 0 done, 1 refused or failed with a
    reason, 2 wrong usage, 3 waits for a person.
    """
