from __future__ import annotations

import pytest

from hanse.factory.prepare.pipeline import Stage, pipeline_of, restored
from hanse.kernel.errors import Invalid, Misconfigured
from tests.unit.factory.prepare import tiny


def names(pipeline) -> list[str]:
    return [one.name for one in pipeline.written]


def test_a_reader_and_a_writer_are_put_in_where_there_is_none() -> None:
    assert names(pipeline_of(["language"])) == ["decode", "language", "parquet"]
    assert names(pipeline_of([tiny.Lines(), "language", tiny.Texts()])) == ["lines", "language", "texts"]


@pytest.mark.parametrize(
    ("steps", "where", "said"),
    [
        ("language", "steps", "a list of steps"),
        ([], "steps", "a list of steps"),
        (["langage"], "step 1", "no step 'langage'"),
        (["language", 7], "step 2", "neither a name"),
        (["language", {"gopher": {}, "c4": {}}], "step 2", "neither a name"),
        (["language", {"gopher": [1]}], "step 2", "neither a name"),
        (["language", {"gopher": {"min_word": 3}}], "step 2 (gopher).min_word", "no field `min_word`"),
        ([{"split": {"test": "much"}}], "step 1 (split).test", "a number, not a text"),
        ([{"split": {"test": object()}}], "step 1 (split)", "texts, numbers"),
        (["language", "decode"], "step 2 (decode)", "it can only be the first step"),
        (["parquet", "language"], "step 1 (parquet)", "it can only be the last step"),
        (["language"] * 61, "steps", "at most 60"),
        ([tiny.Deadly(counted="x" * 300_000)], "steps", "too large"),
    ],
    ids=lambda value: None if not isinstance(value, str) else value[:20],
)
def test_what_is_wrong_is_named_by_the_number_of_the_step_and_the_field(steps: object, where: str, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        pipeline_of(steps)
    assert caught.value.where == where
    assert said in caught.value.message


def test_a_near_name_is_proposed() -> None:
    with pytest.raises(Invalid, match="Perhaps `language` is meant"):
        pipeline_of(["langage"])
    with pytest.raises(Invalid, match="Perhaps `min_words` is meant"):
        pipeline_of([{"gopher": {"min_word": 3}}])


def test_what_a_step_itself_refuses_is_named_the_same_way() -> None:
    with pytest.raises(Invalid) as caught:
        pipeline_of([tiny.Lines(), tiny.Short(least=-1)])
    assert caught.value.where == "step 2.least"


def test_the_digest_tells_pipelines_apart_and_nothing_else() -> None:
    one = pipeline_of([tiny.Lines(), tiny.Short(least=3), tiny.Texts()])
    assert one.digest == pipeline_of([tiny.Lines(), tiny.Short(least=3), tiny.Texts()]).digest
    assert one.digest != pipeline_of([tiny.Lines(), tiny.Short(least=4), tiny.Texts()]).digest
    assert len({pipeline_of(["gopher", {"gopher": {"min_words": 50}}]).written[number].parameters["min_words"] for number in (1, 2)}) == 1


def test_a_stage_ends_where_a_step_looks() -> None:
    pipeline = pipeline_of([tiny.Lines(), tiny.Short(), tiny.Once(), tiny.Twice(), tiny.Short(), tiny.Texts()])
    assert pipeline.stages() == (Stage((0,)), Stage((1,), 2), Stage((2, 3, 4), 5), Stage((5,)))
    assert pipeline_of([tiny.Lines(), tiny.Once(), tiny.Texts()]).stages() == (Stage((0,), 1), Stage((1,), 2), Stage((2,)))
    assert pipeline_of([tiny.Lines(), tiny.Texts()]).stages() == (Stage((0,), 1), Stage((1,)))


def test_what_was_written_down_is_the_same_pipeline_in_another_process() -> None:
    pipeline = pipeline_of([tiny.Lines(), {"gopher": {"max_top": {"2": 0.5}}}, tiny.Short(least=2), tiny.Texts()])
    assert restored(pipeline.written).steps == pipeline.steps


def test_a_step_of_another_version_is_not_run() -> None:
    pipeline = pipeline_of([tiny.Lines(), tiny.Texts()])
    other = type(pipeline.written[0])(name="lines", version="2", at=pipeline.written[0].at)
    with pytest.raises(Misconfigured, match="version 2 was asked for"):
        restored([other, pipeline.written[1]])


def test_a_class_that_other_processes_cannot_find_is_refused() -> None:
    class Inner(tiny.Short, frozen=True, kw_only=True):
        pass

    with pytest.raises(Invalid, match="class inside a function"):
        pipeline_of([tiny.Lines(), Inner()])
