"""The runner of examples notices when a document is wrong."""

from __future__ import annotations

import pytest

from tests.docs.match import Ids
from tests.docs.runner import Page


def _run(tmp_path, text):
    page = tmp_path / "page.md"
    page.write_text(text)
    folder = tmp_path / "folder"
    folder.mkdir()
    return Page(folder).run(page)


@pytest.mark.parametrize(
    "text",
    [
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ printf 'one\\ntwo\\n'\none\n```\n",
        "```console\n$ false\n```\n",
        "```console\n$ false\n$ echo $?\n0\n```\n",
        "```console\n$ echo ds_aa ds_bb\nds_1 ds_1\n```\n",
        "```console\n$ echo ds_aa\nds_1\n$ echo ds_bb\nds_1\n```\n",
        "```console\n$ echo agr_aa\nds_1\n```\n",
        "```python\nraise ValueError\n```\n",
        "```python\nprint(1)\n```\n\n```text\n2\n```\n",
    ],
)
def test_a_wrong_example_fails(tmp_path, text):
    with pytest.raises(AssertionError):
        _run(tmp_path, text)


def test_a_page_is_one_story(tmp_path):
    text = (
        "```console\n$ mkdir -p inner && cd inner\n"
        "$ export HANSE_TOKEN=secret\n$ echo neg_aa 2026-01-01 10:00\nneg_1 2025-01-01 00:00\n```\n"
        "```console\n$ echo neg_1 $HANSE_TOKEN $PWD\nneg_1 sec... /home/you/inner\n$ false\n$ echo $?\n1\n```\n"
        "<!-- not run: it would fail -->\n```console\n$ false\n```\n"
        "```python\nimport os\nprint('neg_1', os.environ['HANSE_TOKEN'])\n```\n\n```text\nneg_aa secret\n```\n"
    )
    assert _run(tmp_path, text) == 3


def test_ids_are_learnt_once_and_stay():
    ids = Ids()
    assert ids.learn(["ds_doc is mine", "...", "ds_doc again"], "ds_real is mine\nx\ny\nds_real again\n")
    assert ids.real("hanse get ds_doc") == "hanse get ds_real"
    assert not ids.learn(["ds_doc"], "ds_other")
