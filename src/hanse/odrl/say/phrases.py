"""Constraints as phrases: every pair of left operand and operator has one entry, from which it is said and read.

An entry is a template of the language (`language`), cut into literals and holes. The longest phrase that fits is the one that was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from hanse.odrl.constraints.base import Operands
from hanse.odrl.model import OPERATORS, Atomic
from hanse.odrl.names import (
    ACTIVE,
    CLAIM,
    CONSENT,
    COUNT,
    DATE_TIME,
    DELAY_PERIOD,
    DIGITS,
    ELAPSED_TIME,
    EVENT,
    GROUP_SIZE,
    HANSE,
    MEMBERSHIP,
    METERED_TIME,
    ORIGIN,
    PAID,
    PARTICIPANT_LOCATION,
    PAY_AMOUNT,
    PURPOSE,
    QUALITY,
    RECIPIENT,
    SPATIAL,
    TIME_INTERVAL,
    VOLUME,
    plain,
)
from hanse.odrl.say.language import Clauses, Language, holes
from hanse.odrl.say.scan import Reader
from hanse.odrl.say.values import (
    DURATIONS,
    LITERALS,
    MOMENTS,
    MONEY,
    NAMES,
    NUMBERS,
    PLACES,
    PURPOSES,
    SIZES,
    Sort,
    plain_number,
)
from hanse.odrl.words import quote, say_operator

_SORTS: dict[str, Sort] = {
    DATE_TIME: MOMENTS,
    PURPOSE: PURPOSES,
    SPATIAL: PLACES,
    ORIGIN: PLACES,
    PARTICIPANT_LOCATION: PLACES,
    ELAPSED_TIME: DURATIONS,
    METERED_TIME: DURATIONS,
    DELAY_PERIOD: DURATIONS,
    TIME_INTERVAL: DURATIONS,
    COUNT: NUMBERS,
    DIGITS: NUMBERS,
    GROUP_SIZE: NUMBERS,
    PAY_AMOUNT: MONEY,
    VOLUME: SIZES,
    CLAIM: LITERALS,
    QUALITY: NUMBERS,
    EVENT: NAMES,
    RECIPIENT: NAMES,
}
"""The sorts of right operands; this engine's other left operands take names."""

_PREFIXES = (CLAIM, QUALITY)
"""Left operands that stand for every name that begins so."""
_MEASURED = (MOMENTS, DURATIONS, NUMBERS, MONEY, SIZES)
_FIXED = {MEMBERSHIP: ACTIVE, CONSENT: "given", PAID: "current"}
"""What a phrase without a hole stands for."""

_PLURAL = re.compile(r"<([^|<>]*)\|([^|<>]*)>")
_LISTS = frozenset({"{or}", "{and}"})
_PLUGGED_HOLES = re.compile(r"(\{\}|\{operator\})")
_WORD = re.compile("[A-Za-z-]+")


class Phrase(NamedTuple):
    """One way to say a constraint. `pieces` are literals and holes in turn, a literal first; `one` is its number, if that matters."""

    left: str
    operator: str
    pieces: tuple[str, ...]
    sort: Sort
    one: bool | None = None

    def say(self, atomic: Atomic, language: Language) -> str | None:
        """Return the constraint in words, `None` when its right operand does not fit."""
        if self.one is not None and self.one != _is_one(atomic.right, language):
            return None
        if "{type}" in self.pieces and "#" not in atomic.left:
            return None
        filled = [self._fill(piece, atomic, language) if index % 2 else piece for index, piece in enumerate(self.pieces)]
        unfit = len(self.pieces) == 1 and atomic.right != _FIXED.get(self.left)
        return None if unfit or None in filled else "".join(str(piece) for piece in filled)

    def read(self, reader: Reader, language: Language) -> Atomic | None:
        """Read a constraint that was said so; `None` when something else stands here."""
        found: dict[str, object] = {}
        for index, piece in enumerate(self.pieces):
            if index % 2 == 0:
                if not reader.take(piece):
                    return None
            elif (part := self._read_hole(piece, reader, language)) is not None:
                found[piece] = part
            else:
                return None
        return self._made(found)

    def _fill(self, hole: str, atomic: Atomic, language: Language) -> str | None:
        right = atomic.right
        if hole in _LISTS:
            said = [self.sort.say(item, language) for item in (right if isinstance(right, list) else [right])]
            texts = [one for one in said if one is not None]
            return joined(texts, language.or_ if hole == "{or}" else language.and_) if texts and len(texts) == len(said) else None
        if hole == "{}":
            return self.sort.say(right, language)
        if hole == "{operator}":
            return say_operator(atomic.operator)
        if hole == "{measure}":
            return quote(plain(atomic.left).removeprefix(QUALITY))
        kind, _, path = plain(atomic.left).removeprefix(CLAIM).partition("#")
        return quote({"{type}": kind, "{path}": path}.get(hole, atomic.left))

    def _read_hole(self, hole: str, reader: Reader, language: Language) -> object:
        if hole in _LISTS:
            return self._read_list(language.or_ if hole == "{or}" else language.and_, reader, language)
        if hole == "{}":
            return self.sort.read(reader, language)
        return read_operator(reader) if hole == "{operator}" else reader.quoted()

    def _read_list(self, last: str, reader: Reader, language: Language) -> list[object] | None:
        first = self.sort.read(reader, language)
        if first is None:
            return None
        found, ended = [first], False
        while not ended:
            start = reader.at
            ended = not reader.take(", ")
            if ended and not reader.take(last):
                break
            item = self.sort.read(reader, language)
            if item is None:
                reader.at = start
                break
            found.append(item)
        return found

    def _made(self, found: dict[str, object]) -> Atomic | None:
        right = next((found[hole] for hole in ("{}", "{or}", "{and}") if hole in found), _FIXED.get(self.left))
        left = self.left
        if "{type}" in found:
            left = f"{CLAIM}{found['{type}']}#{found['{path}']}"
        elif "{measure}" in found:
            left = f"{QUALITY}{found['{measure}']}"
        elif "{left}" in found:
            left = str(found["{left}"])
        operator = str(found.get("{operator}", self.operator))
        return Atomic(left, operator, right) if isinstance(right, str | list | dict) else None


