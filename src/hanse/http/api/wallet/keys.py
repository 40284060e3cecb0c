"""`/wallet/keys`: the keys with which the participant signs, and what is done when one was lost."""

from __future__ import annotations

import base64
from typing import Any

from hanse.dataplane.transforms import sealing
from hanse.http.api import structs as s
from hanse.http.api.routing import Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.wallet import show
from hanse.http.api.wallet import structs as w
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.tenant import Tenant
from hanse.participants.roles import Action
from hanse.wallet import keys

_HEADER = "eyJraWQiOiJkaWQ6d2ViOnNwYWNlLmV4YW1wbGUlM0E0NDM6cGFydGljaXBhbnRzOmFjbWUja2V5LTEiLCJlcGsiOnt9LCJzYWx0IjoiIn0"
_KID = "did:web:space.example%3A443:participants:acme#key-1"


class KeyOperations:
    """List, rotate, declare compromised, release, and open what was encrypted to a key. Private keys are never shown."""

    def __init__(self, services: Services) -> None:
        self._wallet = services.wallet
        self._database = services.database
        self._reissuing = services.reissuing
        self._clock = services.clock

    def operations(self) -> list[Operation]:
        """Return the operations."""
        base, manage = "/wallet/keys", Action.MANAGE_KEYS
        compromise = "Declare that somebody else may have had a key; an anchor offers anew what it signed"
        release = "Let a key leave the DID document: what it signed counts no more"
        since = {"kid": _KID, "since": "2026-11-20T08:00:00Z"}
        return [
            Operation("GET", base, "List the keys, the oldest first", self._list, Action.READ, gives=s.Page[w.Key]),
            Operation(
                "POST",
                base + "/rotate",
                "Sign with a new key from now on",
                self._rotate,
                manage,
                takes=w.RotateKey,
                gives=w.Key,
                status=201,
                example={"kind": "P-256"},
                optional_body=True,
            ),
            Operation(
                "POST",
                base + "/compromise",
                compromise,
                self._compromise,
                manage,
                takes=w.CompromiseKey,
                gives=w.CompromisedKey,
                example=since,
            ),
            Operation("POST", base + "/release", release, self._release, manage, takes=w.ReleaseKey, gives=w.Key, example={"kid": _KID}),
            Operation(
                "POST",
                "/wallet/file-keys",
                "Get the key of one file that was encrypted to this participant",
                self._open,
                Action.TRANSFER,
                takes=w.SealedHeader,
                gives=w.FileKey,
                example={"header": _HEADER},
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[w.Key]:
        return s.Page(items=[show.key(one) for one in await self._wallet.keys(call.tenant)])

    async def _rotate(self, call: Call, said: w.RotateKey) -> w.Key:
        tenant = call.tenant
        made = await self._database.run(lambda tx: self._wallet.rotate(tx, tenant, said.kind))
        return show.key(keys.info(made))

    async def _compromise(self, call: Call, said: w.CompromiseKey) -> w.CompromisedKey:
        tenant, kid = call.tenant, said.kid
        active = await self._database.run(lambda tx: self._wallet.compromise(tx, tenant, kid, said.since))
        offered = await self._reissuing.offer_again(tenant, kid, self._clock.now())
        return w.CompromisedKey(
            compromised=await self._key(tenant, kid),
            active=show.key(keys.info(active)),
            offered=offered,
            depending=await self._depending(tenant, kid),
        )

    async def _release(self, call: Call, said: w.ReleaseKey) -> w.Key:
        tenant, kid = call.tenant, said.kid
        active = (await self._key(tenant, kid)).state == "active"
        depending = 0 if said.anyway or active else await self._depending(tenant, kid)
        if depending:
            raise Conflict(
                f"{depending} credentials that this key signed have no successor yet, and would count no more.",
                where="kid",
                rule="key-needed",
                hint="Wait until their holders have taken what was offered, or release it all the same with `anyway`.",
            )
        await self._database.run(lambda tx: self._wallet.release(tx, tenant, kid))
        return await self._key(tenant, kid)

    async def _open(self, call: Call, said: w.SealedHeader) -> w.FileKey:
        try:
            header = base64.urlsafe_b64decode(said.header + "==")
        except ValueError:
            raise Invalid("This is not base64url.", where="header", rule="form") from None
        key = await self._wallet.key_named(call.tenant, sealing.decode_header(header).kid)
        content = sealing.key_for(sealing.private_from_pem(key.to_pem()), header)
        return w.FileKey(key=base64.urlsafe_b64encode(content).rstrip(b"=").decode())

    async def _key(self, tenant: Tenant, kid: str) -> w.Key:
        found = next((one for one in await self._wallet.keys(tenant) if one.kid == kid), None)
        if found is None:
            raise NotFound("The participant has no such key.", where="kid", hint="`hanse wallet keys` lists its keys.")
        return show.key(found)

    async def _depending(self, tenant: Tenant, kid: str) -> int:
        return await self._reissuing.depending(tenant, kid, self._clock.now())
