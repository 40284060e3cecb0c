"""What both clients have of the AI factory: one noun each, one line in `FactoryNouns`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hanse.client.core import Steps
from hanse.client.shells import Mode, Noun


class FactoryNouns(Noun[Mode]):
    """The factory's nouns."""

    def __init__(self, drive: Callable[[Steps[Any]], Any]) -> None:
        super().__init__(drive)
