"""The words of ODRL and how they contain each other (ODRL 2.2 Vocabulary)."""

from __future__ import annotations

import pytest

from hanse.odrl import names as n
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.vocabulary import (
    ACTIONS,
    CONTAINS,
    INCLUDED_IN,
    LEFT_OPERANDS,
    LOOSE,
    OPERATORS,
    SAME_AS,
    action_includes,
    action_name,
    wider,
)

CC = "http://creativecommons.org/ns#"


def test_the_vocabulary_is_whole():
    assert len({action for action in ACTIONS if not action.startswith(n.HANSE)}) == 72
    assert len(LEFT_OPERANDS) == 34
    assert len(OPERATORS) == 12


def test_every_left_operand_can_be_decided():
    assert set(BUILT_IN.names()) >= LEFT_OPERANDS


def test_every_action_has_one_place():
    assert not set(INCLUDED_IN) & set(SAME_AS)
    assert set(SAME_AS.values()) <= set(INCLUDED_IN)
    assert all(wider(action)[-1] in ("use", "transfer") for action in INCLUDED_IN)


@pytest.mark.parametrize(
    ("general", "special", "truth"),
    [
        ("use", "use", True),
        ("use", "read", True),
        ("odrl:use", "http://www.w3.org/ns/odrl/2/read", True),
        ("use", "display", True),
        ("play", "display", True),
        ("reproduce", "extract", True),
        ("use", "write", True),
        ("modify", "write", True),
        ("write", "modify", True),
        ("append", "writeTo", True),
        ("copy", "extract", True),
        ("use", "commercialize", True),
        ("use", f"{CC}Sharing", True),
        ("share", "cc:Sharing", True),
        ("use", n.TRAIN, True),
        ("use", n.RETRIEVE, True),
        (n.MINE, n.TRAIN, True),
        (n.MINE, n.EMBED, True),
        (n.MINE, n.RETRIEVE, False),
        (n.TRAIN, n.MINE, False),
        ("use", "sell", False),
        ("use", "transfer", False),
        ("transfer", "sell", True),
        ("transfer", "use", False),
        ("sell", "transfer", False),
        ("read", "use", False),
        ("read", "print", False),
        ("use", n.LOG, False),
        (n.LOG, n.LOG, True),
        ("use", "lend", None),
        ("transfer", "lend", None),
        ("lend", "lend", True),
        ("lend", "use", None),
        ("use", "urn:x:grind", None),
        ("urn:x:grind", "use", None),
        ("urn:x:grind", "urn:x:grind", True),
        ("use", "http://example.com/use", None),
        ("use", "Use", None),
    ],
)
def test_what_contains_what(general, special, truth):
    assert action_includes(general, special) is truth


def test_the_table_of_contents_says_the_same():
    for general in ACTIONS - LOOSE:
        for special in ACTIONS - LOOSE:
            assert action_includes(general, special) is (special in CONTAINS[action_name(general)]), (general, special)
