"""A facility of a few objects, written as `facility.layout` says, with chunks as small as a test wants them."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.client.reading.content import Content
from hanse.client.reading.places import open_place
from hanse.dcat.holding import DatasetVersion
from hanse.factory.facility import layout
from hanse.kernel.tenant import Tenant

KEY = b"k" * 32
MANIFEST = f"acme/{'0' * 32}/versions/{'1' * 32}"
PACK = f"{'2' * 32}-{'3' * 32}"


def write(folder, files, *, chunk=7, pack=PACK):
    """Write a version with these files into a folder, in chunks of so many bytes."""
    cipher, stored, table, rows = AESGCM(b"p" * 32), bytearray(layout.PACK_MAGIC), b"", []
    for path, data in sorted(files.items()):
        first = len(table) // layout.ROW_SIZE
        for at in range(0, len(data), chunk):
            part, frame = data[at : at + chunk], len(table) // layout.ROW_SIZE
            table += layout.write_row(layout.Row(blake3(part).digest(), 0, frame, len(stored), len(part)))
            stored += cipher.encrypt(layout.nonce(frame), part, None)
        rows.append(layout.FileRow(path, len(data), hashlib.sha256(data).hexdigest(), "", first, len(table) // layout.ROW_SIZE - first))
    version = DatasetVersion(
        tenant=Tenant("acme"),
        name="odd",
        number=1,
        root="0" * 64,
        count=len(files),
        size=sum(map(len, files.values())),
        stored=datetime(2027, 3, 1, tzinfo=UTC),
    )
    packs = (layout.PackKey(pack, (b"p" * 32).hex()),)
    manifest = layout.Manifest(version=version, packs=packs, files=tuple(rows), chunks=base64.b64encode(table).decode())
    vault = folder / "acme" / ("0" * 32)
    for name in ("packs", "versions"):
        (vault / name).mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_bytes(layout.seal_manifest(KEY, MANIFEST, manifest))
    if pack == PACK:
        (vault / "packs" / PACK).write_bytes(stored)
    return vault / "packs" / PACK


def content(folder, files=None, **more):
    """Open the version in a folder; write it first if there are files."""
    if files is not None:
        write(folder, files, **more)
    return Content(open_place(str(folder)), open_place(str(folder / "cold")), MANIFEST, KEY)
