"""What all commands share: the common options, an example in the help, and one way in which errors end a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import click

from hanse.cli.shell import Shell
from hanse.kernel.errors import HanseError

DONE, FAILED, USAGE, WAITING, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: done; refused or failed with a reason; wrong usage; waits for a person; stopped by Ctrl-C."""

WAITS = "waits-for-person"
"""The rule of an error that says that nothing failed: a person has to act first."""

_TYPED = frozenset(
    {
        ("preferences.must", "need"),
        ("preferences.must", "negotiable"),
        ("derived_from[0]", "derived_from"),
        ("licences", "licence"),
        ("languages", "language"),
        ("version", "versions"),
        ("total", "total_budget"),
        ("total.budget", "total_budget"),
        ("standing.total.budget", "total_budget"),
        ("standing.every", "every"),
    }
)
"""Fields of requests, and the options that they are typed as."""
_UNSAID = frozenset({"body", "by", "did", "id", "kid", "status", "url"})
"""Fields of requests of which people know nothing."""

Function = Callable[..., object]


class Command(click.Command):
    """A command with the common options and a worked example. Its callback gets a `Shell` first.

    `resume` says how to go on after Ctrl-C.
    """

    def __init__(self, *args: Any, example: str, resume: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.resume = resume
        self.params += [*_common()]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example last, where it stands out."""
        with formatter.section("Example"):
            formatter.write("".join(f"{'':>{formatter.current_indent}}$ {line}\n" for line in self.example.splitlines()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the callback; whatever goes wrong becomes a message and an exit code."""
        names = ("as_json", "quiet", "debug", "home", "participant")
        shell = Shell(**{name: ctx.params.pop(name) for name in names})
        assert self.callback is not None
        try:
            result = ctx.invoke(self.callback, shell, **ctx.params)
            sys.stdout.flush()
            return result
        except HanseError as error:
            shell.fail(error, self._where(error.where))
            ctx.exit(WAITING if error.rule == WAITS else FAILED)
        except KeyboardInterrupt:
            shell.interrupted(self.resume)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _leave_quietly(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours: the person gets one line, the log the rest
            shell.bug(error)
            ctx.exit(FAILED)
        finally:
            shell.close()

    def _where(self, field: str | None) -> str | None:
        """Return what a person typed for a field of a request: the option or the argument; the message says the rest."""
        plain = None if field is None else field.removeprefix("limits.").replace("-", "_")
        typed = next((one for one in self.params if one.name in (field, plain) or (field, one.name) in _TYPED), None)
        if typed is None:
            return None if field in _UNSAID else field
        return max(typed.opts, key=len) if isinstance(typed, click.Option) else typed.metavar or field


class Noun(click.Group):
    """Verbs about one noun. Without a verb it is `default`, so `hanse transfers` lists and `hanse offer FILE` offers."""

    def __init__(self, *args: Any, default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the default verb where there is none; `--list` is the verb `list`."""
        first = args[0] if args else ""
        if first == "--list" and "list" in self.commands:
            args = ["list", *args[1:]]
        elif first not in self.commands and first not in ctx.help_option_names:
            if first and not first.startswith("-") and not self._default_takes_arguments():
                ctx.fail(f"No such command {first!r}. There are: {', '.join(sorted(self.commands))}.")
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def _default_takes_arguments(self) -> bool:
        return any(isinstance(one, click.Argument) for one in self.commands[self.default].params)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the default verb, then the other verbs."""
        command = self.commands[self.default]
        command.format_help(click.Context(command, info_name=ctx.info_name, parent=ctx.parent), formatter)
        self.format_commands(ctx, formatter)

    def verb(self, name: str, *, example: str, resume: str = "", **settings: Any) -> Callable[[Function], Command]:
        """Add a command; a decorator."""

        def add(function: Function) -> Command:
            made = click.command(name, cls=Command, example=example, resume=resume, **settings)(function)
            self.add_command(made)
            return made

        return add


def define(name: str, *, example: str, resume: str = "") -> Callable[[Function], Command]:
    """Make a command of a function; a decorator."""
    return click.command(name, cls=Command, example=example, resume=resume)


def wrong_usage(message: str) -> NoReturn:
    """End with exit code 2 and the command's usage."""
    raise click.UsageError(message)


def _common() -> list[click.Option]:
    return [
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for programs, and nothing else."),
        click.Option(["-q", "--quiet"], is_flag=True, help="Print only what was asked for, no progress and no advice."),
        click.Option(["--participant"], metavar="NAME", help="Act for this participant of the home folder's profiles."),
        click.Option(["--home"], metavar="DIR", help="The home folder; HANSE_HOME, else ./.hanse."),
        click.Option(["--debug"], is_flag=True, help="Show more when something goes wrong."),
    ]


def _leave_quietly(ctx: click.Context) -> NoReturn:
    # The reader of a pipe has had enough, e.g. `hanse catalog | head`: nothing more can be said to it.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    ctx.exit(DONE)
