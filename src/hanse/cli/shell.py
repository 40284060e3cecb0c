"""What one run of a command has in its hands: how to print, and a client for the participant it acts for."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from hanse.kernel.errors import HanseError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.text import Text

    from hanse.client import Client
    from hanse.client.profiles import Profile

LOG = "command-line.log"
PLAIN_WIDTH = 80
LONG_WORD = 26
"""Characters of an identifier such as `ord_06f9k2q4m8s1t5v7w9x3yz`. Longer words of a table are the first to be folded."""
SHORT_WORD = 12
"""Characters of a word such as `compromised`, which stays whole unless there is no room at all."""
_GAP = 2
_HOST = "host"
_SEAM = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[:/#-])")

Progress = Callable[[int, int | None], None]
"""Called with (bytes done, bytes in all or `None` while unknown)."""


class Shell:
    """Prints for a person, or JSON for a program, and never a token."""

    def __init__(self, *, as_json: bool, quiet: bool, debug: bool, home: str | None, participant: str | None) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.debug = debug
        self.home_option = home
        self.participant = participant
        self._client: Client | None = None

    @property
    def home(self) -> Path:
        """Return the home folder."""
        from hanse.client.profiles import home_of

        return home_of(self.home_option)

    @property
    def client(self) -> Client:
        """Return the client, made at the first use. Raises `Misconfigured`."""
        return self._client or self._connected(self.profile())

    def client_of(self, usual: str) -> Client:
        """Return a client for the profile `usual` (e.g. the server's host), unless another was asked for."""
        return self._client or self._connected(self.profile(usual))

    def client_as(self, name: str) -> Client:
        """Return a client for that profile, whoever the command acts for. Raises `Misconfigured`."""
        from hanse.client.profiles import choose

        return self._client or self._connected(choose(self.home, name))

    def profile(self, usual: str | None = None) -> Profile:
        """Return who this command acts for: as asked for, else `usual` if there is such a profile, else the default.

        Raises `Misconfigured`.
        """
        from hanse.client.profiles import choose, read

        # What the server's host alone may do is not done as whoever a terminal usually acts for.
        named = None if usual == _HOST else os.environ.get("HANSE_PARTICIPANT")
        asked = self.participant or named or os.environ.get("HANSE_TOKEN")
        if usual is not None and not asked and usual in read(self.home)[0]:
            return choose(self.home, usual)
        return choose(self.home, self.participant)

    def _connected(self, profile: Profile) -> Client:
        from hanse.client import Client

        self._client = Client(url=profile.url, token=profile.token)
        return self._client

    @cached_property
    def console(self) -> Console:
        """Return where answers are printed."""
        return _console(sys.stdout)

    @cached_property
    def errors(self) -> Console:
        """Return where errors, progress and advice are printed."""
        return _console(sys.stderr)

    def answer(self, data: object, show: Callable[[], None]) -> None:
        """Print the result of a command: `data` as JSON, or what `show` prints for a person."""
        if self.as_json:
            self.json(data)
        else:
            show()

    def json(self, data: object) -> None:
        """Print one JSON document."""
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(data, enc_hook=str), indent=2).decode()
        sys.stdout.write(text + "\n")

    def print(self, text: str = "") -> None:
        """Print an answer as it is: markup in it means nothing, and long lines stay whole."""
        if not self.as_json:
            self.console.print(_printable(text), markup=False, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Print advice, or what happens now; not with --quiet or --json."""
        if not self.as_json and not self.quiet:
            self.errors.print(_printable(text), markup=False, highlight=False, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
        """Print a table, or the sentence `empty`. Words stay whole, and so does the first column; what is too long is folded."""
        if not rows:
            self.note(empty)
            return
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
        widths = _widths(columns, rows, self.console.width)
        for name, width in zip(columns, widths, strict=True):
            table.add_column(_cell(name, width), width=width, overflow="fold")
        for row in rows:
            table.add_row(*(_cell(text, width) for text, width in zip(row, widths, strict=True)))
        with self.console.capture() as lines:
            self.console.print(table)
        for line in lines.get().splitlines():
            self.console.file.write(line.rstrip() + "\n")

    def fields(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Print names and values below each other; without a value a name is left out."""
        shown = [(name, text) for name, text in pairs if text]
        width = max((len(name) for name, _ in shown), default=0)
        for name, text in shown:
            self.print(f"{name:<{width}}  {text}")

    def progress(self, label: str) -> AbstractContextManager[Progress | None]:
        """Show a bar of bytes with speed and time left on a terminal; elsewhere, and with --quiet or --json, nothing."""
        return _bar(self.errors, label) if self._moves else nullcontext()

    def bars(self) -> AbstractContextManager[Bars | None]:
        """Show bars of what is counted, with the time that it took; only where `progress` shows anything."""
        if not self._moves:
            return nullcontext()
        from rich import progress

        columns = (progress.TextColumn("{task.description}", markup=False), progress.BarColumn(), progress.MofNCompleteColumn())
        return progress.Progress(*columns, progress.TimeElapsedColumn(), console=self.errors)

    @property
    def _moves(self) -> bool:
        return not self.as_json and not self.quiet and self.errors.is_terminal

    def fail(self, error: HanseError, where: str | None) -> None:
        """Print what is wrong, where (in what was typed), and what would help; as JSON too, where JSON was asked for."""
        if self.as_json:
            told = {"rule": error.rule, "message": error.message, "where": error.where, "hint": error.hint}
            self.json({"error": {name: text for name, text in told.items() if text}})
        self._error(f"hanse: {error.message}")
        if where:
            self._error(f"  where: {where}")
        if error.hint:
            self._error(f"  hint:  {error.hint}")
        if self.debug:
            self._error("".join(traceback.format_exception(error)))

    def bug(self, error: Exception) -> None:
        """Say in one line that this is a fault of ours, and where the rest is."""
        story = "".join(traceback.format_exception(error))
        place = self._log(story)
        if self.as_json:
            self.json({"error": {"rule": "bug", "message": f"An unexpected {type(error).__name__}."}})
        self._error(f"hanse: an unexpected {type(error).__name__}: a fault of this program. {place}")
        if self.debug:
            self._error(story)

    def interrupted(self, resume: str) -> None:
        """Say that Ctrl-C ended it, and how to go on."""
        self._error(f"\nhanse: stopped. {resume}".rstrip())

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()

    def _error(self, text: str) -> None:
        self.errors.print(_printable(text), markup=False, highlight=False, soft_wrap=True, style="")

    def _log(self, story: str) -> str:
        path = self.home / "logs" / LOG
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as file:
                file.write(story + "\n")
        except OSError:
            return "`--debug` shows more."
        return f"Details: {path}"


def _console(stream: TextIO) -> Console:
    """Return a console that is plain where it is no terminal, or where NO_COLOR asks for it."""
    from rich.console import Console

    width = None if stream.isatty() or "COLUMNS" in os.environ else PLAIN_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False)


