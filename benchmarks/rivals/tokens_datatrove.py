"""Datatrove's tokenizer step, run with an environment that has it: `tokens_datatrove.py TEXTS TOKENIZER FOLDER RESULT`.

TEXTS holds one JSON string a line. RESULT gets the CPU seconds, without reading the texts, and the tokens of all documents with their ends.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.tokens import DocumentTokenizer


def main(source: Path, tokenizer: Path, folder: Path, result: Path) -> None:
    """Tokenise once, without shuffling, which only costs time."""
    with source.open(encoding="utf-8") as lines:
        documents = [Document(text=json.loads(line), id=str(number)) for number, line in enumerate(lines)]
    step = DocumentTokenizer(str(folder), str(tokenizer), eos_token="<|endoftext|>", shuffle_documents=False)
    assert step.tokenizer  # loaded before the clock runs
    start = time.process_time()
    step.run(documents)
    seconds = time.process_time() - start
    tokens = sum(file.stat().st_size for file in folder.glob("*.ds")) // 2
    result.write_text(json.dumps({"seconds": seconds, "tokens": tokens}), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:5]))
