"""How a command prints, and how it ends when something goes wrong."""

from __future__ import annotations

import json

import click
import pytest
from click.testing import CliRunner

from hanse.cli import words
from hanse.cli.kit import define
from hanse.cli.root import hanse
from hanse.cli.shell import Shell
from hanse.kernel.errors import Conflict, Invalid
from tests.unit.client.responder import NOW


def run(function, *args, **more):
    """Run a function as a command."""
    return CliRunner().invoke(define("try", example="hanse try", resume="Say it again.")(function), list(args), **more)


def raising(error):
    """Return a command that ends with an error."""

    def function(shell: Shell) -> None:
        raise error

    return function


ERROR = Invalid("It is wrong.", where="offer.title", hint="Write it otherwise.")


def test_an_error_says_what_where_and_what_helps(tmp_path):
    done = run(raising(ERROR), "--home", str(tmp_path))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == "hanse: It is wrong.\n  where: offer.title\n  hint:  Write it otherwise.\n"


def test_an_error_is_json_where_that_was_asked_for(tmp_path):
    done = run(raising(ERROR), "--json", "--home", str(tmp_path))
    assert done.exit_code == 1
    told = {"rule": "invalid", "message": "It is wrong.", "where": "offer.title", "hint": "Write it otherwise."}
    assert json.loads(done.stdout) == {"error": told}


def test_what_waits_for_a_person_ends_with_3(tmp_path):
    assert run(raising(Conflict("Wait.", rule="waits-for-person")), "--home", str(tmp_path)).exit_code == 3


def test_a_bug_is_one_line_and_the_rest_is_in_the_log(tmp_path):
    done = run(raising(KeyError("oops")), "--home", str(tmp_path))
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output
    log = tmp_path / "logs" / "command-line.log"
    assert str(log) in done.stderr
    assert "oops" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_debug_shows_the_story_of_a_bug(tmp_path):
    assert "Traceback" in run(raising(KeyError("oops")), "--debug", "--home", str(tmp_path)).stderr


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(tmp_path):
    done = run(raising(KeyboardInterrupt()), "--home", str(tmp_path))
    assert done.exit_code == 130
    assert "Say it again." in done.stderr


def test_a_closed_pipe_is_no_error(tmp_path):
    assert run(raising(BrokenPipeError()), "--home", str(tmp_path)).exit_code == 0


