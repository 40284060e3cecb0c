"""The reference says what the code says; links lead somewhere; commands and settings that are named are there."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import click
import pytest
from msgspec import structs

from hanse.cli.root import hanse
from hanse.config import Settings, load
from tests.docs.pages import ROOT, blocks, commands, pages, written

LINK = re.compile(r"\[[^\]\[]+\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
WORDS = re.compile(r"`hanse ([a-z][a-z ]*)")
KEY = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
OTHER_NAMES = {"retry_after", "bearer_access_scope"}
OTHER_VARIABLES = {"HANSE_URL", "HANSE_TOKEN", "HANSE_PARTICIPANT", "HANSE_INVITATION", "HANSE_MASTER_KEY"}


def _name(page):
    return str(page.relative_to(ROOT))


def _anchors(page):
    """Return the anchors of a page's headings, as code forges make them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_reference_is_what_the_code_says():
    done = subprocess.run([sys.executable, "tools/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), "run `make docs`"


@pytest.mark.parametrize("page", written(), ids=_name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(FENCED.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in _anchors(there), f"{target}: there is no such heading"


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_commands_that_are_named_exist(page):
    text = page.read_text()
    found = [one.split() for one in WORDS.findall(FENCED.sub("", text))]
    console = [block for block in blocks(page) if block.language == "console"]
    lines = [one.text for block in console for one in commands(block)]
    found += [words.split() for line in lines for words in re.findall(r"(?:^|[ |(])hanse ([a-z][a-z ]*)", line)]
    for words in found:
        _resolve(words)


def _resolve(words):
    command = hanse.get_command(click.Context(hanse), words[0])
    assert command is not None, f"there is no command `hanse {words[0]}`"
    if isinstance(command, click.Group) and len(words) > 1 and not hasattr(command, "default"):
        assert words[1] in command.commands


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_settings_that_are_named_exist(page, tmp_path):
    text = page.read_text()
    keys = {field.name for field in structs.fields(Settings)}
    variables = {f"HANSE_{key.upper()}" for key in keys} | OTHER_VARIABLES
    assert set(re.findall(r"\bHANSE_[A-Z_]*[A-Z]\b", text)) <= variables
    if page.parent.name == "howto":
        assert set(KEY.findall(FENCED.sub("", text))) <= keys | OTHER_NAMES
    for block in blocks(page):
        if block.language == "toml":
            assert set(tomllib.loads(block.text)) <= keys, str(block)
            (tmp_path / "hanse.toml").write_text(block.text)
            load(str(tmp_path), {})


def test_every_page_can_be_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = [target.partition("#")[0] for target in LINK.findall(page.read_text()) if not re.match(r"[a-z]+:", target)]
        waiting += [(page.parent / target).resolve() for target in targets if target]
    assert sorted(_name(page) for page in pages() if page not in seen) == []
