"""`/openings` and `/leases`: stored versions, opened under their contract or lent to a node without network."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import msgspec

from hanse.factory.opening.leases import until_of
from hanse.factory.opening.records import Lease
from hanse.http.api import structs as s
from hanse.http.api.factory import openings_structs as os
from hanse.http.api.routing import PAGING, Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.stated import check_purpose
from hanse.participants.roles import Action


class OpeningOperations:
    """Openings and leases."""

    def __init__(self, services: Services) -> None:
        self._openings = services.factory.openings
        self._lending = services.factory.lending
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        read, act = Action.READ, Action.TRANSFER
        new = {"version": "weather@1", "action": "use", "stated": {"purpose": "dpv:ResearchAndDevelopment"}}
        lend = {"version": "weather@1", "node": {"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}, "hours": 24, "openings": 3}
        open_, back = "Open a stored version: decided, counted and logged", "Take back a lease with its log of use"
        page = s.Page[os.Lease]
        return [
            Operation("POST", "/openings", open_, self._open, act, takes=os.NewOpening, gives=os.OpenedVersion, status=201, example=new),
            Operation("GET", "/leases", "List leases, newest first", self._list, read, gives=page, query=PAGING),
            Operation(
                "POST",
                "/leases",
                "Lend a version to a node without network",
                self._give,
                act,
                takes=os.NewLease,
                gives=os.GivenLease,
                status=201,
                example=lend,
            ),
            Operation("GET", "/leases/{id}", "Look at a lease", self._get, read, gives=os.Lease),
            Operation("POST", "/leases/{id}/return", back, self._return, act, takes=os.LeaseLog, gives=os.Lease, example={"log": ""}),
        ]

    async def _open(self, call: Call, said: os.NewOpening) -> os.OpenedVersion:
        check_purpose(said.stated.get("purpose"))
        opening = await self._openings.open(call.tenant, said.version, said.action, said.stated, call.caller.operator)
        version = opening.unlocked.version
        return os.OpenedVersion(
            version=version.id,
            root=version.root,
            size=version.size,
            files=version.count,
            use=opening.uses[0] if opening.uses else "",
            uses=list(opening.uses),
            hot=opening.place.hot,
            cold=opening.place.cold,
            manifest=opening.unlocked.manifest,
            key=urlsafe_b64encode(opening.unlocked.key).decode("ascii"),
            contract=version.agreement,
            contracts=list(version.agreements),
        )

    async def _give(self, call: Call, said: os.NewLease) -> os.GivenLease:
        check_purpose(said.stated.get("purpose"))
        lease, file = await self._lending.give(
            call.tenant,
            said.version,
            said.node,
            action=said.action,
            stated=said.stated,
            lasts=timedelta(hours=said.hours),
            openings=said.openings,
        )
        return os.GivenLease(lease=self._shown(lease), file=msgspec.json.encode(file).decode())

    async def _list(self, call: Call, _said: Any) -> s.Page[os.Lease]:
        after, limit = call.page()
        found = await self._lending.page(call.tenant, after, limit + 1)
        return s.Page(items=[self._shown(one) for one in found[:limit]], next=found[limit - 1].id if len(found) > limit else None)

    async def _get(self, call: Call, _said: Any) -> os.Lease:
        return self._shown(await self._lending.get(call.tenant, call.path("id")))

    async def _return(self, call: Call, said: os.LeaseLog) -> os.Lease:
        return self._shown(await self._lending.take_back(call.tenant, call.path("id"), said.log.encode()))

    def _shown(self, lease: Lease) -> os.Lease:
        return os.Lease(
            id=lease.id,
            version=lease.version,
            state=until_of(lease, self._clock.now()),
            holder=lease.holder,
            action=lease.action,
            openings=lease.openings,
            granted=lease.granted,
            until=lease.until,
            contract=lease.agreement,
            contracts=list(lease.agreements),
            used=lease.used,
            gaps=list(lease.gaps),
            returned=lease.returned,
        )
