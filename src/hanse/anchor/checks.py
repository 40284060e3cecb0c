"""Checks on what people and peers write: names, roles, DIDs."""

from __future__ import annotations

import re

from hanse.kernel.errors import Invalid

ROLES_LIMIT = 16

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
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
