"""The many names of a language are one tag."""

from __future__ import annotations

import pytest

from hanse.dcat.languages import is_tag, speaks, tag_of


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("DE-at", "de-at"),
        ("pt_BR", "pt-br"),
        ("deu", "de"),
        ("ger", "de"),
        ("http://publications.europa.eu/resource/authority/language/DEU", "de"),
        ("http://publications.europa.eu/resource/authority/language/NLD", "nl"),
        ("http://id.loc.gov/vocabulary/iso639-1/fr", "fr"),
        ("http://id.loc.gov/vocabulary/iso639-2/fre", "fr"),
        ("http://lexvo.org/id/iso639-3/eng", "en"),
        ("nds", "nds"),
        ("http://example.org/German", "http://example.org/German"),
        ("Deutsch (Deutschland)", "Deutsch (Deutschland)"),
        ("x" * 300, "x" * 300),
    ],
)
def test_one_tag(text, tag):
    assert tag_of(text) == tag


def test_what_a_catalogue_writes_as_an_address_is_found_by_its_tag():
    assert speaks(["de"], ["http://publications.europa.eu/resource/authority/language/DEU"])
    assert speaks(["ger"], ["de-AT"])
    assert not speaks(["de"], ["http://example.org/de"])


@pytest.mark.parametrize(("text", "known"), [("de", True), ("zh-Hant-TW", True), ("d e", False), ("", False), ("german language", False)])
def test_what_can_be_a_tag(text, known):
    assert is_tag(text) is known
