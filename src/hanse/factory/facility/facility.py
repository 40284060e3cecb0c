"""The facility: takes versions of datasets in, and gives them out. What else is done with them is in the modules beside this one."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from hanse.dcat.chunks import Chunk
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.facility.intaking import Intaking
from hanse.factory.facility.layout import chunks_of, manifest_key, manifest_path, within
from hanse.factory.facility.ports import Quota
from hanse.factory.facility.records import Intake, Staging, State, Stored, Usage, Vault
from hanse.factory.facility.staged import load
from hanse.factory.facility.stock import Stock
from hanse.factory.facility.vaults import new_name
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound
from hanse.kernel.tenant import Tenant

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_ID: Final = re.compile(r"([a-z0-9._-]{1,100})@([0-9]{1,9})")


class Opened(Struct, frozen=True, kw_only=True):
    """What a reader of a version needs: where its manifest is, and the key of that one manifest (see `layout`)."""

    version: DatasetVersion
    manifest: str
    vault: str
    key: bytes

    def __repr__(self) -> str:
        return f"Opened({self.version.id!r})"


class Facility:
    """What is kept for all participants of this server."""

    def __init__(self, stock: Stock, quota: Quota) -> None:
        self.stock = stock
        self._quota = quota

    # Take in.

    async def intake(self, tenant: Tenant, wish: Intake) -> Intaking:
        """Begin to take in a version, or go on with what the same wish has left. Raises `Invalid` for a name that it cannot have."""
        check_name(wish.name)
        latest: Stored | None = await self.stock.database.read(lambda tx: tx.facility.latest(tenant, wish.name, whole=True))
        if latest is not None:
            check_sort(latest.version, derived=bool(wish.made_of))
        vault = await self.stock.vaults.opened(tenant, wish.agreements)
        staging = await self._staging(tenant, wish, vault)
        key = await self.stock.vaults.key(tenant, staging.vault)
        return Intaking(self.stock, staging, key, await load(self.stock, staging, key), self._quota)

    async def _staging(self, tenant: Tenant, wish: Intake, vault: Vault) -> Staging:
        now, digest = self.stock.clock.now(), _digest(wish)
        fresh = Staging(tenant=tenant, id=new_name(), wish=digest, intake=wish, vault=vault.id, holder=new_name(), touched=now)

        def work(tx: Any) -> Staging:
            current = tx.facility.vault(tenant, vault.id)
            if current is None or current.destroyed is not None:
                raise Conflict("What is kept under this agreement is being deleted.", where="agreement", rule="leaving", hint="Try again.")
            found: Staging | None = tx.facility.staging_of(tenant, digest)
            if found is not None and found.vault != vault.id:
                tx.facility.end_staging(tenant, found.id)  # its vault is gone, and its packs with it
                found = None
            taken = structs.replace(found or fresh, intake=wish, holder=fresh.holder, touched=now, purges=current.purges)
            tx.facility.put_staging(taken)
            return taken

        return await self.stock.database.run(work)

    # Give out.

    async def version(self, tenant: Tenant, name: str, number: int | None = None) -> DatasetVersion:
        """Return a version, or the newest of that name. Raises `NotFound` for one that is not there, or not any more."""
        if number is None:
            found = await self.stock.database.read(lambda tx: tx.facility.latest(tenant, name, whole=True))
            return _there(found, name).version
        return (await self.stored(tenant, f"{name}@{number}")).version

    async def versions(
        self,
        tenant: Tenant,
        *,
        name: str | None = None,
        agreement: str | None = None,
        gone: bool = False,
        after: str | None = None,
        limit: int = 100,
    ) -> Sequence[DatasetVersion]:
        """Return versions by name and number, those after the id `after`; with `gone` those as well that were deleted."""
        last = None if after is None else split_id(after)
        found = await self.stock.database.read(
            lambda tx: tx.facility.page(tenant, name=name, agreement=agreement, gone=gone, after=last, limit=limit)
        )
        return [one.version for one in found]

    async def files(self, tenant: Tenant, version: str, *, after: str = "", limit: int | None = None) -> list[HeldFile]:
        """Return the files of a version, in the bytewise order of their paths, those after the path `after`.

        Raises `NotFound`, `StorageFailed`.
        """
        contents = await self.stock.contents(await self.stored(tenant, version))
        listed = contents.manifest.files
        first = bisect_right(listed, after.encode(), key=lambda one: one.path.encode()) if after else 0
        return [one.held for one in listed[first : None if limit is None else first + limit]]

    async def chunks(self, tenant: Tenant, version: str, path: str) -> list[Chunk]:
        """Return the chunks of a file. Raises `NotFound`, `StorageFailed`."""
        contents = await self.stock.contents(await self.stored(tenant, version))
        return chunks_of(contents.rows(contents.file(path)))

    async def read(self, tenant: Tenant, version: str, path: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of a file from `start` to `end` (exclusive), each chunk checked. Raises `NotFound`, `StorageFailed`."""
        stored = await self.stored(tenant, version)
        try:
            async for part in self._read(stored, path, start, end):
                yield part
        except HanseError:
            await self.stored(tenant, version)  # what was deleted meanwhile is no damage
            raise

    async def _read(self, stored: Stored, path: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        contents = await self.stock.contents(stored)
        file = contents.file(path)
        stop = file.size if end is None else min(end, file.size)
        rows, before = within(contents.rows(file), start, stop)
        left = stop - start
        async with aclosing(self.stock.read(stored, contents, rows)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                part = chunk[before : before + left] if before or left < len(chunk) else chunk
                before, left = 0, left - len(part)
                yield part

    async def opened(self, tenant: Tenant, version: str) -> Opened:
        """Return what a reader of the version needs. Whoever calls has decided, counted and logged the opening."""
        stored = await self.stored(tenant, version)
        key = await self.stock.vaults.key(tenant, stored.vault)
        path = manifest_path(tenant, stored.vault, stored.manifest)
        return Opened(version=stored.version, manifest=path, vault=stored.vault, key=manifest_key(key, stored.manifest))

    async def stored(self, tenant: Tenant, version: str) -> Stored:
        """Return the record of a version that is whole. Raises `NotFound`, and `Invalid` for what is no id."""
        name, number = split_id(version)
        return _there(await self.stock.database.read(lambda tx: tx.facility.get(tenant, name, number)), version)

    async def record(self, tenant: Tenant, version: str) -> Stored:
        """Return the record of a version, deleted or not. Raises `NotFound`."""
        name, number = split_id(version)
        found: Stored | None = await self.stock.database.read(lambda tx: tx.facility.get(tenant, name, number))
        if found is None:
            raise NotFound(f"There is no version {version[:120]!r}.", where="version", hint="`hanse facility list` shows what is there.")
        return found

    async def usage(self, tenant: Tenant) -> Usage:
        """Return what a participant's data takes."""

        def work(tx: Any) -> Usage:
            hot, cold, staged = tx.facility.taken(tenant)
            count, size = tx.facility.count(tenant)
            return Usage(hot=hot, cold=cold, staged=staged, content=size, versions=count, quota=self._quota(tenant))

        return await self.stock.database.read(work)


def check_name(name: str) -> str:
    """Return a name of a dataset in the facility. Raises `Invalid`."""
    if not _NAME.fullmatch(name):
        hint = "Use 1 to 100 of a-z, 0-9, '.', '_' and '-', beginning and ending with a letter or a digit."
        raise Invalid(f"{name[:120]!r} cannot be the name of a stored dataset.", where="name", rule="name", hint=hint)
    return name


def check_sort(version: DatasetVersion, *, derived: bool) -> None:
    """Raise `Invalid` unless a version is derived, or is not, as another of its name is to be: the newest of a name is what it was."""
    if bool(version.made_of) != derived:
        how = "was made of other versions" if version.made_of else "was not made of other versions"
        hint = "Choose another name: what is received and what is made of data have names of their own."
        raise Invalid(f"{version.id} {how}.", where="name", rule="name-in-use", hint=hint)


def split_id(version: str) -> tuple[str, int]:
    """Return name and number of `name@number`. Raises `Invalid`."""
    found = _ID.fullmatch(version)
    if found is None:
        raise Invalid(f"{version[:120]!r} is no version: one is written name@number.", where="version", rule="version")
    return found[1], int(found[2])


def _there(found: Stored | None, what: str) -> Stored:
    if found is None:
        raise NotFound(f"There is no version {what[:120]!r}.", where="version", hint="`hanse facility list` shows what is there.")
    if found.state is not State.WHOLE:
        raise NotFound(f"The version {found.version.id} was deleted.", where="version", rule="deleted")
    return found


def _digest(wish: Intake) -> str:
    """Return what makes two wishes the same: not what a catalogue says of the dataset now, nor what was found out of it."""
    same = (wish.name, wish.agreement, wish.dataset, wish.order, wish.run)
    return hashlib.sha256(msgspec.json.encode(same)).hexdigest()
