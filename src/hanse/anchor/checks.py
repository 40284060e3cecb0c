"""Checks on what people and peers write: names, roles, DIDs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hanse.kernel.errors import Invalid

ROLES_LIMIT = 16
PAPERS: Final = 32
"""Pieces of evidence in one application."""
PAPER: Final = 4_000
"""Characters of one."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_URL = re.compile(r"https?://[^\s/?#@]{1,255}(?:[/?][^\s#]{0,1700})?")
_ROLE = re.compile(r"[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?")


def space_name(text: str) -> str:
    """Return `text` as a space's name: 1 to 63 of `a-z`, `0-9` and `-`, as in a participant's name. Raises `Invalid`."""
    if not _NAME.fullmatch(text):
        raise Invalid(
            f"{text[:80]!r} cannot be a space's name.",
            where="name",
            rule="name",
            hint="Use 1 to 63 of a-z, 0-9 and '-', not starting or ending with '-'.",
        )
    return text


def line(text: str, where: str, limit: int = 200, *, empty: bool = False) -> str:
    """Return `text` as one printable line of 1 (or 0 with `empty`) to `limit` characters, trimmed; raises `Invalid`."""
    trimmed = text.strip()
    if (not trimmed and not empty) or len(trimmed) > limit or not trimmed.isprintable():
        raise Invalid("This must be one line of readable text.", where=where, rule="line", hint=f"Use up to {limit} printable characters.")
    return trimmed


def member_roles(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return roles such as `provider`, each once, in their order; raises `Invalid`."""
    roles = tuple(dict.fromkeys(names))
    if not 0 < len(roles) <= ROLES_LIMIT or not all(_ROLE.fullmatch(role) for role in roles):
        raise Invalid(
            "These cannot be roles in a space.",
            where="roles",
            rule="roles",
            hint=f"Use 1 to {ROLES_LIMIT}, each of a-z, 0-9 and '-', such as provider, consumer or ai-factory.",
        )
    return roles


def evidence(papers: Mapping[str, str]) -> dict[str, str]:
    """Return what an applicant hands in, by name, trimmed: readable texts of one or more lines; raises `Invalid`."""
    handed = {name: paper.strip() for name, paper in papers.items()}
    for name, paper in handed.items():
        readable = paper.replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
        if len(handed) > PAPERS or not _ROLE.fullmatch(name) or not paper or len(paper) > PAPER or not readable:
            raise Invalid(
                "This cannot be evidence.",
                where="evidence",
                rule="evidence",
                hint=f"Hand in up to {PAPERS} texts under the rulebook's names for them, each of up to {PAPER} readable characters.",
            )
    return handed


def address(url: str, where: str) -> str:
    """Return an http or https address of up to 2,000 characters, without user names and fragments; raises `Invalid`."""
    if not _URL.fullmatch(url) or not url.isprintable():
        raise Invalid("This is not an address.", where=where, rule="address", hint="Write it with https://, up to 2,000 characters.")
    return url


def person(name: str) -> str:
    """Return a person's name so that two ways of writing it are one: without case and double blanks."""
    return " ".join(name.split()).casefold()
