"""What is stated about data, in a file: strict YAML, whose mistakes are named by their line and field."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from hanse.client.yaml_file import read_yaml
from hanse.factory.quality.stated import Stated, check_stated, stated_of


def read_stated(use: str | Path | Mapping[str, object] | Stated | None, population: str | Path | None = None) -> Stated:
    """Return what is stated in a file, in plain values or already; `population` is a file with shares that take the place of its own.

    Raises `NotFound`, `TooLarge`, `Malformed`, and `Invalid` with the line and the field.
    """
    if isinstance(use, str | Path):
        stated = read_yaml(Path(use), stated_of)
    elif isinstance(use, Mapping):
        stated = stated_of(use)
    else:
        stated = use or Stated()
    if population is not None:
        stated = msgspec.structs.replace(stated, population=read_yaml(Path(population), _shares).population)
    check_stated(stated)
    return stated


def _shares(plain: object) -> Stated:
    return stated_of({"population": plain.get("population", plain) if isinstance(plain, dict) else plain})
