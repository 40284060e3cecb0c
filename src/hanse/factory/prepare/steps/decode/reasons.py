"""Why something is left out, in words that can be counted, with what each means."""

from __future__ import annotations

from typing import Final

REASONS: Final[dict[str, str]] = {
    "about-the-data": "a file at the top of the version that is about the data: README, LICENSE and the like",
    "archive-bomb": "it unpacks, or its rows do, to more than `limits.unpacked_bytes`, or than `limits.ratio` times its size",
    "archive-damaged": "an archive or packed file that ends too early or breaks its format: what comes after is lost",
    "archive-encrypted": "a member of a zip archive that is encrypted",
    "archive-link": "a member of an archive that is a link or a device, not a file",
    "archive-members": "an archive with more than `limits.members` members: the rest is left out",
    "archive-method": "a member of a zip archive that is packed in another way than deflate",
    "archive-nesting": "packed more often than `limits.nesting`",
    "archive-path": "a member of an archive whose path leads out of it",
    "archive-repeated": "a member of an archive with the path of an earlier one",
    "cells": "a row that has more or fewer cells than the header has names",
    "columns": "a table without a header, or with more than 1,000 columns",
    "damaged": "a file that ends too early or breaks its format",
    "encoding": "bytes that are text in no encoding that can be told",
    "http-status": "a response of a WARC file that is not a page (its status is not 200)",
    "json": "a line that is not JSON",
    "json-depth": "JSON within JSON, too deep",
    "json-no-object": "a line of JSON that is no object",
    "kind-left-out": "a kind of file that `kinds` does not name",
    "kind-unknown": "a kind of file that is not read: pictures, programs and the like",
    "line-too-long": "a line or row of more than `limits.line_bytes`",
    "markup-depth": "a page whose elements are nested deeper than `limits.depth`",
    "no-records": "a file that holds none: a table without rows, an empty archive",
    "no-text": "nothing is left, or nothing was there: an empty cell, a page of links, a scanned PDF",
    "pdf-encrypted": "a PDF that opens with a password only",
    "pdf-pages": "a PDF of more than `limits.pages` pages",
    "record-too-long": "a record of more than `limits.record_bytes`",
    "too-hard": "it took more than `limits.seconds` or more memory than may be used",
    "too-many-bad-rows": "100,000 rows on end that do not fit the header: this is not a table, and the rest is left out",
    "warc-coding": "a response of a WARC file in a content coding that is not read: not gzip",
    "warc-type": "a response of a WARC file that is neither a page nor text nor PDF",
}


class Bad(Exception):
    """What is being read cannot be read any further; `reason` is one of `REASONS`."""

    def __init__(self, reason: str, sample: str = ""):
        super().__init__(reason)
        self.reason = reason
        self.sample = sample
