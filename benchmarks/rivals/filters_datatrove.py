"""Gopher's filters of datatrove, run with an environment that has it: `filters_datatrove.py TEXTS RESULT`.

TEXTS holds one JSON string a line; RESULT gets the CPU seconds of each filter alone and what each said of each text, "" for those it keeps.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter


def main(source: Path, result: Path) -> None:
    """Filter every text with both, each for itself, so that what both say is known of all."""
    filters = {"repetition": GopherRepetitionFilter(), "quality": GopherQualityFilter()}
    reasons: dict[str, list[str]] = {name: [] for name in filters}
    seconds = dict.fromkeys(filters, 0.0)
    for one in filters.values():
        one.filter(Document(text="Loads the word splitter before the clock runs.", id="first"))
    with source.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            document = Document(text=json.loads(line), id=str(number))
            for name, one in filters.items():
                start = time.process_time()
                said = one.filter(document)
                seconds[name] += time.process_time() - start
                reasons[name].append(said[1] if isinstance(said, tuple) else "")
    result.write_text(json.dumps({"seconds": seconds, "reasons": reasons}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
