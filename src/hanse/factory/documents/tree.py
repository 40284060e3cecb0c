"""A document of the AI Act as a value: points of the law, under each what is known, with its source, and what is not.

It is written in two forms that say the same: Markdown for people, JSON for programs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import Struct

from hanse.factory.documents.fields import NOT_KNOWN
from hanse.factory.documents.markdown import Sheet, plain

FORMAT: Final = "hanse-ai-act/1"
Law = Literal["article10", "annex-iv", "training-summary"]


class Item(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One statement with its `source`; without a source it says what is not known, and `ask` is the field that a person can fill."""

    text: str
    source: str = ""
    ask: str = ""


class Point(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One point of the law (`ref`, e.g. `10(2)(b)`), in our words, and what is said under it."""

    ref: str
    title: str
    items: tuple[Item, ...] = ()


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Points that belong together."""

    title: str
    points: tuple[Point, ...]


class Act(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document `law` of a model or a version, `by` the participant whose log it is; `basis` names the text of the law."""

    format: Literal["hanse-ai-act/1"] = "hanse-ai-act/1"
    law: Law
    title: str
    subject: str
    by: str
    basis: str
    sections: tuple[Section, ...]

    @property
    def items(self) -> list[Item]:
        """Everything that is said."""
        return [item for section in self.sections for point in section.points for item in point.items]

    @property
    def asks(self) -> tuple[str, ...]:
        """The fields that only a person can fill, each once."""
        return tuple(dict.fromkeys(one.ask for one in self.items if one.ask))


def point(ref: str, title: str, *items: Iterable[Item]) -> Point:
    """Return a point with what is said under it, each thing once; where nothing is, it is not known."""
    found = tuple(dict.fromkeys(one for some in items for one in some))
    return Point(ref, title, found or (Item("Nothing in the evidence says anything about it."),))


def write_json(act: Act) -> bytes:
    """Return the document for programs."""
    return msgspec.json.format(msgspec.json.encode(act), indent=1)


def write_markdown(act: Act) -> bytes:
    """Return the document for people."""
    sheet = Sheet(f"{act.title}: {act.subject}")
    sheet.say(f"Made of the signed log of {plain(act.by)} with Hanse. {plain(act.basis)}")
    sheet.say(
        "In square brackets stands what each statement is taken from. What nobody has told and nothing shows is marked as not known; "
        "nothing is made up. Whether the law is kept, no program can say."
    )
    for section in act.sections:
        sheet.section(section.title)
        for one in section.points:
            sheet.say(f"**{plain(f'{one.ref} {one.title}'.strip())}**")
            sheet.say("\n".join(map(_line, one.items)))
    return sheet.data()


def _line(item: Item) -> str:
    if item.source:
        return f"- {plain(item.text)} \\[{plain(item.source)}\\]"
    ask = f": ask {plain(item.ask)}" if item.ask else ""
    return f"- **{NOT_KNOWN}{ask}** {plain(item.text)}"
