"""`hanse settings`: each setting with its origin."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("settings", example="hanse settings --json")
def command(shell: Shell) -> None:
    """Show each setting and where it came from.

    Settings come from the defaults, then from hanse.toml in the home folder, then from HANSE_… variables.
    """
    from hanse.config import load

    _, found = load(shell.home_option)
    rows = [(one.name, _shown(one.value), one.origin) for one in found]
    data = [{"name": name, "value": value, "origin": origin} for name, value, origin in rows]
    shell.answer(data, lambda: shell.table(("SETTING", "VALUE", "FROM"), rows, "There are no settings."))


def _shown(value: object) -> str:
    """Return a value as text, without the password that a database's address may hold."""
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    text = str(value)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    if parts.password is None:
        return text
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:…@{host}"))
