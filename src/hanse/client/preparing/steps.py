"""The steps that there are, with their parameters, for people who write a pipeline."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from itertools import pairwise
from textwrap import dedent

import msgspec
from msgspec import NODEFAULT, Struct

from hanse.factory.prepare.base import Reader, Step, Writer
from hanse.factory.prepare.registry import names, step_class
from hanse.kernel.errors import Misconfigured


class Parameter(Struct, frozen=True):
    """A parameter of a step: its name, its default as JSON (empty: it must be given), and what it means, where that is said."""

    name: str
    default: str
    says: str


class Described(Struct, frozen=True):
    """A step: its name, its parameters, and what it does."""

    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    says: str


def described() -> list[Described]:
    """Return all steps by name. Of those whose packages are not installed it is said what they need."""
    return [_described(name) for name in names()]


def _described(name: str) -> Described:
    try:
        cls = step_class(name)
    except Misconfigured as error:
        return Described(name, "step", (), str(error))
    kind = "reader" if issubclass(cls, Reader) else "writer" if issubclass(cls, Writer) else "step"
    meanings = _meanings(cls)
    fields = tuple(_field(one, meanings.get(one.name, "")) for one in msgspec.structs.fields(cls))
    return Described(name, kind, fields, " ".join(inspect.cleandoc(cls.__doc__ or "").split()))


def _field(field: msgspec.structs.FieldInfo, says: str) -> Parameter:
    if field.default is not NODEFAULT:
        default = msgspec.json.encode(field.default).decode()
    elif field.default_factory is not NODEFAULT:
        default = msgspec.json.encode(field.default_factory()).decode()
    else:
        default = ""
    return Parameter(field.encode_name, default if len(default) <= 40 else default[:39] + "…", says)


def _meanings(cls: type[Step]) -> Mapping[str, str]:
    """Return what stands below each field in the source, by the field's name; nothing where there is no source."""
    try:
        body = ast.parse(dedent(inspect.getsource(cls))).body
    except (OSError, SyntaxError):
        return {}
    lines = body[0].body if body and isinstance(body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for field, below in pairwise(lines):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name) or not isinstance(below, ast.Expr):
            continue
        if isinstance(below.value, ast.Constant) and isinstance(below.value.value, str):
            found[field.target.id] = " ".join(below.value.value.split())
    return found
