"""The tables, as numbered steps forward. A step that was released is never edited; a change is a new step.

One text for both engines: `TEXT` is ordered by its bytes on both, `BLOB` and `INTEGER` (64 bits) are translated for
PostgreSQL, `WITHOUT ROWID` is SQLite's alone. Moments are microseconds since 1970 (`rows.micros`). What is not queried
is in `doc`, the record as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hanse.kernel.errors import Misconfigured
from hanse.storage.rows import Rows
from hanse.storage.tables import STEP_1, STEP_2, STEP_3, STEP_4
from hanse.storage.tables_factory import STEP_5, STEP_6

STEPS: tuple[tuple[str, ...], ...] = (STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6)
"""Statements of each step; the schema's version is the number of steps taken."""

_POSTGRES = {"TEXT": 'TEXT COLLATE "C"', "BLOB": "BYTEA", "INTEGER": "BIGINT", " WITHOUT ROWID": ""}
_TRANSLATED = re.compile("|".join(rf"{word}\b" for word in _POSTGRES))
_TABLE = re.compile(r"CREATE TABLE (\w+)")


def for_postgres(statement: str) -> str:
    """Return a statement of a step as PostgreSQL wants it."""
    return _TRANSLATED.sub(lambda found: _POSTGRES[found.group()], statement)


def tables(steps: Sequence[Sequence[str]] = STEPS) -> tuple[str, ...]:
    """Return all tables that hold data after these steps, in an order in which they can be filled."""
    return tuple(found.group(1) for step in steps for statement in step if (found := _TABLE.match(statement)))


def migrate(rows: Rows, *, postgres: bool = False, steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Take the steps that are missing, inside the caller's transaction; return the version.

    Raises `Misconfigured` for a database that a newer program has made.
    """
    rows.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    found = rows.one("SELECT version FROM schema_version")
    version = 0 if found is None else int(found[0])
    if version > len(steps):
        raise Misconfigured(
            f"The database has schema {version}, this program knows up to {len(steps)}.",
            where="storage",
            rule="schema-newer",
            hint="Use the newer version of hanse that has written it, or restore an older backup.",
        )
    for step in steps[version:]:
        for statement in step:
            rows.execute(for_postgres(statement) if postgres else statement)
    if found is None:
        rows.execute("INSERT INTO schema_version (version) VALUES (?)", (len(steps),))
    elif version < len(steps):
        rows.execute("UPDATE schema_version SET version = ?", (len(steps),))
    return len(steps)
