"""The schemas of the spaces anchored here, for anybody: those that hold, and those that held when credentials were issued."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.anchor.ports import AnchorTx, Database
from hanse.anchor.records import Published, Space
from hanse.anchor.rulebook.document import read
from hanse.anchor.rulebook.schemas import schema_name, schema_of, schema_url
from hanse.anchor.spaces import existing
from hanse.anchor.versions import newest
from hanse.kernel.errors import NotFound


class _Known(Struct, frozen=True):
    """In which version of the rulebook a schema is found, by its name: of all versions up to `newest`."""

    founded: datetime
    newest: int
    versions: dict[str, int]


class SchemaPages:
    """The schemas of all spaces of this server, for anybody: those of all versions of their rulebooks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, _Known] = {}

    async def get(self, space: str, name: str) -> bytes:
        """Return a schema by its name: `TYPE` (the one that holds now), or `TYPE-HASH`. Raises `NotFound`."""

        def look(tx: AnchorTx) -> tuple[Space, Published]:
            found = existing(tx, space)
            return found, newest(tx, found)

        found, last = await self._database.read(look)
        if name in read(last.text).credentials:
            return schema_of(read(last.text), name)
        number = (await self._versions(found, last)).get(name, 0)
        having = last if number == last.version else await self._version(space, number + 1)
        if having is None:
            raise NotFound("There is no such schema here.", where="schema")
        return schema_of(read(having.text), name.rpartition("-")[0])

    async def local(self, url: str) -> bytes | None:
        """Return the schema at `url` without HTTP, or nothing if no space anchored here has it at that address."""
        prefix, _, file = url.rpartition("/schemas/")
        label, name = prefix.rpartition("/")[2], file.removesuffix(".json")
        space = await self._database.read(lambda tx: tx.spaces.get(label)) if label else None
        if space is None or url != schema_url(space.url, name):
            return None
        try:
            return await self.get(label, name)
        except NotFound:
            return None

    async def _versions(self, space: Space, last: Published) -> dict[str, int]:
        """Return where each schema is found. A version is read once in the life of the process: it never changes."""
        known = self._known.get(space.name)
        if known is None or known.founded != space.created or known.newest > last.version:
            known = _Known(space.created, 0, {})
        if known.newest < last.version:
            found: dict[str, int] = {}
            version = last
            while version.version > known.newest:
                # An older one does not take the place of a newer.
                found = dict.fromkeys(_names(version), version.version) | found
                older = await self._version(space.name, version.version)
                if older is None:
                    break
                version = older
            known = self._known[space.name] = _Known(space.created, last.version, known.versions | found)
        return known.versions

    async def _version(self, space: str, before: int) -> Published | None:
        """Return the newest version before that one. One at a time: to read one takes time, in which others get their turn."""
        return next(iter(await self._database.read(lambda tx: tx.rulebooks.page(space, before=before, limit=1))), None)


def _names(version: Published) -> list[str]:
    rulebook = read(version.text)
    return [schema_name(rulebook, type) for type in rulebook.credentials]
