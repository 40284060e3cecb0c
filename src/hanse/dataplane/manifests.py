"""Manifests: which files an asset has, with their digests, kept up to date without reading what has not changed.

A manifest is stored with the stamps of its files. When it is asked for, the source is listed again; files whose stamp
is the same keep their digests, only the others are read. So a changed file gets a new entity tag, and the manifest a
new id, at the first request after the change.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from hanse.dataplane.hashing import digest
from hanse.dataplane.ports import Database, DataTx, Opened, Sources
from hanse.dataplane.records import Entry, Facts, Found, Manifest, Place, Progress
from hanse.dataplane.reserved import reservations
from hanse.dataplane.sidecars import describe
from hanse.dataplane.spool import KIND, Spool
from hanse.dataplane.transforms.kinds import SUFFIXES
from hanse.kernel.errors import NotFound, SourceVanished
from hanse.kernel.tenant import Tenant

PARALLEL = 4
CACHED_FILES = 200_000
"""Files of all cached manifests together: the bound of the cache's memory (about 100 MB)."""

_UNKNOWN = "application/octet-stream"
_PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_DECODER = msgspec.msgpack.Decoder(Manifest)
_ENCODER = msgspec.msgpack.Encoder()


class PublicFile(Struct, rename="camel"):
    """One file, as the manifest's JSON names it. Digests are hexadecimal."""

    path: str
    size: int
    sha256: str
    blake3: str
    media_type: str
    etag: str


class PublicManifest(Struct, rename="camel", omit_defaults=True):
    """The manifest as JSON. `kind` is `file` or `folder`; `id` changes exactly when the content changes.

    `chunks` names the rule of the chunk lists that lie beside the files (`chunks/PATH` beside `files/PATH`), where there are any.
    """

    id: str
    kind: str
    total_files: int
    total_size: int
    files: list[PublicFile]
    chunks: str | None = None


def encode_public(manifest: Manifest, chunks: str | None = None) -> bytes:
    """Return the manifest as the JSON that a consumer gets; `chunks` is the rule of its chunk lists."""
    files = [PublicFile(e.path, e.size, e.sha256.hex(), e.blake3.hex(), e.media_type, e.etag) for e in manifest.files]
    kind = "file" if manifest.single else "folder"
    return msgspec.json.encode(PublicManifest(manifest.id, kind, len(files), manifest.size, files, chunks))


def media_type(path: str) -> str:
    """Return the media type that the name suggests (RFC 9110, 8.3: `application/octet-stream` when unknown)."""
    own = SUFFIXES.get(PurePosixPath(path).suffix.lower())
    if own:
        return own
    known, encoding = mimetypes.guess_type(path, strict=False)
    if encoding:
        return _PACKED.get(encoding, _UNKNOWN)
    return known or _UNKNOWN


def fingerprint(found: Sequence[Found]) -> str:
    """Return a digest over paths and stamps."""
    return hashlib.sha256(_ENCODER.encode(found)).hexdigest()


def build(kind: str, found: Sequence[Found], entries: Sequence[Entry]) -> Manifest:
    """Return the manifest of a listing and its entries."""
    content = hashlib.sha256(_ENCODER.encode([(e.path, e.size, e.blake3) for e in entries])).hexdigest()
    return Manifest(content[:32], kind, fingerprint(found), tuple(entries))


