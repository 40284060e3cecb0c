"""Runs all benchmarks and writes RESULTS.md, section by section. `python -m benchmarks bulk` runs those with that word in their title."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    acquire,
    archive,
    bulk,
    control,
    croissant,
    cut,
    duplicates,
    enforcement,
    facility,
    filters,
    ledger,
    opening,
    personal,
    policy,
    profile,
    tokens,
    transforms,
    trust,
)
from benchmarks.report import Figure, write

ALL: dict[str, Callable[[], list[Figure]]] = {
    "Start and memory": control.footprint,
    "Negotiations": control.negotiations,
    "Catalogue of 10,000 assets": control.catalogue,
    "Bulk": bulk.pull,
    "Cutting a stream": cut.cut,
    "Acquiring anew": acquire.again,
    "Changing data": transforms.masking,
    "Enforcement": enforcement.pull,
    "Records through Croissant": croissant.reading,
    "Facility": facility.storing,
    "Opening": opening.opening,
    "Quality filters": filters.gopher,
    "Tokens": tokens.tokenising,
    "Personal data": personal.scanning,
    **duplicates.ALL,
    "Profile of a table": profile.profiles,
    "Evidence archives": archive.verification,
    **trust.ALL,
    **policy.ALL,
    **ledger.ALL,
}


def main() -> None:
    """Run and write."""
    chosen = [title for title in ALL if not sys.argv[1:] or any(word.lower() in title.lower() for word in sys.argv[1:])]
    for title in chosen:
        print(f"{title} ...", flush=True)
        figures = ALL[title]()
        write(Path(__file__).parent / "RESULTS.md", list(ALL), title, figures)
        for figure in figures:
            verdict = "reached" if figure.reached else "NOT REACHED"
            print(f"  {figure.what}: {figure.value:.3g} {figure.unit} (limit {figure.limit:g}) {verdict}", flush=True)


if __name__ == "__main__":
    main()
