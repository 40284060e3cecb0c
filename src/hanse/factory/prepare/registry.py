"""Steps by name: those that come with Hanse, and those of packages (`hanse.steps`)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from hanse.factory.prepare.base import Step
from hanse.kernel.errors import Invalid, Misconfigured
from hanse.plugins import STEPS, bad, load

BUILT_IN: Final[dict[str, str]] = {
    "decode": "hanse.factory.prepare.steps.decode.step:Decode",
    "language": "hanse.factory.prepare.steps.language:Language",
    "gopher": "hanse.factory.prepare.steps.filters.gopher:Gopher",
    "c4": "hanse.factory.prepare.steps.filters.c4:C4",
    "fineweb": "hanse.factory.prepare.steps.filters.fineweb:FineWeb",
    "exact-duplicates": "hanse.factory.prepare.steps.duplicates.exact:ExactDuplicates",
    "near-duplicates": "hanse.factory.prepare.steps.duplicates.near:NearDuplicates",
    "decontaminate": "hanse.factory.prepare.steps.duplicates.decontaminate:Decontaminate",
    "personal": "hanse.factory.prepare.steps.personal.step:Personal",
    "licence": "hanse.factory.prepare.steps.rights:Licence",
    "opt-out": "hanse.factory.prepare.steps.rights:OptOut",
    "domains": "hanse.factory.prepare.steps.domains:Domains",
    "split": "hanse.factory.prepare.steps.products.split:Split",
    "sections": "hanse.factory.prepare.steps.products.sections:Sections",
    "instruct": "hanse.factory.prepare.steps.products.instruct:Instruct",
    "tokenise": "hanse.factory.prepare.steps.tokens.tokenise:Tokenise",
    "pack": "hanse.factory.prepare.steps.tokens.pack:Pack",
    "parquet": "hanse.factory.prepare.steps.products.parquet:Parquet",
}
"""Where each step is. It is imported when a pipeline names it: some need packages that are large."""


@cache
def _brought() -> dict[str, object]:
    return load(STEPS)


def names() -> list[str]:
    """Return the names of all steps."""
    return sorted({*BUILT_IN, *_brought()})


def step_class(name: str) -> type[Step]:
    """Return a step's class. Raises `Invalid` for a name that no step has, `Misconfigured` if its packages are not installed."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        try:
            found = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            hint = "Install what preparing needs: pip install 'hanse[prepare]'."
            raise Misconfigured(f"The step {name!r} needs the package {error.name}.", where=name, hint=hint) from None
    else:
        found = _brought().get(name)
        if found is None:
            raise Invalid(f"There is no step {name[:80]!r}.", where="steps", rule="step", hint=f"There are: {', '.join(names())}.")
    if not (isinstance(found, type) and issubclass(found, Step)):
        raise bad(name, STEPS, "it is no Step")
    return found
