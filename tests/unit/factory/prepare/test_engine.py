"""The engine on a few texts whose end is counted by hand, in any order, after any interruption."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import ClassVar

import msgspec
import pyarrow as pa
import pytest
from pyarrow import parquet

from hanse.dcat.preparation import check
from hanse.evidence.kinds.base import Object
from hanse.evidence.statement import digest_of, root_of_files
from hanse.factory.prepare.base import Applied, Step
from hanse.factory.prepare.engine import Product, prepare
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.pipeline import pipeline_of
from hanse.factory.prepare.ports import Input
from hanse.factory.prepare.report import Report, account_of, root_of
from hanse.kernel.errors import Conflict, Invalid, OwnError, StorageFailed
from tests.unit.factory.prepare import tiny

STEPS = (tiny.Lines(), tiny.Short(), tiny.Once(), tiny.Twice(), tiny.Texts())
TEXTS = {"a.txt": "first\n\nsame\nab\nsame", "b.txt": "second\nsame", "c.txt": "third", "d.txt": ""}
SMALL = Limits(records=2, files=2)

ACCOUNT = ["_account/dropped.parquet", "_account/report.json"]


def made(root: Path, *, steps=STEPS, inputs=None, runner=None, limits=SMALL, progress=None) -> Product:
    return prepare(pipeline_of(steps), inputs or [tiny.folder_input(TEXTS)], root, runner or tiny.Here(), limits=limits, progress=progress)


def files(product: Product) -> dict[str, bytes]:
    found = product.folder
    return {one.relative_to(found).as_posix(): one.read_bytes() for one in sorted(found.rglob("*")) if one.is_file()}


def test_the_account_is_what_one_counts_by_hand(tmp_path: Path) -> None:
    product = made(tmp_path / "w")
    told = [(one.name, one.records_in, one.made, one.records_out, dict(one.reasons)) for one in product.report.steps]
    assert told == [
        ("lines", 8, 0, 7, {"empty": 1}),
        ("short", 7, 0, 6, {"short": 1}),
        ("once", 6, 0, 4, {"again": 2}),
        ("twice", 4, 4, 8, {}),
        ("texts", 8, 0, 8, {}),
    ]
    assert product.report.steps[0].counts == {"files-without-records": 1, "lines": 8}
    assert product.report.steps[0].bytes_in == sum(len(text) for text in TEXTS.values())
    assert product.report.steps[0].input == root_of([digest_of(text.encode()) for text in TEXTS.values()])
    text = b"".join(content for path, content in files(product).items() if path.startswith("texts-"))
    assert text == b"first\nfirst\nsame\nsame\nsecond\nsecond\nthird\nthird\n"
    assert [(one.name, one.parameters) for one in product.report.steps][1] == ("short", {"least": 4})


def test_each_dropped_record_is_told_with_its_step_and_reason(tmp_path: Path) -> None:
    product = made(tmp_path / "w")
    assert parquet.read_table(product.folder / "_account/dropped.parquet").to_pylist() == [
        {"id": "tiny@1/a.txt#1", "number": 1, "step": "lines", "reason": "empty"},
        {"id": "tiny@1/a.txt#3", "number": 2, "step": "short", "reason": "short"},
        {"id": "tiny@1/a.txt#4", "number": 3, "step": "once", "reason": "again"},
        {"id": "tiny@1/b.txt#1", "number": 3, "step": "once", "reason": "again"},
    ]
    assert [(one.reason, one.excerpt) for one in product.report.samples] == [("empty", ""), ("short", "ab"), ("again", ""), ("again", "")]


def test_what_a_later_step_would_have_masked_is_not_shown(tmp_path: Path) -> None:
    before = made(tmp_path / "a", steps=(tiny.Lines(), tiny.Short(), tiny.Hides(), tiny.Texts()))
    after = made(tmp_path / "b", steps=(tiny.Lines(), tiny.Hides(), tiny.Short(), tiny.Texts()))
    assert [one.excerpt for one in before.report.samples if one.reason == "short"] == [""]
    assert [one.excerpt for one in after.report.samples if one.reason == "short"] == ["ab"]


def test_the_product_holds_its_report_and_what_steps_wrote_beside_it(tmp_path: Path) -> None:
    product = made(tmp_path / "w")
    assert sorted(files(product)) == [
        *ACCOUNT,
        "index.txt",
        "texts-0000.txt",
        "texts-0002.txt",
        "texts.txt",
    ]
    assert msgspec.json.decode((product.folder / "_account/report.json").read_bytes(), type=Report) == product.report
    assert (product.folder / "texts.txt").read_text() == "4\n"


def test_the_account_for_the_log_holds_together_and_ends_in_the_products_root(tmp_path: Path) -> None:
    product = made(tmp_path / "w")
    objects = [Object(path, digest_of(data), len(data)) for path, data in files(product).items()]
    assert product.root == root_of_files(objects)
    account = account_of(product.report, "use", product.root)
    check(account)
    assert account.output == product.root
    assert account.steps[0].records_in == 0
    assert account.steps[0].added == 8
    assert account.steps[1].parameters == {"least": "4"}
    assert "pyarrow" in account.steps[0].code


def test_the_order_in_which_tasks_run_changes_nothing(tmp_path: Path) -> None:
    assert files(made(tmp_path / "a")) == files(made(tmp_path / "b", runner=tiny.Here(reverse=True)))


def test_the_plain_files_are_for_nobody_else_and_gone_once_they_are_read(tmp_path: Path) -> None:
    seen = []
    root = tmp_path / "w"

    def look(what: str, done: int, of: int) -> None:
        if what == "lines" and done == 1:
            seen.append((root.stat().st_mode & 0o777, (root / "plain").stat().st_mode & 0o777))

    made(root, progress=look)
    assert seen == [(0o700, 0o700)]
    assert not (root / "plain").exists()


def test_each_stage_is_told_from_none_to_all(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    made(tmp_path / "w", progress=lambda *args: told.append(args))
    assert told[:3] == [("lines", 0, 2), ("lines", 1, 2), ("lines", 2, 2)]
    assert told[-1] == ("texts", 2, 2)
    assert all(done <= of for _, done, of in told)


class Stops(tiny.Here):
    """Ends like Ctrl-C after so many tasks."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def run(self, workshop, tasks, done, *, alone=False) -> None:
        for task in tasks:
            if len(self.ran) == self.after:
                raise KeyboardInterrupt
            super().run(workshop, [task], done)


