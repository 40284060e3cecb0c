"""A transition table as a picture and as a table, for the documents: what they show is what the code does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from hanse.dsp.messages import Role

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


def mermaid(table: Mapping[tuple[State | None, Role, Step], State]) -> str:
    """Return a Mermaid state diagram; (C), (P) and (C/P) say who takes the step. States without a way out are final."""
    lines = ["stateDiagram-v2"]
    for (origin, step, target), senders in _grouped(table).items():
        lines.append(f"    {origin or '[*]'} --> {target}: {step} ({'/'.join(sender[0].upper() for sender in senders)})")
    lines += [f"    {state} --> [*]" for state in _final(table)]
    return "\n".join(lines) + "\n"


def markdown(table: Mapping[tuple[State | None, Role, Step], State]) -> str:
    """Return a Markdown table with one line for each state, step and next state."""
    lines = ["| From | Who | Step | To |", "|---|---|---|---|"]
    for (origin, step, target), senders in _grouped(table).items():
        lines.append(f"| {origin or '(none)'} | {' or '.join(senders)} | {step} | {target} |")
    lines += [f"| {state} | nobody | (final) | |" for state in _final(table)]
    return "\n".join(lines) + "\n"


def _grouped(table: Mapping[tuple[State | None, Role, Step], State]) -> dict[tuple[State | None, Step, State], list[Role]]:
    grouped: dict[tuple[State | None, Step, State], list[Role]] = {}
    for (origin, sender, step), target in table.items():
        grouped.setdefault((origin, step, target), []).append(sender)
    order = _states(table)
    ranked = sorted(grouped.items(), key=lambda item: -1 if item[0][0] is None else order.index(item[0][0]))
    return {key: sorted(senders) for key, senders in ranked}


def _states(table: Mapping[tuple[State | None, Role, Step], State]) -> list[State]:
    return list(type(next(iter(table.values()))))


def _final(table: Mapping[tuple[State | None, Role, Step], State]) -> Collection[State]:
    left = {origin for origin, _, _ in table}
    return [state for state in _states(table) if state not in left]
