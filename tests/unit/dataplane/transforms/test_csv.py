"""CSV and TSV, cell by cell."""

from __future__ import annotations

import csv
import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.dataplane.transforms.engine import run_here
from hanse.dataplane.transforms.quotes import Quotes
from hanse.dataplane.transforms.refusal import Unkeepable
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.unit.dataplane.transforms.world import Job, changed, tools

CSV, TSV = "text/csv", "text/tab-separated-values"
MASK_B = Step(n.MASK, ("b",))


def test_only_the_named_column_changes_and_the_rest_keeps_its_bytes():
    source = b"a,b,c\n007,secret,1.500000\n2026-01-01T00:00,,-0.0\n =1+1 ,x,NaN\n1e5,y,\xc3\xa4\n"
    assert changed(source, CSV, MASK_B) == b"a,b,c\n007,***,1.500000\n2026-01-01T00:00,,-0.0\n =1+1 ,***,NaN\n1e5,***,\xc3\xa4\n"


def test_quotes_stand_where_they_are_needed():
    source = b'a,b,c\n"x, y",1,"say ""hi"""\n"two\nlines",2,"plain"\n"",3,"cr\r\nlf"\n'
    assert changed(source, CSV, MASK_B) == b'a,b,c\n"x, y",***,"say ""hi"""\n"two\nlines",***,plain\n"",***,"cr\r\nlf"\n'


def test_empty_cells_stay_empty_but_a_quoted_empty_text_is_text():
    assert changed(b'a,b\n1,\n2,""\n', CSV, MASK_B) == b"a,b\n1,\n2,***\n"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_ends_of_lines_stay(newline):
    assert changed(newline.join([b"a,b", b"1,2", b""]), CSV, MASK_B) == newline.join([b"a,b", b"1,***", b""])


def test_a_missing_last_end_of_line_and_blank_lines():
    assert changed(b"a,b\n\n1,2\n\n3,4", CSV, MASK_B) == b"a,b\n1,***\n3,***\n"


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert changed(b"\xef\xbb\xbfb,a\n1,2\n", CSV, MASK_B) == b"\xef\xbb\xbfb,a\n***,2\n"


@pytest.mark.parametrize(("media_type", "delimiter"), [(TSV, b"\t"), (CSV, b";"), (CSV, b"|"), (CSV, b"\t")])
def test_other_delimiters(media_type, delimiter):
    source = delimiter.join([b"a", b"b"]) + b"\n" + delimiter.join([b"1,5", b"x"]) + b"\n"
    assert changed(source, media_type, MASK_B) == source.replace(b"x", b"***")


def test_one_column_alone():
    assert changed(b'b\n1\n""\n2\n', CSV, MASK_B) == b"b\n***\n***\n***\n"
    assert changed(b"a,b\n,1\n2,3\n", CSV, Step(n.DROP, ("b",))) == b'a\n""\n2\n'


def test_any_encoding_that_keeps_ascii_passes_through():
    assert changed("a,b\nMüller,Zürich\n".encode("latin-1"), CSV, MASK_B) == "a,b\nMüller,***\n".encode("latin-1")


def test_a_column_is_named_exactly():
    for name in ("B", "b ", " b", "ｂ", "", "c"):
        with pytest.raises(Unkeepable):
            changed(b"a,b\n1,2\n", CSV, Step(n.MASK, (name,)))


def test_a_column_that_is_there_twice_is_refused():
    with pytest.raises(Unkeepable):
        changed(b"b,b\n1,2\n", CSV, MASK_B)


def test_other_columns_may_be_there_twice():
    assert changed(b"a,b,a\n1,2,3\n", CSV, MASK_B) == b"a,b,a\n1,***,3\n"


MALFORMED = {
    "nothing": b"",
    "a short line": b"a,b\n1\n",
    "a long line": b"a,b\n1,2,3\n",
    "a quote that does not end": b'a,b\n1,"2\n3,4\n',
    "text after a quote": b'a,b\n1,"2"x",3"\n',
    "zero bytes": b"a,b\n1,\0\n",
    "zero bytes far behind": b"a,b\n" + b"1,2\n" * 300_000 + b"1,\0\n",
    "two quotes that do not end": b'a,b\n"x,1\ny,"z,2\n',
    "a quote inside a cell": b'a,b\n5" pipe,2\n6" pipe,2\n',
    "UTF-16": "a,b\n1,2\n".encode("utf-16"),
    "UTF-16 without a mark": "a,b\n1,2\n".encode("utf-16-le"),
    "UTF-32": "a,b\n1,2\n".encode("utf-32"),
    "a first line that does not end": b'"a,b\n1,2\n',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_refused_without_a_word_of_it(name):
    with pytest.raises(Unkeepable) as caught:
        changed(MALFORMED[name], CSV, MASK_B)
    assert "1,2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_first_line_alone():
    assert changed(b"a,b\n", CSV, MASK_B) == b"a,b\n"
    assert changed(b"a,b", CSV, Step(n.DROP, ("a",))) == b"b\n"


def test_all_columns_cannot_be_dropped():
    with pytest.raises(Unkeepable):
        changed(b"a,b\n1,2\n", CSV, Step(n.DROP, ("a", "b")))


def test_long_cells_pass_up_to_a_bound():
    long = b"x" * (5 << 20)
    assert changed(b"a,b\n" + long + b",2\n3,4\n", CSV, MASK_B) == b"a,b\n" + long + b",***\n3,***\n"
    with pytest.raises(Unkeepable, match="bytes"):
        changed(b"a,b\n" + long * 8 + b",2\n", CSV, MASK_B)


def test_many_blocks_are_one_file():
    rows = [[str(i), f"secret {i}", os.urandom(40).hex(), 'with "quotes",\nand lines' if i % 7 == 0 else ""] for i in range(40_000)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["a", "b", "c", "d"], *rows])
    read = list(csv.reader(io.StringIO(changed(text.getvalue().encode(), CSV, MASK_B).decode(), newline="")))
    assert read == [["a", "b", "c", "d"], *([a, "***", c, d] for a, _, c, d in rows)]


