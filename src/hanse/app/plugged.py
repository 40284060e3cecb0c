"""The left operands of this server: the built-in ones, and those that installed packages bring."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint

from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.plugged import check_plugged
from hanse.plugins import CONSTRAINTS, bad, load


def load_operands(found: Iterable[EntryPoint] | None = None) -> Operands:
    """Return all left operands; `found` are the entry points if not those that are installed.

    Raises `Misconfigured` naming the plug-in that is not what it should be: with half of its terms a server would keep nothing.
    """
    operands = BUILT_IN
    for name, brought in load(CONSTRAINTS, found).items():
        for one in brought if isinstance(brought, list | tuple) else [brought]:
            try:
                operands = operands.add([check_plugged(one)])
            except ValueError as error:
                raise bad(name, CONSTRAINTS, str(error)) from None
    return operands
