"""A pipeline in a file: strict YAML, whose mistakes are named by their line, their step and their field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from hanse.client.yaml_file import read_yaml
from hanse.factory.prepare.pipeline import Pipeline, pipeline_of

_STEP: Final = re.compile(r"step (\d+)")


def read_pipeline(path: str | Path) -> Pipeline:
    """Read a file with a list of steps. Raises `NotFound`, `TooLarge`, `Malformed`, and `Invalid` with the line, the step and the field."""
    return read_yaml(Path(path), pipeline_of, _place)


def _place(where: str) -> str:
    """Return where in the list a step is that a fault names by its number, from 1."""
    found = _STEP.match(where)
    return f"[{int(found[1]) - 1}]" if found else ""
