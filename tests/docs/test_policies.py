"""What the documents say of policies in general is so: classes, badges, languages, and every template that is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from hanse.odrl.constraints.base import Badge
from hanse.odrl.say.languages import LANGUAGES
from hanse.odrl.templates import TEMPLATES, parse_template
from hanse.usage.classes import CLASSES
from tests.docs.pages import ROOT, blocks, pages

README = (ROOT / "README.md").read_text()
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = "|".join(re.escape(one.usage.split()[0]) for one in TEMPLATES)
IN_TABLES = re.compile(rf"`((?:{NAMES})(?: [^`]+)?)`")


def test_there_are_as_many_classes_as_the_readme_says_and_each_can_be_said_in_words():
    assert f"**All {len(CLASSES)} classes of the International Data Spaces Association**" in README
    assert {number for one in TEMPLATES for number in one.classes} == {one.number for one in CLASSES}


def test_the_badges_are_those_of_the_documents():
    table = re.findall(r"^\| ([A-Z]+) \|", README, re.MULTILINE)
    assert table == [one.value for one in Badge]
    why = re.findall(r"^- \*\*([A-Z]+)\*\*:", (ROOT / "docs/why.md").read_text(), re.MULTILINE)
    assert why == table


def test_the_languages_are_those_of_the_readme():
    assert "in English, German, French or Dutch" in README
    assert sorted(LANGUAGES) == ["de", "en", "fr", "nl"]


@pytest.mark.parametrize("name", ["write-policies.md", "change-data.md"])
def test_templates_in_tables_are_templates(name):
    rows = [line for line in (ROOT / "docs/howto" / name).read_text().splitlines() if line.startswith("|")]
    named = [template for row in rows for template in IN_TABLES.findall(row)]
    assert len(named) >= 5
    for template in named:
        assert parse_template(template, NOW)


def test_a_constraint_is_written_in_under_30_lines():
    page = ROOT / "docs/howto/add-a-constraint.md"
    assert page in pages()
    block = next(block for block in blocks(page) if "PluggedConstraint" in block.text)
    start = next(number for number, line in enumerate(block.lines) if line.endswith("<<'END'"))
    assert block.lines.index("END") - start - 1 < 30
