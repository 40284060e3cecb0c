"""Who this machine's operator is."""

from __future__ import annotations

import stat

import pytest

from hanse.client import profiles as p
from hanse.kernel.errors import Misconfigured

ALICE = p.Profile("alice", "http://localhost:8400", "hanse_op_1_secret")
BOB = p.Profile("bob", "http://localhost:8400", "hanse_op_2_secret")


def test_only_the_owner_can_read_them(tmp_path):
    path = p.write(tmp_path / "home", {"alice": ALICE}, "alice")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert p.read(tmp_path / "home") == ({"alice": ALICE}, "alice")


def test_the_first_is_the_default_unless_another_is(tmp_path):
    p.add(tmp_path, ALICE)
    p.add(tmp_path, BOB)
    assert p.choose(tmp_path, environment={}) == ALICE
    assert p.choose(tmp_path, "bob", {}) == BOB
    assert p.choose(tmp_path, environment={"HANSE_PARTICIPANT": "bob"}) == BOB
    p.add(tmp_path, BOB, default=True)
    assert p.choose(tmp_path, environment={}) == BOB


def test_the_environment_stands_for_a_profile(tmp_path):
    environment = {"HANSE_URL": "https://x.example", "HANSE_TOKEN": "t"}
    assert p.choose(tmp_path, environment=environment) == p.Profile("environment", "https://x.example", "t")
    p.add(tmp_path, ALICE)
    assert p.choose(tmp_path, "alice", environment) == ALICE


def test_without_any_it_says_what_helps(tmp_path):
    with pytest.raises(Misconfigured, match="hanse up"):
        p.choose(tmp_path, environment={})


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    p.add(tmp_path, ALICE)
    with pytest.raises(Misconfigured, match="alice"):
        p.choose(tmp_path, "carol", {})


def test_removing_the_default_leaves_another(tmp_path):
    p.add(tmp_path, ALICE)
    p.add(tmp_path, BOB)
    p.remove(tmp_path, "alice")
    p.remove(tmp_path, "alice")
    assert p.read(tmp_path) == ({"bob": BOB}, "bob")


@pytest.mark.parametrize(
    "text", ['[alice]\nurl = "u"\ntoken = hanse_op_secret', '[alice]\ntoken = "hanse_op_secret"', 'alice = "secret"', "\x00"]
)
def test_a_broken_file_is_named_and_never_quoted(tmp_path, text):
    (tmp_path / p.FILE).write_text(text)
    with pytest.raises(Misconfigured) as caught:
        p.choose(tmp_path, environment={})
    assert p.FILE in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_token_is_not_in_what_is_printed():
    assert "secret" not in f"{ALICE} {ALICE!r}"


def test_odd_tokens_and_addresses_survive(tmp_path):
    odd = p.Profile("odd", "http://h/ä\"'\\", "a\nb\tc\x7f")
    p.add(tmp_path, odd)
    assert p.choose(tmp_path, environment={}) == odd


def test_a_name_that_toml_would_read_otherwise_is_refused(tmp_path):
    with pytest.raises(Misconfigured):
        p.add(tmp_path, p.Profile("a.b]", "u", "t"))


def test_the_home_folder_is_the_one_asked_for(tmp_path):
    assert p.home_of(tmp_path, {"HANSE_HOME": "/elsewhere"}) == tmp_path
    assert str(p.home_of(None, {"HANSE_HOME": "/elsewhere"})) == "/elsewhere"
    assert str(p.home_of(None, {})) == ".hanse"
