"""The documents that can be made of a version: a name for each kind, and what makes it. One line per kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hanse.factory.documents.croissant import make_croissant
from hanse.factory.documents.material import Document, Material

Maker = Callable[[Material], Document]
"""Makes a document. It blocks, and may take minutes where data is measured: call it in a thread."""

KINDS: Final[dict[str, Maker]] = {
    "croissant": make_croissant,
}
