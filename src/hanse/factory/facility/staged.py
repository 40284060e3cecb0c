"""What an intake has so far: files, chunks that are known, and what an earlier attempt has left of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from hanse.dcat.holding import HeldFile
from hanse.factory.facility.layout import ROW_SIZE, Row, rows_of, write_row
from hanse.factory.facility.packing import Page, read_page, renumbered
from hanse.factory.facility.records import Staging, State, Stored
from hanse.factory.facility.stock import Contents, Stock
from hanse.kernel.errors import HanseError


class Staged:
    """`packs` are named by the numbers in all rows here, `index` finds a chunk by its BLAKE3, `files` have their rows."""

    def __init__(self) -> None:
        self.packs: list[str] = []
        self.index: dict[bytes, Row] = {}
        self.files: dict[str, tuple[HeldFile, bytes]] = {}
        self.pages = 0
        self._numbers: dict[str, int] = {}

    def rows(self, table: bytes) -> Iterator[Row]:
        """Yield the rows of a file."""
        return rows_of(table, 0, len(table) // ROW_SIZE)

    def number(self, pack: str) -> int:
        """Return the number of a pack here."""
        if pack not in self._numbers:
            self._numbers[pack] = len(self.packs)
            self.packs.append(pack)
        return self._numbers[pack]

    def add_version(self, contents: Contents) -> None:
        """Know the chunks of a version."""
        numbers = [self.number(one.name) for one in contents.manifest.packs]
        for row in rows_of(contents.table, 0, len(contents.table) // ROW_SIZE):
            if row.digest not in self.index:
                self.index[row.digest] = Row(row.digest, numbers[row.pack], row.frame, row.offset, row.size)

    def add_page(self, page: Page, own: frozenset[str]) -> None:
        """Know what a page of the journal says, as far as that is still there: in the intake's `own` packs, or in a version."""
        numbers = [self.number(one) for one in page.packs]
        kept = {number for number, name in zip(numbers, page.packs, strict=True) if name in own}
        for path in page.dropped:
            self.files.pop(path, None)
        for row in self.rows(renumbered(page.stored, numbers)):
            if row.pack in kept:
                self.index.setdefault(row.digest, row)
        for held, table in page.done:
            self._add_file(held, renumbered(table, numbers), kept)

    def _add_file(self, held: HeldFile, table: bytes, kept: set[int]) -> None:
        rows = bytearray()
        for row in self.rows(table):
            found = row if row.pack in kept else self.index.get(row.digest)
            if found is None:
                self.files.pop(held.path, None)
                return
            rows += write_row(found)
        self.files[held.path] = (held, bytes(rows))


async def load(stock: Stock, staging: Staging, key: bytes) -> Staged:
    """Return what the intake has, as its journal says, and the chunks of all versions in its vault."""
    tenant, vault = staging.tenant, staging.vault
    pages = await stock.database.read(lambda tx: tx.facility.journal(tenant, staging.id))
    own = await _own_packs(stock, staging) if pages else frozenset()
    versions: Sequence[Stored] = await stock.database.read(lambda tx: tx.facility.of_vault(tenant, vault, State.WHOLE))
    staged = Staged()
    for stored in versions:
        try:
            contents = await stock.contents(stored)
        except HanseError:
            continue  # a version that is damaged lends no chunks; `verify` tells of it
        await asyncio.to_thread(staged.add_version, contents)
    await asyncio.to_thread(_add_pages, staged, key, pages, own)
    return staged


def _add_pages(staged: Staged, key: bytes, pages: Sequence[tuple[int, bytes]], own: frozenset[str]) -> None:
    for number, data in pages:
        staged.add_page(read_page(key, data), own)
        staged.pages = number


async def _own_packs(stock: Stock, staging: Staging) -> frozenset[str]:
    """Return the packs that the intake has written: those that the database knows and that are there. A restored one may know more."""
    prefix = f"{staging.tenant}/{staging.vault}/packs"
    there = {one.name.rpartition("/")[2] async for one in stock.hot.list(prefix)}
    packs = await stock.database.read(lambda tx: tx.facility.packs(staging.tenant, staging.vault))
    return frozenset(one.name for one in packs if one.intake == staging.id and one.name in there)
