"""Texts without what was found in them. Bytes are copied from one finding to the next; no text is decoded."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import numpy as np
import pyarrow as pa

from hanse.factory.prepare.steps.personal.findings import Findings

Mask = Callable[[str, bytes], bytes]
"""A kind and what was found -> what stands in its place."""
_HASH: Final = 16
"""Hexadecimal digits of a pseudonym: 64 bits."""


def label(kind: str, _: bytes) -> bytes:
    """Return the kind in brackets: `[EMAIL]`."""
    return f"[{kind.upper()}]".encode()


def nothing(_: str, __: bytes) -> bytes:
    """Return nothing."""
    return b""


def pseudonyms(salt: bytes) -> Mask:
    """Return a mask that gives the same value the same name, however it is written: `[IBAN-41b2...]`.

    The name is an HMAC with SHA-256: who does not have the salt cannot try out all telephone numbers.
    """

    def mask(kind: str, found: bytes) -> bytes:
        text = found.decode("utf-8", "replace").lower()
        plain = text if kind in ("email", "url", "ipv6") else "".join(c for c in text if c.isalnum())
        name = hmac.new(salt, f"{kind}\0{plain}".encode(), sha256).hexdigest()[:_HASH]
        return f"[{kind.upper()}-{name}]".encode()

    return mask


def masked(texts: pa.ChunkedArray, findings: Findings, mask: Mask) -> pa.LargeStringArray:
    """Return the texts with each finding replaced by its mask."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    whole = whole.fill_null("") if whole.null_count else whole
    if not len(whole):
        return whole
    starts = np.frombuffer(whole.buffers()[1], np.int64)[whole.offset : whole.offset + len(whole) + 1]
    data = memoryview(whole.buffers()[2] or b"")
    begins, ends = starts[findings.records] + findings.begins, starts[findings.records] + findings.ends
    pieces: list[bytes | memoryview] = []
    grown = np.zeros(len(whole), np.int64)
    place = int(starts[0])
    for record, begin, end, code in zip(findings.records.tolist(), begins.tolist(), ends.tolist(), findings.codes.tolist(), strict=True):
        instead = mask(findings.kinds[code], bytes(data[begin:end]))
        pieces += (data[place:begin], instead)
        grown[record] += len(instead) - (end - begin)
        place = end
    pieces.append(data[place : int(starts[-1])])
    offsets = starts - starts[0]
    offsets[1:] += np.cumsum(grown)
    return pa.LargeStringArray.from_buffers(len(whole), pa.py_buffer(offsets), pa.py_buffer(b"".join(pieces)))
