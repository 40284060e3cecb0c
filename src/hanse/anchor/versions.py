"""The rulebook that holds in a space, inside a transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime

from hanse.anchor.ports import AnchorTx
from hanse.anchor.records import Published, Space
from hanse.anchor.rulebook.document import default, read
from hanse.identity.rulebook import Rulebook

HANSE = "hanse"
"""Who published the rulebook with which a space begins."""


def newest(tx: AnchorTx, space: Space) -> Published:
    """Return the version that holds now: for a space from before there were rulebooks, the one with which a space begins."""
    return tx.rulebooks.newest(space.name) or first(space)


def rulebook_of(tx: AnchorTx, space: Space) -> Rulebook:
    """Return the rulebook that holds now. It is shared: it is not to be changed."""
    return read(newest(tx, space).text)


def first(space: Space) -> Published:
    """Return the version with which a space begins."""
    return version(space, 1, default(space.url, space.anchor, space.title), HANSE, space.created)


def stored(tx: AnchorTx, space: Space) -> Published:
    """Return the version that holds now, stored for good if it was not yet: what is signed or replaced has to be known for ever."""
    known = tx.rulebooks.newest(space.name)
    if known is None:
        known = first(space)
        tx.rulebooks.put(known)
    return known


def version(space: Space, number: int, text: str, by: str, now: datetime) -> Published:
    """Return a version of the space's rulebook, to be stored."""
    return Published(space=space.name, tenant=space.tenant, version=number, text=text, sha256=sha256_of(text), published=now, by=by)


def sha256_of(text: str) -> str:
    """Return the hash by which people tell two texts apart, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