def test_rounding_reads_the_text_and_keeps_what_is_short():
    source = b"a,b\n3.14159,\n2.5,\n-0.005,\n1e3,\n1.5e-3,\n,\n12345678901234567890.129,\n-7,\n"
    found = changed(source, CSV, Step(n.ROUND, ("a",), 2)).decode().split()
    assert found == ["a,b", "3.14,", "2.5,", "0.00,".replace("0", "-0", 1), "1e3,", "0.00,", ",", "12345678901234567890.13,", "-7,"]


@pytest.mark.parametrize("cell", [b"abc", b"NaN", b"inf", b"1_000.55", b"0x1.8", b"1,5", b"9" * 200, b"1e500", "１.５".encode()])
def test_what_is_no_plain_number_is_not_let_through(cell):
    with pytest.raises(Unkeepable):
        changed(b'a\n"' + cell + b'"\n', CSV, Step(n.ROUND, ("a",), 2))


def test_pseudonyms_are_the_same_within_an_agreement_only():
    source = b"a,b\nann,ann\nbob,\nann,bob\n"
    step = Step(n.PSEUDONYMISE, ("a", "b"))
    rows = [line.split(",") for line in changed(source, CSV, step).decode().split()[1:]]
    assert rows[0][0] == rows[0][1] == rows[2][0] != rows[1][0] == rows[2][1]
    assert rows[1][1] == ""
    assert len(rows[0][0]) == 32
    assert rows[0][0] not in changed(source, CSV, step, key=bytes(32)).decode()


def test_anonymity_leaves_out_what_is_too_rare_over_all_files():
    first = Job(b"zip,age,x\n10,30.2,a\n10,29.9,b\n20,50.0,c\n", CSV)
    second = Job(b"x;zip;age\nd;10;30\ne;20;50\nf;;1\n", CSV)
    outcome = run_here([first, second], (Step(n.ROUND, ("age",), 0), Step("anonymize", ("age", "zip"), 3)), tools())
    assert first.written.getvalue() == b"zip,age,x\n10,30,a\n10,30,b\n"
    assert second.written.getvalue() == b"x;zip;age\nd;10;30\n"
    assert outcome.suppressed == 3


def test_combinations_are_not_mixed_up():
    source = b'p,q\n"a;1:b",c\na,"b;1:c"\n,-\n-,\n'
    assert changed(source, CSV, Step("anonymize", ("p", "q"), 2)) == b"p,q\n"


def test_it_can_be_stopped_under_way():
    class Stop(Exception):
        pass

    def stop(count):
        raise Stop

    with pytest.raises(Stop):
        run_here([Job(b"a,b\n" + b"1,2\n" * 100_000, CSV)], (MASK_B,), tools(stop))


_CELL = st.text(
    st.sampled_from("ab,;\t\"'\n\r =-+@ä€\u2028") | st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(_CELL, min_size=3, max_size=3), max_size=8),
    style=st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r\n")]),
)
def test_whatever_the_cells_hold_two_readers_agree(rows, style):
    quoting, newline = style
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=newline).writerows([["a", "b", "c"], *rows])
    found = changed(text.getvalue().encode(), CSV, MASK_B).decode()
    expected = [[a, "***" if b or quoting == csv.QUOTE_ALL else "", c] for a, b, c in rows]
    assert list(csv.reader(io.StringIO(found, newline=""))) == [["a", "b", "c"], *expected]


WELL = [b'"a","b"\n"c""d",""\n', b'\xef\xbb\xbf"a",b\nc,"""d"""\n"x, ""y"" z"', b'a,b\r\n"c\r\nd",\r\n']
ILL = [b'a"b\n', b'"a"b\n', b'"a', b'a,"b""\n', b'"a" ,b\n', b'a, "b"\n', b'"a\nb,"c",d"\n']


@pytest.mark.parametrize("text", WELL + ILL)
def test_quotes_are_judged_alike_wherever_a_block_ends(text):
    for first in range(3, len(text) + 1):  # the mark at the beginning comes in one piece
        for second in range(first, len(text) + 1):
            quotes = Quotes(b",")
            fine = all([quotes.take(text[:first]), quotes.take(text[first:second]), quotes.take(text[second:]), quotes.end()])
            assert fine == (text in WELL), (text[:first], text[first:second], text[second:])


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["", "1", "2", "3.4", "3.6"]), st.sampled_from(["a", "b", "a;1"])), max_size=40),
    least=st.integers(2, 6),
)
def test_no_combination_is_left_that_is_too_rare_and_none_is_lost_that_is_not(rows, least):
    source = "".join(["p,q,n\n", *(f"{p},{q},{number}\n" for number, (p, q) in enumerate(rows))]).encode()
    found = changed(source, CSV, Step(n.ROUND, ("p",), 0), Step("anonymize", ("p", "q"), least)).decode().splitlines()[1:]
    coarse = [({"3.4": "3", "3.6": "4"}.get(p, p), q) for p, q in rows]
    kept = [f"{p},{q},{number}" for number, (p, q) in enumerate(coarse) if coarse.count((p, q)) >= least]
    assert found == kept
