"""Real documents: the same findings as the plain second implementation, and no false alarms but those that are stated."""

from __future__ import annotations

import sysconfig
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.personal_set import Planted, planted
from hanse.factory.prepare.steps.personal.findings import Findings
from hanse.factory.prepare.steps.personal.scan import scan
from tests.unit.factory.prepare.steps.personal import naive

STATED = {"email": 300, "ipv4": 40, "ipv6": 20, "url": 10, "mac": 5, "phone": 5}
"""How many may be found in a thousand sources of Python's library: authors, and the examples of `ipaddress` and `email`; nothing else."""


@pytest.fixture(scope="module")
def documents() -> list[str]:
    """Return a thousand sources, each at most 20,000 signs of it, from the standard library and from what is installed beside it."""
    library = Path(sysconfig.get_path("stdlib"))
    paths = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts and path.stat().st_size > 500)
    more = sorted(Path(sysconfig.get_path("purelib")).rglob("*.py")) if len(paths) < 1_000 else []
    return [path.read_text("utf-8", "replace")[:20_000] for path in [*paths, *more][:1_000]]


@pytest.fixture(scope="module")
def labelled() -> list[Planted]:
    return planted(3)


def said(findings: Findings, texts: list[str]) -> list[list[tuple[str, str, int]]]:
    """Return kind, text and place (in signs) of what was found in each text."""
    by_text: list[list[tuple[str, str, int]]] = [[] for _ in texts]
    rows = zip(findings.records.tolist(), findings.begins.tolist(), findings.ends.tolist(), findings.codes.tolist(), strict=True)
    for record, begin, end, code in rows:
        raw = texts[record].encode()
        by_text[record].append((findings.kinds[code], raw[begin:end].decode(), len(raw[:begin].decode())))
    return by_text


def test_no_false_alarms(documents: list[str]) -> None:
    assert len(documents) == 1_000
    counts = scan(pa.array(documents, pa.large_string())).counts
    assert {kind: count for kind, count in counts.items() if count > STATED.get(kind, 0)} == {}


def test_as_the_plain_implementation(documents: list[str], labelled: list[Planted]) -> None:
    # Few kinds are in sources, so those of the labelled set are put among them.
    texts = [text[:6_000] for text in documents[::2]] + [
        f"{one.text}\n{text[:500]}" for one, text in zip(labelled, documents, strict=False)
    ]
    kinds = {*naive.PLAIN, *naive.ANNOUNCED}
    ours = said(scan(pa.array(texts, pa.large_string()), sorted(kinds)), texts)
    for text, found in zip(texts, ours, strict=True):
        assert {(kind, piece) for kind, piece, _ in found} == set(naive.findings(text)), text[:300]
    together = Counter(kind for found in ours for kind, *_ in found)
    assert all(together[kind] >= 3 for kind in kinds), together


def test_all_that_was_planted_is_found(labelled: list[Planted]) -> None:
    texts = [one.text for one in labelled]
    for one, found in zip(labelled, said(scan(pa.array(texts, pa.large_string())), texts), strict=True):
        assert found == [(one.kind, one.text[one.begin : one.end], one.begin)], one.text
