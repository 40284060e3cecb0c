"""A pipeline in a file: strict YAML, whose mistakes are named by their line, their step and their field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hanse.factory.prepare.pipeline import Pipeline, pipeline_of
from hanse.kernel.errors import HanseError, Invalid, NotFound, TooLarge

if TYPE_CHECKING:
    from hanse.anchor.rulebook.yamltree import Node

MOST_BYTES: Final = 256 << 10
_STEP: Final = re.compile(r"^step (\d+)")


def read_pipeline(path: str | Path) -> Pipeline:
    """Read a file with a list of steps. Raises `NotFound`, `TooLarge`, `Malformed`, and `Invalid` with the line, the step and the field."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise NotFound(f"The pipeline cannot be read: {error.strerror}.", where=str(path)) from None
    if len(data) > MOST_BYTES:
        raise TooLarge(f"A pipeline has at most {MOST_BYTES // 1024} KiB.", where=str(path))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("The pipeline is no text in UTF-8.", where=str(path), rule="pipeline") from None
    return parse_pipeline(text, str(path))


def parse_pipeline(text: str, file: str = "") -> Pipeline:
    """Read a pipeline's text; `file` is the name to tell in faults. Raises as `read_pipeline` does."""
    from hanse.anchor.rulebook.yamltree import parse

    try:
        tree = parse(text)
        return _with_lines(tree)
    except HanseError as fault:
        where = ": ".join(part for part in (file, "" if file and fault.where == "file" else fault.where or "") if part)
        raise type(fault)(fault.message, where=where or None, rule=fault.rule, hint=fault.hint) from None


def _with_lines(tree: Node) -> Pipeline:
    try:
        return pipeline_of(tree.plain())
    except Invalid as fault:
        found = _STEP.match(fault.where or "")
        node = tree.at((int(found[1]) - 1,)) if found else None
        if node is None:
            raise
        raise Invalid(f"Line {node.line}: {fault.message}", where=fault.where, rule=fault.rule, hint=fault.hint) from None
