"""Every command: its help, its example, its common options, and how fast the list of them is there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from hanse.cli.kit import Command
from hanse.cli.root import SECTIONS, hanse


def leaves(group: click.Group = hanse, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that name it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


LEAVES = dict(leaves())
NAMES = [" ".join(words) for words in LEAVES]


@pytest.mark.parametrize("name", NAMES)
def test_each_help_has_an_example_that_is_right(name):
    command = LEAVES[tuple(name.split())]
    assert isinstance(command, Command)
    shown = CliRunner().invoke(hanse, [*name.split(), "--help"])
    assert shown.exit_code == 0
    assert f"$ {command.example.splitlines()[0]}" in shown.output
    for line in command.example.splitlines():
        assert parsed(shlex.split(line)) is command, line


def parsed(words: list[str]) -> click.Command:
    """Parse a command line as `hanse` would, without running it; return the command that it is for."""
    words = words[words.index("hanse") + 1 :]
    if ">>" in words:
        words = words[: words.index(">>")]
    command: click.Command = hanse
    context = hanse.make_context("hanse", words)
    while isinstance(command, click.Group):
        left = [*context._protected_args, *context.args]
        name, found, rest = command.resolve_command(context, left)
        assert found is not None
        command = found
        context = command.make_context(name, list(rest), parent=context)
    return command


@pytest.mark.parametrize("name", NAMES)
def test_each_has_the_common_options(name):
    options = {option for parameter in LEAVES[tuple(name.split())].params for option in parameter.opts}
    assert {"--json", "--quiet", "--participant", "--home", "--debug"} <= options


@pytest.mark.parametrize("name", NAMES)
def test_each_option_says_what_it_is_for(name):
    options = [one for one in LEAVES[tuple(name.split())].params if isinstance(one, click.Option)]
    assert [one.name for one in options if not one.help] == []


def test_no_option_takes_a_token():
    names = {option for command in LEAVES.values() for parameter in command.params for option in parameter.opts}
    assert not [name for name in names if "token" in name or "password" in name]


LISTED = {name: text for section in SECTIONS.values() for name, text in section.items()}


@pytest.mark.parametrize("name", hanse.list_commands(click.Context(hanse)))
def test_the_list_says_what_each_command_says_itself(name):
    command = hanse.get_command(click.Context(hanse), name)
    assert command is not None
    assert (command.help or "").startswith(LISTED[name].rstrip("."))


def test_help_lists_every_command_that_is_there():
    shown = CliRunner().invoke(hanse, ["--help"]).output
    for name in hanse.list_commands(click.Context(hanse)):
        assert f"\n  {name} " in shown


def test_help_loads_no_command_and_nothing_heavy():
    code = (
        "import sys; from hanse.cli.root import hanse; hanse(['--help'], standalone_mode=False); "
        "print([m for m in sys.modules if m in ('rich', 'httpx', 'msgspec', 'asyncio', 'hanse.client', 'hanse.cli.kit')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "needle"),
    [
        (["nonsense"], "No such command"),
        (["get"], "DATASET"),
        (["offer"], "PATH_OR_URL"),
        (["catalog", "--filter", "nonsense"], "FIELD=VALUE"),
        (["offer", "edit", "ds_1"], "nothing to change"),
        (["participant", "edit", "bob", "--title", "x", "--suspended"], "one of the three"),
        (["operator", "add", "x", "--role", "king"], "king"),
        (["status", "--nonsense"], "No such option"),
    ],
)
def test_wrong_usage_ends_with_2(words, needle, tmp_path):
    done = CliRunner().invoke(hanse, [*words, *([] if words == ["nonsense"] else ["--home", str(tmp_path)])])
    assert done.exit_code == 2
    assert needle in done.stderr
    assert done.stdout == ""


def test_the_version_is_told():
    assert CliRunner().invoke(hanse, ["--version"]).output.startswith("hanse 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell):
    done = CliRunner().invoke(hanse, ["completion", shell])
    assert done.exit_code == 0
    assert "_HANSE_COMPLETE" in done.stdout


def test_completion_completes():
    environment = os.environ | {"_HANSE_COMPLETE": "bash_complete", "COMP_WORDS": "hanse trans", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", "from hanse.cli import main; main()"], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "plain,transfers"