class Manifests:
    """Makes, stores and renews manifests.

    `database` and `sources` are ports; `spool` holds derived versions. At most `PARALLEL` files are read at once for one manifest.
    """

    def __init__(self, database: Database, sources: Sources, spool: Spool | None = None) -> None:
        self._database = database
        self._sources = sources
        self._spool = spool
        self._cache: OrderedDict[tuple[Tenant, str], tuple[Place, Manifest]] = OrderedDict()
        self._locks: WeakValueDictionary[tuple[Tenant, str], asyncio.Lock] = WeakValueDictionary()

    async def inspect(self, tenant: Tenant, place: Place, progress: Progress | None = None) -> Facts:
        """Read a source and return what can be found out about it. Nothing is stored; see `keep`.

        `progress` is called from threads. Raises `Forbidden`, `SourceVanished` and `Invalid` (a name or a kind of
        file that cannot be offered).
        """
        self._sources.check(tenant, place)
        found = await self._sources.find(tenant, place)
        manifest = await self._make(tenant, place, found, {}, progress)
        told = await describe(self._sources, tenant, place, manifest)
        only = manifest.files[0] if manifest.single else None
        return Facts(
            manifest=manifest,
            size=manifest.size,
            files=len(manifest.files),
            media_type=only.media_type if only else "application/x-tar",
            sha256=only.sha256.hex() if only else None,
            blake3=only.blake3.hex() if only else None,
            title=told.title,
            description=told.description,
            licence=told.licence,
            language=told.language,
            reservations=await reservations(self._sources, tenant, place),
        )

    @staticmethod
    def keep(tx: DataTx, tenant: Tenant, asset: str, manifest: Manifest) -> None:
        """Store the manifest of an asset, in the transaction that stores the asset."""
        tx.manifests.put(tenant, asset, manifest.fingerprint, _ENCODER.encode(manifest))

    async def current(self, tenant: Tenant, asset: str, place: Place) -> Manifest:
        """Return the manifest of what the place holds now."""
        if self._spool is not None and place.kind == KIND:  # made whole, with its manifest, and never changed
            return self._spool.version(tenant, place).manifest
        lock = self._locks.setdefault((tenant, asset), asyncio.Lock())
        async with lock:
            found = await self._sources.find(tenant, place)
            known = await self._known(tenant, asset, place)
            if known is not None and known.fingerprint == fingerprint(found) and all(one.stamp.mark for one in found):
                return known
            fresh = await self._make(tenant, place, found, _by_path(known), None)
            await self._database.run(lambda tx: self.keep(tx, tenant, asset, fresh))
            self._remember(tenant, asset, place, fresh)
            return fresh

    async def entry(self, tenant: Tenant, asset: str, place: Place, path: str) -> tuple[Entry, Opened]:
        """Open one file and return it with an entry that is true of it. The caller closes it.

        Raises `NotFound` when the place has no such file, `SourceVanished` when it goes on changing.
        """
        manifest = await self._known(tenant, asset, place) or await self.current(tenant, asset, place)
        for _ in range(3):
            found = await self._try(tenant, place, find_entry(manifest, path))
            if found is not None:
                return found
            manifest = await self.current(tenant, asset, place)
            if find_entry(manifest, path) is None:
                raise NotFound("There is no such file in this data.", where="path")
        raise SourceVanished("The file keeps changing.", hint="Write data in full before it is offered.")

    async def _try(self, tenant: Tenant, place: Place, entry: Entry | None) -> tuple[Entry, Opened] | None:
        """Open the file of an entry, or return nothing if the entry is not true of it any more."""
        if entry is None:
            return None
        opened = await self._sources.open(tenant, place, entry.path)
        if opened.stamp.agrees(entry.stamp):
            return entry, opened
        await opened.close()
        return None

    async def _known(self, tenant: Tenant, asset: str, place: Place) -> Manifest | None:
        if place.kind == KIND:
            return None
        cached = self._cache.get((tenant, asset))
        if cached is not None and cached[0] == place:
            self._cache.move_to_end((tenant, asset))
            return cached[1]
        body = await self._database.read(lambda tx: tx.manifests.get(tenant, asset))
        if body is None:
            return None
        manifest = _DECODER.decode(body)
        self._remember(tenant, asset, place, manifest)
        return manifest

    def _remember(self, tenant: Tenant, asset: str, place: Place, manifest: Manifest) -> None:
        self._cache[tenant, asset] = (place, manifest)
        self._cache.move_to_end((tenant, asset))
        while len(self._cache) > 1 and sum(len(m.files) for _, m in self._cache.values()) > CACHED_FILES:
            self._cache.popitem(last=False)

    async def _make(
        self, tenant: Tenant, place: Place, found: Sequence[Found], known: Mapping[str, Entry], progress: Progress | None
    ) -> Manifest:
        total = None if any(f.stamp.size < 0 for f in found) else sum(f.stamp.size for f in found)
        count = _Counter(total, progress)
        waiting = iter(found)
        entries: dict[str, Entry] = {}

        async def worker() -> None:
            for one in waiting:
                old = known.get(one.path)
                fits = old is not None and one.stamp.mark and old.stamp.agrees(one.stamp)
                entries[one.path] = old if old and fits else await self._read(tenant, place, one, count)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(PARALLEL, len(found))):
                    group.create_task(worker())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return build(place.kind, found, [entries[one.path] for one in found])

    async def _read(self, tenant: Tenant, place: Place, found: Found, count: _Counter) -> Entry:
        opened = await self._sources.open(tenant, place, found.path)
        try:
            digests = await digest(opened, count.advance)
            sha256, blake3 = digests.digests()
            stamp = replace(opened.stamp, size=digests.size)
            return Entry(found.path, stamp, sha256, blake3, media_type(found.path))
        finally:
            await opened.close()


class _Counter:
    """Adds up what several threads have read."""

    def __init__(self, total: int | None, progress: Progress | None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress

    def advance(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)


def find_entry(manifest: Manifest, path: str) -> Entry | None:
    """Return the entry of that path by bisection, or nothing. The order is bytewise, as in the listing."""
    wanted, low, high = path.encode(), 0, len(manifest.files)
    while low < high:
        middle = (low + high) // 2
        if manifest.files[middle].path.encode() < wanted:
            low = middle + 1
        else:
            high = middle
    found = manifest.files[low] if low < len(manifest.files) else None
    return found if found is not None and found.path == path else None


def _by_path(manifest: Manifest | None) -> dict[str, Entry]:
    return {entry.path: entry for entry in manifest.files} if manifest else {}
