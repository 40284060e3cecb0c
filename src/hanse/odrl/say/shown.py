"""What is known, in words: a fact's value, where it comes from and how old it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hanse.odrl.facts import Fact
from hanse.odrl.say.language import Language, fill
from hanse.odrl.say.phrases import joined
from hanse.odrl.say.values import say_moment, say_number
from hanse.odrl.words import quote

_MOST_NAMES = 8
_LONGEST = 200
_CREDENTIAL = re.compile(r"credential ([A-Za-z][A-Za-z0-9]{0,127})(?:, (.*))?", re.DOTALL)
_STATEMENT = re.compile(r"statement (\S{1,128}) signed by (\S{1,512})")
_TOLD = re.compile(r"told by (.{1,128})", re.DOTALL)
_UNITS = (("D", 86_400), ("H", 3_600), ("m", 60), ("S", 1))
_DECIMALS = 6


def say_fact(fact: Fact, language: Language, now: datetime | None, *, value: bool = True) -> str:
    """Return a fact's value with its source and age, e.g. `4, as the uses counted here said 2 seconds ago`."""
    source = _source(fact.source, language)
    told = fill(language.words["told"], {"{source}": source, "{age}": _age(fact.observed, language, now)})
    return f"{say_value(fact.value, language)}{language.words['apart']}{told}" if value else told


def say_value(value: object, language: Language) -> str:
    """Return the value of a fact in words, shortened if it is long."""
    if isinstance(value, bool):
        return language.words["true" if value else "false"]
    if isinstance(value, str):
        return quote(value[:_LONGEST])
    if isinstance(value, datetime):
        return say_moment(value, language)
    if isinstance(value, timedelta):
        return say_span(value, language)
    if isinstance(value, int | Decimal | Fraction):
        return _number(value, language)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int | Decimal | Fraction):
        return f"{_number(value[0], language)} {value[1] if str(value[1]).isalnum() else quote(str(value[1])[:_LONGEST])}"
    if isinstance(value, Mapping) and value and all(isinstance(one, tuple) and one and _numbers(one) for one in value.values()):
        value = [f"{name} {'/'.join(_number(each, language) for each in some)}" for name, some in value.items()]
    return _names(value, language) if isinstance(value, Iterable) else quote(str(value)[:_LONGEST])


def say_span(span: timedelta, language: Language) -> str:
    """Return a length of time in its largest unit: what is a little longer than three minutes is `3 minutes`."""
    if span == timedelta.max:
        return language.words["never"]
    whole = max(0, int(span.total_seconds()))
    unit, length = next(((unit, length) for unit, length in _UNITS if whole >= length), _UNITS[-1])
    number = str(whole // length)
    words = language.lengths[unit]
    return f"{say_number(number, language)} {words[0] if language.is_one(number) else words[1]}"


def _number(value: int | Decimal | Fraction, language: Language) -> str:
    exact = Fraction(value)
    digits = str(exact.numerator) if exact.denominator == 1 else f"{float(exact):.{_DECIMALS}f}".rstrip("0")
    return say_number(digits, language)


def _numbers(values: tuple[object, ...]) -> bool:
    return all(isinstance(one, int | Decimal | Fraction) for one in values)


def _names(value: Iterable[object], language: Language) -> str:
    names = sorted(quote(str(one)[:_LONGEST]) for one in value)
    more = [fill(language.words["more"], {"{}": say_number(str(len(names) - _MOST_NAMES), language)})] if len(names) > _MOST_NAMES else []
    return joined([*names[:_MOST_NAMES], *more], language.and_) if names else language.words["none"]


def _source(source: str, language: Language) -> str:
    """Return where a fact comes from: in our words if they are ours, else quoted. The type of a credential is one word at most."""
    if source in language.sources:
        return language.sources[source]
    if (credential := _CREDENTIAL.fullmatch(source)) is not None:
        place = f" ({quote(credential[2][:_LONGEST])})" if credential[2] else ""
        return fill(language.words["credential"], {"{}": credential[1]}) + place
    if (statement := _STATEMENT.fullmatch(source)) is not None:
        return fill(language.words["statement"], {"{}": quote(statement[1]), "{signer}": quote(statement[2])})
    if (told := _TOLD.fullmatch(source)) is not None:
        return fill(language.words["told by"], {"{}": quote(told[1])})
    return fill(language.words["note"], {"{}": quote(source[:_LONGEST])})


def _age(observed: datetime | None, language: Language, now: datetime | None) -> str:
    if observed is None:
        return ""
    if now is None:
        return fill(language.words["on"], {"{}": say_moment(observed, language)})
    if now - observed < timedelta(seconds=1):
        return language.words["just now"]
    return fill(language.words["ago"], {"{}": say_span(now - observed, language)})
