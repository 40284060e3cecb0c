"""What a word is, against a second, plain implementation."""

from __future__ import annotations

import pytest

from hanse.factory.prepare.steps.duplicates.words import words
from tests.unit.factory.prepare.steps.duplicates import naive
from tests.unit.factory.prepare.steps.records import table


def _words(texts: list[str]) -> list[list[str]]:
    return [one.split() for one in words(table(texts)["text"]).to_list()]


def test_the_words_of_real_text_are_those_of_the_plain_rule() -> None:
    texts = list(naive.documents())
    assert _words(texts) == [naive.words(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Don't  STOP_at-once, é!", ["don", "t", "stop", "at", "once", "é"], id="punctuation"),
        pytest.param("e\u0301t\u00e9", ["été"], id="composed"),
        pytest.param("日本語のテキスト。", list("日本語のテキスト"), id="Japanese"),
        pytest.param("AI工厂2026年", ["ai", "工", "厂", "2026", "年"], id="mixed"),
        pytest.param("ПРИВЕТ, мир", ["привет", "мир"], id="Cyrillic"),
        pytest.param(" \n\t…?! ", [], id="none"),
        pytest.param("", [], id="empty"),
    ],
)
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    assert _words([text]) == [expected] == [naive.words(text)]
