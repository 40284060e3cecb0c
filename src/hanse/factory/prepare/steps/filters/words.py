"""What a word is: text is cut at blanks, then punctuation and contractions are cut off, as the rules of spaCy's English tokenizer say.

The published filters count words and compare sequences of them, so their decisions depend on how words are split. Their common published
implementation splits with spaCy's rules for English, which look at one run of non-blanks at a time; so do we, and each distinct run is
split once per batch. Rare cases are left out (most emoticons, some units). For scripts without blanks a run is one word: give such
records to filters of their own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import category

from hanse.factory.prepare.steps.filters.special import SIGNED, SPECIAL, STARTS

LONGEST: Final = 1000
"""Characters of the longest run that is split by all rules, whose time is quadratic. A longer one is cut into letters and signs."""
_REMEMBERED: Final = 64
"""Characters of the longest run whose words are remembered for the next time."""

_QUOTES: Final = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉⟦⟧"
_SIGNS: Final = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।۔؛٪"
_CURRENCY: Final = "$£€¥฿₽﷼₴₠₡₢₣₤₥₦₧₨₩₪₫₭₮₯₰₱₲₳₵₶₷₸₹₺₻₼₾₿"
_BEFORE: Final = frozenset(_QUOTES + _SIGNS + _CURRENCY + "§%=—–")
_BEHIND: Final = frozenset(_QUOTES + _SIGNS + "—–")
_UNITS: Final = (
    "km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa mbar mb MB kb KB gb"
    " GB tb TB T G M K % км м дм см мм нм кг г мг м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб Тб ТБ тб"
)
_DOTS_BEFORE: Final = re.compile(r"\.\.+")
_MEASURES: Final = "|".join(sorted(_UNITS.split(), key=len, reverse=True))
_TAIL: Final = re.compile(rf"(?:\.\.+|……|['’][sS]|(?<=[0-9])(?:\+|(?:US|C|A)?[{_CURRENCY}]|{_MEASURES}))$")
_INNER: Final = re.compile(
    r"\.\.+|…|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[^\W\d_]),(?=[^\W\d_])"
    r"|(?<=[^\W_])(?:-|–|—|--|---|——|~)(?=[^\W\d_])|(?<=[^\W_])[:<>=/](?=[^\W\d_])"
    rf"|(?:(?<=[^\W\d_])|(?<=[{_QUOTES}]))\.(?=[^\W\d_]|[{_QUOTES}])"
)
_NET: Final = "A-Za-z0-9\u00a1-\uffff"
_ADDRESS: Final = re.compile(
    rf"(?:[\w+.-]{{2,}}://)?(?:\S+@)?(?:(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.\d{{1,3}}){{3}}|(?:(?:[{_NET}][{_NET}_-]{{0,62}})?[{_NET}]\.)+[^\W\dA-Z_]{{2,63}})"
    r"(?::\d{2,5})?(?:[/?#]\S*)?"
)
_COARSE: Final = re.compile(r"\w+|\W+")


def split(run: str) -> tuple[str, ...]:
    """Return the words and signs of a run of non-blank characters; joined, they are the run."""
    return _split(run) if len(run) <= _REMEMBERED else _by_rules(run)


def _by_rules(run: str) -> tuple[str, ...]:
    if run in SPECIAL:
        return SPECIAL[run]
    if run.isalpha() or (run[0].isalpha() and run[-1].isalpha() and run.replace("_", "").isalpha()):
        return (run,)
    head, last = run[:-1], run[-1]
    if head.isalpha() and (last in ",;:)" or (last == "." and head[-1].islower())) and head not in SPECIAL:
        return (head, last)
    if len(run) > LONGEST:
        return tuple(_COARSE.findall(run))
    before: list[str] = []
    behind: list[str] = []
    core = _peel(run, before, behind)
    return tuple(_joined([*before, *_core(core), *reversed(behind)]))


_split: Final = lru_cache(2**17)(_by_rules)


def _peel(run: str, before: list[str], behind: list[str]) -> str:
    """Take signs off both ends, as long as there are any and what is left is no special word."""
    while run and run not in SPECIAL:
        head = _head(run)
        if head and run[head:] in SPECIAL:
            before.append(run[:head])
            return run[head:]
        tail = _tail(run[head:])
        if tail and run[:-tail] in SPECIAL:
            behind.append(run[-tail:])
            return run[:-tail]
        if not head and not tail:
            break
        if head:
            before.append(run[:head])
        if tail and head + tail <= len(run):
            behind.append(run[-tail:])
        run = run[head : len(run) - tail] if head + tail <= len(run) else run[head:]
    return run


def _icon(sign: str) -> bool:
    return not sign.isascii() and category(sign) == "So"


def _head(run: str) -> int:
    first = run[0]
    if first == ".":
        dots = _DOTS_BEFORE.match(run)
        return dots.end() if dots else 0
    if first in _BEFORE or (first == "+" and not run[1:2].isdigit()) or _icon(first):
        return 2 if run.startswith("……") else 1
    return 3 if run.startswith("US$") else 2 if run.startswith(("C$", "A$")) else 0


def _tail(run: str) -> int:
    if not run:
        return 0
    found = _TAIL.search(run[-8:] if run[-1] != "." else run)
    if found:
        return found.end() - found.start()
    last = run[-1]
    if last in _BEHIND or _icon(last):
        return 1
    return 1 if last == "." and len(run) > 1 and _ends_sentence(run) else 0


def _ends_sentence(run: str) -> bool:
    sign = run[-2]
    if sign in "0123456789%²-+|" or sign in _BEHIND or (sign.isalpha() and not sign.isupper()):
        return sign not in "—–"
    return sign.isupper() and run[-3:-2].isupper()


def _core(run: str) -> list[str]:
    if not run:
        return []
    if run in SPECIAL:
        return list(SPECIAL[run])
    if "." in run and _ADDRESS.fullmatch(run):
        return [run]
    words: list[str] = []
    start = 0
    for at, end in _cuts(run):
        if at == 0:
            continue
        if at > start:
            words.append(run[start:at])
        words.append(run[at:end])
        start = end
    return [*words, run[start:]] if start < len(run) else words


def _cuts(run: str) -> list[tuple[int, int]]:
    cuts = [found.span() for found in _INNER.finditer(run) if found[0] != "." or _between(run, found.start())]
    if not run.isascii():
        cuts = sorted({*cuts, *((at, at + 1) for at, sign in enumerate(run) if _icon(sign))})
    return cuts


def _between(run: str, at: int) -> bool:
    left, right = run[at - 1], run[at + 1]
    return not left.isupper() and not right.islower()


def _joined(words: list[str]) -> list[str]:
    """Join neighbours that are a special word together, e.g. the dot with the letter before it; the longest first."""
    if STARTS.isdisjoint(words):
        return words
    for size in range(min(4, len(words)), 1, -1):
        at = 0
        while at + size <= len(words):
            whole = "".join(words[at : at + size]) if words[at] in STARTS else ""
            if whole in SIGNED:
                words[at : at + size] = SPECIAL[whole]
            at += 1
    return words
