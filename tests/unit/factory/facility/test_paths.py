"""Names of files that cannot be stored, because somewhere they could not be written, or would be written outside."""

from __future__ import annotations

import pytest

from hanse.factory.facility.paths import MAX_PATH, Names, check_path
from hanse.kernel.errors import Invalid

BAD = [
    "", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a/.", "..", ".", "a\\b", "C:/x", "c:x", "a\nb", "a\0b", "a\u202eb",
    "x" * (MAX_PATH + 1), "a/" + "ü" * 128, "a/" * 64 + "b", "\ud800", "a\x7f",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD)
def test_refused(path):
    with pytest.raises(Invalid) as refused:
        check_path(path)
    assert refused.value.rule == "file-name"


@pytest.mark.parametrize("path", ["a", "a/b/c.txt", ".gitattributes", "ä/ö ü.csv", "a..b", "..a", "x" * 255, "12:30.txt"])
def test_taken(path):
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("first", "second"),
    [("A.txt", "a.txt"), ("straße", "STRASSE"), ("é", "e\u0301"), ("a", "a/b"), ("a/b", "a"), ("a/b/c", "A/B"), ("X/y", "x")],
)
def test_two_that_cannot_be_side_by_side(first, second):
    names = Names()
    names.check(first)
    names.add(first)
    with pytest.raises(Invalid) as refused:
        names.check(second)
    assert refused.value.rule == "file-name"
    names.remove(first)
    names.check(second)


def test_the_same_again_fits():
    names = Names()
    names.add("a/b")
    names.check("a/b")
    names.check("a/c")
