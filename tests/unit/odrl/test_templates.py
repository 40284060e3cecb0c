"""Policies by name (odrl.templates)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.kernel.errors import Invalid
from hanse.odrl.evaluate import unsupported
from hanse.odrl.model import Atomic, Offer, Rule, Terms
from hanse.odrl.names import CREDENTIAL, MEMBERSHIP, PARTICIPANT, ROLE
from hanse.odrl.read import read_offer
from hanse.odrl.templates import TEMPLATES, parse_template
from hanse.odrl.write import write_offer
from tests.unit.odrl.strategies import NOW
from tests.wire.schemas import validate

MEMBER = Atomic(MEMBERSHIP, "eq", "active")
A, B = "did:web:a.example", "did:web:localhost%3A8400:participants:b"


def before(text):
    return Atomic("dateTime", "lt", text)


@pytest.mark.parametrize(
    ("text", "constraints"),
    [
        ("open", ()),
        ("members", (MEMBER,)),
        ("until 2027-01-01", (before("2027-01-01T00:00:00Z"),)),
        ("until 2027-01-01T12:00:00+02:00", (before("2027-01-01T10:00:00Z"),)),
        ("open + until 2027-01-01", (before("2027-01-01T00:00:00Z"),)),
        ("  members+until   2027-01-01  ", (MEMBER, before("2027-01-01T00:00:00Z"))),
        ("until 2027-01-01T12:00:00+02:00+members", (before("2027-01-01T10:00:00Z"), MEMBER)),
        ("from 2026-09-01 until 2027-01-01", (Atomic("dateTime", "gteq", "2026-09-01T00:00:00Z"), before("2027-01-01T00:00:00Z"))),
        ("from 2026-01-01 until 2027-01-01", (Atomic("dateTime", "gteq", "2026-01-01T00:00:00Z"), before("2027-01-01T00:00:00Z"))),
        (f"only {A}", (Atomic(PARTICIPANT, "isAnyOf", [A]),)),
        (f"only {A},{B},{A}", (Atomic(PARTICIPANT, "isAnyOf", [A, B]),)),
        ("role ai-factory, auditor", (Atomic(ROLE, "isAnyOf", ["ai-factory", "auditor"]),)),
        ("credential GuildCredential", (Atomic(CREDENTIAL, "isAnyOf", ["GuildCredential"]),)),
        ("members + credential A,B1,A", (MEMBER, Atomic(CREDENTIAL, "isAnyOf", ["A", "B1"]))),
        (f"members + only {A}, {B}", (MEMBER, Atomic(PARTICIPANT, "isAnyOf", [A, B]))),
    ],
)
def test_templates(text, constraints):
    terms = parse_template(text, NOW)
    assert terms == Terms(permissions=(Rule("use", constraints),))
    assert unsupported(terms) == []
    offer = Offer(id="o", terms=terms)
    validate("contract#Offer", write_offer(offer, in_catalogue=True))
    assert read_offer(write_offer(offer, in_catalogue=True)) == offer


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "members +", "opn", "Open", "open 5", "members only", "until", "until soon", "until 2026-06-15", "until 2020-01-01",
        "until 2027-01-01 12:00", "from 2026-09-01", "from 2027-01-01 until 2026-09-01", "from 2026-09-01 to 2027-01-01",
        "from 2020-01-01 until 2021-01-01", "only", "only ,", "only acme", f"only {A}#key",
        "only " + ",".join(f"{A}:{i}" for i in range(33)),
        "credential", "credential ,", "credential 1A", "credential A-B", "credential urn:a", "open + credential A",
        "credential " + ",".join(f"A{i}" for i in range(33)), "credential " + "A" * 129,
        "members + members", "open + members", f"open + only {A}", "members " * 5000,
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_known_ones(text):
    with pytest.raises(Invalid) as error:
        parse_template(text, NOW)
    assert all(template.usage in (error.value.hint or "") for template in TEMPLATES)
    assert len(error.value.message) < 200


@given(st.lists(st.sampled_from(["open", "members", "until", "from", "only", "+", "2027-01-01", A, ",", "x"]), max_size=8).map(" ".join))
def test_any_words(text):
    try:
        assert parse_template(text, NOW).permissions
    except Invalid as error:
        assert error.where == "policy"
