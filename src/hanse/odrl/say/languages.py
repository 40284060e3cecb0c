"""The languages that sentences are made in."""

from __future__ import annotations

from hanse.kernel.errors import Invalid
from hanse.odrl.say.dutch import DUTCH
from hanse.odrl.say.english import ENGLISH
from hanse.odrl.say.french import FRENCH
from hanse.odrl.say.german import GERMAN
from hanse.odrl.say.language import Language

LANGUAGES = {one.code: one for one in (ENGLISH, GERMAN, FRENCH, DUTCH)}
"""Each language by its code (BCP 47)."""


def language_of(code: str) -> Language:
    """Return a language by its code. Raises `Invalid` that lists those that there are."""
    found = LANGUAGES.get(code)
    if found is None:
        raise Invalid(
            f"There are no sentences in {code[:20]!r}.",
            where="language",
            rule="policy-language",
            hint=f"There are {', '.join(sorted(LANGUAGES))}.",
        )
    return found
