"""Policies as they are typed: templates, files, JSON."""

from __future__ import annotations

import pytest

from hanse.cli.files import LIMIT
from hanse.cli.settings import _shown
from hanse.cli.terms import terms_of
from hanse.kernel.errors import Invalid


def test_a_template_stays_as_it_is():
    assert terms_of("members + until 2027-01-01") == "members + until 2027-01-01"


def test_a_file_is_read(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text('{"permission": []}')
    assert terms_of(str(path)) == {"permission": []}
    assert terms_of('{"permission": []}') == {"permission": []}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff{}", b" " * (LIMIT + 1), b'{"a":' * 100_000])
def test_a_bad_file_is_an_error_with_a_place(tmp_path, body):
    path = tmp_path / "policy.json"
    path.write_bytes(body)
    with pytest.raises(Invalid) as caught:
        terms_of(str(path))
    assert caught.value.where


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(Invalid) as caught:
        terms_of(str(tmp_path / "absent.json"))
    assert "absent.json" in str(caught.value)


def test_settings_show_no_password():
    assert _shown("postgresql://hanse:secret@db:5432/hanse") == "postgresql://hanse:…@db:5432/hanse"
    assert _shown("postgresql://hanse@db/hanse") == "postgresql://hanse@db/hanse"
    assert _shown(("a", "b")) == "a, b"
