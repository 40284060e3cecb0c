"""Policies by name, for people who do not write ODRL: `members + until 2027-01-01`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from hanse.kernel.errors import Invalid
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import ACTIVE, CREDENTIAL, DATE_TIME, MEMBERSHIP, PARTICIPANT, ROLE, USE, is_did
from hanse.odrl.when import read_when, write_moment

_LONGEST = 8192
_MOST_PARTIES = 32
# A plus before a digit belongs to a time zone (+02:00), never to a name.
_ROLE_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?")
_TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}")
_PLUS = re.compile(r"\s*\+\s*(?![0-9])")


class Template(Struct, frozen=True):
    """One way to say a condition: `usage` as it is typed, `meaning` as it is read."""

    name: str
    usage: str
    meaning: str


TEMPLATES = (
    Template("open", "open", "Anybody who may see the offer may use the data."),
    Template("members", "members", "Active members of the space may use the data."),
    Template("role", "role NAME[,NAME...]", "Members with one of these roles in the space, such as ai-factory, may use the data."),
    Template(
        "credential",
        "credential TYPE[,TYPE...]",
        "Members with one of these credentials, by an issuer that the space trusts for it, may use the data.",
    ),
    Template("until", "until DATE", "The data may be used before DATE begins (a day or a moment; UTC unless it says otherwise)."),
    Template("from", "from DATE until DATE", "The data may be used from the first DATE on and before the second begins."),
    Template("only", "only DID[,DID...]", "Only the participants named may use the data."),
)
"""The templates, for documents and help. They combine with `+`: then all conditions must hold."""


def parse_template(text: str, now: datetime) -> Terms:
    """Return the terms that `text` names, e.g. `members + until 2027-01-01`.

    `now` (timezone-aware) is needed to refuse an end in the past. Raises `Invalid` that lists the known templates.
    """
    if len(text) > _LONGEST:
        raise _wrong(f"The policy is longer than {_LONGEST} characters.")
    parts = [part.split() for part in _PLUS.split(text.strip())]
    if not all(parts):
        raise _wrong("A policy template is missing.")
    names = [part[0] for part in parts]
    _check_names(names)
    constraints = [atomic for name, *words in parts for atomic in _PARSERS[name](words, now)]
    return Terms(permissions=(Rule(USE, tuple(constraints)),))


def _check_names(names: list[str]) -> None:
    for name in names:
        if name not in _PARSERS:
            raise _wrong(f"{name[:80]!r} is not a policy template.")
        if names.count(name) > 1:
            raise _wrong(f"{name!r} is there twice.")
    if "open" in names and {"members", "role", "credential", "only"} & set(names):
        raise _wrong("'open' means anybody, so it cannot go with 'members', 'role', 'credential' or 'only'.")


def _wrong(message: str) -> Invalid:
    known = "; ".join(template.usage for template in TEMPLATES)
    return Invalid(message, where="policy", rule="policy-template", hint=f"Known: {known}; combine them with ' + '.")


def _open(words: list[str], now: datetime) -> list[Atomic]:  # noqa: ARG001 - the table's shape
    _no_more("open", words)
    return []


def _members(words: list[str], now: datetime) -> list[Atomic]:  # noqa: ARG001 - the table's shape
    _no_more("members", words)
    return [Atomic(MEMBERSHIP, "eq", ACTIVE)]


def _role(words: list[str], now: datetime) -> list[Atomic]:  # noqa: ARG001 - the table's shape
    roles = list(dict.fromkeys(name for name in ",".join(words).split(",") if name))
    if not 1 <= len(roles) <= _MOST_PARTIES:
        raise _wrong(f"'role' needs 1 to {_MOST_PARTIES} roles.")
    for name in roles:
        if not _ROLE_NAME.fullmatch(name):
            raise _wrong(f"{name[:80]!r} is not a role such as ai-factory.")
    return [Atomic(ROLE, "isAnyOf", list(roles))]


def _credential(words: list[str], now: datetime) -> list[Atomic]:  # noqa: ARG001 - the table's shape
    types = list(dict.fromkeys(name for name in ",".join(words).split(",") if name))
    if not 1 <= len(types) <= _MOST_PARTIES:
        raise _wrong(f"'credential' needs 1 to {_MOST_PARTIES} types.")
    for name in types:
        if not _TYPE_NAME.fullmatch(name):
            raise _wrong(f"{name[:80]!r} is not the type of a credential such as LegalEntityCredential.")
    return [Atomic(CREDENTIAL, "isAnyOf", list(types))]


def _until(words: list[str], now: datetime) -> list[Atomic]:
    if len(words) != 1:
        raise _wrong("'until' needs one date.")
    end = _date(words[0])
    if end <= now:
        raise _wrong(f"The end {words[0]} is in the past.")
    return [Atomic(DATE_TIME, "lt", write_moment(end))]


def _from(words: list[str], now: datetime) -> list[Atomic]:
    if len(words) != 3 or words[1] != "until":
        raise _wrong("'from' needs two dates: from DATE until DATE.")
    start, until = _date(words[0]), _until(words[2:], now)
    if start >= _date(words[2]):
        raise _wrong("The start is not before the end.")
    return [Atomic(DATE_TIME, "gteq", write_moment(start)), *until]


def _only(words: list[str], now: datetime) -> list[Atomic]:  # noqa: ARG001 - the table's shape
    dids = list(dict.fromkeys(did for did in ",".join(words).split(",") if did))
    if not 1 <= len(dids) <= _MOST_PARTIES:
        raise _wrong(f"'only' needs 1 to {_MOST_PARTIES} DIDs.")
    for did in dids:
        if not is_did(did):
            raise _wrong(f"{did[:80]!r} is not a DID.")
    return [Atomic(PARTICIPANT, "isAnyOf", list(dids))]


def _no_more(name: str, words: list[str]) -> None:
    if words:
        raise _wrong(f"{name!r} stands alone; {words[0][:80]!r} does not belong to it.")


def _date(text: str) -> datetime:
    when = read_when(text)
    if when is None:
        raise _wrong(f"{text[:80]!r} is not a date like 2027-01-01 or 2027-01-01T12:00:00Z.")
    return when.start


_PARSERS: dict[str, Callable[[list[str], datetime], list[Atomic]]] = {
    "open": _open,
    "members": _members,
    "role": _role,
    "credential": _credential,
    "until": _until,
    "from": _from,
    "only": _only,
}
