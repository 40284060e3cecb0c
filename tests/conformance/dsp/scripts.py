"""How the connector under test reacts, by the id of the dataset or the agreement: each case of the kit wants its own.

A script is read from the left: `STATE step` means "once the process has entered STATE, take that step, then read on".
An id without a script waits for the other side.
"""

from __future__ import annotations

_LINES = """
ACN0101: REQUESTED offer
ACN0102: REQUESTED offer, REQUESTED terminate
ACN0103: REQUESTED offer, ACCEPTED agree, VERIFIED finalize
ACN0104: REQUESTED agree, VERIFIED finalize
ACN0201: REQUESTED terminate
ACN0203: REQUESTED agree
ACN0204: REQUESTED offer
ACN0205: REQUESTED offer, OFFERED terminate
ACN0206: REQUESTED offer, ACCEPTED terminate
ACN0207: REQUESTED agree, VERIFIED terminate
ACN0301: REQUESTED agree, VERIFIED finalize
ACN0302: REQUESTED offer
ACN0303: REQUESTED offer
ACN0304: REQUESTED offer

ACNC0101: OFFERED accept, AGREED verify
ACNC0102: OFFERED request
ACNC0103: OFFERED terminate
ACNC0104: AGREED verify
ACNC0202: REQUESTED terminate
ACNC0203: AGREED terminate
ACNC0205: OFFERED accept
ACNC0206: AGREED verify
ACNC0304: OFFERED accept
ACNC0305: OFFERED accept
ACNC0306: OFFERED accept

ATP0101: REQUESTED start, STARTED terminate
ATP0102: REQUESTED start, STARTED complete
ATP0103: REQUESTED start, STARTED suspend, SUSPENDED terminate
ATP0104: REQUESTED start, STARTED suspend, SUSPENDED start, STARTED complete
ATP0105: REQUESTED terminate
ATP0201: REQUESTED start
ATP0202: REQUESTED start
ATP0203: REQUESTED start
ATP0303: REQUESTED start
ATP0304: REQUESTED start
ATP0305: REQUESTED start
ATP0306: REQUESTED start

ATPC0201: STARTED terminate
ATPC0202: STARTED complete
ATPC0203: STARTED suspend, SUSPENDED terminate
ATPC0205: REQUESTED terminate
"""

Script = tuple[tuple[str, str], ...]
"""Pairs of a state and the step to take once it has been entered."""


def _parse(line: str) -> tuple[str, Script]:
    id, _, steps = line.partition(":")
    pairs = [step.split() for step in steps.split(",")]
    return id, tuple((state, step) for state, step in pairs)


SCRIPTS: dict[str, Script] = dict(_parse(line) for line in _LINES.splitlines() if line)