def _is_one(right: object, language: Language) -> bool:
    if isinstance(right, list):
        return len(right) == 1
    number = plain_number(right)
    return number is None or language.is_one(number)


def joined(parts: list[str], last: str) -> str:
    """Return `a, b and c`, with `last` for ` and `."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}{last}{parts[-1]}"


def read_operator(reader: Reader) -> str | None:
    """Read what `say_operator` says."""
    start = reader.at
    found = reader.match(_WORD, "an operator")
    if found is None:
        return reader.quoted()
    if found[0] in OPERATORS:
        return found[0]
    reader.at = start
    reader.expect("an operator such as eq")
    return None


class Table:
    """Phrases by what they say and by how they begin."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_term: dict[tuple[str, str], list[Phrase]] = {}
        self._by_start: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            self._by_term.setdefault((phrase.left, phrase.operator), []).append(phrase)
            self._by_start.setdefault(phrase.pieces[0], []).append(phrase)
        self._lengths = sorted({len(start) for start in self._by_start}, reverse=True)

    def say(self, atomic: Atomic, language: Language) -> str | None:
        """Return the constraint in words, `None` when there are none for it."""
        left = plain(atomic.left)
        key = next((prefix for prefix in _PREFIXES if left.startswith(prefix)), left)
        said = (phrase.say(atomic, language) for phrase in self._by_term.get((key, atomic.operator), ()))
        return next((one for one in said if one is not None), None)

    def read(self, reader: Reader, language: Language) -> Atomic | None:
        """Read the longest phrase that fits here; `None`, and nothing moves, when none does."""
        start, best, end = reader.at, None, reader.at
        for phrase in self._starting(reader):
            reader.at = start
            atomic = phrase.read(reader, language)
            if atomic is not None and reader.at > end:
                best, end = atomic, reader.at
        reader.at = end
        return best

    def _starting(self, reader: Reader) -> Iterator[Phrase]:
        for length in self._lengths:
            yield from self._by_start.get(reader.text[reader.at : reader.at + length], ())


@cache
def clauses(language: Language) -> Table:
    """Return the constraints of this engine's left operands as clauses: `it is before 1 January 2027, 00:00 UTC`."""
    return Table(_clauses(language))


@cache
def details(language: Language) -> Table:
    """Return the constraints of duties as parts of the duty: `within 30 days`."""
    return Table(phrase for left in language.details for phrase in _special(left, language.details))


def literal(language: Language) -> Phrase:
    """Return the phrase for a constraint that has no words of its own: it is shown as it stands."""
    return next(_variants("", "", language.words["term"], LITERALS))


def _clauses(language: Language) -> Iterator[Phrase]:
    yield literal(language)
    for left, subject in language.subjects.items():
        yield from _special(left, language.clauses)
        sort = _sort(left)
        relations = dict(language.relations) | (dict(language.measures) if sort in _MEASURED else {})
        for operator, relation in relations.items():
            yield from _variants(left, operator.rstrip("*"), f"{subject} {relation}", sort)


def _special(left: str, table: Clauses) -> Iterator[Phrase]:
    for operator, template in table.get(left, {}).items():
        yield from _variants(left, operator.rstrip("*"), template, _sort(left))


def _sort(left: str) -> Sort:
    # What the operands of other names are is not for the words to know: they are shown as they stand.
    return _SORTS.get(left, NAMES if left.startswith(HANSE) else LITERALS)


def _variants(left: str, operator: str, template: str, sort: Sort) -> Iterator[Phrase]:
    for one in (True, False) if "<" in template else (None,):
        text = _PLURAL.sub(r"\1" if one else r"\2", template)
        yield Phrase(left, operator, tuple(holes(text)), sort, one)


def plugged(operands: Operands, language: Language) -> Table:
    """Return the phrases that plug-ins bring in this language. Their values are said as they stand."""
    return Table(phrase for name in operands.names() if name not in language.subjects for phrase in _brought(name, operands, language))


def _brought(name: str, operands: Operands, language: Language) -> Iterator[Phrase]:
    operand = operands.find(f"{name}x" if name.endswith(":") else name)
    sentences = operand.sentences if operand else {}
    for operator, template in sentences.get(language.code, {}).items():
        pieces = tuple(_PLUGGED_HOLES.split(template))
        # What is not said could not be read back: the name where it stands for many, the operator where the sentence does.
        if "{}" in pieces and (operator != "*" or "{operator}" in pieces) and not name.endswith(":"):
            yield from (Phrase(name, each, pieces, LITERALS) for each in (OPERATORS if operator == "*" else (operator,)))
