"""Sentences and policies are one to one (odrl.say)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.kernel.errors import HanseError
from hanse.odrl.normal import same_terms
from hanse.odrl.say import parse_terms, say_terms
from hanse.odrl.say.languages import LANGUAGES
from tests.unit.odrl.say.strategies import terms


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(terms)
def test_what_was_said_is_read_back(language, value):
    sentences = say_terms(value, language)
    assert all(sentence.isprintable() for sentence in sentences)
    assert same_terms(parse_terms(sentences, language), value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(terms, st.data())
def test_a_sentence_with_a_slip_is_refused_or_means_what_it_says(value, data):
    sentences = say_terms(value)
    index = data.draw(st.integers(0, len(sentences) - 1))
    sentence = sentences[index]
    at = data.draw(st.integers(0, len(sentence) - 1))
    sentences[index] = sentence[:at] + data.draw(st.sampled_from(["", '"', " and ", "[", "0", "\\", sentence[:20]])) + sentence[at + 1 :]
    try:
        found = parse_terms(sentences)
    except HanseError:
        return
    assert same_terms(parse_terms(say_terms(found)), found)
