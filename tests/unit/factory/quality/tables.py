"""Tiny tables, and what one measure says of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from hanse.dcat.holding import DatasetVersion
from hanse.factory.quality.base import Measure
from hanse.factory.quality.ports import Ports
from hanse.factory.quality.report import Measurement
from hanse.factory.quality.stated import stated_of
from hanse.factory.quality.subject import Subject
from hanse.factory.quality.tables.make import table_from

AT = datetime(2026, 3, 11, tzinfo=UTC)
"""The moment of every assessment here."""
Said = dict[tuple[str, ...], Measurement]


def subject_of(
    *frames: Mapping[str, Any] | pl.DataFrame,
    stated: Mapping[str, Any] | None = None,
    typed: bool = True,
    small: bool = True,
    held: DatasetVersion | None = None,
    ports: Ports | None = None,
    workshop: Path = Path(),
) -> Subject:
    """Return a subject of tables `t0`, `t1`, ..."""
    said = stated_of(stated or {})
    tables = [
        table_from(f"t{number}", pl.DataFrame(one).lazy(), workshop, said.columns, typed=typed, small=small)
        for number, one in enumerate(frames)
    ]
    return Subject(tuple(tables), said, said.at or AT, held, ports or Ports())


def say(measure: Measure, subject: Subject) -> Said:
    """Return what a measure says, by metric, and column and group where there is one."""
    found: Said = {}
    for one in measure.measure(subject):
        key = tuple(part for part in (one.metric, one.table, one.column, one.group) if part)
        assert key not in found, f"{key} is said twice"
        found[key] = one
    return found


def value(said: Said, *key: str) -> float | int | None:
    """Return one value."""
    assert not said[key].why, said[key].why
    return said[key].value
