"""From duties to steps."""

from __future__ import annotations

import pytest

from hanse.dataplane.transforms.kinds import can, kind_of
from hanse.kernel.errors import Invalid
from hanse.odrl import names as n
from hanse.odrl.changes import Step, chain_id, chain_of
from hanse.odrl.model import Atomic, Logical, Rule, Scope, Terms


def columns(*found, operator="isAnyOf"):
    return Atomic(n.COLUMN, operator, list(found))


def duty(action, *constraints, **more):
    return Rule(action, tuple(constraints), **more)


def terms(*duties, **more):
    return Terms(permissions=(Rule("use", (), tuple(duties)),), **more)


def test_terms_without_such_duties_have_no_steps():
    assert chain_of(terms(duty(n.LOG), duty("inform"))) == ()


def test_each_duty_becomes_a_step_in_the_fixed_order():
    found = chain_of(
        terms(
            duty(n.ENCRYPT),
            duty("anonymize", columns("zip"), Atomic(n.GROUP_SIZE, "gteq", "5")),
            duty(n.ROUND, columns("lat", "lon"), Atomic(n.DIGITS, "eq", {"@value": "2", "@type": "xsd:integer"})),
            duty(n.PSEUDONYMISE, columns("name")),
            duty(n.MASK, columns({"@value": "phone"}, "email")),
            duty(n.DROP, columns("iban")),
        )
    )
    assert found == (
        Step(n.DROP, ("iban",)),
        Step(n.MASK, ("email", "phone")),
        Step(n.PSEUDONYMISE, ("name",)),
        Step(n.ROUND, ("lat", "lon"), 2),
        Step("anonymize", ("zip",), 5),
        Step(n.ENCRYPT),
    )


def test_duties_of_all_permissions_count_and_the_stronger_change_wins():
    one = Rule("use", (), (duty(n.MASK, columns("a")), duty(n.ROUND, columns("x", "a"), Atomic(n.DIGITS, "eq", "3"))))
    two = Rule("read", (), (duty(n.DROP, columns("b")), duty(n.PSEUDONYMISE, columns("a", "b", "c"))))
    three = Rule("use", (), (duty(n.ROUND, columns("x"), Atomic(n.DIGITS, "eq", "1")),))
    assert chain_of(Terms(permissions=(one, two, three))) == (
        Step(n.DROP, ("b",)),
        Step(n.MASK, ("a",)),
        Step(n.PSEUDONYMISE, ("c",)),
        Step(n.ROUND, ("x",), 1),
    )


def test_a_dropped_column_is_no_quasi_identifier_and_the_larger_group_counts():
    quasi = columns("zip", "age")
    five, ten = (Atomic(n.GROUP_SIZE, "gteq", size) for size in ("5", "10"))
    found = chain_of(terms(duty("anonymize", quasi, five), duty("odrl:anonymize", quasi, ten), duty(n.DROP, columns("age"))))
    assert found == (Step(n.DROP, ("age",)), Step("anonymize", ("zip",), 10))


def test_an_obligation_is_the_consumers():
    assert chain_of(Terms(permissions=(Rule("use"),), obligations=(duty(n.MASK, columns("a")),))) == ()


WRONG = {
    "no columns": duty(n.MASK),
    "an empty list": duty(n.MASK, columns()),
    "a number as a column": duty(n.MASK, Atomic(n.COLUMN, "isAnyOf", [7])),
    "an empty name": duty(n.MASK, columns("")),
    "a nested list": duty(n.MASK, columns(["a"])),
    "too many columns": duty(n.MASK, columns(*(str(i) for i in range(1001)))),
    "another operator": duty(n.MASK, columns("a", operator="isNoneOf")),
    "twice": duty(n.MASK, columns("a"), columns("b")),
    "something else": duty(n.MASK, columns("a"), Atomic("dateTime", "lt", "2030-01-01T00:00:00Z")),
    "a logical constraint": duty(n.MASK, Logical("and", (columns("a"),))),
    "no digits": duty(n.ROUND, columns("a")),
    "negative digits": duty(n.ROUND, columns("a"), Atomic(n.DIGITS, "eq", "-1")),
    "digits in words": duty(n.ROUND, columns("a"), Atomic(n.DIGITS, "eq", "two")),
    "superscript digits": duty(n.ROUND, columns("a"), Atomic(n.DIGITS, "eq", "²")),
    "digits with a unit": duty(n.ROUND, columns("a"), Atomic(n.DIGITS, "eq", "2", unit="urn:x")),
    "a group of one": duty("anonymize", columns("a"), Atomic(n.GROUP_SIZE, "gteq", "1")),
    "groups at most": duty("anonymize", columns("a"), Atomic(n.GROUP_SIZE, "lteq", "5")),
    "no quasi-identifiers": duty("anonymize", Atomic(n.GROUP_SIZE, "gteq", "5")),
    "encrypt columns": duty(n.ENCRYPT, columns("a")),
    "a duty of its own": duty(n.MASK, columns("a"), duties=(duty(n.LOG),)),
    "a refinement": duty(n.MASK, columns("a"), refinements=(columns("a"),)),
    "a target": duty(n.MASK, columns("a"), target=Scope("urn:other")),
    "a party": duty(n.MASK, columns("a"), assignee=Scope("did:web:x")),
    "a consequence": duty(n.MASK, columns("a"), consequences=(duty(n.LOG),)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_understood_whole_is_not_kept_by_half(name):
    with pytest.raises(Invalid) as caught:
        chain_of(terms(duty(n.LOG), WRONG[name]))
    assert caught.value.rule == "transform"
    assert (caught.value.where or "").startswith("permission[0].duty[1]")


def test_two_sets_of_quasi_identifiers_cannot_be_kept_by_suppression():
    five = Atomic(n.GROUP_SIZE, "gteq", "5")
    with pytest.raises(Invalid):
        chain_of(terms(duty("anonymize", columns("a"), five), duty("anonymize", columns("b"), five)))


def test_no_two_chains_have_one_name():
    chains = [
        (),
        (Step(n.MASK, ("a", "b")),),
        (Step(n.MASK, ("a,b",)),),
        (Step(n.MASK, ("a",)), Step(n.DROP, ("b",))),
        (Step(n.DROP, ("a",)),),
    ]
    assert len({chain_id(chain) for chain in chains}) == len(chains)


def test_what_can_be_changed():
    mask, encrypt = Step(n.MASK, ("a",)), Step(n.ENCRYPT)
    assert can(mask, "text/csv; charset=utf-8")
    assert can(mask, "Application/vnd.apache.parquet")
    assert not can(mask, "application/pdf")
    assert can(encrypt, "application/pdf")


def test_a_files_kind_is_its_names_then_what_is_said():
    assert kind_of("a/B.CSV", "application/octet-stream") == "text/csv"
    assert kind_of("data.bin", "text/csv;header=present") == "text/csv"
