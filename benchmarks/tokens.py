"""Tokenising and packing against datatrove's tokenizer step, with the same tokenizer on the same text, CPU time of one process each."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pyarrow as pa

from benchmarks import man_pages, rival
from benchmarks.report import Figure, median
from hanse.factory.prepare.steps.tokens.pack import Pack
from hanse.factory.prepare.steps.tokens.tokenise import FILE, Tokenise

EVERY = 6
"""The rival gets every sixth document, since it is slow: rates are compared, and the number of tokens of those documents."""
ROUNDS = 3
PART = 4_096


def tokenising() -> list[Figure]:
    """Measure both, and training a tokenizer."""
    texts = man_pages.texts()
    some = texts[::EVERY]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.process_time()
        step = Tokenise()
        step.decide([(part, step.look(table)) for part, table in _parts(texts)], folder)
        training = time.process_time() - start
        theirs = rival.answer("tokens_datatrove.py", some, folder / FILE, folder / "rival")
        runs = [_once(texts, folder, str(number)) for number in range(ROUNDS)]
        tokens, _ = _once(some, folder, "some")
    whole, part = man_pages.megabytes(texts), man_pages.megabytes(some)
    rate = part / theirs["seconds"]
    note = f"{len(texts)} man pages, {whole:.0f} MB, {runs[0][0] / 1e6:.1f} million tokens; datatrove on every {EVERY}th: {rate:.2f} MB/s"
    rates = [whole / seconds for _, seconds in runs]
    more = 100 * abs(tokens - theirs["tokens"]) / theirs["tokens"]
    return [
        median("Tokenising and packing, times datatrove's rate", [one / rate for one in rates], "times", 8, higher=True, note=note),
        Figure("Tokens that datatrove counts otherwise", more, "%", 0, note=f"{tokens} tokens with ends of documents"),
        median("Tokenising and packing, one process", rates, "MB/s", 8, higher=True, note=note),
        Figure(
            "Training a tokenizer of 16,000 tokens on a sample",
            training,
            "s",
            60,
            note=f"at most 4 MiB of each part, {whole:.0f} MB in all",
        ),
    ]


def _once(texts: tuple[str, ...], trained: Path, name: str) -> tuple[int, float]:
    """Return the tokens with ends of documents, and the seconds from records to shards, with a tokenizer that has seen no word yet."""
    step = Tokenise(tokenizer=str(trained / FILE))
    folder = trained / name
    folder.mkdir()
    step.decide([], folder)
    step.apply(dict(_parts(("Löads",)))["0"], folder)  # loaded before the clock runs
    parts = dict(_parts(texts))
    pack = Pack(rest="pad")
    start = time.process_time()
    made = {name: step.apply(table, folder).records for name, table in parts.items()}
    seen = [(name, pack.look(table)) for name, table in made.items()]
    pack.decide(seen, folder)
    counts = [pack.write(piece, (made[name] for name in piece.parts), folder) for piece in pack.plan(seen)]
    return sum(count["tokens"] for count in counts), time.process_time() - start


def _parts(texts: tuple[str, ...]) -> list[tuple[str, pa.Table]]:
    table = man_pages.records(texts)
    return [(str(at), table.slice(at, PART)) for at in range(0, len(table), PART)]
