"""Encodings are told by rules, never guessed beyond them."""

import pytest

from hanse.factory.prepare.steps.decode.encodings import named
from tests.unit.factory.prepare.steps.decode.reading import read

SENTENCE = "Ein schöner Satz über Äpfel, für alle gut lesbar."


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_what_can_be_told_is_read(tmp_path, name, encoding):
    text = {"a.txt": SENTENCE, "a.jsonl": f'{{"text":"{SENTENCE}"}}\n' * 3, "a.csv": f'text,n\n"{SENTENCE}",1\n'}[name]
    found = read(tmp_path, name, text.encode(encoding))
    assert set(found.texts) == {SENTENCE}
    assert bool([key for key in found.counts if key.startswith("decoded-")]) == (not encoding.startswith("utf-8"))


def test_what_is_said_is_tried_first(tmp_path):
    polish = "Zażółć gęślą jaźń"
    assert read(tmp_path, "a.txt", polish.encode("iso-8859-2"), encoding="iso-8859-2").texts == [polish]
    assert read(tmp_path, "a.csv", f"text\n{polish}\n".encode("iso-8859-2"), encoding="latin2").texts == [polish]


@pytest.mark.parametrize("data", [b"\x00\x01\x02" * 50, "Привет, мир".encode("koi8-r"), "ä".encode() + b"\xff\xfe broken"])
def test_what_cannot_be_told_is_dropped(tmp_path, data):
    assert read(tmp_path, "a.txt", data).dropped == {"a.txt": "encoding"}


def test_only_the_lines_that_cannot_be_told_are_dropped(tmp_path):
    bad = "ä".encode() + b"\xff\xfe"
    lines = read(tmp_path, "a.jsonl", b'{"text":"a"}\n{"text":"' + bad + b'"}\n{"text":"w\xf6"}\n')
    assert (lines.texts, lines.dropped) == (["a", "wö"], {"a.jsonl#2": "encoding"})
    rows = read(tmp_path, "a.csv", b"text,n\na,1\n" + bad + b",2\nw\xf6,3\n")
    assert (rows.texts, rows.dropped) == (["a", "wö"], {"a.csv#2": "encoding"})


def test_one_broken_place_in_a_long_text_is_replaced_and_counted(tmp_path):
    found = read(tmp_path, "a.txt", ("ä " * 1000).encode() + b"\xff" + b"z" * 10)
    assert found.texts[0].count("\ufffd") == found.counts["characters-replaced"] == 1


def test_utf_16_that_ends_in_the_middle_is_dropped(tmp_path):
    assert read(tmp_path, "a.jsonl", '{"text":"a"}\n'.encode("utf-16")[:-1]).dropped == {"a.jsonl": "encoding"}


@pytest.mark.parametrize("label", ["utf-7", "idna", "unicode_escape", "rot13", "zlib", "hex", "no-such", "x" * 5000])
def test_only_encodings_of_text_have_names(label):
    assert named(label) is None
