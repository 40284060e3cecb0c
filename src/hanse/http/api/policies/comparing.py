"""Two policies beside each other, in words."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.http.api.policies import structs as p
from hanse.http.api.policies.saying import example, only_in
from hanse.odrl.constraints.base import Operands
from hanse.odrl.forms.write import write_terms
from hanse.odrl.match.coverage import beyond, equivalent, match
from hanse.odrl.model import Atomic, Terms
from hanse.odrl.names import HANSE
from hanse.odrl.normal import same_terms
from hanse.odrl.say import say_terms


def difference(first: Terms, second: Terms, language: str, operands: Operands) -> p.Difference:
    """Return what one permits and the other does not, and the terms that only one has."""
    same = True if same_terms(first, second) else equivalent(first, second, operands)
    return p.Difference(
        same=same,
        only_first=None if same else example(beyond(first, second, operands)),
        only_second=None if same else example(beyond(second, first, operands)),
        removed=only_in(first, second, language, operands),
        added=only_in(second, first, language, operands),
        why="Something in them is not known here, or they are too large to be compared." if same is None else "",
    )


def matching(wanted: Terms, offer: Terms, given: Sequence[Atomic], language: str, operands: Operands) -> p.PolicyMatch:
    """Return whether the use is covered by the offer, with the table of operands and the terms that both would do with.

    `given` is what is known of whoever wants it besides.
    """
    found = match(wanted, offer, operands, given)
    rows = [
        p.Row(
            about=row.about.replace(HANSE, ""),
            offered=[text.replace(HANSE, "") for text in row.offered],
            wanted=[text.replace(HANSE, "") for text in row.wanted],
            verdict=row.verdict,
            suggestion=row.suggestion,
            who="" if row.who == "nobody" else row.who,
        )
        for row in found.rows
    ]
    return p.PolicyMatch(
        verdict=found.verdict,
        why=found.why,
        refused=example(found.refused),
        allowed=example(found.allowed),
        rows=rows,
        counter=None if found.counter is None else write_terms(found.counter),
        counter_sentences=[] if found.counter is None else say_terms(found.counter, language, operands),
    )
