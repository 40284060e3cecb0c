"""The published rules once more, as plainly as can be, and real text to hold them against the steps."""

from __future__ import annotations

import ast
import random
import sysconfig
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unicodedata import category, normalize

import pyarrow as pa

from hanse.factory.prepare.base import Applied, Dropped, Looking

_UNSPACED = [(0x3005, 0x3007), (0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)]


@cache
def documents() -> tuple[str, ...]:
    """Return 1,200 different texts that people wrote: what the modules, classes and functions of the standard library say of themselves."""
    found: dict[str, None] = {}
    for file in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and len(text := ast.get_docstring(node) or "") > 120:
                found[text] = None
        if len(found) >= 1200:
            return tuple(found)[:1200]
    raise AssertionError(len(found))


def words(text: str) -> list[str]:
    """Return the words of a text, character by character."""
    plain = ""
    for one in normalize("NFC", text.lower()):
        unspaced = any(low <= ord(one) <= high for low, high in _UNSPACED)
        plain += (f" {one} " if unspaced else one) if category(one)[0] in "LNM" else " "
    return plain.split()


def ngrams(text: str, size: int = 5) -> set[tuple[str, ...]]:
    """Return the set of n-grams; all words are one if there are fewer."""
    found = words(text)
    return {tuple(found[begin : begin + size]) for begin in range(max(len(found) - size + 1, 1))} if found else set()


def similarity(one: str, other: str) -> float:
    """Return the Jaccard index of two texts' n-grams."""
    left, right = ngrams(one), ngrams(other)
    return len(left & right) / max(len(left | right), 1)


def changed(text: str, share: float, chance: random.Random) -> str:
    """Return a text of which some words are others."""
    return " ".join(f"w{chance.randrange(10**9)}" if chance.random() < share else word for word in text.split())


def parts(records: pa.Table, size: int) -> Iterator[tuple[str, pa.Table]]:
    """Cut records into parts, as the engine does."""
    for number, begin in enumerate(range(0, records.num_rows, size)):
        name = f"p{number:05}"
        yield name, records.slice(begin, size).replace_schema_metadata({"part": name})


def run(step: Looking, records: pa.Table, size: int = 400) -> Applied:
    """Look, decide and apply, and put the parts together again."""
    cut = list(parts(records, size))
    with tempfile.TemporaryDirectory() as name:
        into = Path(name)
        step.decide([(part, step.look(one)) for part, one in cut], into)
        made = [step.apply(one, into) for _, one in cut]
    dropped: list[Dropped] = [one for each in made for one in each.dropped]
    return Applied(pa.concat_tables([each.records.replace_schema_metadata() for each in made]), dropped)


def kept(made: Applied) -> list[int]:
    """Return the numbers of the records that stay."""
    return [int(one[1:]) for one in made.records["id"].to_pylist()]


def firsts(made: Applied, count: int) -> list[int]:
    """Return, for each record, the number of the one that stays instead, as the samples say."""
    found = list(range(count))
    for one in made.dropped:
        found[int(one.id[1:])] = int(one.sample.split(":")[0].removeprefix("as r"))
    return found