@pytest.mark.parametrize("after", range(0, 12, 2))
def test_what_was_stopped_goes_on_where_it_was(tmp_path: Path, after: int) -> None:
    root, begun, rest = tmp_path / "w", Stops(after), tiny.Here()
    with pytest.raises(KeyboardInterrupt):
        made(root, runner=begun)
    again = made(root, runner=rest)
    assert files(again) == files(made(tmp_path / "whole"))
    assert len(begun.ran) == after
    assert set(begun.ran).isdisjoint(rest.ran)


def test_a_finished_workshop_gives_its_product_again_without_work(tmp_path: Path) -> None:
    once, again = made(tmp_path / "w"), tiny.Here()
    before = files(once)
    assert made(tmp_path / "w", runner=again).root == once.root
    assert (again.ran, files(once)) == ([], before)


@pytest.mark.parametrize("kind", ["parts/2", "dropped/1", "tasks/1", "out", "decided/2", "seen/2", "pieces.json", "groups"])
def test_what_is_damaged_is_made_again(tmp_path: Path, kind: str) -> None:
    root, whole = tmp_path / "w", files(made(tmp_path / "whole"))
    with pytest.raises(KeyboardInterrupt):
        made(root, runner=Stops(11))  # all but the last piece
    place = root / kind
    for one in [place] if place.is_file() else sorted(place.rglob("*")):
        if one.is_file():
            one.write_bytes(one.read_bytes()[:-1])
    assert files(made(root)) == whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": (tiny.Lines(), tiny.Short(least=5), *STEPS[2:])}, "the pipelines differ from step 2 on"),
        ({"steps": (*STEPS[:-1], tiny.Twice(), tiny.Texts())}, "the pipelines differ from step 5 on"),
        ({"inputs": [tiny.folder_input(TEXTS, "other@1")]}, "other inputs: tiny@1"),
        ({"inputs": [tiny.folder_input(TEXTS | {"c.txt": "THIRD"})]}, "other inputs"),
        ({"limits": Limits()}, "other limits"),
    ],
    ids=["parameter", "step", "version", "content", "limits"],
)
def test_a_workshop_of_other_work_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    made(tmp_path / "w")
    with pytest.raises(Conflict, match=said):
        made(tmp_path / "w", **change)


