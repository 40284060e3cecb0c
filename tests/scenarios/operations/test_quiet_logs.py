"""The logs of a whole exchange, failures included, and the errors that are answered hold no secret that was in play."""

from __future__ import annotations

import asyncio
import json
import logging

import httpx

from hanse.app import logs
from hanse.participants.roles import SERVER
from tests.scenarios.operations.world import Overheard, World, claims, private_keys, running


def test_no_secret_in_the_logs_and_errors_of_an_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr("hanse.app.build.PeerClient", Overheard)
    world = World(tmp_path)
    root, level = logging.getLogger(), logging.getLogger().level
    errors = []

    async def scenario():
        Overheard.forget()
        settings = type(world.north)(home=str(tmp_path), log_level="debug")
        logs.configure(settings, to_file=True)
        async with running(world.north) as north, running(world.south) as south:
            await world.populate(north, south)
            contract = await world.agree(south, world.assets[0])
            _, address = await world.start(south, contract)
            token = address.properties["authorization"]
            errors.extend(await _fail_in_many_ways(world, north, address, token))
            await north.management.participants.suspend(SERVER, "gone")
            await north.management.members.suspend("anchor", "harbour", world.zoo, "asked to explain")
            await north.ground.database.run(lambda tx: north.ground.wallet.rotate(tx, "acme"))
            (tmp_path / "data" / "rain.csv").unlink()
            errors.extend(await _fail_in_many_ways(world, north, address, token))
            keys = await private_keys(north) | await private_keys(south)
            own = [token, address.properties.get("refreshToken", token), world.acme.token, world.host, world.gone.token]
            return {*own, *keys, *Overheard.tokens, *Overheard.presentations}

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
    assert any("was rotated" in line["event"] for line in lines)
    assert len(Overheard.presentations) > 1
    in_play |= {(tmp_path / home / "master.key").read_text().strip() for home in ("north", "south")}
    assert len(in_play) > 20
    assert not [one for one in in_play if one in text]
    assert len([one for one in errors if one]) > 20
    assert not [(one, error) for one in in_play for error in errors if one in error]


async def _fail_in_many_ways(world, north, address, token):
    """Call in ways that are refused; return what was answered."""
    root = f"{world.north.public_root}/participants/acme"
    peers = next(one for one in Overheard.tokens if claims(one).get("token"))
    presentation = next(iter(Overheard.presentations))
    answers = []
    async with httpx.AsyncClient() as client:
        for bearer in (token, world.acme.token, token[:-1] + "x", peers, presentation):
            headers = {"Authorization": f"Bearer {bearer}"}
            for asked in (f"{root}/dsp/2025-1/transfers", f"{world.north.public_root}/api/v1/contracts"):
                await client.get(f"{asked}/{token}", headers=headers)  # these answers name the id that was asked for
            answers += [
                await client.get(address.endpoint, headers=headers),
                await client.post(f"{root}/dsp/2025-1/negotiations/request", content=b"{" * 2000, headers=headers),
                await client.get(f"{world.north.public_root}/{token}", params={"access_token": bearer}),
                await client.post(f"{root}/dcp/presentations/query", json={"scope": [bearer]}, headers=headers),
                await client.post(f"{root}/dcp/credentials", json={"credentials": [{"payload": presentation}]}, headers=headers),
                await client.get(f"{root}/dcp/issuer/requests/{bearer}", headers=headers),
                await client.post(f"{root}/dcp/sts/token", data={"client_secret": bearer, "token": peers}, headers=headers),
                await client.post(f"{world.north.public_root}/spaces/harbour/applications", json={"name": bearer}, headers=headers),
            ]
    logging.getLogger("hanse").error("as a careless library would: %s", token, exc_info=ValueError(f"Bearer {token}"))
    logging.getLogger("hanse").error("as a careless library would: %s and %s", peers, presentation)
    return [answer.text for answer in answers if answer.status_code >= 400]
