"""The published rules once more, one document at a time and as plainly as the papers state them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from hanse.factory.prepare.steps.filters.words import split

_split = cache(split)
SIGNS = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~—–…“”’«»•►") - {"•"}
STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}


def words_of(text: str) -> list[str]:
    return [word for run in text.split() for word in _split(run)]


def gopher(text: str) -> str:
    """Gopher, A.1.1: first "Quality Filtering", then "Repetition Removal"."""
    if not text:
        return "gopher-empty"
    words = words_of(text)
    return _quality(text, words) or repetition(text, words)


def _quality(text: str, words: list[str]) -> str:
    real = [word for word in words if not set(word) <= SIGNS]
    if len(real) < 50:
        return "gopher-too-short"
    mean = sum(len(word) for word in real) / len(real)
    lines = [line.strip() for line in text.splitlines()]
    rules = {
        "gopher-too-long": len(real) > 100_000,
        "gopher-short-words": mean < 3,
        "gopher-long-words": mean > 10,
        "gopher-hashes": text.count("#") / len(words) > 0.1,
        "gopher-ellipses": (text.count("...") + text.count("…")) / len(words) > 0.1,
        "gopher-bullets": len([line for line in lines if line[:1] in ("-", "•")]) / len(lines) > 0.9,
        "gopher-ellipsis-lines": len([line for line in lines if re.search(r"(\.\.\.|…)$", line)]) / len(lines) > 0.3,
        "gopher-few-letters": len([word for word in words if any(sign.isalpha() for sign in word)]) / len(words) < 0.8,
        "gopher-stop-words": len(STOP_WORDS & set(words)) < 2,
    }
    return next((reason for reason, hit in rules.items() if hit), "")


def repetition(text: str, words: list[str]) -> str:
    return next(_repetitions(text, words), "")


def _repetitions(text: str, words: list[str]) -> Iterator[str]:
    for name, pieces in (("paragraph", re.split("\n\n+", text.strip())), ("line", re.split("\n+", text))):
        again = _again(pieces)
        if len(again) / len(pieces) > 0.3:
            yield f"gopher-repeated-{name}s"
        if sum(map(len, again)) / len(text) > 0.2:
            yield f"gopher-repeated-{name}-characters"
    for size, limit in ((2, 0.20), (3, 0.18), (4, 0.16)):
        counted = Counter(_sequences(words, size))
        top, times = counted.most_common(1)[0] if counted else ((), 0)
        if len(" ".join(top)) * times / len(text) > limit:
            yield f"gopher-top-{size}-words"
    for size, limit in ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10)):
        if _repeated(words, size) / len(text) > limit:
            yield f"gopher-repeated-{size}-words"


def _again(pieces: list[str]) -> list[str]:
    before: set[str] = set()
    again = []
    for piece in pieces:
        again += [piece] if piece in before else []
        before.add(piece)
    return again


def _sequences(words: list[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(size)), strict=False)


def _repeated(words: list[str], size: int) -> int:
    """Count the characters of sequences that occurred before; none is counted twice, so reading goes on behind each."""
    before: set[tuple[str, ...]] = set()
    characters = at = 0
    while at + size <= len(words):
        sequence = tuple(words[at : at + size])
        if sequence in before:
            characters += len("".join(sequence))
            at += size
        else:
            before.add(sequence)
            at += 1
    return characters


def fineweb(text: str) -> str:
    """FineWeb, 3.4, with the limits of its published pipeline."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return "fineweb-empty"
    repeated = sum(len(line) for line in _again(lines))
    rules = {
        "fineweb-unended-lines": len([line for line in lines if line.endswith((".", "!", "?"))]) / len(lines) < 0.12,
        "fineweb-short-lines": len([line for line in lines if len(line) <= 30]) / len(lines) > 0.67,
        "fineweb-repeated-lines": repeated / len(text.replace("\n", "")) > 0.01,
        "fineweb-list": text.count("\n") / len(words_of(text)) > 0.3,
    }
    return next((reason for reason, hit in rules.items() if hit), "")


POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def c4(text: str) -> tuple[str, str]:
    """C4, 2.2, in the order of the code that made the data: what is left of the text, and the reason for dropping all of it."""
    kept = []
    for raw in text.splitlines():
        words = raw.split()
        line = re.sub(r"\[[0-9]*\]|\[edit\]|\[citation needed\]", "", raw.strip())
        if any(len(word) > 1000 for word in words) or not re.search(r'[.!?"]$', line) or line.endswith("...") or len(words) < 5:
            continue
        if "lorem ipsum" in line.lower():
            return "", "c4-lorem-ipsum"
        if "javascript" in line.lower():
            continue
        if "{" in line:
            return "", "c4-curly-bracket"
        if not any(phrase in line.lower() for phrase in POLICY):
            kept.append(line)
    sentences = sum(_sentences(line) for line in kept)
    return ("", "c4-few-sentences") if sentences < 3 else ("\n".join(kept).strip(), "")


def _sentences(line: str) -> int:
    """A sentence ends at a stop that stands for itself; the next begins with the next word that is no punctuation."""
    sentences, ended = 1, False
    for word in words_of(line):
        if word in {".", "!", "?"}:
            ended = True
        elif ended and re.search(r"[^!-#%-*,-/:;?@\[-\]_{}¡§«¶·»¿‐-―‘-”…]", word):
            sentences, ended = sentences + 1, False
    return sentences
