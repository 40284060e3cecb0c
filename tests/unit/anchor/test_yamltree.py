"""The small part of YAML that a rulebook may use."""

import re
import time

import pytest

from hanse.anchor.rulebook import yamltree
from hanse.anchor.rulebook.yamltree import MAX_DEPTH, dump, parse, place
from hanse.kernel.errors import HanseError, Invalid, Malformed, TooLarge

PARSERS = [yamltree.yaml.SafeLoader, *([yamltree.yaml.CSafeLoader] if yamltree.yaml.__with_libyaml__ else [])]


@pytest.fixture(params=PARSERS, autouse=True)
def parser(request, monkeypatch):
    """Both of PyYAML's parsers: the fast one is not in every build."""
    monkeypatch.setattr(yamltree, "_loader", request.param)


def refused(text, kind=Invalid):
    with pytest.raises(kind) as fault:
        parse(text)
    return fault.value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0.5", 0.5),
        # Surprises of YAML 1.1, which are texts here.
        ("no", "no"), ("on", "on"), ("1:30", "1:30"), ("2025-01-01", "2025-01-01"), ("0x1F", "0x1F"), ("010", "010"), ("1_000", "1_000"),
        (".inf", ".inf"), ("1e5", "1e5"), ("'12'", "12"), ('"true"', "true"), ("<<", "<<"), ("=", "="), ("9" * 30, "9" * 30),
    ],
)  # fmt: skip
def test_values_are_what_they_look_like(written, read):
    found = parse(f"a: {written}\n").plain()["a"]
    assert (found, type(found)) == (read, type(read))


def test_structure_blocks_and_lines():
    root = parse("# c\na:\n  - x\n  - {b: 1}\nt: |\n  one\n  two\n")
    assert root.plain() == {"a": ["x", {"b": 1}], "t": "one\ntwo\n"}
    assert [root.at(path).line for path in (("a",), ("a", 1, "b"), ("t",))] == [2, 4, 5]
    assert root.at(("a", 7)) is root.at(("nothing", "below")) is root.at(("t", "x")) is None
    assert place(("roles", "ai-factory", "needs", 0)) == "roles.ai-factory.needs[0]"
    assert place(()) == ""


@pytest.mark.parametrize(
    ("text", "where", "line"),
    [
        ("a: &x 1\n", "a", 1),
        ("a: 1\nb: *a\n", "b", 2),
        ("a: !!python/object/apply:os.system [ls]\n", "a", 1),
        ("a: !x 1\n", "a", 1),
        ("&k a: 1\n", "file", 1),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "b", 4),
        ("? [a]\n: 1\n", "file", 1),
        (f"{'k' * 129}: 1\n", "file", 1),
        ("a: 1\n---\nb: 1\n", "file", 2),
    ],
)
def test_what_could_be_a_surprise_is_refused(text, where, line):
    fault = refused(text)
    # The first anchor of a made-up alias is refused before the alias is looked up.
    assert (fault.where, fault.rule) == (where, "yaml")
    assert fault.message.startswith(f"Line {line}: ")


def test_a_name_that_stands_twice_says_where_it_stood():
    assert refused("a: 1\nb: 2\na: 3\n").hint == "It was on line 1 before."


def test_laughs_are_refused_at_the_first_reference():
    assert "&" in refused("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n").message


def test_size_depth_and_number_are_bounded():
    assert "KiB" in refused("a: '" + "ü" * (140 * 1024) + "'", TooLarge).message
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).plain()
    assert "levels" in refused("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2)).message
    assert "values" in refused("- 1\n" * 20_001).message


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{" * 100_000, "- " * 100_000, "? " * 100_000, "a: " * 80_000, '"' * 200_000, "a: 1\n" * 50_000]
)
def test_nothing_takes_long(text):
    start = time.process_time()
    refused(text, HanseError)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text", ["a: [1\n", "a: b: c\n", "\ta: 1\n", "a: 'x\n", "a: \x07\n", "a: \ud800\n", "", "# nothing\n", "%YAML 3.0\n---\na"]
)
def test_what_is_not_yaml_is_malformed(text):
    assert refused(text, Malformed).where == "file"


def test_half_a_character_in_an_escape_is_refused():
    refused('a: "\\ud800"\n', HanseError)


def test_what_is_written_is_read_again():
    plain = {
        "words": ["no", "true", "null", "~", "12", "1.5", "1e5", "2025-01-01", " x ", "a: b", "# c", "ü", "", "=", "<<", "*a", "&a", "!t"],
        "values": [True, False, None, 12, -3, 0.5, 1e20],
        "long": {"text": "one\n  two\n\nthree\n", "end": "no newline\nat the end", "odd": "trailing  \nx", "tab": "a\tb\n"},
        "lists": [[], {}, [[1]], {"a": [{"b": []}]}],
    }
    assert parse(dump(plain)).plain() == plain
    same = [1, 2]
    assert "&" not in dump({"a": same, "b": same})


@pytest.mark.parametrize("text", ["a: 1\njoining:\n\tb: 2\n", "a:\n  b: 1\n\tc: 2\n", "a: 1\n\t\tb: 2", "a: 1\nb:\n \tc: 2\n"])
def test_a_tab_is_called_a_tab(text):
    fault = refused(text, Malformed)
    assert re.fullmatch(r"Line [23]: There is a tab\.", fault.message)


@pytest.mark.parametrize("character", "@`")
def test_a_character_that_begins_no_text(character):
    assert "in quotes" in refused(f"a: {character}x\n", Malformed).message
