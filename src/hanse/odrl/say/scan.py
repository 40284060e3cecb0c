"""A cursor over sentences: it takes what it expects, and when nothing fits it says where and what would have."""

from __future__ import annotations

import json
import re

from hanse.kernel.errors import Invalid
from hanse.odrl.forms.bounds import MAX_DEPTH, Bounds

LONGEST = 1_000_000
"""Characters of all sentences of one policy."""

_SHOWN = 40
_MOST_EXPECTED = 6


class Reader:
    """Reads one sentence from left to right. Trying something that does not fit moves nothing."""

    def __init__(self, text: str, where: str, bounds: Bounds) -> None:
        self.text = text
        self.at = 0
        self.where = where
        self.bounds = bounds
        self._depth = 0
        self._furthest = 0
        self._expected: list[str] = []

    def take(self, literal: str) -> bool:
        """Step over `literal` if it stands here."""
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        self.expect(literal)
        return False

    def need(self, literal: str) -> None:
        """Step over `literal`. Raises `Invalid` when something else stands here."""
        if not self.take(literal):
            raise self.wrong()

    def match(self, pattern: re.Pattern[str], name: str) -> re.Match[str] | None:
        """Step over what `pattern` (one of ours, without nested repeats) matches here; `name` says what it is."""
        found = pattern.match(self.text, self.at)
        if found is None:
            self.expect(name)
            return None
        self.at = found.end()
        return found

    def quoted(self) -> str | None:
        """Step over a text in quotes and return it; `None` when none stands here."""
        found = self._json('"', "text in quotes")
        return found if isinstance(found, str) else None

    def literal(self) -> str | list[object] | dict[str, object] | None:
        """Step over a text in quotes, a JSON array or object and return it; `None` when none stands here."""
        found = self._json('"[{', "a value in quotes or JSON")
        return found if isinstance(found, str | list | dict) else None

    def end(self) -> bool:
        """Tell whether the sentence ends here."""
        if self.at < len(self.text):
            self.expect("the end of the sentence")
        return self.at == len(self.text)

    def deeper(self, step: int) -> None:
        """Go into brackets (1) or out of them (-1). Raises `Invalid` below the deepest nesting of a policy."""
        self._depth += step
        if self._depth > MAX_DEPTH:
            raise Invalid(f"A policy is nested at most {MAX_DEPTH} deep.", where=self.where, rule="policy-depth")

    def expect(self, what: str) -> None:
        """Note that `what` would have fitted here, for the error if nothing does."""
        if self.at > self._furthest:
            self._furthest, self._expected = self.at, []
        if self.at == self._furthest and what not in self._expected and len(self._expected) < _MOST_EXPECTED:
            self._expected.append(what)

    def wrong(self) -> Invalid:
        """Return the refusal: the furthest place that was reached, and what would have fitted there."""
        at = self._furthest
        found = self.text[at : at + _SHOWN]
        here = f"{found!r} is not understood here" if found else "The sentence ends too early"
        return Invalid(
            f"{here}, after {self.text[max(0, at - _SHOWN) : at]!r}.",
            where=f"{self.where}, character {at + 1}",
            rule="policy-sentence",
            hint=f"Expected: {', '.join(map(repr, self._expected))}.",
        )

    def _json(self, starts: str, name: str) -> object:
        """JSON is how quotes and escapes are written, so that nothing in a value can end it (RFC 8259)."""
        if not self.text.startswith(tuple(starts), self.at):
            self.expect(name)
            return None
        try:
            value, end = _DECODER.raw_decode(self.text, self.at)
            if "\\u" in self.text[self.at : end]:
                json.dumps(value, ensure_ascii=False).encode()  # half a character (a lone surrogate) is no text
            self.at = end
        except (ValueError, RecursionError):
            self.expect(name)
            raise self.wrong() from None
        return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that has a member twice: one of them would be dropped."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member is there twice")
    return found


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
