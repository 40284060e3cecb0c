"""What a machine cannot know: the fields that a person is asked for once, why, and which documents use them.

A field belongs to a dataset (for all its versions), to a model, or to the participant. Terms of RAI keep their names (`rai:dataBiases`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from hanse.dcat.names import RAI_TERMS
from hanse.dcat.values import moment_of
from hanse.factory.documents.asked import OF_DATASETS, OF_MODELS, OF_PARTICIPANTS, Field, Scope
from hanse.factory.documents.asked_act import OF_DATASETS_BY_LAW, OF_MODELS_BY_LAW, OF_PARTICIPANTS_BY_LAW
from hanse.kernel.errors import Invalid, TooLarge

MAX_ANSWER: Final = 4_000
"""Characters of an answer."""
NOT_KNOWN: Final = "not known"
"""What stands in a document in the place of what nobody has told."""
PARTICIPANT: Final = "participant"

_MAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,9}")
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}:[^\s<>\"{}|\\^`]{1,2000}")


_OTHER_RAI: Final = tuple(
    Field(
        f"rai:{term}", f"What is to be said about {term} (RAI vocabulary)?", "It is told as it is.", "dataset", ("croissant", "datasheet")
    )
    for term in sorted(RAI_TERMS - {one.name.removeprefix("rai:") for one in OF_DATASETS})
)
FIELDS: Final = (
    *OF_DATASETS,
    *OF_PARTICIPANTS,
    *OF_MODELS,
    *OF_DATASETS_BY_LAW,
    *OF_PARTICIPANTS_BY_LAW,
    *OF_MODELS_BY_LAW,
)
"""What is asked for. The other terms of RAI can be told, too."""
BY_NAME: Final[Mapping[str, Field]] = {one.name: one for one in (*FIELDS, *_OTHER_RAI)}


def field_of(name: str) -> Field:
    """Return a field. Raises `Invalid` with the nearest one."""
    found = BY_NAME.get(name)
    if found is None:
        from hanse.dcat.croissant.checks.finding import nearest

        hint = nearest(name, BY_NAME) or "`hanse document ask NAME` lists the fields."
        raise Invalid(f"No document has a field {name[:80]!r}.", where="field", rule="field", hint=hint)
    return found


def checked(field: Field, text: str) -> str:
    """Return an answer as it is kept: ends of lines made one, blanks around it gone. Raises `TooLarge`, `Invalid`."""
    if len(text) > MAX_ANSWER:
        raise TooLarge(
            f"An answer has at most {MAX_ANSWER:,} characters.", where=field.name, hint="Write a summary, and name where the rest is."
        )
    found = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(not char.isprintable() and char != "\n" for char in found):
        raise Invalid("It has control characters.", where=field.name, rule="answer")
    problem = _problem(field, found) if found else None
    if problem is not None:
        raise Invalid(problem, where=field.name, rule="answer")
    return found


def _problem(field: Field, text: str) -> str | None:
    if field.form != "text" and "\n" in text:
        return "It has more than one line."
    if field.form == "mail" and not _MAIL.fullmatch(text):
        return "It is no mail address."
    if field.form == "date" and moment_of(text) is None:
        return "It is no date: write it like 2026-01-31."
    if field.form == "address" and not _ADDRESS.fullmatch(text):
        return "It is no address: write it like https://data.example/rain."
    if field.form == "choice" and text not in field.choices:
        return f"It is none of {', '.join(field.choices)}."
    return None


def of_scope(scopes: Iterable[Scope]) -> list[Field]:
    """Return the fields that are asked for of these, in their order."""
    wanted = set(scopes)
    return [one for one in FIELDS if one.scope in wanted]


def open_of_model(answers: Mapping[str, str], kind: str) -> tuple[str, ...]:
    """Return the fields of a model that a kind of document has and nobody has filled."""
    return tuple(one.name for one in OF_MODELS if kind in one.kinds and not answers.get(one.name))
