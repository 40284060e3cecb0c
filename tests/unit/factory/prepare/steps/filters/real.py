"""Real documents that are on every machine: docstrings, sources and language topics of the standard library, and what is made of them."""

from __future__ import annotations

import re
import sysconfig
from functools import cache
from pathlib import Path
from pydoc_data.topics import topics

from hanse.factory.prepare.base import Applied


@cache
def documents() -> tuple[str, ...]:
    """Return at least 1,000 documents, about 2 MB: prose, lists, tables and code; some of them twice, shortened or with lines repeated."""
    sources = [path.read_text("utf-8", "replace") for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))]
    docstrings = [text for source in sources for text in re.findall(r'"""(.*?)"""', source, re.DOTALL) if len(text) >= 300]
    real = [*docstrings, *(topics[name] for name in sorted(topics)), *(source[:6_000] for source in sources[:60])]
    prose = [text for text in real if text.count(".") > 8][:60]
    twice = [f"{text}\n\n{text}" for text in prose[:20]]
    short = [" ".join(text.split()[:12]) for text in prose[:20]]
    lists = ["\n".join(f"- {line} ..." for line in text.splitlines()) for text in prose[:20]]
    again = ["\n".join(line for line in text.splitlines() for _ in range(1 + number % 3)) for number, text in enumerate(prose)]
    loops = [" ".join(text.split()[: 20 + number] * 3 + text.split()) for number, text in enumerate(prose)]
    signs = [re.sub(r"(\w+)", r"\1 #", text, count=40) for text in prose[:20]]
    numbers = [re.sub(r"[a-z]+", "12", text, count=60) for text in prose[:20]]
    joined = [text.replace(" ", "-", 200) for text in prose[:20]]
    return (*real, *twice, *short, *lists, *again, *loops, *signs, *numbers, *joined)


def reasons(applied: Applied, records: int) -> list[str]:
    """Return the reason of each record, empty for those that stay."""
    dropped = {one.id: one.reason for one in applied.dropped}
    assert len(dropped) == len(applied.dropped)
    stays = set(applied.records.column("id").to_pylist())
    assert not stays & set(dropped)
    assert len(stays) + len(dropped) == records
    return [dropped.get(f"r{number}", "") for number in range(records)]
