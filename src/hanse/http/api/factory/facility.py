"""`/facility`: the store of dataset versions."""

from __future__ import annotations

from typing import Any, Final

from hanse.dcat.holding import Origin
from hanse.factory.facility.facility import split_id
from hanse.http.api import structs as s
from hanse.http.api.factory import facility_show as show
from hanse.http.api.factory import facility_structs as fs
from hanse.http.api.routing import PAGING, Call, Operation, Query
from hanse.http.api.services import Services
from hanse.kernel.errors import Invalid
from hanse.participants.roles import Action

_ONE: Final = "/facility/versions/{id}"
_WHICH: Final = (
    Query("name", "Only versions of that name."),
    Query("contract", "Only versions under that contract."),
    Query("gone", "`true`: also versions that were deleted."),
)
_PART: Final = (
    Query("file", "The file's path."),
    Query("start", "The first byte.", {"type": "integer", "minimum": 0}),
    Query("length", "How many bytes, at most 4194304.", {"type": "integer", "minimum": 1}),
)
_WAIT: Final = (Query("wait", "Seconds (at most 60) to wait until it is over."),)


class FacilityOperations:
    """The facility."""

    def __init__(self, services: Services) -> None:
        self._desk = services.factory.facility

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act, decide = Action.READ, Action.TRANSFER, Action.ANSWER
        job, new, why = fs.FacilityJob, {"folder": "/srv/data/weather", "name": "weather"}, {"reason": "Not needed any more."}
        page, files, query = s.Page[fs.StoredVersion], s.Page[fs.StoredFile], (*PAGING, *_WHICH)
        take, gone = "Store a folder of one's own data", "Delete a version; its receipt goes into the log"
        return [
            Operation("GET", "/facility/versions", "List stored versions by name", self._list, read, gives=page, query=query),
            Operation("GET", _ONE, "Look at a version", self._get, read, gives=fs.StoredVersion),
            Operation("GET", f"{_ONE}/files", "List its files by path", self._files, read, gives=files, query=PAGING),
            Operation("GET", f"{_ONE}/part", "Read a part of one's own data", self._part, read, gives=fs.StoredPart, query=_PART),
            Operation(
                "POST", f"{_ONE}/tier", "Move a version", self._tier, act, takes=fs.NewTier, gives=job, status=202, example={"tier": "cold"}
            ),
            Operation(
                "POST",
                f"{_ONE}/delete",
                gone,
                self._delete,
                decide,
                takes=fs.VersionRemoval,
                gives=fs.StoredVersion,
                example=why,
                optional_body=True,
            ),
            Operation("GET", "/facility/usage", "Say what the stored data takes", self._usage, read, gives=fs.FacilityUsage),
            Operation("POST", "/facility/import", take, self._import, act, takes=fs.NewImport, gives=job, status=202, example=new),
            Operation(
                "POST",
                "/facility/verify",
                "Verify versions, byte by byte",
                self._verify,
                read,
                takes=fs.NewVerification,
                gives=job,
                status=202,
                example={"versions": ["weather@1"]},
                optional_body=True,
            ),
            Operation("POST", "/facility/collect", "Tidy up", self._collect, act, gives=job, status=202),
            Operation("GET", "/facility/jobs/{id}", "See how far a job is", self._job, read, gives=job, query=_WAIT),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[fs.StoredVersion]:
        after, limit = call.page()
        found = await self._desk.facility.versions(
            call.tenant, name=call.query("name"), agreement=call.query("contract"), gone=call.flag("gone"), after=after, limit=limit + 1
        )
        return s.Page(items=[show.version(one) for one in found[:limit]], next=found[limit - 1].id if len(found) > limit else None)

    async def _get(self, call: Call, _said: Any) -> fs.StoredVersion:
        record = await self._desk.facility.record(call.tenant, call.path("id"))
        kept = await self._desk.kept(call.tenant, call.path("id"))
        return show.version(record.version, receipt=record.receipt or None, kept=kept)

    async def _files(self, call: Call, _said: Any) -> s.Page[fs.StoredFile]:
        after, limit = call.page()
        found = await self._desk.facility.files(call.tenant, call.path("id"), after=after or "", limit=limit + 1)
        items = [fs.StoredFile(path=one.path, size=one.size, sha256=one.sha256, media_type=one.media_type) for one in found[:limit]]
        return s.Page(items=items, next=items[-1].path if len(found) > limit else None)

    async def _part(self, call: Call, _said: Any) -> fs.StoredPart:
        start, length = _number(call, "start"), _number(call, "length")
        return fs.StoredPart(data=await self._desk.content(call.tenant, call.path("id"), call.needed("file"), start, length))

    async def _tier(self, call: Call, said: fs.NewTier) -> fs.FacilityJob:
        return show.job(await self._desk.move(call.tenant, call.path("id"), said.tier))

    async def _delete(self, call: Call, said: fs.VersionRemoval) -> fs.StoredVersion:
        split_id(call.path("id"))
        await self._desk.delete(call.tenant, call.path("id"), said.reason)
        record = await self._desk.facility.record(call.tenant, call.path("id"))
        return show.version(record.version, receipt=record.receipt or None)

    async def _usage(self, call: Call, _said: Any) -> fs.FacilityUsage:
        return show.usage(await self._desk.facility.usage(call.tenant))

    async def _import(self, call: Call, said: fs.NewImport) -> fs.FacilityJob:
        origin = Origin(
            places=tuple(said.places), collection=said.collection, rights=said.rights, personal=said.personal, source="told with the import"
        )
        return show.job(await self._desk.take(call.tenant, said.folder, said.name, origin))

    async def _verify(self, call: Call, said: fs.NewVerification) -> fs.FacilityJob:
        return show.job(await self._desk.verify(call.tenant, said.versions))

    async def _collect(self, call: Call, _said: Any) -> fs.FacilityJob:
        return show.job(await self._desk.collect(call.tenant))

    async def _job(self, call: Call, _said: Any) -> fs.FacilityJob:
        wait = call.wait()
        if wait is None:
            return show.job(self._desk.jobs.get(call.tenant, call.path("id")))
        return show.job(await self._desk.jobs.wait(call.tenant, call.path("id"), wait[0]))


def _number(call: Call, name: str) -> int:
    text = call.needed(name)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Invalid("It is not a number.", where=name, rule="range")
    return int(text)
