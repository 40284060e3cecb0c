"""What a description says of a record set: which files, which fields, where each value is. Descriptions by others are read, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from hanse.dcat import media
from hanse.dcat.croissant.document import normal
from hanse.dcat.croissant.names import FILE
from hanse.dcat.values import items, text_of_value, texts_of
from hanse.kernel.errors import Invalid, Malformed, NotFound, TooLarge

MAX_DOCUMENT: Final = 256 << 20
MAX_FILES: Final = 1_000_000
KINDS: Final = {
    "Boolean": "Boolean", "Integer": "Integer", "Float": "Float", "Number": "Float", "Text": "Text", "URL": "Text", "Date": "Date",
    "DateTime": "DateTime", "Time": "Time", **{f"{sign}Int{bits}": "Integer" for sign in ("", "U") for bits in (8, 16, 32, 64)},
    **{f"Float{bits}": "Float" for bits in (16, 32, 64)},
}  # fmt: skip
_STEP = re.compile(r'\.?([^.\[\]"\'$]+)|\.?"((?:[^"\\]|\\.)*)"|\.?\'((?:[^\'\\]|\\.)*)\'|\[["\']([^"\']*)["\']\]|(\[\*\])|\$')

Json = dict[str, object]


class Wanted(Struct, frozen=True):
    """A field: under which name its values come out, of which kind, and where they are (see `croissant.shape.Column`)."""

    name: str
    id: str
    kind: str
    column: str = ""
    path: tuple[str, ...] = ()
    file: str = ""
    separator: str = ""
    regex: str = ""
    array: bool = False
    parts: tuple[Wanted, ...] = ()
    value: object = None


class Plan(Struct, frozen=True):
    """A record set: its fields, the files that it comes from (paths inside the folder) with the hashes that are known, their type."""

    folder: str
    name: str
    fields: tuple[Wanted, ...]
    files: tuple[str, ...]
    sums: dict[str, str]
    media_type: str
    data: tuple[dict[str, object], ...] | None = None


def plan(path: Path, record_set: str | None) -> Plan:
    """Return how to read a record set: the one with that id or name, or the only one.

    `path` is a description, or a folder with a `croissant.json`. Raises `Malformed`, `Invalid`, `NotFound`, `TooLarge`.
    """
    file = path / FILE if path.is_dir() else path
    document = normal(_document(file))
    sets = [one for one in items(document.get("recordSet")) if isinstance(one, dict)]
    found = _chosen(sets, record_set)
    return _Planning(file.parent, document).plan(found)


def _document(file: Path) -> object:
    try:
        if file.stat().st_size > MAX_DOCUMENT:
            raise TooLarge(f"A description has at most {MAX_DOCUMENT >> 20} MiB.", where=file.name, rule="croissant-size")
        return msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise NotFound("There is no description here.", where=str(file), hint=str(error.strerror or "")) from None
    except (ValueError, RecursionError):
        raise Malformed("The description is no JSON.", where=file.name, rule="croissant-json") from None


def _chosen(sets: list[Json], wish: str | None) -> Json:
    found = [one for one in sets if wish is None or wish in (text_of_value(one.get("@id")), text_of_value(one.get("name")))]
    if len(found) == 1 or (found and wish is not None):
        return found[0]
    names = ", ".join(text_of_value(one.get("@id")) or "?" for one in sets[:20]) or "none"
    raise NotFound("Which record set is meant is not clear." if found else "There is no such record set.", hint=f"There are: {names}.")


class _Planning:
    def __init__(self, folder: Path, document: Json) -> None:
        self._folder = folder
        nodes = [one for one in items(document.get("distribution")) if isinstance(one, dict)]
        self._nodes = {id: one for one in nodes if (id := text_of_value(one.get("@id")))}
        self._sums = {
            path: total.lower()
            for one in nodes
            if (path := text_of_value(one.get("contentUrl"))) and (total := text_of_value(one.get("sha256")))
        }

    def plan(self, record_set: Json) -> Plan:
        id = text_of_value(record_set.get("@id")) or ""
        fields = [one for one in items(record_set.get("field")) if isinstance(one, dict)]
        wanted = _distinct([self._field(one) for one in fields])
        data = items(record_set.get("data"))
        if data:
            return Plan(str(self._folder), id, wanted, (), {}, "", tuple(_inline(one, wanted) for one in data if isinstance(one, dict)))
        sources = {source for one in fields for source in self._sources(one)}
        if len(sources) != 1:
            raise Invalid("Its fields come from several files at once.", where=id, rule="records-join", hint="Read each by itself.")
        node = self._nodes.get(next(iter(sources)))
        if node is None:
            raise Invalid("It refers to files that are not described.", where=id, rule="croissant-reference")
        files = tuple(self._files(node))
        kinds = [one for one in texts_of(node.get("encodingFormat")) if one != media.GZIP]
        kind = media.media_type_of(files[0] if files else "", kinds[0] if kinds else "")
        return Plan(str(self._folder), id, wanted, files, {path: self._sums[path] for path in files if path in self._sums}, kind)

    def _sources(self, field: Json) -> Iterator[str]:
        for part in items(field.get("subField")):
            if isinstance(part, dict):
                yield from self._sources(part)
        source = field.get("source")
        for key in ("fileObject", "fileSet", "@id"):
            named = source.get(key) if isinstance(source, dict) else None
            id = text_of_value(named)
            if id:
                yield id
                return

    def _files(self, node: Json) -> Iterator[str]:
        if node.get("containedIn"):
            raise Invalid(
                "Its files are inside another one.", where=text_of_value(node.get("@id")), rule="records-contained", hint="Unpack it."
            )
        if "includes" not in node:
            yield self._inside(text_of_value(node.get("contentUrl")) or "")
            return
        wanted, left = (_patterns(node.get(key)) for key in ("includes", "excludes"))
        found = sorted(one for one in _walk(self._folder) if any(test.match(one) for test in wanted))
        yield from (one for one in found if not any(test.match(one) for test in left))

    def _inside(self, path: str) -> str:
        whole = (self._folder / path).resolve()
        if re.match("[A-Za-z][A-Za-z0-9+.-]+:", path) and not whole.is_file():
            raise Invalid("It is not here yet.", where=path[:80], rule="records-remote", hint="Acquire the dataset first.")
        if not path or not whole.is_relative_to(self._folder.resolve()):
            raise Invalid("A path leads out of the folder.", where=path[:80], rule="records-path")
        return path

    def _field(self, node: Json) -> Wanted:
        source = node.get("source")
        extract = source.get("extract") if isinstance(source, dict) else None
        parts = _distinct([self._field(one) for one in items(node.get("subField")) if isinstance(one, dict)])
        column = self._column(source, extract)
        transforms = [one for one in items(source.get("transform")) if isinstance(one, dict)] if isinstance(source, dict) else []
        id = text_of_value(node.get("@id")) or ""
        paths = [text for one in (extract, *transforms) if isinstance(one, dict) and (text := text_of_value(one.get("jsonPath")))]
        return Wanted(
            name=text_of_value(node.get("name")) or id,
            id=id,
            kind=_kind(node, id) if not parts else "",
            column=column or (parts[0].column if parts else ""),
            path=tuple(step for path in paths for step in steps_of(path)),
            file=text_of_value(extract.get("fileProperty")) or "" if isinstance(extract, dict) else "",
            separator=next((text for one in transforms if (text := text_of_value(one.get("separator")))), ""),
            regex=next((text for one in transforms if (text := text_of_value(one.get("regex")))), ""),
            array=node.get("isArray") is True or node.get("repeated") is True,
            parts=parts,
            value=node.get("value"),
        )

    def _column(self, source: object, extract: object) -> str:
        column = text_of_value(extract.get("column")) if isinstance(extract, dict) else None
        return column or ""


def _patterns(value: object) -> list[re.Pattern[str]]:
    return [re.compile(translate(one)) for one in texts_of(value)]


def _walk(folder: Path) -> Iterator[str]:
    """Yield the paths of the files inside a folder; links out of it are not followed."""
    for count, one in enumerate(folder.rglob("*")):
        if count >= MAX_FILES:
            raise TooLarge(f"A folder of more than {MAX_FILES} files is not read.", rule="records-files")
        if one.is_file() and not one.is_symlink():
            yield one.relative_to(folder).as_posix()


def _kind(node: Json, id: str) -> str:
    for one in items(node.get("dataType")):
        text = text_of_value(one) or ""
        known = KINDS.get(text.rpartition(":")[2].rpartition("/")[2])
        if known is not None:
            return known
    raise Invalid("Its data type is none that is read here.", where=id, rule="records-type", hint=f"Read: {', '.join(sorted(KINDS))}.")


def _distinct(fields: list[Wanted]) -> tuple[Wanted, ...]:
    """Return fields under their names, or under their ids where two have the same name."""
    names = [one.name for one in fields]
    return tuple(msgspec.structs.replace(one, name=one.id) if names.count(one.name) > 1 else one for one in fields)


def steps_of(path: str) -> tuple[str, ...]:
    """Return the members that a JSONPath goes through; `*` for every item of a list. Raises `Invalid` for other parts of JSONPath."""
    steps: list[str] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise Invalid("This JSONPath is not read here.", where=path[:80], rule="records-path")
        at = found.end()
        plain, double, single, bracket, every = found.groups()
        if every:
            steps.append("*")
        elif found[0] != "$":
            quoted = next(one for one in (plain, double, single, bracket) if one is not None)
            steps.append(quoted if plain is not None or bracket is not None else re.sub(r"\\(.)", r"\1", quoted))
    return tuple(steps)


def _inline(record: Json, fields: tuple[Wanted, ...]) -> dict[str, object]:
    return {one.name: record.get(one.id, record.get(one.name)) for one in fields}
