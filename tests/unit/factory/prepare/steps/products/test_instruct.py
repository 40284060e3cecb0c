"""Conversations for fine-tuning, with their labels, and what no conversation can be made of."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hanse.factory.prepare.steps.products.instruct import Instruct
from hanse.factory.prepare.steps.products.parquet import Parquet
from hanse.kernel.errors import Invalid
from tests.unit.factory.prepare.steps.records import write


def records(**columns):
    """Make records with these columns."""
    count = len(next(iter(columns.values())))
    ids = [f"d{number}" for number in range(count)]
    return pa.table({"id": ids, "source": ["s@1"] * count, "text": pa.array([""] * count, pa.large_string())} | columns)


def test_questions_and_answers_become_messages():
    step = Instruct(prompt="{question}", response="{answer}", system="Be brief about {{topic}}.")
    made = step.apply(records(question=["Why {answer}?", " ", "How?"], answer=["So.", "x", None]), None)
    assert made.records["messages"].to_pylist() == [
        [
            {"role": "system", "content": "Be brief about {topic}."},
            {"role": "user", "content": "Why {answer}?"},
            {"role": "assistant", "content": "So."},
        ]
    ]
    assert made.records["text"].to_pylist() == ["Be brief about {topic}.\n\nWhy {answer}?\n\nSo."]
    assert [(drop.id, drop.reason) for drop in made.dropped] == [("d1", "instruct-empty"), ("d2", "instruct-empty")]


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        (["law", "art", "sports", "", None], ["unknown-label", "empty", "empty"]),
        (["0", "1", "2", "-1", ""], ["unknown-label", "unknown-label", "empty"]),
        ([0, 1, 2, -1, None], ["unknown-label", "unknown-label", "empty"]),
    ],
)
def test_labels_are_known_ones_and_counted(values, reasons):
    step = Instruct(prompt="About?\n{body}", response="{topic}", label="topic", labels=("law", "art"))
    made = step.apply(records(body=["b"] * 5, topic=values), None)
    assert made.records["label"].to_pylist() == ["law", "art"]
    assert [messages[-1]["content"] for messages in made.records["messages"].to_pylist()] == ["law", "art"]
    assert [drop.reason.removeprefix("instruct-") for drop in made.dropped] == reasons
    assert made.counts == {"label-law": 1, "label-art": 1}


def test_what_is_too_long_or_no_number_is_dropped():
    step = Instruct(prompt="{q}", response="{n}", longest=10)
    made = step.apply(records(q=["12345", "x" * 9, "y", "z"], n=[1.5, 1.5, float("nan"), None]), None)
    assert [(drop.id, drop.reason) for drop in made.dropped] == [
        ("d1", "instruct-overlong"),
        ("d2", "instruct-empty"),
        ("d3", "instruct-empty"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ""},
        {"prompt": "{"},
        {"prompt": "{}"},
        {"response": "{a!r}"},
        {"response": "{a:>10}"},
        {"labels": ("a", "a"), "label": "x"},
        {"labels": ("a",)},
        {"labels": ("a" * 101,), "label": "x"},
        {"longest": 0},
    ],
)
def test_templates_that_make_no_sense_are_refused(fields):
    with pytest.raises(Invalid):
        Instruct(**fields).check()


def test_records_without_the_columns_are_dropped_and_no_template_reaches_further():
    for template in ("{answer}", "{q.__class__}", "{q[0]}"):
        step = Instruct(prompt="{q}", response=template)
        step.check()
        made = step.apply(records(q=["a", "b"]), None)
        assert [(drop.id, drop.reason) for drop in made.dropped] == [("d0", "instruct-no-column"), ("d1", "instruct-no-column")]
        assert len(made.records) == 0


def test_conversations_are_written_as_json_lines_with_their_labels(tmp_path):
    step = Instruct(prompt="{body}", response="{topic}", label="topic")
    parts = [
        step.apply(records(body=["a", "b"], topic=["law", "art"], split=["train", "test"]), None).records,
        step.apply(records(body=["c"], topic=["law"], split=["train"]), None).records,
    ]
    assert write(Parquet(format="jsonl"), parts, tmp_path) == {"records": 3}
    lines = (tmp_path / "train-00000.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["messages"][0]["content"] for line in lines] == ["a", "c"]
    labels = msgspec.json.decode((tmp_path / "labels.json").read_bytes())
    assert labels["all"] == {"records": 3, "labels": 2, "counts": {"law": 2, "art": 1}}
    assert labels["train"]["counts"] == {"law": 2}
    assert not (tmp_path / "fit.json").exists()


def test_records_are_written_as_parquet_in_files_of_a_size_and_of_the_same_columns(tmp_path):
    parts = [records(a=[1, 2]), records(a=[3]), records(b=["x", "y"]), records(b=["z"])]
    counts = write(Parquet(file_size=1 << 20), parts, tmp_path)
    assert counts == {"records": 6}
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["train-00000.parquet", "train-00001.parquet"]
    assert pq.read_table(files[0])["a"].to_pylist() == [1, 2, 3]
    assert pq.read_table(files[1])["b"].to_pylist() == ["x", "y", "z"]
    assert [len(Parquet(file_size=1).plan([(str(n), Parquet().look(table)) for n, table in enumerate(parts)]))] == [4]
    with pytest.raises(Invalid):
        Parquet(file_size=0).check()
