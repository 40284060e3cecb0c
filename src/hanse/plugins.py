"""Plug-ins: an entry-point group -> {name: object}. Nothing else knows how strangers' code is found.

A package that wants to add something says so in its `pyproject.toml`, e.g. `[project.entry-points."hanse.constraints"]`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from hanse.kernel.errors import Misconfigured

CONSTRAINTS = "hanse.constraints"
"""Left operands of policies (`odrl.constraints.base.Operand`)."""
STEPS = "hanse.steps"
"""Steps of pipelines that prepare data (`factory.prepare.base.Step`)."""
MEASURES = "hanse.measures"
"""Measures of quality (`factory.quality.base.Measure`)."""
DETECTORS = "hanse.detectors"
"""What finds personal data in texts, e.g. a model that knows names (`factory.prepare.steps.personal.findings.Detector`)."""

_LONGEST = 200


def load(group: str, found: Iterable[EntryPoint] | None = None) -> dict[str, object]:
    """Return the objects of a group by their names, in order; `found` are the entry points if not those that are installed.

    Raises `Misconfigured` naming the plug-in that cannot be loaded, or whose name is there twice.
    """
    loaded: dict[str, object] = {}
    for point in sorted(entry_points(group=group) if found is None else found, key=lambda one: (one.name, one.value)):
        if point.name in loaded:
            raise bad(point.name, group, "two packages bring one of this name")
        try:
            loaded[point.name] = point.load()
        except Exception as error:  # whatever a stranger's code raises
            raise bad(point.name, group, f"{point.value} cannot be loaded ({type(error).__name__}: {error})"[:_LONGEST]) from error
    return loaded


def bad(name: str, group: str, why: str) -> Misconfigured:
    """Return the error of a plug-in that is not what it should be."""
    return Misconfigured(
        f"The plug-in {name!r} cannot be used: {why}.",
        where=group,
        rule="plug-in",
        hint="Mend or uninstall the package that brings it; the server does not start with half of its terms.",
    )
