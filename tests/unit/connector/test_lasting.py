"""When time alone has ended an agreement, and when it has not."""

from datetime import UTC, datetime, timedelta

import pytest

from hanse.connector.lasting import Outlook, outlook
from hanse.odrl.model import Atomic, Logical, Rule, Terms

SINCE = datetime(2027, 3, 1, 12, tzinfo=UTC)
JUNE = "2027-06-01T00:00:00Z"
JUNE_AT = datetime(2027, 6, 1, tzinfo=UTC)


def use(*constraints, action="use"):
    return Rule(action=action, constraints=constraints)


def terms(*permissions, prohibitions=()):
    return Terms(permissions=permissions, prohibitions=tuple(prohibitions))


def until(moment=JUNE, operator="lt"):
    return Atomic("dateTime", operator, moment)


PURPOSE = Atomic("purpose", "isA", "dpv:ServiceProvision")
THIRTY = Atomic("elapsedTime", "lteq", "P30D")


def at(days):
    return SINCE + timedelta(days=days)


def test_terms_without_time_last():
    for one in (terms(use()), terms(use(PURPOSE)), Terms()):
        assert outlook(one, SINCE, at(10_000)) == Outlook(True, None)


def test_an_end_ends_exactly_then():
    one = terms(use(until(), PURPOSE))
    assert outlook(one, SINCE, SINCE) == Outlook(True, JUNE_AT)
    assert outlook(one, SINCE, JUNE_AT - timedelta(microseconds=1)) == Outlook(True, JUNE_AT)
    assert outlook(one, SINCE, JUNE_AT) == Outlook(False, None)


def test_a_window_that_is_still_to_come_is_hoped_for():
    one = terms(use(until("2027-04-01T00:00:00Z", "gteq"), until()))
    assert outlook(one, SINCE, SINCE).hope
    assert outlook(one, SINCE, SINCE).next == datetime(2027, 4, 1, tzinfo=UTC)
    assert not outlook(one, SINCE, JUNE_AT).hope


def test_elapsed_time_counts_from_the_agreement():
    one = terms(use(THIRTY))
    assert outlook(one, SINCE, at(29)).hope
    assert outlook(one, SINCE, at(29)).next is not None
    assert not outlook(one, SINCE, at(31)).hope


def test_one_permission_that_lasts_keeps_all():
    assert outlook(terms(use(until()), use(PURPOSE)), SINCE, at(1000)).hope
    assert not outlook(terms(use(until()), use(THIRTY)), SINCE, at(1000)).hope
    assert outlook(terms(use(until()), use(THIRTY)), SINCE, at(40)).next == JUNE_AT


@pytest.mark.parametrize(
    ("operator", "operands", "hope"),
    [
        ("or", (until(), PURPOSE), True),
        ("or", (until(), THIRTY), False),
        ("xone", (until(), PURPOSE), True),
        ("and", (until(), PURPOSE), False),
        ("andSequence", (PURPOSE, until()), False),
    ],
)
def test_joined_constraints(operator, operands, hope):
    assert outlook(terms(use(Logical(operator, operands))), SINCE, at(1000)).hope is hope


def test_what_cannot_be_decided_is_hoped_for():
    for odd in (until("soon"), Atomic("dateTime", "isA", JUNE), Atomic("elapsedTime", "lteq", "long")):
        assert outlook(terms(use(odd)), SINCE, at(10_000)) == Outlook(True, None)


def test_a_prohibition_from_some_day_on_ends_it_too():
    from_june = Rule(action="use", constraints=(until(operator="gteq"),))
    one = terms(use(), prohibitions=[from_june])
    assert outlook(one, SINCE, SINCE) == Outlook(True, JUNE_AT)
    assert not outlook(one, SINCE, JUNE_AT).hope
    only_some = Rule(action="use", constraints=(until(operator="gteq"), PURPOSE))
    assert outlook(terms(use(), prohibitions=[only_some]), SINCE, JUNE_AT).hope
    other = Rule(action="distribute", constraints=(until(operator="gteq"),))
    assert outlook(terms(use(), prohibitions=[other]), SINCE, JUNE_AT).hope
