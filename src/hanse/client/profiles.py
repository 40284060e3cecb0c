"""Who this machine's operator is: `operators.toml` in the home folder, readable by its owner only.

    default = "alice"

    [alice]
    url = "http://localhost:8400"
    token = "hanse_op_..."

`hanse up` writes it. `HANSE_URL` with `HANSE_TOKEN` take its place; `HANSE_PARTICIPANT` picks a section.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from hanse.kernel.errors import Misconfigured

FILE = "operators.toml"
HOST = "host"
"""The section of the server's own operator, which makes and removes participants."""
RESERVED = frozenset({HOST, "default"})
"""Names of the file's own, which no participant's section can have."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_UP = "`hanse up` makes a space on this machine, `hanse join` joins one elsewhere; for a server elsewhere set HANSE_URL and HANSE_TOKEN."


class Profile(Struct, frozen=True):
    """One way to act: for whom, where the server is, and the operator's token. Its text never shows the token."""

    name: str
    url: str
    token: str

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Profile({self.name!r}, {self.url!r})"


def home_of(home: str | Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """Return the home folder: as given, else `HANSE_HOME`, else `./.hanse`."""
    environment = os.environ if environment is None else environment
    return Path(home or environment.get("HANSE_HOME") or ".hanse")


def choose(home: Path, name: str | None = None, environment: Mapping[str, str] | None = None) -> Profile:
    """Return the profile to act with: the named one, that of the environment, the file's default, or its first.

    Raises `Misconfigured` if there is none, naming what would help.
    """
    environment = os.environ if environment is None else environment
    named = name or environment.get("HANSE_PARTICIPANT")
    url, token = environment.get("HANSE_URL"), environment.get("HANSE_TOKEN")
    if url and token and not name:
        return Profile(named or "environment", url, token)
    profiles, default = read(home)
    if not profiles:
        raise Misconfigured("There is no participant to act for.", where=str(home / FILE), rule="no-profile", hint=_UP)
    wanted = named or (default if default in profiles else next(iter(profiles)))
    if wanted not in profiles:
        known = ", ".join(profiles)
        raise Misconfigured(f"There is no profile {wanted[:80]!r}.", where=str(home / FILE), rule="no-profile", hint=f"There are: {known}.")
    return profiles[wanted]


def read(home: Path) -> tuple[dict[str, Profile], str]:
    """Return the profiles in the order they were made, and the name of the default (or ``). Raises `Misconfigured`."""
    path = home / FILE
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # Not the parser's words: they may quote a line with a token.
        raise Misconfigured(f"The profiles cannot be read ({type(error).__name__}).", where=str(path), rule="profiles") from None
    default = found.pop("default", "")
    return {name: _profile(name, section, path) for name, section in found.items()}, str(default)


def write(home: Path, profiles: Mapping[str, Profile], default: str = "") -> Path:
    """Replace the file in one step, with access for its owner only. Returns its path."""
    lines = [f"default = {json.dumps(default)}", ""] if default else []
    for profile in profiles.values():
        if not _NAME.fullmatch(profile.name):
            raise Misconfigured(f"{profile.name[:80]!r} cannot name a profile.", where="name", hint="Use letters, digits, '-' and '_'.")
        lines += [f"[{profile.name}]", f"url = {json.dumps(profile.url)}", f"token = {json.dumps(profile.token)}", ""]
    home.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=home, prefix=f".{FILE}.")  # 0600 from its first moment
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    path = home / FILE
    Path(temporary).replace(path)
    return path


def add(home: Path, profile: Profile, *, default: bool = False) -> Path:
    """Add a profile, or replace the one of that name. The first one becomes the default."""
    profiles, old = read(home)
    return write(home, profiles | {profile.name: profile}, profile.name if default or not old else old)


def remove(home: Path, name: str) -> None:
    """Forget a profile, if there is one of that name."""
    profiles, default = read(home)
    if profiles.pop(name, None) is not None:
        write(home, profiles, default if default in profiles else next(iter(profiles), ""))


def _profile(name: str, section: object, path: Path) -> Profile:
    url, token = (section.get("url"), section.get("token")) if isinstance(section, dict) else (None, None)
    if not isinstance(url, str) or not isinstance(token, str):
        raise Misconfigured("A profile needs a url and a token.", where=f"{path}, [{name}]", rule="profiles")
    return Profile(name, url, token)
