"""Templates for what is owed: changes to the data before release, payment, logs, notices, deletion, terms for others."""

from __future__ import annotations

from collections.abc import Callable

from hanse.odrl.model import Atomic, Rule
from hanse.odrl.names import (
    ANONYMIZE,
    COLUMN,
    COMPENSATE,
    DATE_TIME,
    DELAY_PERIOD,
    DELETE,
    DIGITS,
    DROP,
    ENCRYPT,
    GROUP_SIZE,
    INFORM,
    LOG,
    MASK,
    NEXT_POLICY,
    OBTAIN_CONSENT,
    PAY_AMOUNT,
    POLICY,
    PSEUDONYMISE,
    ROUND,
    TIME_INTERVAL,
)
from hanse.odrl.templates.pieces import Made, Piece, Template, Words, always, constraint, wrong
from hanse.odrl.templates.values import date, duration, money, number
from hanse.odrl.when import write_moment

_MOST_DIGITS = 12
Duty = Callable[[Words], Rule]


def _columns(words: Words) -> Atomic:
    return constraint(COLUMN, "isAnyOf", words.names("the name of a column"))


def _changing(action: str) -> Duty:
    return lambda words: Rule(action, (_columns(words),))


def _round(words: Words) -> Rule:
    digits = number(words.last("the number of digits"), 0)
    if int(digits) > _MOST_DIGITS:
        raise wrong(f"At most {_MOST_DIGITS} digits stay after the point.")
    return Rule(ROUND, (_columns(words), constraint(DIGITS, "eq", digits)))


def _anonymise(words: Words) -> Rule:
    size = constraint(GROUP_SIZE, "gteq", number(words.one("the least size of a group"), 2))
    words.needed("by")
    return Rule(ANONYMIZE, (size, _columns(words)))


_CHANGES: dict[str, Duty] = {
    "mask": _changing(MASK),
    "pseudonymise": _changing(PSEUDONYMISE),
    "round": _round,
    "drop": _changing(DROP),
    "anonymise": _anonymise,
    "encrypt": lambda _words: Rule(ENCRYPT),
}


def _before_release(name: str) -> Callable[[Words], Piece]:
    return lambda words: Piece(duties=(_CHANGES[name](words),))


def _at_rest(words: Words) -> Piece:
    name = words.one("what is done, such as mask")
    if name not in _CHANGES:
        raise wrong(f"{name[:80]!r} is not one of {', '.join(_CHANGES)}.")
    return Piece(obligations=(_CHANGES[name](words),))


def _inform(words: Words) -> Piece:
    return Piece(obligations=(Rule(INFORM, _deadline(words)),))


def _delete(words: Words) -> Piece:
    deadline = _deadline(words)
    if not deadline:
        raise wrong("It needs a deadline: delete within TIME, or delete by DATE.")
    return Piece(obligations=(Rule(DELETE, deadline),))


def _deadline(words: Words) -> tuple[Atomic, ...]:
    if words.take("within"):
        return (constraint(DELAY_PERIOD, "lteq", duration(words)),)
    if words.take("by"):
        text = words.one("a date")
        moment = date(text)
        if moment <= words.now:
            raise wrong(f"The deadline {text} is in the past.")
        return (constraint(DATE_TIME, "lteq", write_moment(moment)),)
    return ()


def _pay(words: Words) -> Piece:
    return Piece(duties=(Rule(COMPENSATE, (constraint(PAY_AMOUNT, "eq", money(words)),)),))


def _rent(words: Words) -> Piece:
    amount = constraint(PAY_AMOUNT, "eq", money(words))
    words.needed("per")
    return Piece(duties=(Rule(COMPENSATE, (amount, constraint(TIME_INTERVAL, "eq", duration(words)))),))


def _pass_on(words: Words) -> Piece:
    text = words.one('the terms in quotes, such as "members + until 2099-01-01"')
    words.parse(text)
    return Piece(obligations=(Rule(NEXT_POLICY, (constraint(POLICY, "eq", " ".join(text.split())),)),))


