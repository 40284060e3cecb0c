"""The rulebook as people write it, one YAML file, to and from `identity.rulebook.Rulebook`.

The file has the names of that model, and some conveniences: `did: anchor` is the anchor's DID; `space` as a value in the bounds of an
issuer or of an automatic rule is the space's address; `lifetime: 90 days` is the model's `days`; terms given as `text` get their
`sha256` computed; a schema without `$schema` is of draft 2020-12.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.anchor.rulebook.references import problems
from hanse.anchor.rulebook.starter import default
from hanse.anchor.rulebook.yamltree import Node, Path, dump, parse, place
from hanse.identity.credentials.schema import check_schema
from hanse.identity.rulebook import (
    MAX_RULEBOOK,
    Automatic,
    CredentialType,
    Evidence,
    Joining,
    Name,
    Role,
    Rulebook,
    Terms,
    TrustedIssuer,
    TypeName,
)
from hanse.kernel.errors import Invalid, TooLarge, Unauthenticated
from hanse.kernel.wording import sentence

__all__ = ["default", "read", "write"]

ANCHOR: Final = "anchor"
SPACE: Final = "space"
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

_AT = re.compile(r"(.*?)(?: - at (?:`key` in )?`\$(.*)`)?", re.DOTALL)
_LONGEST: Final = 3660
"""Days that the model has room for."""
_LIFETIME = re.compile(r"([1-9]\d{0,17}) days?")
_NAMES: Final[dict[str, Any]] = {"credentials": TypeName, "roles": Name, "evidence": Name}
_PARTS: Final[dict[str, type[Struct]]] = {"credentials": CredentialType, "roles": Role, "evidence": Evidence}


@lru_cache(maxsize=32)
def read(text: str) -> Rulebook:
    """Read a rulebook's YAML. The result is shared: it is not to be changed.

    Raises `TooLarge`, `Malformed` (it is not YAML), `Invalid` (it breaks a rule): the message has the line, `where` the place
    (`roles.ai-factory.needs[0]`), and the hint says what would help.
    """
    file = _File(parse(text))
    (_, *inner) = list(file.parts())
    file.prepare()
    for path, kind in reversed(inner):  # the innermost first: they know best where they are
        file.converted(path, kind)
    for path, problem, hint in problems(file.plain):
        raise file.wrong(path, problem, hint)
    book: Rulebook = file.converted((), Rulebook)
    if len(msgspec.json.encode(book)) > MAX_RULEBOOK:
        raise TooLarge(f"The rulebook is larger than {MAX_RULEBOOK // 1024} KiB when it is signed.", where="file")
    return book


def write(rulebook: Rulebook) -> str:
    """Return the YAML of a rulebook, without comments; `read` makes the same rulebook of it."""
    book: dict[str, Any] = msgspec.to_builtins(rulebook)
    for credential in book["credentials"].values():
        for part in (credential, *credential["issuers"]):
            if "days" in part:
                part["lifetime"] = f"{part.pop('days')} days"
        for issuer in credential["issuers"]:
            issuer["did"] = ANCHOR if issuer["did"] == rulebook.anchor else issuer["did"]
            _replace(issuer, rulebook.space, SPACE)
    for rule in book.get("joining", {}).get("automatic", ()):
        _replace(rule, rulebook.space, SPACE)
    return dump(book)


def _replace(bounded: Any, old: str, new: object) -> None:
    claims = bounded.get("claims") if isinstance(bounded, dict) else None
    if not isinstance(claims, dict):
        return
    for name, values in claims.items():
        if isinstance(values, list):
            claims[name] = [new if value == old else value for value in values]


class _File:
    """A rulebook's file: `root` as it was written, with lines, and `plain` as the model wants it."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.plain: Any = root.plain()

    def parts(self) -> Iterator[tuple[Path, Any]]:
        """Yield each part and the model's type for it, outer parts first. Raises `Invalid` for names that are not known."""
        yield self._known((), Rulebook)
        for name in ("space", "anchor", "title", "credentials", "roles"):
            if (name,) not in self:
                raise self.wrong((name,), f"`{name}` is missing.", "A new space's rulebook shows all that there can be.")
        yield from self._single()
        for name, kind in _PARTS.items():
            for one in self._names(name):
                yield self._known((name, one), kind)
        for path, kind in self._listed():
            for number in range(len(self._list(path))):
                yield self._known((*path, number), kind)

    def _single(self) -> Iterator[tuple[Path, Any]]:
        if ("membership",) in self:
            yield ("membership",), TypeName
        if ("terms",) in self:
            yield self._known(("terms",), Terms)
        if ("joining",) in self:
            yield self._known(("joining",), Joining)

    def _listed(self) -> Iterator[tuple[Path, Any]]:
        if ("joining", "automatic") in self:
            yield ("joining", "automatic"), Automatic
        for one in self._names("credentials"):
            if ("credentials", one, "issuers") in self:
                yield ("credentials", one, "issuers"), TrustedIssuer

    def __contains__(self, path: Path) -> bool:
        return self.root.at(path) is not None

    def _known(self, path: Path, kind: type[Struct]) -> tuple[Path, Any]:
        fields = ["lifetime" if field == "days" else field for field in kind.__struct_fields__]
        for name in self._mapping(path):
            if name not in fields:
                raise self.wrong((*path, name), f"{name!r} is not known here.", _suggestion(name, fields))
        return path, kind

    def _mapping(self, path: Path) -> dict[str, Node]:
        node = self.root.at(path)
        if node is None or not isinstance(node.value, dict):
            raise self.wrong(path, "Here stand names with values.", "Indent them by two more blanks, one a line: `name: value`.")
        return node.value

    def _list(self, path: Path) -> list[Node]:
        node = self.root.at(path)
        if node is None or not isinstance(node.value, list):
            raise self.wrong(path, "Here stands a list.", "Write `[one, two]`, or one a line, each with `- ` before it.")
        return node.value

    def _names(self, part: str) -> dict[str, Node]:
        found = self._mapping((part,)) if (part,) in self else {}
        for name in found:
            try:
                msgspec.convert(name, _NAMES[part])
            except msgspec.ValidationError:
                fits = "letters and digits" if part == "credentials" else "1 to 64 of a-z, 0-9 and '-'"
                raise self.wrong((part, name), f"{name!r} cannot be a name here.", f"Use {fits}, starting with a letter.") from None
        return found

    # From the file to the model.

    def prepare(self) -> None:
        """Turn the conveniences of the file into what the model says. Types are checked later, so nothing is taken for granted."""
        space, anchor = self.plain["space"], self.plain["anchor"]
        self._terms()
        for path in [path for path, kind in self.parts() if kind is CredentialType]:
            self._lifetime(path)
            self._schema(path)
        for path in [path for path, kind in self.parts() if kind is TrustedIssuer]:
            self._lifetime(path)
            issuer = self._plain_at(path)
            if issuer.get("did") == ANCHOR:
                issuer["did"] = anchor
            _replace(issuer, SPACE, space)
        for path in [path for path, kind in self.parts() if kind is Automatic]:
            _replace(self._plain_at(path), SPACE, space)

    def _terms(self) -> None:
        terms = self.plain.get("terms")
        if terms is None:
            return
        text, said = terms.get("text"), terms.get("sha256")
        if not isinstance(text, str):
            if said is None:
                raise self.wrong(
                    ("terms",), "Terms have a text, or the hash of one.", "Write `text: |` and the text, or `sha256` and `url`."
                )
            return
        terms["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        if said is not None and said != terms["sha256"]:
            hint = f"Leave it out, or write {terms['sha256']}."
            raise self.wrong(("terms", "sha256"), "This is not the hash of the text.", hint)

    def _lifetime(self, path: Path) -> None:
        part = self._plain_at(path)
        if "lifetime" not in part:
            return
        written = part.pop("lifetime")
        match = _LIFETIME.fullmatch(written) if isinstance(written, str) else None
        if match is None:
            raise self.wrong((*path, "lifetime"), "This is not a time.", "Write a number of days, such as `90 days`.")
        if int(match[1]) > _LONGEST:
            raise self.wrong((*path, "lifetime"), "This is too long.", f"Write at most `{_LONGEST} days`.")
        part["days"] = int(match[1])

    def _schema(self, path: Path) -> None:
        schema = self._plain_at(path).get("schema")
        if not isinstance(schema, dict):
            return
        self._plain_at(path)["schema"] = schema = {"$schema": DRAFT, **schema}
        hint = "It is a JSON schema of what the credential says about its holder, and whole: nothing is fetched for a `$ref`."
        if _refers_elsewhere(schema):
            raise self.wrong((*path, "schema"), "It refers to another schema.", hint)
        try:
            check_schema(msgspec.json.encode(schema), [])
        except Unauthenticated as fault:
            problem = fault.message.removeprefix("The credential is refused. ")
            raise self.wrong((*path, "schema"), problem, hint) from None

    def _plain_at(self, path: Path) -> Any:
        value = self.plain
        for step in path:
            value = value[step]
        return value

    def converted(self, path: Path, kind: Any) -> Any:
        """Return the part as its type. Raises `Invalid`, naming the place."""
        try:
            return msgspec.convert(self._plain_at(path), kind)
        except msgspec.ValidationError as fault:
            problem, inner = _AT.fullmatch(str(fault)).groups(default="")  # type: ignore[union-attr]
            where = (*path, *_steps(inner))
            missing = re.search(r"required field `(\w+)`", problem)
            if missing:
                raise self.wrong((*where, missing[1]), f"`{missing[1]}` is missing.", "Write it below this line.") from None
            raise self.wrong(where, f"{sentence(problem)}.") from None

    def wrong(self, path: Path, problem: str, hint: str | None = None) -> Invalid:
        """Return the error of that place, with the line of the nearest thing that was written."""
        return Invalid(f"Line {self.root.line_of(path)}: {problem}", where=place(path) or "file", rule="rulebook", hint=hint)


def _refers_elsewhere(schema: object) -> bool:
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        outside = isinstance(reference, str) and not reference.startswith("#")
        return outside or any(_refers_elsewhere(value) for value in schema.values())
    return isinstance(schema, list) and any(_refers_elsewhere(value) for value in schema)


def _steps(text: str) -> Path:
    steps: list[str | int] = []
    for name, number in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", text):
        if number == "...":  # a name that msgspec does not tell: what contains it is near enough
            break
        steps.append(int(number) if number else "lifetime" if name == "days" else name)
    return tuple(steps)


def _suggestion(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
