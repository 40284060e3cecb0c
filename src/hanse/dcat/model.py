"""Datasets as a catalogue shows them (DCAT 3; DSP 2025-1, catalogue schemas)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.odrl.model import Offer


class Checksum(Struct, frozen=True):
    """`algorithm` is `sha256` or `blake3`, `value` is lower-case hexadecimal (SPDX checksum)."""

    algorithm: str
    value: str


class Dataset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dataset with the offers under which it can be had and the formats in which it is transferred.

    `byte_size` is in bytes; for a folder it is the sum of its files and `files` is their number.
    `formats` are DSP transfer formats, e.g. `HttpData-PULL`.
    """

    id: str
    title: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    theme: str | None = None
    licence: str | None = None
    language: tuple[str, ...] = ()
    media_type: str | None = None
    byte_size: int | None = None
    files: int | None = None
    checksums: tuple[Checksum, ...] = ()
    version: str | None = None
    issued: datetime | None = None
    modified: datetime | None = None
    offers: tuple[Offer, ...] = ()
    formats: tuple[str, ...] = ()
