"""The management interface on a real server: real connections, real signatures, a file database."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
import uvicorn

from hanse.app.server import Server, config_of
from hanse.app.space import add_participant, found_space, host_token
from hanse.config import Settings
from tests.services.processes import free_port


@contextlib.asynccontextmanager
async def _running(home):
    server = await Server.open(Settings(home=str(home / "home"), port=free_port()))
    front = uvicorn.Server(config_of(server))
    await server.start()
    task = asyncio.create_task(front.serve())
    while not front.started:
        await asyncio.sleep(0.005)
        assert not task.done()
    try:
        yield server
    finally:
        front.should_exit = True
        await task
        await server.stop()


class _Operator:
    def __init__(self, client, root, token):
        self._client, self._root, self._headers = client, root, {"Authorization": f"Bearer {token}"}

    async def __call__(self, method, path, body=None, expected=(200, 201, 202)):
        answer = await self._client.request(method, f"{self._root}/api/v1{path}", json=body, headers=self._headers, timeout=20)
        assert answer.status_code in expected, (method, path, answer.text)
        return answer.json()

    async def until(self, path, state):
        shown = await self("GET", f"{path}?wait=15&until={state}")
        assert shown["state"] == state, shown
        return shown


@pytest.mark.parametrize("parallel", [1, 8])
def test_the_main_job_and_the_figures(tmp_path, parallel):
    async def scenario():
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "rain.csv").write_text("day,rain\n1,2\n")
        async with _running(tmp_path) as server, httpx.AsyncClient() as client:
            host = await host_token(server)
            space, _ = await found_space(server, "harbour", "The Harbour")
            acme = await add_participant(server, space, "acme", "ACME", roots=(str(tmp_path / "data"),))
            zoo = await add_participant(server, space, "zoo", "Zoo")
            root = server.settings.public_root
            provider, consumer = _Operator(client, root, acme.token), _Operator(client, root, zoo.token)
            source = {"kind": "file", "path": str(tmp_path / "data" / "rain.csv")}
            asset = await provider("POST", "/assets", {"source": source, "terms": ["members"]})

            async def fetch():
                offer = asset["dataset"]["offers"][0]["id"]
                begun = await consumer("POST", "/negotiations", {"peer": acme.did, "dataset": asset["id"], "offer": offer})
                agreed = await consumer.until(f"/negotiations/{begun['id']}", "FINALIZED")
                transfer = await consumer("POST", "/transfers", {"contract": agreed["contract"]})
                await consumer.until(f"/transfers/{transfer['id']}", "STARTED")
                address = await consumer("POST", f"/transfers/{transfer['id']}/refresh")
                token = {"Authorization": "Bearer " + address["properties"]["authorization"]}
                assert (await client.get(address["endpoint"], headers=token)).text == "day,rain\n1,2\n"
                await consumer("POST", f"/transfers/{transfer['id']}/complete")
                await consumer.until(f"/transfers/{transfer['id']}", "COMPLETED")

            await asyncio.gather(*(fetch() for _ in range(parallel)))
            assert len((await consumer("GET", "/contracts"))["items"]) == parallel
            assert (await client.get(f"{root}/readyz")).status_code == 200
            figures = (await client.get(f"{root}/metrics", headers={"Authorization": f"Bearer {host}"})).text
            assert f'hanse_state_changes_total{{by="peer",kind="transfer",state="COMPLETED"}} {parallel}.0' in figures
            assert f'hanse_http_requests_total{{method="GET",route="/participants/{{name}}/data",status="200"}} {parallel}.0' in figures

    asyncio.run(scenario())
