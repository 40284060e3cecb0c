"""Of which category of the public summary's template a source is, as far as the evidence shows it or a person has told.

Only what follows surely is taken: an own crawl from how it was collected, and that data came from somebody under an agreement. Whether data
is open to the public no record shows, so it is asked.
"""

from __future__ import annotations

from typing import Final

from hanse.factory.documents import known
from hanse.factory.documents.proofs import Piece
from hanse.factory.documents.tree import Item

TITLES: Final = {
    "public": ("2.1", "Publicly available datasets"),
    "licensed": ("2.2.1", "Private datasets, commercially licensed by rightsholders or their representatives"),
    "private": ("2.2.2", "Other private datasets from third parties"),
    "crawled": ("2.3", "Data crawled and scraped by the provider or for it"),
    "users": ("2.4", "User data"),
    "synthetic": ("2.5", "Synthetic data"),
    "other": ("2.6", "Other sources"),
}
"""The sections of the template, by category."""
CATEGORIES_SHOWN: Final = {"synthetic": ("synthetic",), "crawled": ("web scraping", "web crawling")}
"""What shows a category by itself: words in the way of collecting. Of crawled data only one's own: who crawled another's is not known."""


def category(piece: Piece) -> tuple[str, str]:
    """Return the category of a source and what shows it; empty if nothing does."""
    version, said = piece.version, (piece.version.origin.collection or "").lower()
    told = piece.answers.get("sourceCategory", "")
    if told:
        return told, f"told here of {version.name} as sourceCategory"
    for name, words in CATEGORIES_SHOWN.items():
        if any(word in said for word in words) and (name != "crawled" or version.provider is None):
            return name, f"register, {version.id}: how it was collected"
    return "", ""


def listed(piece: Piece, source: str) -> Item:
    """Return a source as the summary lists it. Who provided private data, and under which agreement, is no part of a public document."""
    dataset = known.dataset_of(piece.version, piece.answers)
    said = [f"{dataset.title} ({piece.id})"]
    licence = known.licence(dataset) or piece.version.origin.rights
    said += [f"licence {licence}"] if licence else []
    said += [f"address {dataset.landing_page}"] if dataset.landing_page and category(piece)[0] == "public" else []
    return Item(f"{'; '.join(said)}; {piece.version.size:,} bytes.", source)


def unsorted(piece: Piece) -> Item:
    """Return what is to be asked of a source whose category nothing shows, with what is known of it."""
    version = piece.version
    licence = known.licence(known.dataset_of(version, piece.answers)) or version.origin.rights
    came = "It is data of one's own" if version.provider is None else "It came from a third party under an agreement"
    public = f", and has the licence {licence}" if licence else ", and no licence is known"
    return Item(f"Which category of source {piece.id} is. {came}{public}.", ask="sourceCategory")
