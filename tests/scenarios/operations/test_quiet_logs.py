"""The logs of a whole exchange, failures included, hold no secret that was in play."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import ClassVar

import httpx

from hanse.app import logs
from hanse.http.peer import PeerClient
from hanse.participants.roles import SERVER
from tests.scenarios.operations.world import World, running


class Overheard(PeerClient):
    """Remembers every token that leaves."""

    heard: ClassVar[list[str]] = []

    async def send(self, method, url, body=None, headers=None, **options):
        token = (headers or {}).get("Authorization", "")
        self.heard.append(token.removeprefix("Bearer "))
        return await super().send(method, url, body, headers, **options)


def test_no_secret_in_the_logs_of_an_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr("hanse.app.build.PeerClient", Overheard)
    world = World(tmp_path)
    root, level = logging.getLogger(), logging.getLogger().level

    async def scenario():
        Overheard.heard.clear()
        settings = type(world.north)(home=str(tmp_path), log_level="debug")
        logs.configure(settings, to_file=True)
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            contract = await world.agree(south, world.assets[0])
            _, address = await world.start(south, contract)
            token = address.properties["authorization"]
            await _fail_in_many_ways(world, north, address, token)
            await north.management.participants.suspend(SERVER, "gone")
            (tmp_path / "data" / "rain.csv").unlink()
            await _fail_in_many_ways(world, north, address, token)
            return [token, address.properties.get("refreshToken", token), world.acme.token, world.host, world.gone.token]

    try:
        in_play = asyncio.run(scenario())
    finally:
        for handler in [one for one in root.handlers if isinstance(one.formatter, logs.JsonLines)]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(level)
    text = (tmp_path / "logs" / "hanse.log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert any(line.get("state") == "FINALIZED" for line in lines)
    assert any(line["level"] == "error" for line in lines), "nothing failed"
    in_play += [one for one in Overheard.heard if one]
    in_play += [(tmp_path / home / "master.key").read_text().strip() for home in ("north", "south")]
    assert len(in_play) > 12
    assert not [one for one in in_play if one in text]


async def _fail_in_many_ways(world, north, address, token):
    root = f"{world.north.public_root}/participants/acme"
    async with httpx.AsyncClient() as client:
        for bearer in (token, world.acme.token, token[:-1] + "x"):
            headers = {"Authorization": f"Bearer {bearer}"}
            await client.get(address.endpoint, headers=headers)
            await client.post(f"{root}/dsp/2025-1/negotiations/request", content=b"{" * 2000, headers=headers)
            await client.get(f"{root}/dsp/2025-1/transfers/{token}", headers=headers)
            await client.get(f"{world.north.public_root}/api/v1/contracts/{token}", headers=headers)
            await client.get(f"{world.north.public_root}/{token}", params={"access_token": bearer})
    logging.getLogger("hanse").error("as a careless library would: %s", token, exc_info=ValueError(f"Bearer {token}"))
