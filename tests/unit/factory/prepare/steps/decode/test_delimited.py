"""CSV and TSV."""

import csv
import io
import random

import pytest

from hanse.factory.prepare.steps.decode.formulas import harmless
from hanse.factory.prepare.steps.decode.limits import Limits
from tests.unit.factory.prepare.steps.decode.reading import read


def test_a_row_is_a_record_and_its_number_that_of_the_row(tmp_path):
    found = read(tmp_path, "a.csv", 'text,id,lang\nhällo,7,de\n"two\nlines, ""quoted""",8,en\n'.encode())
    assert found.rows == [
        {"id": "v@1/a.csv#1", "source": "v@1", "text": "hällo", "own_id": "7", "lang": "de"},
        {"id": "v@1/a.csv#2", "source": "v@1", "text": 'two\nlines, "quoted"', "own_id": "8", "lang": "en"},
    ]


def test_without_a_text_column_the_text_is_the_row(tmp_path):
    found = read(tmp_path, "a.csv", b"name;age;\nAda;36;x\nBob;;\n", keep=("age",))
    assert found.texts == ["name: Ada\nage: 36\ncolumn_3: x", "name: Bob"]
    assert found.rows[0] == {"id": "v@1/a.csv#1", "source": "v@1", "text": found.texts[0], "age": "36"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_what_the_header_has_most_of(tmp_path, separator):
    found = read(
        tmp_path,
        "a.csv",
        separator.join(["text", "a", "b"]).encode() + b"\n" + separator.join(["x,y" if separator != "," else "xy", "1", "2"]).encode(),
    )
    assert found.rows[0]["b"] == "2"


def test_a_row_that_does_not_fit_the_header_is_dropped_and_the_others_keep_their_numbers(tmp_path):
    found = read(tmp_path, "a.csv", b"text,n\na,1\nb\nc,3\nd,4,5\ne,5\n")
    assert found.ids == ["a.csv#1", "a.csv#3", "a.csv#5"]
    assert found.dropped == {"a.csv#2": "cells", "a.csv#4": "cells"}


def test_a_row_without_anything_is_dropped(tmp_path):
    found = read(tmp_path, "a.csv", b"name,n\na,1\n,\nc,3\n")
    assert (found.texts, found.dropped) == (["name: a\nn: 1", "name: c\nn: 3"], {"a.csv#2": "no-text"})


def test_names_that_come_twice_or_mean_something_here(tmp_path):
    found = read(tmp_path, "a.csv", b"text,n,n,n_3,source,own_source\na,1,2,3,s,o\n")
    assert found.rows[0] == {
        "id": "v@1/a.csv#1",
        "source": "v@1",
        "text": "a",
        "n": "1",
        "n_3": "3",
        "n_3_3": "2",
        "own_own_source": "s",
        "own_source": "o",
    }


def test_cells_that_a_spreadsheet_would_run_are_counted_and_unchanged(tmp_path):
    cells = ["=1+1", "+x", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "＝1", "-5", "+3.5e4", "-12 %", "a=b", "", "–5", "ｶ"]
    body = io.StringIO()
    writer = csv.writer(body)
    writer.writerows([["text", "c"], *([f"t{number}", cell] for number, cell in enumerate(cells))])
    found = read(tmp_path, "a.csv", body.getvalue().encode())
    assert found.counts["formula-cells"] == 6
    assert [row.get("c", "") for row in found.rows] == cells
    assert [harmless(cell) != cell for cell in cells] == [True] * 6 + [False] * 7


def test_empty_columns_are_counted_and_null(tmp_path):
    found = read(tmp_path, "a.csv", b"text,e,f\na,,\nb,,x\n")
    assert found.counts["columns-empty"] == 1
    assert found.tables[0].column("e").null_count == 2


def test_dates_in_three_forms(tmp_path):
    found = read(tmp_path, "a.csv", b"text,d\n31.12.2023,31.12.2023\nb,12/31/2023\nc,2023-12-31\nd,03/04/2023\ne,31.02.2023\n")
    assert [row["d"] for row in found.rows] == ["2023-12-31"] * 3 + ["03/04/2023", "31.02.2023"]
    assert found.texts[0] == "31.12.2023"
    assert (found.counts["dates-normalised"], found.counts["dates-ambiguous"]) == (2, 1)


def test_a_line_that_is_too_long_costs_itself_only(tmp_path):
    long = Limits(line_bytes=1000)
    found = read(tmp_path, "a.csv", b"text,n\na,1\n" + b"x" * 5000 + b",2\nc,3\n", limits=long)
    assert found.ids == ["a.csv#1", "a.csv#3"]
    assert found.dropped == {"a.csv#2": "line-too-long"}


def test_a_quote_that_is_never_closed_ends_the_table(tmp_path):
    found = read(tmp_path, "a.csv", b'text,n\na,1\nb,"2\n' + b"c,3\n" * 600_000, limits=Limits(line_bytes=1 << 20))
    assert found.dropped == {"a.csv": "line-too-long"}


def test_what_is_no_table_is_given_up_in_bounded_memory(tmp_path):
    found = read(tmp_path, "a.csv", b"text,n\n" + b"x\n" * 110_000)
    assert found.dropped["a.csv"] == "too-many-bad-rows"
    assert len(found.dropped) <= 100_001


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b",".join([b"a"] * 1001) + b"\n", b'"' + b"x" * 200_000 + b'",b\n'], ids=["empty", "blank", "many", "long"]
)
def test_a_table_without_a_header_or_with_too_many_columns(tmp_path, data):
    assert read(tmp_path, "a.csv", data).dropped == {"a.csv": "columns"}


def test_blank_lines_and_old_ends_of_lines(tmp_path):
    assert read(tmp_path, "a.csv", b"\r\n\ntext,n\r\n\r\na,1\n\nb,2").texts == ["a", "b"]
    assert read(tmp_path, "a.csv", b"text,n\ra,1\rb,2").texts == ["a", "b"]


def test_the_same_cells_as_pythons_csv(tmp_path):
    rnd = random.Random(6)
    rows = [["".join(rnd.choice('ab ,;"\n\tä€') for _ in range(rnd.randrange(12))) for _ in range(3)] for _ in range(500)]
    body = io.StringIO()
    csv.writer(body, lineterminator="\n").writerows([["text", "x", "y"], *rows])
    found = read(tmp_path, "a.csv", body.getvalue().encode())
    expected = [row for row in csv.reader(io.StringIO(body.getvalue())) if row[0].strip()][1:]
    assert [[row["text"], row.get("x", ""), row.get("y", "")] for row in found.rows] == expected
