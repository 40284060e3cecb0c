"""Every example of the documents is executed, page by page, and shows what the documents show."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import EXECUTED, ROOT, blocks, commands, pages
from tests.docs.runner import Page

NOT_RUN_AT_MOST = 6
RUN_ELSEWHERE = {"docs/howto/operate.md": "tests/scenarios/operations"}
KNOWN = {*EXECUTED, "text", "mermaid", "toml", "nginx", "json", "ini"}


def _name(page):
    return str(page.relative_to(ROOT))


def _runs(page):
    return any(block.language in EXECUTED and block.reason is None and not block.included for block in blocks(page))


@pytest.mark.parametrize("page", [page for page in pages() if _runs(page)], ids=_name)
def test_the_examples_of_a_page_work(page, tmp_path):
    assert Page(tmp_path).run(page) > 0


def test_every_how_to_has_examples_that_run():
    without = {_name(page) for page in pages() if page.parent.name == "howto" and not _runs(page)}
    assert without <= set(RUN_ELSEWHERE)
    assert all((ROOT / tests).is_dir() for tests in RUN_ELSEWHERE.values())


def test_each_block_says_what_it_is():
    odd = [str(block) for page in pages() for block in blocks(page) if block.language not in KNOWN]
    assert odd == []


def test_few_blocks_are_not_run_and_each_says_why(record_property):
    left = {str(block): block.reason for page in pages() for block in blocks(page) if block.reason}
    for block, reason in left.items():
        print(f"not run: {block}: {reason}")
    record_property("not run", str(left))
    assert len(left) <= NOT_RUN_AT_MOST
    assert all(len(reason) > 10 for reason in left.values())


def test_make_commands_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    found = set()
    for page in pages():
        found |= set(re.findall(r"`make ([a-z-]+)`", page.read_text()))
        console = [block for block in blocks(page) if block.language == "console"]
        found |= {one.text.split()[1] for block in console for one in commands(block) if one.text.startswith("make ")}
    assert {"setup", "demo", "serve", "test", "bench", "docs"} <= found
    assert found <= targets
