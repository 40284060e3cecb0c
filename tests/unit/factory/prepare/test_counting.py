"""A step that loses, doubles, renames or reorders records is found out."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hanse.factory.prepare.base import Applied, Dropped
from hanse.factory.prepare.counting import Drops, best, check_table, made_by
from hanse.kernel.errors import OwnError
from tests.unit.factory.prepare.tiny import records

GIVEN = records([("a", "1"), ("b", "2"), ("c", "3")])


def some(*ids: str) -> pa.Table:
    return records([(id, "x") for id in ids])


@pytest.mark.parametrize(
    ("kept", "gone", "makes", "made"),
    [
        (("a", "b", "c"), (), False, 0),
        (("a", "c"), ("b",), False, 0),
        ((), ("c", "a", "b"), False, 0),
        (("a/1", "a/2", "b"), ("c",), True, 1),
        ((), ("a", "b", "c"), True, 0),
    ],
)
def test_what_adds_up(kept: tuple[str, ...], gone: tuple[str, ...], makes: bool, made: int) -> None:
    assert made_by(GIVEN, Applied(some(*kept), [Dropped(id, "why") for id in gone]), makes=makes, where="step 2") == made


@pytest.mark.parametrize(
    ("kept", "gone", "makes"),
    [
        (("a", "b"), (), False),
        (("a", "b", "c"), ("c",), False),
        (("a", "c", "b"), (), False),
        (("a", "b", "C"), (), False),
        (("a", "b"), ("c", "c"), False),
        (("a", "b"), ("d",), False),
        (("a", "b", "c", "d"), (), False),
        (("a", "b", "b"), (), False),
        (("a/1",), ("c",), True),
        (("a/1", "a/1", "b", "c"), (), True),
        (("a/1", "b"), ("x",), True),
    ],
)
def test_what_does_not(kept: tuple[str, ...], gone: tuple[str, ...], makes: bool) -> None:
    with pytest.raises(OwnError, match="The step is broken") as caught:
        made_by(GIVEN, Applied(some(*kept), [Dropped(id, "why") for id in gone]), makes=makes, where="step 2 (short), part 1")
    assert (caught.value.rule, caught.value.where) == ("records", "step 2 (short), part 1")


@pytest.mark.parametrize(
    "table",
    [
        [1, 2],
        GIVEN.drop_columns(["text"]),
        GIVEN.set_column(2, "text", pa.array(["1", "2", "3"], pa.string())),
        GIVEN.set_column(2, "text", pa.array(["1", None, "3"], pa.large_string())),
        GIVEN.append_column("text", pa.array(["1", "2", "3"], pa.large_string())),
    ],
    ids=["no table", "no text", "another type", "null", "twice"],
)
def test_records_have_their_columns(table: object) -> None:
    with pytest.raises(OwnError, match="The step is broken"):
        check_table(table, "step 1")


def test_samples_are_the_same_whatever_the_order_and_the_cut() -> None:
    ids = [f"id{number}" for number in range(500)]

    def sampled(order: list[str], at: int) -> list[str]:
        one, other = Drops(), Drops()
        one.add(2, "short", [Dropped(id, "short", id * 200) for id in order[:at]], "")
        other.add(2, "short", [Dropped(id, "short", id * 200) for id in order[at:]], "")
        return [sample.id for sample in best([*one.samples(), *other.samples()])]

    assert sampled(ids, 7) == sampled(ids[::-1], 300)
    assert len(sampled(ids, 100)) == 20
    drops = Drops()
    drops.add(2, "short", [Dropped("a", "short", "b" * 1000)], "")
    assert len(drops.samples()[0].excerpt) == 200


def test_reasons_are_words_that_can_be_counted() -> None:
    with pytest.raises(OwnError, match="a reason is a word"):
        Drops().add(1, "short", [Dropped(str(number), f"reason {number}") for number in range(1_001)], "step 1")
    with pytest.raises(OwnError, match="a reason is a word"):
        Drops().add(1, "short", [Dropped("a", "")], "step 1")
