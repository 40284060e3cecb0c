"""Dates: read where they can be read in one way only."""

import pyarrow as pa
import pytest

from hanse.factory.prepare.steps.decode.dates import AMBIGUOUS, dated, iso


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-31", "2024-03-31"),
        ("2024/3/1", "2024-03-01"),
        ("2024.03.01 9:05", "2024-03-01T09:05"),
        ("31.03.2024", "2024-03-31"),
        ("1.2.2024", "2024-02-01"),
        ("1.2.2024, 14:00:59", "2024-02-01T14:00:59"),
        ("31/03/2024", "2024-03-31"),
        ("03/31/2024", "2024-03-31"),
        ("03-31-2024", "2024-03-31"),
        ("03/03/2024", "2024-03-03"),
        ("03/04/2024", AMBIGUOUS),
        ("03-04-2024", AMBIGUOUS),
        ("31.03.24", AMBIGUOUS),
        ("31 March 2024", "2024-03-31"),
        ("1. Sept 2024", "2024-09-01"),
        ("March 31, 2024", "2024-03-31"),
        ("31.02.2024", None),
        ("29.02.2024", "2024-02-29"),
        ("29.02.2023", None),
        ("13/13/2024", None),
        ("2024-00-10", None),
        ("2024-1/2", None),
        ("10.0.0.1", None),
        ("1.2.2024 or so", None),
        ("20240331", None),
    ],
)
def test_a_date_in_one_form(text, expected):
    assert iso(text) == expected


def test_a_column_keeps_what_is_no_date_and_counts_what_is():
    values = ["31.03.2024", None, "", "x", "31.03.2024", "03/04/2024", "2024-03-31", "J. Smith", "Jan 5, 2024", "29.02.2023"]
    found = dated(pa.array(values))
    assert found.column.to_pylist() == [
        "2024-03-31",
        None,
        "",
        "x",
        "2024-03-31",
        "03/04/2024",
        "2024-03-31",
        "J. Smith",
        "2024-01-05",
        "29.02.2023",
    ]
    assert (found.changed, found.ambiguous) == (3, 1)
    assert dated(pa.array(values).slice(4, 2)).column.to_pylist() == ["2024-03-31", "03/04/2024"]
    assert dated(pa.array([None, None], pa.string())).changed == 0
