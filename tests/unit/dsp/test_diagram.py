"""The documents show the tables as they are."""

from __future__ import annotations

import pytest

from hanse.dsp import negotiation, transfer
from hanse.dsp.diagram import markdown, mermaid

machines = pytest.mark.parametrize("machine", [negotiation, transfer], ids=["negotiation", "transfer"])


def arrows(machine):
    return {(origin, step, target) for (origin, _, step), target in machine.TABLE.items()}


@machines
def test_the_diagram_has_every_step_once_and_every_end(machine):
    lines = mermaid(machine.TABLE).splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == len(set(lines)) == 1 + len(arrows(machine)) + len(machine.TERMINAL)
    for state in machine.TERMINAL:
        assert f"    {state} --> [*]" in lines


@machines
def test_the_markdown_table_has_every_step_once(machine):
    lines = markdown(machine.TABLE).splitlines()
    assert len(lines) == len(set(lines)) == 2 + len(arrows(machine)) + len(machine.TERMINAL)
    assert {line.count("|") for line in lines} == {5}


def test_who_may_take_a_step():
    assert "    [*] --> REQUESTED: request (C)\n" in mermaid(negotiation.TABLE)
    assert "    AGREED --> TERMINATED: terminate (C/P)\n" in mermaid(negotiation.TABLE)
    assert "| (none) | consumer | request | REQUESTED |\n" in markdown(transfer.TABLE)
    assert "| STARTED | consumer or provider | suspend | SUSPENDED |\n" in markdown(transfer.TABLE)
    assert "| COMPLETED | nobody | (final) | |\n" in markdown(transfer.TABLE)
