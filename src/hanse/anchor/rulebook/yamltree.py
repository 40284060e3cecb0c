"""A small part of YAML, on a short leash: mappings, lists, texts, numbers, true and false, nothing that could be a surprise.

Refused are aliases and anchors (a few lines can stand for millions), tags (they name types), a name twice in one mapping (readers
disagree which counts), and more than a bounded size, depth and number of values. `no` and `1:30` are texts here, as they look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import yaml
from msgspec import Struct

from hanse.kernel.errors import Invalid, Malformed, TooLarge

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 24
MAX_VALUES: Final = 20_000
_MAX_NAME: Final = 128

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]
"""Where a value stands: names in mappings, positions in lists."""
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"

# Narrower than YAML 1.1, so that what PyYAML writes without quotes is read here as the text that it was.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"[-+]?\d{1,18}\.\d{0,18}(?:[eE][-+]\d{1,2})?")
_SEAM = re.compile(r"[.\[\]]+")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}

_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is not in every build


class Node(Struct, frozen=True):
    """A value and the line (from 1) that it, or its name, starts on."""

    value: dict[str, Node] | list[Node] | str | int | float | bool | None
    line: int

    def at(self, path: Path) -> Node | None:
        """Return the value at a path below this one, or nothing."""
        node: Node | None = self
        for step in path:
            node = _child(node, step)
        return node

    def line_of(self, path: Path) -> int:
        """Return the line of the value at a path, or of the nearest above it that is there."""
        nodes = (self.at(path[:length]) for length in range(len(path), -1, -1))
        return next((node.line for node in nodes if node is not None), self.line)

    def plain(self) -> Plain:
        """Return dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def _child(node: Node | None, step: Step) -> Node | None:
    value = None if node is None else node.value
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def place(path: Sequence[Step]) -> str:
    """Return a path as people write it: `roles.ai-factory.needs[0]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def path_of(place: str) -> Path:
    """Return the path of what `place` writes, as far as its names have no dots and brackets in them."""
    return tuple(int(part) if part.isdecimal() else part for part in _SEAM.split(place) if part)


def parse(text: str) -> Node:
    """Read one YAML document. Raises `TooLarge`, `Malformed` (not YAML at all), `Invalid` (YAML that is not welcome here)."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024} KiB.", where="file")
    try:
        return _Reader(yaml.parse(text, Loader=_loader)).document()
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = "" if mark is None else f"Line {mark.line + 1}: "
        problem = fault.problem or "something is wrong"
        token = "cannot start any token" in problem
        if "tab" in problem or (token and mark is not None and text.splitlines()[mark.line][mark.column :].startswith("\t")):
            raise Malformed(f"{line}There is a tab.", where="file", hint="Use blanks: YAML takes no tabs for indents.") from None
        if token:
            problem = "a text cannot begin with this character unless it is in quotes"
        raise Malformed(f"{line}This is not YAML: {problem}.", where="file", hint="Look at the indents, colons and quotes there.") from None
    except (yaml.YAMLError, UnicodeError):
        raise Malformed("The file holds characters that no text has.", where="file", hint="Save it as UTF-8.") from None


class _Reader:
    """Builds the tree from the parser's events; nothing of PyYAML's own construction of objects is used."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._left = MAX_VALUES

    def document(self) -> Node:
        event = self._next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise Malformed("The file is empty.", where="file")
        root = self._node(event, ())
        event = self._next()
        while isinstance(event, yaml.DocumentEndEvent):
            event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _unwelcome("A second document starts here", event, (), "Leave out the line `---`.")
        return root

    def _next(self) -> yaml.Event:
        return next(self._events)

    def _node(self, event: yaml.Event, path: Path) -> Node:
        self._left -= 1
        if self._left < 0 or len(path) > MAX_DEPTH:
            raise _unwelcome(f"There are more than {MAX_VALUES} values, or {MAX_DEPTH} levels", event, path, "Make it simpler.")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _unwelcome("References with `&` and `*` are not read", event, path, "Write it out, or put the text into quotes.")
        if event.tag is not None:
            raise _unwelcome("Tags with `!` are not read", event, path, "Leave it out, or put the text into quotes.")
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(_scalar(event, path), line)
        return Node(self._mapping(path) if isinstance(event, yaml.MappingStartEvent) else self._list(path), line)

    def _mapping(self, path: Path) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = event.value if isinstance(event, yaml.ScalarEvent) and len(event.value) <= _MAX_NAME else None
            if name is None or event.anchor is not None or event.tag is not None:
                raise _unwelcome(f"A name is a text of at most {_MAX_NAME} characters", event, path)
            if name in found:
                raise _unwelcome(f"{name!r} stands here a second time", event, path, f"It was on line {found[name].line} before.")
            node = self._node(self._next(), (*path, name))
            found[name] = Node(node.value, event.start_mark.line + 1)  # the name's line, which is where people look
        return found

    def _list(self, path: Path) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            found.append(self._node(event, (*path, len(found))))
        return found


def _scalar(event: yaml.ScalarEvent, path: Path) -> str | int | float | bool | None:
    text: str = event.value
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _unwelcome("This holds half a character", event, path) from None
    if not event.implicit[0]:  # in quotes, or a block
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _unwelcome(problem: str, event: yaml.Event, path: Path, hint: str | None = None) -> Invalid:
    return Invalid(f"Line {event.start_mark.line + 1}: {problem}.", where=place(path) or "file", rule="yaml", hint=hint)


class _Writer(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML carries no types
    """Writes texts of several lines as blocks, and everything out in full."""

    def ignore_aliases(self, data: object) -> bool:
        """Return that nothing is written as a reference."""
        return True


def _text(writer: yaml.SafeDumper, text: str) -> yaml.Node:
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _list(writer: yaml.SafeDumper, items: list[object]) -> yaml.Node:
    plain = not any(isinstance(item, dict | list) for item in items)
    return writer.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=plain)


_Writer.add_representer(str, _text)
_Writer.add_representer(list, _list)


def dump(plain: object) -> str:
    """Return dicts, lists and scalars as YAML that `parse` reads."""
    written: str = yaml.dump(plain, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=120)
    return written
