"""Reads the documents: which blocks there are, and what is to be done with each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")
FENCE = re.compile(r"^```(\w*)$")
HEREDOC = re.compile(r"<<'?(\w+)'?")
EXECUTED = ("console", "bash", "python")


@dataclass(frozen=True)
class Block:
    """One fenced block. `reason` says why it is not run; `shown` is the `text` block that follows it, what it prints."""

    page: Path
    line: int
    language: str
    lines: tuple[str, ...]
    reason: str | None = None
    included: bool = False
    shown: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page.name}:{self.line}"

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


@dataclass(frozen=True)
class Command:
    """One command of a console block, with the output that the block shows (none: nothing is claimed of it)."""

    block: Block
    text: str
    shown: tuple[str, ...]


def pages() -> list[Path]:
    """Return every document with examples: the README, and all below docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def written() -> list[Path]:
    """Return every Markdown file of the project."""
    return [*pages(), ROOT / "CHANGELOG.md"]


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    lines = page.read_text("utf-8").splitlines()
    found: list[Block] = []
    start = 0
    while start < len(lines):
        opening = FENCE.match(lines[start])
        if opening is None:
            start += 1
            continue
        end = lines.index("```", start + 1)
        before = next((line for line in reversed(lines[:start]) if line.strip()), "")
        reason = NOT_RUN.fullmatch(before)
        body = tuple(lines[start + 1 : end])
        after = next((number for number in range(end + 1, len(lines)) if lines[number].strip()), end)
        shown = tuple(lines[after + 1 : lines.index("```", after + 1)]) if lines[after] == "```text" else None
        found.append(Block(page, start + 1, opening[1], body, reason and reason[1], before.startswith("<!-- include "), shown))
        start = end + 1
    return found


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a console block: lines with `$ `, what continues them, and what they print."""
    rest = list(block.lines)
    while rest:
        line = rest.pop(0)
        assert line.startswith("$ "), f"{block}: a console block begins with '$ ', not {line!r}"
        text = line[2:]
        ending = HEREDOC.search(text)
        while text.endswith("\\") or (ending is not None and text.splitlines()[-1] != ending[1]):
            text += "\n" + rest.pop(0)
        shown = []
        while rest and not rest[0].startswith("$ "):
            shown.append(rest.pop(0))
        yield Command(block, text, tuple(shown))
