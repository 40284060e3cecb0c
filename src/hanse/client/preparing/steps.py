"""The steps that there are, with their parameters, for people who write a pipeline."""

from __future__ import annotations

import inspect

import msgspec
from msgspec import NODEFAULT, Struct

from hanse.factory.prepare.base import Reader, Step, Writer
from hanse.factory.prepare.registry import names, step_class
from hanse.kernel.errors import Misconfigured


class Described(Struct, frozen=True):
    """A step: its name, its parameters as `name: type = default`, and what it does, in one sentence."""

    name: str
    kind: str
    parameters: tuple[str, ...]
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
    fields = tuple(_field(one) for one in msgspec.structs.fields(cls))
    return Described(name, kind, fields, _sentence(cls))


def _field(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not NODEFAULT:
        default = msgspec.json.encode(field.default).decode()
    elif field.default_factory is not NODEFAULT:
        default = msgspec.json.encode(field.default_factory()).decode()
    else:
        return field.encode_name
    return f"{field.encode_name}: {default if len(default) <= 40 else default[:39] + '…'}"


def _sentence(cls: type[Step]) -> str:
    text = inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0]
    return " ".join(text.split())
