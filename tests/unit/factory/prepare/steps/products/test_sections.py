"""Documents in sections and chunks: nothing of a text is lost, and each part leads back to its document."""

from __future__ import annotations

import pydoc_data.topics

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.factory.prepare.steps.products.cutting import chunks, parents, sections
from hanse.factory.prepare.steps.products.sections import Sections, estimate
from hanse.factory.prepare.steps.products.split import Split
from hanse.factory.prepare.steps.tokens.survey import WINDOWS, fit, survey
from hanse.kernel.errors import Invalid

BOOK = """Before all.

# One

First. Second!

## One point one

Text ```not a fence
```
# no heading
```

Title
-----
<h3 class="x">Three <b>bold</b></h3>
Last words."""


def records(*texts, **columns):
    """Make records of texts."""
    ids = [f"d{number}" for number in range(len(texts))]
    return pa.table({"id": ids, "source": ["s@1"] * len(ids), "text": pa.array(texts, pa.large_string()), **columns})


def test_headings_of_markdown_restructuredtext_and_html_begin_sections():
    found = sections(BOOK)
    assert [(section.heading, section.depth) for section in found] == [
        ("", 0),
        ("One", 1),
        ("One point one", 2),
        ("Title", 2),
        ("Three bold", 3),
    ]
    assert parents(found) == [-1, -1, 1, 1, 3]
    assert "".join(BOOK[section.begin : section.end] for section in found) == BOOK
    assert [section.heading for section in sections("=====\nBook\n=====\n\nPart\n~~~~\n")] == ["Book", "Part"]


def test_every_part_leads_back_to_its_document():
    made = Sections(window=16).apply(records("x", BOOK, language=["en", "fi"]), None)
    rows = made.records.to_pylist()
    by_id = {row["id"]: row for row in rows}
    assert len(by_id) == len(rows)
    assert [row["level"] for row in rows[:4]] == ["document", "section", "chunk", "document"]
    for row in rows:
        assert (row["parent"] is None) == (row["level"] == "document")
        assert row["id"].startswith(row["document"])
        assert row["language"] == ("en" if row["document"] == "d0" else "fi")
        if row["parent"]:
            assert row["text"] in by_id[row["parent"]]["text"] or by_id[row["parent"]]["level"] == "section"
    pieces = [row["text"] for row in rows if row["level"] == "chunk" and row["document"] == "d1"]
    assert "".join(pieces) == BOOK
    assert by_id["d1"]["length"] == sum(row["length"] for row in rows if row["level"] == "chunk" and row["document"] == "d1")
    assert by_id["d1/2"]["parent"] == "d1/1"
    chunks_made = sum(row["level"] == "chunk" for row in rows)
    assert made.counts.items() >= {"documents": 2, "sections": 6, "chunks": chunks_made, "chunks-fit-4096": chunks_made}.items()


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("ab.! \n#-=<h1>é日"), max_size=300), st.integers(16, 40))
def test_chunks_fit_their_window_and_lose_nothing(text, window):
    cut = chunks(text, estimate, window)
    assert "".join(piece for piece, _ in cut) == text
    assert all(size == estimate(piece) <= window for piece, size in cut)
    assert "".join(text[section.begin : section.end] for section in sections(text)) == text


def test_chunks_are_as_large_as_paragraphs_allow():
    text = "".join(f"Sentence {number} of it. And more here.\n\n" for number in range(8))
    cut = chunks(text, estimate, 25)
    assert [piece.count("\n\n") for piece, _ in cut] == [2, 2, 2, 2]
    assert [piece for piece, _ in chunks("One two. Three four. Five", estimate, 4)] == ["One two. ", "Three four. Five"]


def test_the_fit_table_agrees_with_counting_by_hand():
    texts = ["x" * (4 * tokens) for tokens in (10, 4_096, 4_097, 8_193, 32_768, 131_073)]
    table = Sections(window=1 << 20).apply(records(*texts), None).records
    counts = Sections(window=1 << 20).apply(records(*texts), None).counts
    assert [counts[f"documents-fit-{window}"] for window in WINDOWS] == [2, 3, 5, 5]
    document = fit(survey(table).to_pylist())["document"]
    assert document["fit"] == {"4096": 2, "8192": 3, "32768": 5, "131072": 5}
    assert document["share"]["4096"] == round(2 / 6, 6)
    assert document["tokens"] == sum(map(len, texts)) // 4
    assert list(WINDOWS) == [4096, 8192, 32768, 131072]


def test_what_has_no_text_is_dropped_with_a_reason():
    made = Sections().apply(records(" \n ", "a"), None)
    assert [(drop.id, drop.reason) for drop in made.dropped] == [("d0", "sections-empty")]
    assert made.records["document"].unique().to_pylist() == ["d1"]


def test_only_the_levels_that_are_wanted_are_kept():
    made = Sections(levels=("chunk",)).apply(records(BOOK, tokens=[[1]]), None).records
    assert set(made["level"].to_pylist()) == {"chunk"}
    assert "tokens" not in made.column_names


@pytest.mark.parametrize("fields", [{"window": 1}, {"levels": ()}, {"levels": ("chunk", "chunk")}, {"tokenizer": "nowhere.json"}])
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(Invalid):
        Sections(**fields).check()


def test_parts_of_a_document_stay_in_one_split():
    texts = [text for text in pydoc_data.topics.topics.values() if text.strip()]
    table = Sections(window=128).apply(records(*texts), None).records
    cut = Split(validation=0.3, test=0.2).apply(table, None).records
    of = {}
    for document, split in zip(cut["document"].to_pylist(), cut["split"].to_pylist(), strict=True):
        of.setdefault(document, set()).add(split)
    assert len(of) == len(texts)
    assert all(len(splits) == 1 for splits in of.values())
    assert {split for splits in of.values() for split in splits} == {"train", "validation", "test"}
