"""What terms cost: exact, in their own currency, or not known."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from hanse.kernel.errors import Invalid
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import TRAIN
from hanse.odrl.price import FREE, Cost, Price, cost_of, read_price, total
from hanse.odrl.templates import parse_template

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def said(text):
    return parse_template(text, NOW)


def paying(*constraints, **more):
    return Terms(permissions=(Rule("use", duties=(Rule("compensate", constraints, **more),)),))


def money(text, kind="urn:hanse:odrl:unit:EUR", operator="eq"):
    return Atomic("payAmount", operator, {"@value": text, "@type": kind})


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("members + pay 500 EUR", "500", "EUR"),
        ("pay 0.1 EUR + until 2027-01-01", "0.10", "EUR"),
        ("train + pay 12.345 CHF", "12.345", "CHF"),
    ],
)
def test_a_price_is_exact(text, amount, currency):
    price = cost_of(said(text), TRAIN).price
    assert price == Price(Decimal(amount), currency)
    assert str(price) == f"{amount} {currency}"


@pytest.mark.parametrize("text", ["members", "train", "members + delete within 30 days"])
def test_what_asks_for_no_money_is_free(text):
    assert cost_of(said(text), TRAIN) == FREE
    assert cost_of(paying(money("0.00")), TRAIN) == FREE


@pytest.mark.parametrize(
    "terms",
    [
        said("rent 5 EUR per P1M"),
        paying(),
        paying(Atomic("payAmount", "eq", "500")),
        paying(money("500", "xsd:decimal")),
        paying(money("500", operator="lteq")),
        paying(money("500", operator="neq")),
        paying(money("-5")),
        paying(money("many")),
        paying(
            Atomic(
                "payAmount",
                "eq",
                [{"@value": "5", "@type": "urn:hanse:odrl:unit:EUR"}, {"@value": "6", "@type": "urn:hanse:odrl:unit:EUR"}],
            )
        ),
        paying(money("5"), Atomic("count", "lteq", "3")),
        paying(money("5"), consequences=(Rule("compensate", (money("50"),)),)),
        Terms(
            permissions=(
                Rule("use", duties=(Rule("compensate", (money("5"),)), Rule("compensate", (money("5", "urn:hanse:odrl:unit:USD"),)))),
            )
        ),
        Terms(permissions=(Rule("use", duties=(Rule("compensate", (money("5"),)),)), Rule(TRAIN))),
        paying(money("0.00000000001")),
    ],
)
def test_what_cannot_be_told_is_unknown_and_says_why(terms):
    cost = cost_of(terms, TRAIN)
    assert cost.price is None
    assert cost.unknown
    assert not cost.free


def test_duties_and_obligations_add_up_and_other_permissions_cost_nothing_here():
    terms = Terms(
        permissions=(
            Rule(TRAIN, duties=(Rule("odrl:compensate", (money("5"),)), Rule("compensate", (money("0.5"),)))),
            Rule("print", duties=(Rule("compensate", (money("99"),)),)),
        ),
        obligations=(Rule("compensate", (money("2", operator="gteq"),)),),
    )
    assert cost_of(terms, TRAIN) == Cost(Price(Decimal("7.50"), "EUR"))


def test_a_permission_of_more_includes_what_is_wanted():
    assert cost_of(said("mine + pay 3 EUR"), TRAIN) == Cost(Price(Decimal(3), "EUR"))


@pytest.mark.parametrize(
    ("text", "amount"), [("500EUR", "500"), (" 12.50 EUR", "12.50"), ("0.001EUR", "0.001"), ("1000000 EUR", "1000000")]
)
def test_a_price_as_it_is_typed(text, amount):
    assert read_price(text) == Price(Decimal(amount), "EUR")


@pytest.mark.parametrize("text", ["", "500", "EUR", "500 eur", "-5EUR", "5.EUR", "5,00EUR", "1e3EUR", "5EURO", "٥EUR", "9" * 40 + "EUR"])
def test_what_is_no_price(text):
    with pytest.raises(Invalid) as caught:
        read_price(text, "budget")
    assert caught.value.where == "budget"


def test_sums_are_kept_apart_by_currency():
    prices = [read_price(text) for text in ("0.10EUR", "0.20EUR", "5USD")]
    assert total(prices) == {"EUR": Decimal("0.30"), "USD": Decimal(5)}
