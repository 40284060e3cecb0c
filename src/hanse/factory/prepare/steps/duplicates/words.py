"""What a word is when texts are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

_UNSPACED: Final = r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_NO_WORD: Final = r"[^\p{L}\p{N}\p{M}]+"
_COMPOSES: Final = r"[^\x00-\u02ff\u2010-\u2069]"
"""Text without such a character is in NFC whatever it says: most text, which saves most of the time."""


def words(texts: pa.ChunkedArray | pl.Series) -> pl.Series:
    """Return each text as its words with one space between them: runs of letters, digits and marks, in lower case and NFC.

    In scripts that are written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) each character counts as a word; so an
    n-gram of words is one of characters there, and text in several scripts needs no language.
    """
    found = pl.Series(texts).str.to_lowercase()
    rows = found.str.contains(_COMPOSES).arg_true()
    if len(rows):
        found = found.scatter(rows, found.gather(rows).str.normalize("NFC"))
    return found.str.replace_all(_UNSPACED, " $0 ").str.replace_all(_NO_WORD, " ").str.strip_chars(" ")
