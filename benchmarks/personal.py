"""Personal data: the step against Presidio's pattern recognisers, for speed on real text and for what is found in a labelled set."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from benchmarks import man_pages, rival
from benchmarks.personal_set import Planted, planted
from benchmarks.report import Figure, median
from hanse.factory.prepare.steps.personal.scan import scan
from hanse.factory.prepare.steps.personal.step import Personal

RIVAL = "personal_presidio.py"
EVERY = 80
"""The rival gets every eightieth document, since it is slow: rates are compared."""
EACH = 40
"""Texts of each kind in the labelled set."""
ROUNDS = 3
_PART = 500
_NOT_ALARMS = ("URL", "DATE_TIME")
"""Presidio finds all addresses of the web and all dates, which is no mistake of it."""

Spans = Sequence[tuple[int, int]]


def scanning() -> list[Figure]:
    """Measure rates, recall and precision."""
    return [*_speed(), *_labelled()]


def _speed() -> list[Figure]:
    texts = man_pages.texts()
    some = texts[::EVERY]
    theirs = man_pages.megabytes(some) / rival.answer(RIVAL, some)["seconds"]
    records = man_pages.records(texts)
    runs = [man_pages.megabytes(texts) / _seconds(records) for _ in range(ROUNDS)]
    note = f"{len(texts)} man pages, {man_pages.megabytes(texts):.0f} MB, in parts of {_PART} records"
    said = f"{note}; Presidio on every {EVERY}th, {man_pages.megabytes(some):.1f} MB: {theirs:.2f} MB/s"
    return [
        median("Personal data found and masked, one core", runs, "MB/s", 100, higher=True, note=note),
        median("The same, times Presidio's rate", [run / theirs for run in runs], "times", 50, higher=True, note=said),
    ]


def _seconds(records: pa.Table) -> float:
    """Return the CPU time of the whole step, over parts as the engine makes them."""
    step = Personal()
    step.apply(records.slice(0, _PART), None)
    began = time.process_time()
    for at in range(0, len(records), _PART):
        step.apply(records.slice(at, _PART), None)
    return time.process_time() - began


def _labelled() -> list[Figure]:
    texts = planted(EACH)
    ours = _ours([one.text for one in texts])
    rows = rival.answer(RIVAL, [one.text for one in texts])["found"]
    theirs = [[(begin, end) for begin, end, _ in found] for found in rows]
    alarms = [[(begin, end) for begin, end, kind in found if kind not in _NOT_ALARMS] for found in rows]
    kinds = Counter((one.kind, one.announced) for one in texts)
    mine, its = _hits(texts, ours), _hits(texts, theirs)
    worse = sum(mine[kind] < its[kind] for kind in kinds)
    recall, presidio = (100 * hits.total() / len(texts) for hits in (mine, its))
    note = f"{len(texts)} texts with one identifier each, {len(kinds)} kinds and ways; Presidio finds {presidio:.1f} %"
    exact = f"findings that touch what was planted; Presidio {_precision(texts, alarms):.1f} %"
    return [
        Figure("Personal data of a labelled set that is found", recall, "%", presidio, higher=True, note=note),
        Figure("Kinds of it that Presidio finds more of", worse, "kinds", 0.5, note="counted as found if four fifths are covered"),
        Figure("Findings in it that are right", _precision(texts, ours), "%", 99, higher=True, note=exact),
    ]


def _ours(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Return first and last characters of what we find."""
    findings = scan(pa.array(texts, pa.large_string()))
    found: list[list[tuple[int, int]]] = [[] for _ in texts]
    for record, begin, end in zip(findings.records.tolist(), findings.begins.tolist(), findings.ends.tolist(), strict=True):
        raw = texts[record].encode()
        found[record].append((len(raw[:begin].decode()), len(raw[:end].decode())))
    return found


def _hits(texts: Sequence[Planted], found: Sequence[Spans]) -> Counter[tuple[str, bool]]:
    """Count, by kind, the identifiers of which a finding of any kind covers at least four fifths."""
    return Counter(
        (one.kind, one.announced)
        for one, spans in zip(texts, found, strict=True)
        if any(min(end, one.end) - max(begin, one.begin) >= 0.8 * (one.end - one.begin) for begin, end in spans)
    )


def _precision(texts: Sequence[Planted], found: Sequence[Spans]) -> float:
    right = [begin < one.end and end > one.begin for one, spans in zip(texts, found, strict=True) for begin, end in spans]
    return 100 * sum(right) / max(1, len(right))