def _change(name: str, usage: str, meaning: str, example: str, also: tuple[str, ...], classes: tuple[int, ...] = (13,)) -> Made:
    repeats = name in ("mask", "pseudonymise", "round", "drop")
    template = Template(name=name, usage=usage, meaning=meaning, example=example, classes=classes, repeats=repeats, also=also)
    return template, _before_release(name)


OWED: tuple[Made, ...] = (
    _change(
        "mask",
        "mask COLUMN[,COLUMN...]",
        "The values of these columns are blacked out before release.",
        "mask name,email",
        ("redact", "hide", "black"),
    ),
    _change(
        "pseudonymise",
        "pseudonymise COLUMN[,COLUMN...]",
        "The values of these columns are replaced by pseudonyms of this agreement before release.",
        "pseudonymise id",
        ("hash", "pseudonymize", "token"),
    ),
    _change(
        "round",
        "round COLUMN[,COLUMN...] DIGITS",
        "The numbers of these columns are rounded to so many digits after the point before release.",
        "round price 2",
        ("digits", "precision"),
    ),
    _change(
        "drop", "drop COLUMN[,COLUMN...]", "These columns are left out of what is released.", "drop phone", ("remove", "omit", "column")
    ),
    _change(
        "anonymise",
        "anonymise K by COLUMN[,COLUMN...]",
        "What is released is grouped so that each combination of values of these columns is shared by at least K records.",
        "anonymise 5 by zip,age",
        ("anonymize", "k-anonymity", "group"),
        (25,),
    ),
    _change("encrypt", "encrypt", "What is released is encrypted to the recipient's key.", "encrypt", ("encryption", "cipher"), (18,)),
    (
        Template(
            name="at-rest",
            usage="at-rest CHANGE",
            meaning="Who receives the data keeps it changed so: mask, pseudonymise, round, drop, anonymise or encrypt, as above.",
            example="at-rest mask name",
            classes=(14,),
            repeats=True,
            also=("stored", "rest"),
        ),
        _at_rest,
    ),
    (
        Template(
            name="log",
            usage="log",
            meaning="Each use is written into the signed log before anything is released.",
            example="log",
            classes=(15,),
            also=("record", "audit", "logging"),
        ),
        always(Piece(duties=(Rule(LOG),))),
    ),
    (
        Template(
            name="inform",
            usage="inform [within TIME]",
            meaning="The provider is told of each use.",
            example="inform",
            classes=(16,),
            also=("notify", "notice", "tell", "report"),
        ),
        _inform,
    ),
    (
        Template(
            name="delete",
            usage="delete within TIME | delete by DATE",
            meaning="The data is deleted this long after the agreement has ended, or by this date, and a signed receipt says so.",
            example="delete within P30D",
            classes=(12,),
            also=("erase", "remove", "retention"),
        ),
        _delete,
    ),
    (
        Template(
            name="pass-on",
            usage='pass-on "TEMPLATE"',
            meaning="Who passes the data on does so under these terms.",
            example='pass-on "members + until 2099-01-01"',
            classes=(17,),
            also=("next", "redistribute", "share", "resell"),
        ),
        _pass_on,
    ),
    (
        Template(
            name="pay",
            usage="pay AMOUNT CURRENCY",
            meaning="This is paid once, before the data is used.",
            example="pay 500 EUR",
            classes=(19,),
            also=("price", "buy", "sale", "cost", "fee"),
        ),
        _pay,
    ),
    (
        Template(
            name="rent",
            usage="rent AMOUNT CURRENCY per TIME",
            meaning="This is paid for each period in which the data is used.",
            example="rent 50 EUR per P1M",
            classes=(20,),
            also=("subscribe", "monthly", "lease", "subscription"),
        ),
        _rent,
    ),
    (
        Template(
            name="obtain-consent",
            usage="obtain-consent",
            meaning="The consent of those whom the data is about is obtained before it is used.",
            example="obtain-consent",
            classes=(23,),
            also=("ask", "consent"),
        ),
        always(Piece(duties=(Rule(OBTAIN_CONSENT),))),
    ),
)
"""Templates about what is owed."""