def test_a_folder_that_is_no_workshop_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(Conflict, match="no workshop"):
        made(tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "dear"


def test_a_workshop_is_a_folder_of_ones_own_that_nobody_else_reads(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir(mode=0o777)
    (tmp_path / "w").chmod(0o777)
    made(tmp_path / "w")
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "w")
    with pytest.raises(Conflict, match="is a link"):
        made(tmp_path / "link")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / ".tmp-letter").write_text("dear")
    with pytest.raises(Conflict, match="no workshop"):
        made(tmp_path / "letters")
    assert [one.name for one in (tmp_path / "letters").iterdir()] == [".tmp-letter"]


def test_two_do_not_work_in_one_workshop(tmp_path: Path) -> None:
    made(tmp_path / "w")
    lock = os.open(tmp_path / "w" / "lock", os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(Conflict, match="works in this workshop"):
            made(tmp_path / "w")
    finally:
        os.close(lock)


def test_if_nothing_is_left_it_is_said_why(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"No record is left: short \(7\), empty \(1\)"):
        made(tmp_path / "w", steps=(tiny.Lines(), tiny.Short(least=99), tiny.Texts()))
    with pytest.raises(Invalid, match="the files hold none"):
        made(tmp_path / "v", inputs=[tiny.folder_input({"a.txt": ""})])


def test_inputs_are_named_once_and_hold_files(tmp_path: Path) -> None:
    one = tiny.folder_input(TEXTS)
    for inputs in ([one, one], [Input(version="a@1", root="", files=(), bring=lambda into: into)]):
        with pytest.raises(Invalid) as caught:
            made(tmp_path / "w", inputs=inputs)
        assert caught.value.where == "inputs"


def test_inputs_are_read_in_their_order_and_files_by_path(tmp_path: Path) -> None:
    inputs = [tiny.folder_input({"z.txt": "zzzz", "B.txt": "BBBB"}, "two@1"), tiny.folder_input({"a.txt": "aaaa"}, "one@3")]
    product = made(tmp_path / "w", inputs=inputs, steps=(tiny.Lines(), tiny.Texts(parts=9)))
    assert (product.folder / "texts-0000.txt").read_text() == "BBBB\nzzzz\naaaa\n"
    assert [(one.version, one.count, one.size) for one in product.report.inputs] == [("two@1", 2, 8), ("one@3", 1, 4)]


def test_an_input_that_brings_other_files_is_refused(tmp_path: Path) -> None:
    one = tiny.folder_input(TEXTS)

    def bring(into: Path) -> Path:
        one.bring(into)
        (into / "a.txt").write_text("less")
        return into

    with pytest.raises(StorageFailed, match="not there as it was"):
        made(tmp_path / "w", inputs=[msgspec.structs.replace(one, bring=bring)])


class Raises(Step, frozen=True, kw_only=True):
    name: ClassVar[str] = "raises"

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        raise ZeroDivisionError("by nought")


class Loses(Step, frozen=True, kw_only=True):
    name: ClassVar[str] = "loses"

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        return Applied(records.slice(1))


class Forgets(tiny.Texts, frozen=True, kw_only=True):
    name: ClassVar[str] = "forgets"
    says: int | None = None

    def write(self, piece, parts, into):
        counts = super().write(piece, parts, into)
        return {"files": 1} if self.says is None else counts | {"records": self.says}


class Strays(tiny.Texts, frozen=True, kw_only=True):
    name: ClassVar[str] = "strays"

    def write(self, piece, parts, into):
        (into / "other.txt").write_text("")
        return super().write(piece, parts, into)


@pytest.mark.parametrize(
    ("steps", "said", "where"),
    [
        ((tiny.Lines(), Raises(), tiny.Texts()), "ZeroDivisionError: by nought", "step 2 (raises), part 000000-00000"),
        ((tiny.Lines(), Loses(), tiny.Texts()), "broken", "step 2 (loses), part 000000-00000"),
        ((tiny.Lines(), Forgets()), "does not say how many", "step 2 (forgets), texts-0000"),
        ((tiny.Lines(), Forgets(says=1)), "of 7 records it accounts for 2", "step 2 (forgets)"),
        ((tiny.Lines(), Strays()), "does not begin with the name", "step 2 (strays), texts-0000"),
    ],
    ids=["raises", "loses", "says nothing", "says less", "strays"],
)
def test_a_step_that_is_broken_is_named(tmp_path: Path, steps: tuple[Step, ...], said: str, where: str) -> None:
    with pytest.raises(OwnError, match=said) as caught:
        made(tmp_path / "w", steps=steps)
    assert caught.value.where == where
