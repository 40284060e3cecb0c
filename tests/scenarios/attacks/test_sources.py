"""Sources that would give away what is not the tenant's to give."""

from __future__ import annotations

import os

import httpx
import pytest

from tests.scenarios.attacks.test_dataplane import bearer
from tests.scenarios.attacks.town import check_problem


def ask(town, name, kind, at):
    key = "url" if kind == "http" else "path"
    return town.operators[name].ask("POST", "/assets", {"source": {"kind": kind, key: str(at)}, "terms": ["members"]})


@pytest.mark.usefixtures("unchanged")
def test_places_outside_the_allowed_roots(town):
    acme = town.roots["acme"]
    (acme / "link.csv").symlink_to("/etc/passwd")
    (acme / "linked").symlink_to("/etc")
    (acme / "sibling").symlink_to(town.roots["owl"])
    os.mkfifo(acme / "fifo")
    (acme / ".secret").write_text("x")
    try:
        for at in (
            "/etc/passwd",
            "/proc/self/environ",
            "/dev/zero",
            "/dev/stdin",
            town.roots["owl"] / "rain.csv",
            f"{acme}/../owl/rain.csv",
            f"{acme}/./../owl/rain.csv",
            f"{acme}//../owl/rain.csv",
            acme / "link.csv",
            acme / "linked" / "passwd",
            acme / "sibling" / "rain.csv",
            acme / "fifo",
            acme / ".secret",
            acme / "many",
            f"{acme}x",
            f"{acme}/rain.csv\x00.txt",
            "rain.csv",
            "",
            "/",
            "~",
            "file:///etc/passwd",
            town.folder / "home" / "hanse.db",
            town.folder / "home" / "master.key",
        ):
            check_problem(ask(town, "acme", "file", at), 403, 422, 400, 500 if str(at).endswith("x") else 422)
        for at in ("/", "/etc", "/proc", acme / "linked", acme / "sibling", town.folder, town.roots["owl"], town.folder / "home", acme):
            check_problem(ask(town, "acme", "folder", at), 403, 422)  # the root itself holds links now: said, not skipped
    finally:
        for name in ("link.csv", "linked", "sibling", "fifo", ".secret"):
            (acme / name).unlink()


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://localhost:1/",
        "file:///etc/passwd",
        "http://127.1/",
        "http://[::1]/",
        "http://user@localhost/",
        "https://example.com/x",
        "ftp://x/",
        "http://",
    ],
)
def test_http_sources_outside_the_allowed_hosts(town, url):
    check_problem(ask(town, "acme", "http", url), 403, 422, 400)


def test_a_root_that_holds_the_servers_own_folder_gives_none_of_it(town):
    made = town.keeper("POST", "/participants", {"name": "greedy", "title": "Greedy", "allowed_roots": [str(town.folder)]})
    town.secrets.add(made["token"])
    from tests.scenarios.attacks.town import Operator

    greedy = Operator(town.host.root, made["token"])
    home = town.folder / "home"
    try:
        for kind, at in (("file", home / "hanse.db"), ("file", home / "master.key"), ("folder", home), ("folder", town.folder)):
            answer = greedy.ask("POST", "/assets", {"source": {"kind": kind, "path": str(at)}, "terms": ["members"]})
            check_problem(answer, 403, 422)
    finally:
        town.keeper.ask("DELETE", "/participants/greedy")


def test_a_file_that_is_swapped_gives_an_error_and_never_the_other(town):
    path = town.roots["acme"] / "swap.csv"
    path.write_text("good\n" * 1000)
    _, _, address = town.started("acme", town.offer("acme", path))
    assert httpx.get(address["endpoint"], headers=bearer(address)).status_code == 200
    path.unlink()
    path.symlink_to("/etc/passwd")
    answer = httpx.get(address["endpoint"], headers=bearer(address))
    check_problem(answer, 403, 500)
    assert "root:" not in answer.text
    path.unlink()
    path.symlink_to(town.roots["owl"] / "rain.csv")
    check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 403, 500)
    path.unlink()


def test_a_right_that_is_taken_away_ends_at_once(town):
    _, _, address = town.started("owl", town.assets["owl"])
    root = str(town.roots["owl"])
    town.keeper("PATCH", "/participants/owl", {"allowed_roots": []})
    try:
        check_problem(httpx.get(address["endpoint"], headers=bearer(address)), 403, 500)
    finally:
        town.keeper("PATCH", "/participants/owl", {"allowed_roots": [root]})
