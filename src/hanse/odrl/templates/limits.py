"""Templates for how long and how much the data may be used."""

from __future__ import annotations

from datetime import datetime

from hanse.odrl.names import COUNT, DATE_TIME, ELAPSED_TIME, EVENT, METERED_TIME, PAID, VOLUME
from hanse.odrl.templates.pieces import Made, Piece, Template, Words, always, condition, constraint, wrong
from hanse.odrl.templates.values import NAME, date, duration, number, size
from hanse.odrl.when import write_moment


def _until(words: Words) -> Piece:
    return condition(DATE_TIME, "lt", write_moment(_end(words)))


def _from(words: Words) -> Piece:
    start = date(words.one("a date"))
    if not words.take("until"):
        raise wrong("It needs two dates: from DATE until DATE.")
    end = _end(words)
    if start >= end:
        raise wrong("The start is not before the end.")
    return Piece(constraints=(constraint(DATE_TIME, "gteq", write_moment(start)), constraint(DATE_TIME, "lt", write_moment(end))))


def _end(words: Words) -> datetime:
    text = words.one("a date")
    end = date(text)
    if end <= words.now:
        raise wrong(f"The end {text} is in the past.")
    return end


def _for(words: Words) -> Piece:
    return condition(ELAPSED_TIME, "lteq", duration(words))


def _metered(words: Words) -> Piece:
    return condition(METERED_TIME, "lteq", duration(words))


def _count(words: Words) -> Piece:
    return condition(COUNT, "lteq", number(words.one("a number of uses")))


def _volume(words: Words) -> Piece:
    return condition(VOLUME, "lteq", size(words))


def _event(words: Words) -> Piece:
    return condition(EVENT, "isAnyOf", words.names("the name of an event such as launch", NAME))


def _until_event(words: Words) -> Piece:
    return condition(EVENT, "isNoneOf", words.names("the name of an event such as recall", NAME))


LIMITS: tuple[Made, ...] = (
    (
        Template(
            name="until",
            usage="until DATE",
            meaning="The data may be used before DATE begins (a day or a moment; UTC unless it says otherwise).",
            example="until 2099-01-01",
            classes=(9,),
            also=("before", "end", "expires", "expiry", "date"),
        ),
        _until,
    ),
    (
        Template(
            name="from",
            usage="from DATE until DATE",
            meaning="The data may be used from the first DATE on and before the second begins.",
            example="from 2026-01-01 until 2099-01-01",
            classes=(9,),
            also=("between", "interval", "after", "start"),
        ),
        _from,
    ),
    (
        Template(
            name="for",
            usage="for TIME",
            meaning="The data may be used for this long after the agreement (P30D, or 30 days).",
            example="for P30D",
            classes=(10,),
            also=("duration", "elapsed", "days", "period", "within"),
        ),
        _for,
    ),
    (
        Template(
            name="metered",
            usage="metered TIME",
            meaning="The data may be used for this long in all, counting only the time in which it is used (PT1H, or 1 hour).",
            example="metered PT1H",
            classes=(10,),
            also=("hours", "meter"),
        ),
        _metered,
    ),
    (
        Template(
            name="count",
            usage="count N",
            meaning="The data may be used N times under one agreement. A use is one transfer or one opening of a stored dataset.",
            example="count 3",
            classes=(11,),
            also=("times", "limit", "uses", "number", "once"),
        ),
        _count,
    ),
    (
        Template(
            name="volume",
            usage="volume SIZE",
            meaning="At most this much is released under one agreement (kB, MB, GB, TB by thousands; KiB, MiB, GiB, TiB by 1,024).",
            example="volume 10 GB",
            also=("size", "bytes", "quota"),
        ),
        _volume,
    ),
    (
        Template(
            name="event",
            usage="event NAME[,NAME...]",
            meaning="The data may be used once one of these events has happened.",
            example="event launch",
            classes=(7,),
            repeats=True,
            also=("happened", "trigger"),
        ),
        _event,
    ),
    (
        Template(
            name="until-event",
            usage="until-event NAME[,NAME...]",
            meaning="The data may be used until one of these events has happened.",
            example="until-event recall",
            classes=(7,),
            repeats=True,
            also=("unless", "recall"),
        ),
        _until_event,
    ),
    (
        Template(
            name="paid",
            usage="paid",
            meaning="The data may be used while what is owed for this period is paid.",
            example="paid",
            classes=(20,),
            also=("subscription", "current"),
        ),
        always(condition(PAID, "eq", "current")),
    ),
)
"""Templates about how long and how much."""
