"""Quality filters: Gopher's rules against datatrove's on the same text, in the CPU time of one core each; and telling languages."""

from __future__ import annotations

import time
from typing import Any

from benchmarks import man_pages, rival
from benchmarks.report import Figure, median
from hanse.factory.prepare.base import Step
from hanse.factory.prepare.steps.filters.gopher import Gopher
from hanse.factory.prepare.steps.language import Language

EVERY = 6
"""The rival gets every sixth document, since it is slow: rates are compared."""
ROUNDS = 3
_NO_QUALITY: dict[str, Any] = dict.fromkeys(
    ("min_words", "max_words", "min_mean_length", "max_mean_length", "max_symbols", "max_bullets", "max_ellipsis_lines", "min_with_letter")
)


def gopher() -> list[Figure]:
    """Measure rates and the share of equal decisions."""
    texts = man_pages.texts()
    some = texts[::EVERY]
    answer = rival.answer("filters_datatrove.py", some)
    reasons, seconds = answer["reasons"], answer["seconds"]
    whole, part = man_pages.megabytes(texts), man_pages.megabytes(some)
    note = f"{len(texts)} man pages, {whole:.0f} MB; datatrove on every {EVERY}th, {part:.1f} MB"
    both = [bool(first or second) for first, second in zip(reasons["repetition"], reasons["quality"], strict=True)]
    repetition = Gopher(**_NO_QUALITY, min_stop_words=None)
    theirs = part / sum(seconds.values())
    figures = []
    for what, step, drops, rate in (
        ("Gopher filters", Gopher(), both, theirs),
        ("Gopher's repetition filter", repetition, [bool(one) for one in reasons["repetition"]], part / seconds["repetition"]),
    ):
        runs = [ours / rate for ours in _rates(step, texts)]
        said = f"{note}; {rate:.2f} MB/s"
        figures.append(median(f"{what}, times datatrove's rate, one core each", runs, "times", 10, higher=True, note=said))
        same = 100 * sum(mine == its for mine, its in zip(_dropped(step, some), drops, strict=True)) / len(some)
        figures.append(
            Figure(f"{what}, documents decided as datatrove decides", same, "%", 99.9, higher=True, note=f"{len(some)} documents")
        )
    rates = _rates(Language(), texts)
    figures.append(median("Telling languages, one core", rates, "MB/s", 20, higher=True, note=f"{len(texts)} man pages, {whole:.0f} MB"))
    return figures


def _rates(step: Step, texts: tuple[str, ...]) -> list[float]:
    """Return MB for a second of CPU time in each round, over parts as the engine makes them."""
    records, size = man_pages.records(texts), man_pages.megabytes(texts)
    rates = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for part in range(0, len(records), 4096):
            step.apply(records.slice(part, 4096), None)
        rates.append(size / (time.process_time() - start))
    return rates


def _dropped(step: Step, texts: tuple[str, ...]) -> list[bool]:
    away = {one.id for one in step.apply(man_pages.records(texts), None).dropped}
    return [str(number) in away for number in range(len(texts))]
