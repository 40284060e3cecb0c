"""`/preparations`: what was made of stored versions is taken in, with the account of how it was made."""

from __future__ import annotations

from typing import Any, Final

from hanse.dcat.preparation import Account
from hanse.factory.facility.arriving import MAX_PART
from hanse.http.api import structs as s
from hanse.http.api.factory import facility_show as show
from hanse.http.api.factory import facility_structs as fs
from hanse.http.api.factory import preparations_structs as ps
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.participants.roles import Action

_ONE: Final = "/preparations/{id}"
_PART: Final = (
    Query("file", "The file's path."),
    Query("start", f"Where the part begins; it has at most {MAX_PART} bytes.", {"type": "integer", "minimum": 0}),
    Query("size", "How many bytes the whole file has.", {"type": "integer", "minimum": 0}),
)
_EXAMPLE: Final = {
    "name": "weather-tokens",
    "account": {
        "inputs": [{"version": "weather@1", "root": "ab" * 32}],
        "action": "use",
        "pipeline": "cd" * 32,
        "steps": [{"step": "decode", "inputs": ["ab" * 32], "output": "ef" * 32, "records_out": 10, "added": 10}],
    },
}


class PreparationOperations:
    """Derived versions."""

    def __init__(self, services: Services) -> None:
        self._deriving = services.factory.deriving

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act = Action.READ, Action.TRANSFER
        begin, commit = "Send the account of what was made of stored versions", "Store it: all files are here"
        told = "Show how a derived version was made, step by step, as it was signed"
        files, part = s.Page[fs.StoredFile], "Send a part of a file, as it is"
        return [
            Operation(
                "POST",
                "/preparations",
                begin,
                self._begin,
                act,
                takes=ps.NewPreparation,
                gives=ps.Preparation,
                status=201,
                example=_EXAMPLE,
            ),
            Operation("GET", f"{_ONE}/files", "List the files that have come, by path", self._files, read, gives=files, query=PAGING),
            Operation("PUT", f"{_ONE}/part", part, self._part, act, takes=bytes, gives=ps.PreparationPart, query=_PART),
            Operation("POST", f"{_ONE}/commit", commit, self._commit, act, gives=fs.StoredVersion),
            Operation("GET", "/facility/versions/{id}/account", told, self._account, read, gives=Account),
        ]

    async def _begin(self, call: Call, said: ps.NewPreparation) -> ps.Preparation:
        begun = await self._deriving.begin(call.tenant, said.name, said.account)
        return ps.Preparation(id=begun.id, version=None if begun.version is None else show.version(begun.version))

    async def _account(self, call: Call, _said: Any) -> Account:
        return await self._deriving.account(call.tenant, call.path("id"))

    async def _files(self, call: Call, _said: Any) -> s.Page[fs.StoredFile]:
        after, limit = call.page()
        found = await self._deriving.files(call.tenant, call.path("id"))
        rest = [one for one in found if after is None or one.path.encode() > after.encode()]
        items = [fs.StoredFile(path=one.path, size=one.size, sha256=one.sha256, media_type=one.media_type) for one in rest[:limit]]
        return s.Page(items=items, next=items[-1].path if len(rest) > limit else None)

    async def _part(self, call: Call, data: bytes) -> ps.PreparationPart:
        self._deriving.under_way(call.tenant, call.path("id"))
        path, start, size = call.needed("file"), _number(call, "start"), _number(call, "size")
        held = await self._deriving.take(call.tenant, call.path("id"), path, start, size, data)
        return ps.PreparationPart(file=path, end=start + len(data), whole=held is not None)

    async def _commit(self, call: Call, _said: Any) -> fs.StoredVersion:
        return show.version(await self._deriving.commit(call.tenant, call.path("id")))


def _number(call: Call, name: str) -> int:
    text = call.needed(name)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid("It is not a number.", where=name, rule="range")
    return int(text)
