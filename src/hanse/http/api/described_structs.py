"""What is said of a dataset beyond its description: statements of the RAI vocabulary, and declared measures of quality."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Term = Annotated[str, Meta(min_length=1, max_length=512)]
Rai = Annotated[dict[Term, list[str]], Meta(max_length=32, description="Statements by term of the Croissant RAI vocabulary.")]


class Measure(Struct, kw_only=True):
    """A declared measure of quality: of which metric (a name of ours, e.g. `completeness`, or an IRI), and the statement that says so.

    `claim` is the SHA-256 of that signed statement; empty where nobody signed for it.
    """

    metric: str
    value: float
    claim: str
