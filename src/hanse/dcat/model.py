"""Datasets as a catalogue shows them (DCAT 3; DSP 2025-1, catalogue schemas)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.odrl.model import Offer


class Checksum(Struct, frozen=True):
    """`algorithm` is `sha256` or `blake3`, `value` is lower-case hexadecimal (SPDX checksum)."""

    algorithm: str
    value: str


class Agent(Struct, frozen=True, omit_defaults=True):
    """A person or an organisation (foaf:Agent): its name, and an IRI or a DID where it has one. At least one of them is there."""

    name: str = ""
    id: str | None = None
    person: bool = False


class Period(Struct, frozen=True, omit_defaults=True):
    """The time that data is about (dct:PeriodOfTime); an absent end is open. At least one of them is there."""

    start: datetime | None = None
    end: datetime | None = None


class Stated(Struct, frozen=True):
    """What is stated under one term of the Croissant RAI vocabulary (1.0), e.g. `dataCollection`, in one text or several."""

    term: str
    texts: tuple[str, ...]


class Measured(Struct, frozen=True, omit_defaults=True):
    """One measure of quality that somebody declares (dqv:QualityMeasurement): of which metric (its IRI), which value.

    `claim` is the SHA-256 of the signed statement that says so; empty where nobody signed for it.
    """

    metric: str
    value: float
    claim: str = ""


class Claim(Struct, frozen=True):
    """A signed statement about a dataset: the SHA-256 of what was signed (hexadecimal), and its DSSE envelope, JSON as text.

    Nothing of it is believed before its signature was proved.
    """

    statement: str
    envelope: str


class Dataset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dataset with the offers under which it can be had and the formats in which it is transferred.

    `byte_size` is in bytes; for a folder it is the sum of its files and `files` is their number.
    `formats` are DSP transfer formats, e.g. `HttpData-PULL`. `landing_page` is the address of a page about it, `sources` name what
    it was derived from, `spatial` the places it is about, `conforms_to` the standards that it keeps, `type` its kind (dct:type),
    `citation` how it is cited. `measures` are declared measures of its quality, `claims` the signed statements that they are from.
    What is not known is absent.
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
    created: datetime | None = None
    creators: tuple[Agent, ...] = ()
    publisher: Agent | None = None
    landing_page: str | None = None
    sources: tuple[str, ...] = ()
    spatial: tuple[str, ...] = ()
    temporal: Period | None = None
    conforms_to: tuple[str, ...] = ()
    type: str | None = None
    citation: str = ""
    rai: tuple[Stated, ...] = ()
    measures: tuple[Measured, ...] = ()
    claims: tuple[Claim, ...] = ()
