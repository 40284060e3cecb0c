"""Settings: where each value comes from, and the ways of being open to a network that are refused."""

from __future__ import annotations

import pytest

from hanse.config import Settings, check_exposure, load
from hanse.kernel.errors import Misconfigured

OPEN = {"host": "0.0.0.0", "public_host": "data.example.org"}


def test_a_variable_outdoes_the_file_and_the_file_the_default(tmp_path):
    (tmp_path / "hanse.toml").write_text('port = 8500\npeers_allow = ["a:1"]\n')
    settings, listed = load(str(tmp_path), {"HANSE_PEERS_ALLOW": "b:2, c:3", "HANSE_BEHIND_PROXY": "true"})
    assert (settings.port, settings.peers_allow, settings.behind_proxy) == (8500, ("b:2", "c:3"), True)
    origins = {one.name: one.origin for one in listed}
    assert origins["port"] == str(tmp_path / "hanse.toml")
    assert origins["peers_allow"] == "HANSE_PEERS_ALLOW"
    assert origins["host"] == "default"


@pytest.mark.parametrize(
    "text", ["port = 'many'", "prot = 1", "port = ", "peers_allow = 3"], ids=["wrong type", "unknown key", "no toml", "no list"]
)
def test_a_wrong_file_is_named(tmp_path, text):
    (tmp_path / "hanse.toml").write_text(text)
    with pytest.raises(Misconfigured) as error:
        load(str(tmp_path), {})
    assert str(tmp_path / "hanse.toml") == error.value.where


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({}, None),
        ({"behind_proxy": True}, None),
        (OPEN, "exposed"),
        (OPEN | {"behind_proxy": True}, None),
        (OPEN | {"tls_certificate": "a.pem", "tls_key": "a.key"}, None),
        (OPEN | {"tls_certificate": "a.pem"}, "misconfigured"),
        ({"host": "0.0.0.0", "behind_proxy": True}, "public-host"),
        ({"host": "192.0.2.1", "behind_proxy": True, "public_host": "127.0.0.1"}, "public-host"),
    ],
)
def test_a_server_is_never_open_by_accident(said, rule):
    if rule is None:
        check_exposure(Settings(**said))
        return
    with pytest.raises(Misconfigured) as error:
        check_exposure(Settings(**said))
    assert error.value.rule == rule
