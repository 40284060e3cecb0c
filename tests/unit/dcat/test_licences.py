"""Spellings of licences, and what a name says about a use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.dcat.licences import accepts, alternatives, forbids, is_known, licence_of, non_commercial, normal
from hanse.odrl.names import TRAIN

BY = "CC-BY-4.0"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("cc-by-4.0", BY),
        ("CC BY 4.0", BY),
        ("https://creativecommons.org/licenses/by/4.0/", BY),
        ("http://creativecommons.org/licenses/by/4.0/legalcode.de", BY),
        ("https://creativecommons.org/licenses/by/4.0/deed.fr", BY),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", BY),
        ("http://dcat-ap.de/def/licenses/cc-by/4.0", BY),
        ("https://spdx.org/licenses/CC-BY-4.0.html", BY),
        ("http://publications.europa.eu/resource/authority/licence/CC_BYNCND_4_0", "CC-BY-NC-ND-4.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/de/", "CC-BY-NC-SA-3.0-DE"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://publications.europa.eu/resource/authority/licence/CC0", "CC0-1.0"),
        ("cc0", "CC0-1.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
        ("apache 2.0", "Apache-2.0"),
        ("mit", "MIT"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
        ("https://www.govdata.de/dl-de/by-2-0", "DL-DE-BY-2.0"),
        ("http://dcat-ap.de/def/licenses/dl-by-de/2.0", "DL-DE-BY-2.0"),
        ("https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "OGL-UK-3.0"),
        ("https://www.gnu.org/licenses/gpl-3.0", "GPL-3.0-only"),
        ("http://publications.europa.eu/resource/authority/licence/EUPL_1_2", "EUPL-1.2"),
        ("  our   own terms ", "our own terms"),
        ("https://example.org/creativecommons.org/licenses/by/4.0/", "https://example.org/creativecommons.org/licenses/by/4.0/"),
    ],
)
def test_many_spellings_are_one_name(spelling, name):
    assert normal(spelling) == name


@pytest.mark.parametrize(
    ("licence", "commercial", "forbidden"),
    [
        ("cc-by-4.0", True, False),
        ("cc-by-nc-4.0", True, True),
        ("cc-by-nc-4.0", False, False),
        ("cc-by-nd-4.0", False, True),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", False, True),
        ("MIT OR CC-BY-NC-4.0", True, False),
        ("MIT AND CC-BY-NC-4.0", True, True),
        ("(CC-BY-NC-4.0 OR CC-BY-ND-4.0)", True, True),
        ("Handmade-NC-ND", True, False),
    ],
)
def test_what_a_name_forbids(licence, commercial, forbidden):
    assert bool(forbids(licence, TRAIN, commercial=commercial)) is forbidden


def test_nd_does_not_forbid_to_look_at_data():
    assert not forbids("cc-by-nd-4.0", "display", commercial=True)


def test_an_expression_is_accepted_where_one_choice_is():
    assert accepts(["mit"], "MIT OR GPL-3.0-only")
    assert not accepts(["mit"], "MIT AND GPL-3.0-only")
    assert accepts(["mit", "https://www.gnu.org/licenses/gpl-3.0"], "MIT AND GPL-3.0-only")
    assert alternatives("MIT") == (frozenset({"MIT"}),)


def test_what_is_known_by_name():
    assert is_known("cc-by-4.0")
    assert is_known("ours OR MIT")
    assert not is_known("ours")
    assert non_commercial("https://creativecommons.org/licenses/by-nc/4.0/")
    assert not non_commercial("MIT OR cc-by-nc-4.0")


def test_a_text_is_recognised_by_its_words():
    text = "Creative Commons\nAttribution-NonCommercial-ShareAlike   4.0 International"
    assert normal(licence_of(text) or "") == "CC-BY-NC-SA-4.0"
    assert licence_of("All rights reserved.") is None


@given(st.text(max_size=600))
def test_any_text_has_a_normal_form_that_is_its_own(text):
    once = normal(text)
    assert normal(once) == once or len(once) == 500
