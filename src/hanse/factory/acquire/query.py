"""What is looked for, as people type it: words, and filters `field:value`.

    weather "air quality" language:de,fr keyword:co2 provider:acme

All words must stand in the title, the description or a keyword; what is in quotes stands there as it is. Of several values with commas
between them one is enough. Languages match by prefix (`de` finds `de-AT`, BCP 47), licences whatever their spelling. The words and
those filters that a catalogue knows (`dcat.search`) are sent along, so that little is answered; all of it is checked here again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from hanse.dcat.languages import is_tag, speaks
from hanse.dcat.licences import accepts
from hanse.dcat.model import Dataset
from hanse.dcat.search import MAX_ITEMS, MAX_LENGTH, MAX_VALUES, Criteria, parse_filter, terms_of, text_of
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Did

PUSHED: Final = {"id": "id", "title": "title", "keyword": "keyword", "theme": "theme", "media": "mediaType", "format": "format"}
"""Fields that a catalogue looks for itself, by their names there."""
LOCAL: Final = ("language", "licence", "provider")
"""Fields that are only looked at here: their values have many spellings, or are not the catalogue's."""
MAX_QUERY: Final = 1_000

_PART: Final = re.compile(r'\s*(?:([a-z]+):)?(?:"([^"]*)"|(\S*))')


class Query(Struct, frozen=True):
    """A query that was read: the filter as it is sent, and what is looked at here alone."""

    pushed: tuple[dict[str, list[str]], ...]
    criteria: Criteria
    words: tuple[str, ...] = ()
    languages: tuple[tuple[str, ...], ...] = ()
    licences: tuple[tuple[str, ...], ...] = ()
    providers: tuple[tuple[str, ...], ...] = ()

    def asks(self, did: Did, name: str) -> bool:
        """Tell whether a member is one of those whose catalogues are wanted."""
        return all(
            any(one.lower() in (did.lower(), name.lower()) or one.lower() in name.lower() for one in any_of) for any_of in self.providers
        )

    def finds(self, dataset: Dataset) -> bool:
        """Tell whether a dataset is one of those that are looked for."""
        return (
            self.criteria.match(terms_of(dataset), text_of(dataset))
            and all(speaks(any_of, dataset.language) for any_of in self.languages)
            and all(dataset.licence is not None and accepts(any_of, dataset.licence) for any_of in self.licences)
        )


def read_query(text: str, where: str = "query") -> Query:
    """Read a query. Raises `Invalid`, with what is wrong, for an empty or too long one and for a field that is not known."""
    if len(text) > MAX_QUERY:
        raise _wrong(f"A query has at most {MAX_QUERY} characters.", where)
    pushed: list[dict[str, list[str]]] = []
    words: list[str] = []
    local: dict[str, list[tuple[str, ...]]] = {name: [] for name in LOCAL}
    for field, value in _parts(text, where):
        if field is None:
            words.append(value)
            pushed.append({"text": [value]})
        elif field in PUSHED:
            pushed.append({PUSHED[field]: _values(field, value, where)})
        elif field in local:
            local[field].append(tuple(_values(field, value, where)))
        else:
            raise _wrong(f"{field!r} is not a field.", where)
    if not pushed and not any(local.values()):
        raise _wrong("Say what is looked for.", where)
    _check_tags((one for any_of in local["language"] for one in any_of), where)
    return Query(
        pushed=tuple(pushed),
        criteria=_criteria(pushed, where),
        words=tuple(words),
        languages=tuple(local["language"]),
        licences=tuple(local["licence"]),
        providers=tuple(local["provider"]),
    )


def _parts(text: str, where: str) -> Iterable[tuple[str | None, str]]:
    rest = text.strip()
    if rest.count('"') % 2:
        raise _wrong("A quotation mark is not closed.", where)
    at = 0
    while at < len(rest):
        found = _PART.match(rest, at)
        if found is None:
            raise _wrong(f"{rest[at : at + 40]!r} cannot be read.", where)
        at = found.end()
        value = found[2] if found[2] is not None else found[3]
        if not value.strip():
            raise _wrong("Something is empty between quotation marks.", where)
        yield found[1], value


def _values(field: str, value: str, where: str) -> list[str]:
    values = [one.strip() for one in value.split(",")]
    if not all(values):
        raise _wrong(f"A value of {field!r} is empty.", where)
    return values


def _check_tags(tags: Iterable[str], where: str) -> None:
    for tag in tags:
        if not is_tag(tag):
            raise Invalid(f"{tag[:40]!r} is no language.", where=where, rule="language", hint="A tag of BCP 47, such as de or pt-BR.")


def _criteria(pushed: list[dict[str, list[str]]], where: str) -> Criteria:
    try:
        return parse_filter(pushed)
    except Invalid:
        limits = f"at most {MAX_ITEMS} words and filters, {MAX_VALUES} values, {MAX_LENGTH} characters each"
        raise _wrong(f"The query is too long: {limits}.", where) from None


def _wrong(message: str, where: str) -> Invalid:
    return Invalid(message, where=where, rule="query", hint=f"Words, and filters field:value; fields: {', '.join((*PUSHED, *LOCAL))}.")
