"""What evidence archives look like to a client."""

from __future__ import annotations

from hanse.client.model import Record


class EvidenceAbout(Record, kw_only=True):
    """What an archive is about: a `dataset` version, a `model` or an `agreement`, by name."""

    kind: str
    name: str


class EvidenceArchive(Record, kw_only=True):
    """An archive as it goes into a file, its SHA-256 (hexadecimal), and what is not in it, in sentences."""

    about: EvidenceAbout
    sha256: str
    missing: list[str]
    archive: bytes
