"""A pipeline: a plain list of steps. The first reads files (`decode` unless another is named), the last writes (`parquet`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.factory.prepare.base import Looking, Reader, Step, Writer
from hanse.factory.prepare.registry import names, step_class
from hanse.kernel.errors import Invalid, Misconfigured
from hanse.kernel.wording import sentence

MOST_STEPS: Final = 60
MOST_BYTES: Final = 256 << 10
"""Of a pipeline with all its parameters as JSON. What is larger belongs into a file that a parameter names."""
READER: Final = "decode"
WRITER: Final = "parquet"

_AT: Final = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_FIELD: Final = re.compile(r"(?:unknown|required) field `(.{1,200}?)`")


class Written(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step as it is written down: its name, its version, all of its parameters, and the SHA-256 of the files that they name.

    `at` is `module:Class` for a step that was handed in as an object and has no name in the registry.
    """

    name: str
    version: str
    parameters: Mapping[str, Any] = {}
    files: Mapping[str, str] = {}
    at: str = ""


class Stage(Struct, frozen=True):
    """What one task does with a part: apply these steps (their places in the pipeline), then look for that one, if any."""

    apply: tuple[int, ...]
    look: int | None = None


class Pipeline:
    """Steps that fit together: a Reader, then others, then a Writer."""

    def __init__(self, steps: Sequence[Step], written: Sequence[Written]) -> None:
        self.steps = tuple(steps)
        self.written = tuple(written)

    @property
    def reader(self) -> Reader:
        """The first step."""
        assert isinstance(self.steps[0], Reader)
        return self.steps[0]

    @property
    def writer(self) -> Writer:
        """The last step."""
        assert isinstance(self.steps[-1], Writer)
        return self.steps[-1]

    @property
    def digest(self) -> str:
        """SHA-256 of the steps as they are written down."""
        return hashlib.sha256(msgspec.json.encode(self.written, order="deterministic")).hexdigest()

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages: reading, then runs of steps each of which ends where a step must look at all records, then writing."""
        found: list[Stage] = []
        run: list[int] = [0]
        for place, step in enumerate(self.steps[1:], start=1):
            looks = isinstance(step, Looking)
            if looks or place == 1:
                found.append(Stage(tuple(run), place if looks else None))
                run = []
            run.append(place)
        return (*found, Stage(tuple(run)))


def pipeline_of(steps: object) -> Pipeline:
    """Return a pipeline from a list whose items are names, `{name: {parameters}}`, or steps.

    Raises `Invalid` naming the number of the step and the field, and `Misconfigured` if packages of a step are not installed.
    """
    if not isinstance(steps, list | tuple) or not steps:
        hint = "Each item is the name of a step, or {name: {parameters}}, e.g. [language, {gopher: {}}]."
        raise Invalid("A pipeline is a list of steps.", where="steps", rule="pipeline", hint=hint)
    if len(steps) > MOST_STEPS:
        raise Invalid(f"A pipeline has at most {MOST_STEPS} steps.", where="steps", rule="pipeline")
    made = [_step(number, item) for number, item in enumerate(steps, start=1)]
    _check_places(made)
    if not isinstance(made[0][1], Reader):
        made.insert(0, _made(READER, READER, {}))
    if not isinstance(made[-1][1], Writer):
        made.append(_made(WRITER, WRITER, {}))
    written = [_written(number, name, step) for number, (name, step) in enumerate(made, start=1)]
    if len(msgspec.json.encode(written)) > MOST_BYTES:
        hint = "Put long lists into a file that a parameter names."
        raise Invalid("The pipeline is too large.", where="steps", rule="pipeline", hint=hint)
    return Pipeline([step for _, step in made], written)


def restored(written: Sequence[Written]) -> Pipeline:
    """Return the pipeline that was written down. Raises `Misconfigured` if a step is not here, or not in that version."""
    steps = []
    for number, one in enumerate(written, start=1):
        cls = _class_at(one.at) if one.at else step_class(one.name)
        if cls.version != one.version:
            raise Misconfigured(
                f"Step {number}, {one.name}, is here in version {cls.version}, and version {one.version} was asked for.",
                where=one.name,
                rule="code-differs",
                hint="All nodes need the same packages.",
            )
        steps.append(_converted(one.parameters, cls))
    return Pipeline(steps, written)


def _step(number: int, item: object) -> tuple[str, Step]:
    if isinstance(item, Step):
        _checked(f"step {number}", item)
        return item.name or type(item).__name__, item
    if isinstance(item, str):
        return _made(f"step {number}", item, {})
    if isinstance(item, Mapping) and len(item) == 1:
        ((name, parameters),) = item.items()
        if isinstance(name, str) and (parameters is None or isinstance(parameters, Mapping)):
            return _made(f"step {number}", name, parameters or {})
    hint = "Write a name, or {name: {parameter: value}}."
    raise Invalid(f"Step {number} is neither a name nor a name with its parameters.", where=f"step {number}", rule="pipeline", hint=hint)


def _made(where: str, name: str, parameters: Mapping[str, Any]) -> tuple[str, Step]:
    try:
        cls = step_class(name)
    except Invalid:
        near = get_close_matches(name, names(), n=1)
        hint = f"Perhaps `{near[0]}` is meant." if near else f"There are: {', '.join(names())}."
        raise Invalid(f"There is no step {name[:80]!r}.", where=where, rule="step", hint=hint) from None
    at = where if where == name else f"{where} ({name})"
    try:
        step = _converted(parameters, cls)
    except msgspec.ValidationError as fault:
        raise _fault(at, str(fault), cls) from None
    except TypeError:
        raise Invalid("Its parameters are texts, numbers, lists and mappings.", where=at, rule="parameter") from None
    _checked(at, step)
    return name, step


def _converted(parameters: Mapping[str, Any], cls: type[Step]) -> Step:
    """Return a step by its parameters as JSON has them, where each key is a text."""
    return msgspec.json.decode(msgspec.json.encode(parameters), type=cls)


def _checked(where: str, step: Step) -> None:
    try:
        step.check()
    except Invalid as fault:
        place = f"{where}.{fault.where}" if fault.where else where
        raise Invalid(fault.message, where=place, rule=fault.rule, hint=fault.hint) from None


def _fault(where: str, said: str, cls: type[Step]) -> Invalid:
    at, field = _AT.search(said), _FIELD.search(said)
    place = ".".join(part for part in (where, at[1] if at else "", field[1] if field else "") if part)
    fields = [one.encode_name for one in msgspec.structs.fields(cls)]
    if field is None and at is not None and at[1]:  # a parameter that is there, with a value of another type
        return Invalid(f"{sentence(_AT.sub('', said))}.", where=place, rule="parameter")
    near = get_close_matches(field[1], fields, n=1) if field else []
    hint = f"Perhaps `{near[0]}` is meant." if near else f"It has: {', '.join(fields)}." if fields else "It has no parameters."
    return Invalid(f"{sentence(_AT.sub('', said))}.", where=place, rule="parameter", hint=hint)


def _check_places(made: Sequence[tuple[str, Step]]) -> None:
    for number, (name, step) in enumerate(made, start=1):
        where = f"step {number} ({name})"
        if isinstance(step, Reader) and number > 1:
            hint = "Files are read once, at the beginning."
            raise Invalid(f"{name} reads files: it can only be the first step.", where=where, rule="pipeline", hint=hint)
        if isinstance(step, Writer) and number < len(made):
            hint = "A pipeline writes one product; run a second pipeline for another."
            raise Invalid(f"{name} writes the product: it can only be the last step.", where=where, rule="pipeline", hint=hint)


def _written(number: int, name: str, step: Step) -> Written:
    parameters = msgspec.json.decode(msgspec.json.encode(step))
    cls = type(step)
    at = "" if _known(name, cls) else f"{cls.__module__}:{cls.__qualname__}"
    if at and "<locals>" in at:
        hint = "Define the class at the top of a module, so that other processes find it."
        raise Invalid(f"Step {number} is a class inside a function.", where=f"step {number}", rule="step", hint=hint)
    return Written(name=name, version=cls.version, parameters=parameters, files=dict(step.fingerprint()), at=at)


def _known(name: str, cls: type[Step]) -> bool:
    try:
        return step_class(name) is cls
    except (Invalid, Misconfigured):
        return False


def _class_at(at: str) -> type[Step]:
    module, _, name = at.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError):
        hint = "The module must be importable on each node, as an installed package or by PYTHONPATH."
        raise Misconfigured(f"The step {at} cannot be imported here.", where=at, rule="step", hint=hint) from None
    assert isinstance(found, type)
    assert issubclass(found, Step)
    return found
