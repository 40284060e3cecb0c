"""The lines by which a run of the conformance tests is known: printed as they come, and once more at its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_LINES = pytest.StashKey[list[str]]()


@pytest.fixture
def announce(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return a function that says a line now and keeps it for the end of the run."""

    def say(line: str) -> None:
        print(line, flush=True)
        request.config.stash.setdefault(_LINES, []).append(line)

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat the lines where nobody can miss them, also when the tests' output is captured."""
    lines = terminalreporter.config.stash.get(_LINES, [])
    if lines:
        terminalreporter.section("conformance")
    for line in lines:
        terminalreporter.write_line(line)
