"""`instruct`: makes conversations for fine-tuning of records that have questions and answers, or texts and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.base import ID, TEXT, Applied, Dropped, Step
from hanse.factory.prepare.steps.tokens.survey import LABEL
from hanse.kernel.errors import Invalid

MESSAGES: Final = "messages"
"""`list<struct<role: string, content: string>>`: who says what, as chat templates take it."""
MOST_LABELS: Final = 1_000
LONGEST_LABEL: Final = 100
COUNTED: Final = 40
"""So many labels are counted by name in the step's account; `labels.json` of the product counts all."""

_TYPE: Final = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


class _Unfit(Exception):
    """A record of which no conversation can be made, and why."""


class Instruct(Step, frozen=True, kw_only=True):
    """Set the column `messages`: what the user says and what the assistant answers, by templates with the names of columns in braces.

    `prompt="{question}"`, `response="{answer}"` takes two columns as they are; `prompt="Is this about law? {text}"`,
    `response="{label}"`, `label="label"`, `labels=("yes", "no")` teaches labels. Numbers in the column `label` are places in `labels`.
    The column `text` becomes what was said, and `label` the label's name.

    Drops with `instruct-no-column` records of files that do not have all those columns, with `instruct-empty` one where a column is empty,
    with `instruct-overlong` one of more than `longest` letters in all, with `instruct-unknown-label` one whose label is none of `labels`.
    The writer's `labels.json` says how often each label is there.
    """

    name: ClassVar[str] = "instruct"

    prompt: str = "{prompt}"
    response: str = "{response}"
    system: str = ""
    label: str = ""
    labels: tuple[str, ...] = ()
    longest: int = 100_000

    def check(self) -> None:
        """Raise `Invalid` for a template that is none, and for labels that are not told apart."""
        for where in ("prompt", "response", "system"):
            template = getattr(self, where)
            if not template.strip() and where != "system":
                raise Invalid("A template is empty.", where=where, rule="template")
            _columns(template, where)
        if len(set(self.labels)) != len(self.labels) or len(self.labels) > MOST_LABELS or not all(map(_fit, self.labels)):
            raise Invalid(
                f"Labels are at most {MOST_LABELS} words of at most {LONGEST_LABEL} letters, none of them empty or twice.",
                where="labels",
                rule="labels",
            )
        if self.labels and not self.label:
            raise Invalid("There are labels, but no column that has them.", where="label", rule="labels", hint="label: COLUMN")
        if self.longest < 1:
            raise Invalid("A conversation has one letter at least.", where="longest", rule="longest")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Return the records with their conversations."""
        names = self._named()
        if not names <= set(records.column_names):
            return Applied(records.slice(0, 0), [Dropped(name, "instruct-no-column") for name in records[ID].to_pylist()])
        said: list[list[dict[str, str]]] = []
        labels: list[str | None] = []
        dropped = []
        for row in records.select([ID, *sorted(names - {ID})]).to_pylist():
            try:
                label = self._label(row)
                said.append(self._messages(row | {self.label: label}))
                labels.append(label)
            except _Unfit as reason:
                dropped.append(Dropped(row[ID], str(reason)))
        unfit = pa.array([drop.id for drop in dropped], records.schema.field(ID).type)
        kept = records.filter(pc.invert(pc.is_in(records[ID], unfit)))
        return Applied(self._table(kept, said, labels), dropped, self._counts(labels))

    def _named(self) -> set[str]:
        names = {name for where in ("prompt", "response", "system") for name in _columns(getattr(self, where), where)}
        return names | ({self.label} if self.label else set())

    def _label(self, row: Mapping[str, Any]) -> str | None:
        if not self.label:
            return None
        word = _word(row[self.label])
        if not self.labels or word in self.labels:
            return word
        if word.isascii() and word.isdigit() and len(word) < 5 and int(word) < len(self.labels):
            return self.labels[int(word)]
        raise _Unfit("instruct-unknown-label")

    def _messages(self, row: Mapping[str, Any]) -> list[dict[str, str]]:
        said = [
            {"role": role, "content": "".join(before + (_word(row[name]) if name else "") for before, name in _parts(template))}
            for role, template in (("system", self.system), ("user", self.prompt), ("assistant", self.response))
            if template.strip()
        ]
        if sum(len(message["content"]) for message in said) > self.longest:
            raise _Unfit("instruct-overlong")
        return said

    def _table(self, records: pa.Table, said: list[list[dict[str, str]]], labels: list[str | None]) -> pa.Table:
        text = ["\n\n".join(message["content"] for message in messages) for messages in said]
        table = records.set_column(records.column_names.index(TEXT), pa.field(TEXT, pa.large_string()), pa.array(text, pa.large_string()))
        made = [(MESSAGES, pa.array(said, _TYPE))] + ([(LABEL, pa.array(labels, pa.string()))] if self.label else [])
        for name, column in made:
            if name in table.column_names:
                table = table.drop_columns([name])
            table = table.append_column(name, column)
        return table

    def _counts(self, labels: list[str | None]) -> dict[str, int]:
        found = Counter(label for label in labels if label is not None)
        return {f"label-{label}": found[label] for label in self.labels[:COUNTED]}


def _parts(template: str) -> list[tuple[str, str | None]]:
    """Return a template as stretches of text, and the column after each."""
    return [(before, name) for before, name, _, _ in Formatter().parse(template)]


def _columns(template: str, where: str) -> set[str]:
    """Return the columns that a template names. Raises `Invalid` if it is none."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        parts = [("", "", "", None)]
    names = set()
    for _, name, form, change in parts:
        if name is None:
            continue
        if not name or form or change:
            hint = "Columns are named in braces, {question}; a brace itself is written twice."
            raise Invalid(f"The template {template[:80]!r} is none.", where=where, rule="template", hint=hint)
        names.add(name)
    return names


def _fit(label: str) -> bool:
    return 0 < len(label.strip()) <= LONGEST_LABEL


def _word(value: object) -> str:
    """Return a value as it is said. Raises `_Unfit` for what says nothing."""
    word = str(value).strip() if isinstance(value, str | int | float) else ""
    if not word or value != value:  # a number that is none
        raise _Unfit("instruct-empty")
    return word
