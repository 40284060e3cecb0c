"""Finds a kit by its Maven coordinates, and tells why it is not there: not in the registry, or anything else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conformance.kit.kits import Kit
from tests.services.processes import require

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).resolve().parents[3] / ".cache" / "kits"
CONTROL = "junit:junit:4.13.2"
"""An artifact that every registry has: where it is not found either, the registry is at fault, not the kit."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class KitMissing(Exception):
    """The kit cannot run here; the message says what is missing and what would help."""


class KitNotInRegistry(KitMissing):
    """The registry answers, and says that it has no such kit: nobody on this machine can mend that."""


def require_kit(kit: Kit, run: str, announce: Callable[[str], None] = print, find: Callable[[Kit], str] | None = None) -> None:
    """Skip the test where the kit cannot run, saying why; with CI=true that is a failure.

    One thing is a skip with CI=true as well, and announced: a registry that works and does not hold the kit. The decision is
    in `docs/decisions/0010-dsp-kit-missing-from-the-registry.md`.

    Args:
        kit: which kit.
        run: what its line begins with, such as `DCP 1.0.2 verifier`.
        announce: takes lines that must be seen.
        find: finds the class path, and raises as `class_path` does, which is the default.
    """
    missing = _missing(kit, find or class_path)
    if isinstance(missing, KitNotInRegistry):
        line = f"{run}: NOT RUN, the registry does not hold {kit.coordinates}"
        announce(line)
        pytest.skip(f"{line} ({missing})")
    require(None if missing is None else str(missing))
    if os.environ.get(kit.own_class_path):
        announce(f"{run}: the copy that {kit.own_class_path} names, not the registry's")


@cache
def _missing(kit: Kit, find: Callable[[Kit], str]) -> KitMissing | None:
    """Look once per run of the tests: a "no" is kept no longer than that."""
    try:
        find(kit)
    except KitMissing as missing:
        return missing
    return None


def class_path(kit: Kit) -> str:
    """Return the class path of the kit, found once by Maven and then kept under `.cache/kits`.

    Raises:
        KitMissing: if Java, Maven or the kit is not to be had here.
    """
    if shutil.which("java") is None:
        raise KitMissing("the compatibility kits need Java 17 or newer: install the package default-jre-headless")
    own = os.environ.get(kit.own_class_path)
    if own:
        return own
    wanted = sha256(POM.read_bytes() + " ".join(kit.arguments()).encode()).hexdigest()[:12]
    kept = CACHE / f"{kit.name.replace(' ', '-').lower()}-{wanted}.classpath"
    if kept.exists():
        found = kept.read_text().strip()
        if all(Path(jar).exists() for jar in found.split(os.pathsep)):
            return found
    return _ask_maven(kit, kept)


def _ask_maven(kit: Kit, kept: Path) -> str:
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(".new")
    goal = ("dependency:build-classpath", "-DincludeScope=runtime", f"-Dmdep.outputFile={unfinished}")
    found, said = _maven("-U", "-f", str(POM), *kit.arguments(), *goal)
    if not found or not unfinished.exists():
        raise why_missing(kit, said, control_is_found)
    unfinished.replace(kept)
    return kept.read_text().strip()


def why_missing(kit: Kit, said: str, control_found: Callable[[], bool]) -> KitMissing:
    """Return why Maven, which said that, did not find the kit: not in the registry, or anything else.

    "Could not find artifact" is the registry's definite no; a registry that cannot be reached "could not transfer". A
    registry that does not have the control artifact either is no witness.
    """
    errors = [line for line in said.splitlines() if "ERROR" in line]
    first = errors[0] if errors else "it said nothing"
    group, artifact, version = kit.coordinates.split(":")
    refused = re.search(rf"Could not find artifact {re.escape(group)}:{re.escape(artifact)}:(?:\w+:)?{re.escape(version)}\b", said)
    if refused and control_found():
        return KitNotInRegistry(f"Maven finds {CONTROL} there, but says of the kit: {refused[0]}")
    return KitMissing(f"Maven did not find the compatibility kit: {first}")


@cache
def control_is_found() -> bool:
    """Tell whether the registry gives out the control artifact now, whatever this machine has kept of it.

    Maven is given a repository that lacks the control's group alone, so that it must ask, and need not fetch its own plugins.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-kit-") as folder:
        group = CONTROL.partition(":")[0]
        for kept in (Path.home() / ".m2" / "repository").glob("*"):
            if kept.name != group:
                (Path(folder) / kept.name).symlink_to(kept)
        return _maven(f"-Dmaven.repo.local={folder}", "dependency:get", f"-Dartifact={CONTROL}:pom", "-Dtransitive=false")[0]


def _maven(*arguments: str) -> tuple[bool, str]:
    """Run Maven; return whether it succeeded, and what it said."""
    program = shutil.which("mvn")
    if program is None:
        raise KitMissing("the compatibility kits are found by Maven: install the package maven")
    command = [program, "-q", "-B", *arguments]
    try:
        asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=900)
    except subprocess.TimeoutExpired:
        raise KitMissing("Maven had no answer for 15 minutes") from None
    return asked.returncode == 0, COLOUR.sub("", asked.stdout + asked.stderr)