def _printable(text: str) -> str:
    """Replace control characters: what a peer wrote must not steer this terminal."""
    return "".join(char if char.isprintable() or char in "\n\t\xa0" else "�" for char in text)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], space: int) -> list[int]:
    """Return how wide each column is: enough for its longest word at least, and the first as wide as it wishes.

    Where that is more than there is, the longest words give way, e.g. DIDs and addresses: those of the first column last.
    """
    from rich.cells import cell_len

    texts = [[name, *(_printable(row[index]) for row in rows)] for index, name in enumerate(columns)]
    wishes = [max(map(cell_len, column)) for column in texts]
    words = [max(cell_len(word) for text in column for word in (text.split() or [""])) for column in texts]
    widths = [wishes[0], *words[1:]]
    left = space - sum(widths) - _GAP * (len(widths) - 1)
    while left < 0 and max(widths) > 1:
        widest = max(_giving(widths), key=widths.__getitem__)
        widths[widest], left = widths[widest] - 1, left + 1
    for place, index in enumerate(sorted(range(len(widths)), key=lambda index: wishes[index] - widths[index])):
        more = min(max(0, wishes[index] - widths[index]), max(0, left) // (len(widths) - place))
        widths[index], left = widths[index] + more, left - more
    return widths


def _giving(widths: Sequence[int]) -> Sequence[int]:
    """Return the columns that may give way: long ones but the first, then the first if it is long, then others, then all."""
    others = range(1, len(widths))
    long = [index for index in others if widths[index] > LONG_WORD] or [index for index in (0,) if widths[index] > LONG_WORD]
    return long or [index for index in others if widths[index] > SHORT_WORD] or range(len(widths))


def _cell(text: str, width: int) -> Text:
    from rich.text import Text

    words = _printable(text).replace("\n", " ").split(" ")
    return Text(" ".join(_folded(word, width) if len(word) > width else word for word in words))


def _folded(word: str, width: int) -> str:
    """Return a word that is too long in lines that end where one of its parts does, as far as that is possible."""
    lines = [""]
    for part in _SEAM.split(word):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


@contextmanager
def _bar(console: Console, label: str) -> Iterator[Progress]:
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console) as progress:
        task = progress.add_task(_printable(label), total=None)

        def advance(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        yield advance