def test_without_anybody_to_act_for_it_says_what_helps(tmp_path, monkeypatch):
    for name in ("HANSE_URL", "HANSE_TOKEN", "HANSE_PARTICIPANT"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(hanse, ["status", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert "hanse up" in done.stderr


@pytest.mark.parametrize("url", ["localhost:8400", "ftp://x", "nonsense"])
def test_an_address_that_is_none_is_said(url, tmp_path):
    done = CliRunner().invoke(hanse, ["status", "--home", str(tmp_path)], env={"HANSE_URL": url, "HANSE_TOKEN": "t"})
    assert done.exit_code == 1
    assert "no server's address" in done.stderr


def table(shell: Shell) -> None:
    """Print a table with long and hostile texts."""
    rows = [("ds_06f9k2q4m8s1t5v7w9x3yz", "A very long title " * 6, "[red]\x1b[31mevil\x1b[0m[/red]"), ("ds_2", "b", "c")]
    shell.table(("ID", "TITLE", "FROM"), rows, "Nothing.")


def test_a_table_fits_80_columns_without_colour_and_keeps_ids_whole(tmp_path):
    done = run(table, "--home", str(tmp_path))
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["ID", "TITLE", "FROM"]
    assert lines[1].startswith("ds_06f9k2q4m8s1t5v7w9x3yz ")
    assert "\x1b" not in done.output
    assert "evil" in "".join(done.stdout.split())
    assert all(line == line.rstrip() for line in lines)


def test_control_characters_of_others_do_not_steer_the_terminal(tmp_path):
    done = run(lambda shell: shell.print("a\x1b]0;evil\x07b[bold]c[/bold]"), "--home", str(tmp_path))
    assert done.stdout == "a�]0;evil�b[bold]c[/bold]\n"


def test_quiet_leaves_out_advice_and_json_leaves_out_everything_else(tmp_path):
    def both(shell: Shell) -> None:
        shell.note("Advice.")
        shell.answer({"a": NOW, "p": tmp_path}, lambda: shell.print("Answer."))

    home = ("--home", str(tmp_path))
    loud, quiet, machine = run(both, *home), run(both, "-q", *home), run(both, "--json", *home)
    assert (loud.stdout, loud.stderr) == ("Answer.\n", "Advice.\n")
    assert (quiet.stdout, quiet.stderr) == ("Answer.\n", "")
    assert json.loads(machine.stdout) == {"a": "2026-11-21T08:00:00Z", "p": str(tmp_path)}
    assert machine.stderr == ""


def test_progress_is_silent_where_nobody_looks(tmp_path):
    def bar(shell: Shell) -> None:
        with shell.progress("x") as progress:
            assert progress is None

    assert run(bar, "--home", str(tmp_path)).output == ""


def test_an_exit_code_of_a_command_passes(tmp_path):
    def leave(shell: Shell) -> None:
        click.get_current_context().exit(3)

    assert run(leave, "--home", str(tmp_path)).exit_code == 3


@pytest.mark.parametrize(
    ("count", "text"), [(None, ""), (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_310_000, "1.3 MB"), (10**18, "1000.0 PB")]
)
def test_sizes(count, text):
    assert words.size(count) == text


def test_names_of_participants():
    assert words.short("did:web:localhost%3A8400:participants:acme") == "acme"
    assert words.short("did:key:z6Mk") == "did:key:z6Mk"
    assert (words.plural(1, "file"), words.plural(1_200, "file")) == ("1 file", "1,200 files")
    assert words.moment(None) == ""


DID = "did:web:localhost%3A8400:participants:acme"
AT = "2026-11-25 20:47"


@pytest.mark.parametrize(
    ("columns", "rows", "whole"),
    [
        (
            ("ID", "TYPE", "HOLDER", "UNTIL", "STATE"),
            [("vc_06f9k2q4m8s1t5v7w9x3yz", "DataProviderCredential", "acme", AT, "suspended")],
            ("vc_06f9k2q4m8s1t5v7w9x3yz", "DataProviderCredential", "suspended", "2026-11-25"),
        ),
        (
            ("ID", "TYPE", "HOLDER", "UNTIL", "STATE"),
            [("vc_06f9k2q4m8s1t5v7w9x3yz", "DataSubjectsRepresentativeCredential", "harbour", AT, "revoked")],
            ("vc_06f9k2q4m8s1t5v7w9x3yz", "DataSubjects", "Representative", "Credential", "harbour", "revoked"),
        ),
        (
            ("KEY", "KIND", "STATE", "MADE", "UNTIL"),
            [(f"{DID}#key-1", "Ed25519", f"compromised since {AT}", AT, AT)],
            ("Ed25519", "compromised", "2026-11-25", "20:47"),
        ),
        (("TYPE", "ISSUER"), [("MembershipCredential", "x" * 500)], ("MembershipCredential",)),
    ],
)
def test_a_table_breaks_no_word_that_people_read(tmp_path, columns, rows, whole):
    done = run(lambda shell: shell.table(columns, rows, ""), "--home", str(tmp_path), env={"COLUMNS": "80"})
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert set(whole) <= set(done.stdout.split())
    assert sorted("".join(done.stdout.split())) == sorted("".join(" ".join([*columns, *rows[0]]).split())), "nothing is lost"


def test_a_table_that_fits_is_not_folded(tmp_path):
    done = run(lambda shell: shell.table(("DID", "NAME"), [(DID, "Acme Ltd")], ""), "--home", str(tmp_path), env={"COLUMNS": "80"})
    assert done.stdout == f"DID                                         NAME\n{DID}  Acme Ltd\n"


def test_a_table_on_a_very_narrow_terminal_loses_nothing(tmp_path):
    row = ("vc_06f9k2q4m8s1t5v7w9x3yz", "DataProviderCredential", "compromised")
    done = run(lambda shell: shell.table(("ID", "TYPE", "STATE"), [row], ""), "--home", str(tmp_path), env={"COLUMNS": "20"})
    assert max(map(len, done.stdout.splitlines())) <= 20
    assert sorted("".join(done.stdout.split())) == sorted("".join(("ID", "TYPE", "STATE", *row)))


@pytest.mark.parametrize(
    ("field", "said"), [("title", "  where: --title\n"), ("url", "  where: ADDRESS\n"), ("by", ""), ("x.y", "  where: x.y\n")]
)
def test_a_field_is_called_as_it_was_typed(tmp_path, field, said):
    def function(shell: Shell, url: str, title: str | None) -> None:
        raise Invalid("It is wrong.", where=field)

    made = define("try", example="hanse try")(click.option("--title")(click.argument("url", metavar="ADDRESS")(function)))
    done = CliRunner().invoke(made, ["x", "--home", str(tmp_path)])
    assert done.stderr == f"hanse: It is wrong.\n{said}"
    told = json.loads(CliRunner().invoke(made, ["x", "--json", "--home", str(tmp_path)]).stdout)
    assert told["error"]["where"] == field


def test_names_of_columns_from_elsewhere_do_not_steer_the_terminal():
    def function(shell: Shell) -> None:
        shell.table(("a\x1b]0;b\x07", "[/]", "[bold]c"), [("1", "2", "3")], "Nothing.")

    done = run(function)
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    assert "[/]" in done.output
    assert "[bold]c" in done.output


@pytest.mark.parametrize(
    ("usual", "option", "name"), [("host", None, "host"), ("host", "bob", "bob"), ("anchor", None, "bob"), (None, None, "bob")]
)
def test_what_the_host_alone_may_do_is_not_done_as_the_usual_participant(tmp_path, monkeypatch, usual, option, name):
    text = "".join(f'[{one}]\nurl = "http://127.0.0.1:1"\ntoken = "{one}-token"\n' for one in ("host", "anchor", "bob"))
    (tmp_path / "operators.toml").write_text(text)
    monkeypatch.delenv("HANSE_TOKEN", raising=False)
    monkeypatch.delenv("HANSE_URL", raising=False)
    monkeypatch.setenv("HANSE_PARTICIPANT", "bob")
    shell = Shell(as_json=False, quiet=False, debug=False, home=str(tmp_path), participant=option)
    assert shell.profile(usual).token == f"{name}-token"
