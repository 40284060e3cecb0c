"""Licences and reservations decide which records may be used."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from hanse.factory.prepare.steps import rights
from hanse.factory.prepare.steps.rights import Licence, OptOut, matches
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.filters.real import reasons
from tests.unit.factory.prepare.steps.records import table

CC_BY = "https://creativecommons.org/licenses/by/4.0/"


def by_licence(licences: list[object], **parameters: object) -> list[str]:
    return reasons(Licence(**parameters).apply(table(["text"] * len(licences), licence=licences), None), len(licences))


def test_a_licence_must_be_known_unless_the_user_says_otherwise() -> None:
    licences = ["MIT", "apache 2.0", CC_BY, "All rights reserved", "", "  ", None]
    assert by_licence(licences) == ["", "", "", *["licence-unknown"] * 4]
    assert by_licence(licences, unknown="keep") == [""] * 7
    assert by_licence(licences, denied=("Apache-2.0",)) == ["", "licence-denied", "", *["licence-unknown"] * 4]


def test_only_allowed_licences_stay_whatever_they_are_called() -> None:
    licences = ["cc-by 4.0", CC_BY, "CC-BY-4.0", "CC-BY-NC-4.0", "House licence", "Other licence"]
    assert by_licence(licences, allowed=("CC-BY-4.0", "House licence")) == ["", "", "", "licence-not-allowed", "", "licence-unknown"]


def test_one_choice_of_an_expression_is_enough_and_all_of_it_must_be_right() -> None:
    licences = ["MIT OR GPL-3.0-only", "MIT AND GPL-3.0-only", "GPL-3.0", "Foo OR MIT", "Foo AND MIT"]
    assert by_licence(licences, denied=("GPL-3.0-only",)) == ["", "licence-denied", "licence-denied", "", "licence-unknown"]
    assert by_licence(licences, allowed=("MIT",)) == ["", "licence-not-allowed", "licence-not-allowed", "", "licence-unknown"]


def test_without_the_column_no_licence_is_known() -> None:
    assert reasons(Licence().apply(table(["a", "b"]), None), 2) == ["licence-unknown"] * 2
    assert reasons(Licence(column="terms").apply(table(["a"], terms=["MIT"]), None), 1) == [""]


def test_a_licence_cannot_be_allowed_and_denied() -> None:
    with pytest.raises(Invalid) as caught:
        Licence(allowed=("mit",), denied=("MIT license",)).check()
    assert caught.value.where == "denied"


@pytest.mark.parametrize("kind", ["text", "truth", "number"])
def test_a_record_says_itself_that_it_is_reserved(kind: str) -> None:
    values, expected = {
        "text": (["1", "true", "yes", "all-rights", "0", "No", "", " false ", None], [1, 1, 1, 1, 0, 0, 0, 0, 0]),
        "truth": ([True, False, None], [1, 0, 0]),
        "number": ([1, 0, 1.0, 0.0, None], [1, 0, 1, 0, 0]),
    }[kind]
    found = reasons(OptOut().apply(table(["x"] * len(values), opt_out=pa.array(values)), None), len(values))
    assert found == ["opt-out" if one else "" for one in expected]


def test_words_that_are_not_about_text_can_be_ignored() -> None:
    records = table(["x"] * 4, opt_out=["noimageai", "noai,noimageai", "tdm-reservation", ""])
    assert reasons(OptOut().apply(records, None), 4) == ["opt-out", "opt-out", "opt-out", ""]
    assert reasons(OptOut(ignored=("noimageai",)).apply(records, None), 4) == ["", "opt-out", "opt-out", ""]


def test_nothing_of_a_dropped_text_is_shown() -> None:
    records = table(["secret"], opt_out=["1"], licence=["?"])
    assert OptOut().apply(records, None).dropped[0].sample == ""
    assert Licence().apply(records, None).dropped[0].sample == ""


def test_reservations_can_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "reserved.txt"
    file.write_text("# Reserved\nexample.org\n\nexample.com/news/\n", "utf-8")
    step = OptOut(reserved_in=str(file), reserved=("example.net",))
    step.check()
    assert set(step.fingerprint()) == {"reserved_in"}
    urls = ["https://example.org/a", "https://example.com/news/1", "https://example.com/", "https://example.net"]
    assert reasons(step.apply(table(["x"] * 4, url=urls), None), 4) == ["opt-out", "opt-out", "", "opt-out"]
    for broken in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(Invalid) as caught:
            OptOut(reserved_in=str(broken)).check()
        assert caught.value.where == "reserved_in"


def test_addresses_are_compared_with_the_reservations() -> None:
    urls = {
        "https://example.org/": "opt-out",
        "http://www.Example.org:8080/a?b": "opt-out",
        "https://example.org./": "opt-out",
        "https://notexample.org/": "",
        "https://example.com/news/1": "opt-out",
        "https://example.com/news": "",
        "https://example.com/%6eews/1": "opt-out",
        "https://sub.example.com/x.pdf": "opt-out",
        "https://example.com/x.pdf?y": "",
        "https://bücher.example/a": "opt-out",
        "https://[broken": "opt-out-unreadable-address",
        "no address at all": "opt-out-unreadable-address",
        None: "",
    }
    step = OptOut(reserved=("example.org", "https://example.com/news/", "example.com/*.pdf$", "xn--bcher-kva.example/"))
    step.check()
    assert reasons(step.apply(table(["x"] * len(urls), url=list(urls)), None), len(urls)) == list(urls.values())


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("", "/a", True),
        ("/", "", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish.asp", False),
        ("/fish*", "/fish", True),
        ("/*.php$", "/folder/a.php", True),
        ("/*.php$", "/a.php?x", False),
        ("/*.php$", "/a.php.php", True),
        ("/a*b*c", "/a--b--c--", True),
        ("/a*b*c", "/a--c--b", False),
        ("/ab$", "/ab", True),
        ("/ab$", "/abc", False),
        ("/ab*ab$", "/ab", False),
        ("*a*$", "/a/b", True),
    ],
    ids=range(14),
)
def test_paths_match_as_in_robots_txt(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert not matches("*a" * 400 + "$", "/" + "a" * 100_000 + "b")


def test_a_list_of_reservations_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "MAX_RESERVED", 2)
    monkeypatch.setattr(rights, "_MAX_FILE", 20)
    OptOut(reserved=("a.example", "b.example")).check()
    with pytest.raises(Invalid) as caught:
        OptOut(reserved=("a.example", "b.example", "c.example")).check()
    assert caught.value.where == "reserved"
    file = tmp_path / "reserved.txt"
    for size, fits in ((20, True), (21, False)):
        file.write_text("a.example\n".ljust(size, "#"), "utf-8")
        step = OptOut(reserved_in=str(file))
        if fits:
            step.check()
        else:
            with pytest.raises(Invalid) as caught:
                step.check()
            assert caught.value.where == "reserved_in"


@pytest.mark.parametrize("reserved", ["", "https://", "https:///path", "*.example.org", "x y", "a" * 2000], ids=range(6))
def test_a_reservation_needs_a_host(reserved: str) -> None:
    with pytest.raises(Invalid) as caught:
        OptOut(reserved=("example.org", reserved)).check()
    assert caught.value.where == "reserved[1]"
