"""What the stores' texts are made of: moments, the schema's dialects, names of tables and columns, listeners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from hanse.kernel.errors import Conflict, Invalid, StorageFailed
from hanse.storage import portable, schema
from hanse.storage.engine import Listeners, keep_of
from hanse.storage.erase import tenant_tables
from hanse.storage.postgres_connection import _translated
from hanse.storage.rows import micros, micros_or_none, moment_of
from hanse.storage.sqlite_connection import failure, undone

ZONES = st.timezones() | st.just(UTC) | st.just(timezone(timedelta(hours=-5)))


EARLY, LATE = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - hypothesis adds the zones itself


@given(st.datetimes(min_value=EARLY, max_value=LATE, timezones=ZONES, allow_imaginary=False))
def test_a_moment_survives_as_microseconds_whatever_its_zone(moment):
    # In UTC: Python holds moments of two zones for different wherever one of them is ambiguous (PEP 495).
    assert moment_of(micros(moment)) == moment.astimezone(UTC)
    assert moment_of(micros(moment)).tzinfo is UTC


@given(*[st.datetimes(min_value=EARLY, max_value=LATE, timezones=st.just(UTC))] * 2)
def test_microseconds_are_ordered_as_moments_are(one, other):
    assert (one < other) == (micros(one) < micros(other))
    assert micros_or_none(None) is None


def test_a_statement_of_the_schema_in_the_other_dialect():
    text = "CREATE TABLE t (a TEXT NOT NULL, b BLOB, c INTEGER NOT NULL, PRIMARY KEY (a)) WITHOUT ROWID"
    assert schema.for_postgres(text) == 'CREATE TABLE t (a TEXT COLLATE "C" NOT NULL, b BYTEA, c BIGINT NOT NULL, PRIMARY KEY (a))'


def test_a_query_takes_locks_only_where_something_is_written():
    assert (
        _translated("SELECT doc FROM t WHERE a = ? AND b LIKE '%x' /*lock*/", True)
        == b"SELECT doc FROM t WHERE a = %s AND b LIKE '%%x' FOR UPDATE"
    )
    assert _translated("SELECT doc FROM t /*skip*/", True).endswith(b"FOR UPDATE SKIP LOCKED")
    assert b"FOR UPDATE" not in _translated("SELECT doc FROM t /*skip*/ /*lock*/", False)


def test_every_table_has_columns_and_an_owner_or_a_reason_for_none():
    assert all(portable.columns(table) for table in schema.tables())
    shared = {"watermarks", "restores"}
    assert set(schema.tables()) - set(tenant_tables()) == shared
    assert tenant_tables()[-1] == "assets"


def test_listeners_are_told_in_order_and_shares_once():
    listeners, told = Listeners(), []
    listeners.subscribe(lambda event: 1 / 0)
    listeners.subscribe(told.append)
    listeners.deliver(["a", "b"])
    assert told == ["a", "b"]
    listeners.share(lambda event: None if event == "b" else ("topic", event))
    assert listeners.outward(["a", "b", "a", "c"]) == [("topic", "a"), ("topic", "c")]


def test_an_error_undone_for_another_says_why_and_carries_nothing_to_keep():
    error = StorageFailed("The disk is full.", rule="storage-full", hint="Make room.")
    assert failure(error) is error
    assert (undone(error).rule, undone(error).hint) == ("storage-full", "Make room.")
    refused = Invalid("No.")
    refused.keep = lambda tx: None
    assert keep_of(refused) is refused.keep
    assert keep_of(Conflict("No.")) is None
    assert undone(refused).rule == "storage-failed"
