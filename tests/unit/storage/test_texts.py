"""One text for both engines: what is translated, and what is read out of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.storage import schema
from hanse.storage.erase import tenant_tables
from hanse.storage.portable import columns
from hanse.storage.postgres_connection import _translated
from hanse.storage.rows import micros, micros_or_none, moment_of


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))])))
def test_a_moment_comes_back_to_the_microsecond(moment):
    assert moment_of(micros(moment)) == moment


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_moments_are_ordered_as_their_numbers(one, other):
    assert (one < other) == (micros(one) < micros(other))


def test_no_moment_is_no_number():
    assert micros_or_none(None) is None
    assert micros_or_none(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000_000


@pytest.mark.parametrize(
    ("writing", "text"),
    [
        (True, b"SELECT doc FROM x WHERE a = %s AND b LIKE '50%%' FOR UPDATE"),
        (False, b"SELECT doc FROM x WHERE a = %s AND b LIKE '50%%' "),
    ],
)
def test_arguments_and_locks_are_put_as_postgres_wants_them(writing, text):
    assert _translated("SELECT doc FROM x WHERE a = ? AND b LIKE '50%' /*lock*/", writing) == text


def test_rows_held_by_others_are_skipped_only_where_something_is_written():
    assert _translated("SELECT 1 /*skip*/", True) == b"SELECT 1 FOR UPDATE SKIP LOCKED"
    assert _translated("SELECT 1 /*skip*/", False) == b"SELECT 1 "


def test_types_are_translated_and_names_that_look_like_them_are_not():
    statement = "CREATE TABLE x (search_text TEXT NOT NULL, n INTEGER, doc BLOB, PRIMARY KEY (n)) WITHOUT ROWID"
    assert schema.for_postgres(statement) == 'CREATE TABLE x (search_text TEXT COLLATE "C" NOT NULL, n BIGINT, doc BYTEA, PRIMARY KEY (n))'


def test_columns_are_those_of_the_table():
    assert columns("replays") == ("tenant", "issuer", "jti", "expires")
    with pytest.raises(KeyError):
        columns("schema_version")


def test_every_table_with_a_tenant_is_erased_and_children_go_first():
    names = tenant_tables()
    assert set(schema.tables()) - set(names) == {"watermarks", "restores"}
    assert names.index("assets") > max(names.index("asset_terms"), names.index("asset_viewers"))
