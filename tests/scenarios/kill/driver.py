"""Drives negotiations, transfers and fetches through servers that may die at any moment; re-sends what it overhears."""

from __future__ import annotations

import asyncio
import hashlib
import json

import httpx

from tests.scenarios.kill.town import CONTENT

AWAY = (httpx.TransportError,)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Operator:
    """An operator's program: it asks again when the server is away, and believes every answer that it gets."""

    complaint = ""
    client: httpx.AsyncClient

    def __init__(self, url, token):
        self._url = f"{url}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def __call__(self, method, path, body=None, *, also=()):
        """The answer, once there is one: 2xx, or a status of `also` as None."""
        while True:
            try:
                answer = await self.client.request(method, self._url + path, json=body, headers=self._headers)
            except AWAY:
                await asyncio.sleep(0.1)
                continue
            if answer.is_success:
                return answer.json()
            if answer.status_code in also:
                return None
            # The other side is away, its membership cannot be proved now, or a new process is still starting.
            assert answer.status_code in (403, 429, 500, 502, 503, 504), (method, path, answer.status_code, answer.text)
            self.complaint = answer.text
            await asyncio.sleep(0.2)

    async def until(self, path, *states):
        """The process once it is in one of the states. It exists, for its id was given to us: a 404 would be a loss."""
        while True:
            shown = await self("GET", f"{path}?wait=5&until={','.join(states)}")
            if shown["state"] in states:
                return shown


class Driver:
    """Runs the jobs; what was acknowledged is in `negotiations`, `contracts` and `transfers`."""

    def __init__(self, town):
        self._town = town
        self.consumer = Operator(f"http://127.0.0.1:{town.consumer.port}", town.consumer_token)
        self.provider = Operator(f"http://127.0.0.1:{town.provider.port}", town.provider_token)
        self.negotiations = []
        self.contracts = {}
        self.transfers = []
        self.done = 0

    def use(self, client):
        """Speak through this client."""
        self._client = self.consumer.client = self.provider.client = client

    async def work(self, jobs):
        """Take jobs until there are none."""
        while jobs:
            jobs.pop()
            await self._one()
            self.done += 1

    async def _one(self):
        town = self._town
        asked = {"peer": town.provider_did, "dataset": town.asset, "offer": town.offer}
        begun = await self.consumer("POST", "/negotiations", asked)
        self.negotiations.append(begun["id"])
        agreed = await self.consumer.until(f"/negotiations/{begun['id']}", "FINALIZED", "TERMINATED")
        assert agreed["state"] == "FINALIZED", await self.consumer("GET", f"/explain/{begun['id']}")
        self.contracts[begun["id"]] = agreed["contract"]
        await self._fetch(agreed["contract"])

    async def _fetch(self, contract):
        begun = await self.consumer("POST", "/transfers", {"contract": contract})
        self.transfers.append(begun["id"])
        path = f"/transfers/{begun['id']}"
        started = await self.consumer.until(path, "STARTED", "TERMINATED")
        assert started["state"] == "STARTED", await self.consumer("GET", f"/explain/{begun['id']}")
        assert hashlib.sha256(await self._data(await self.consumer("GET", f"{path}/address"))).hexdigest() == DIGEST
        await self.consumer("POST", f"{path}/complete", also=(409,))  # 409: the answer to our first try was lost
        await self.consumer.until(path, "COMPLETED")

    async def _data(self, address):
        token = {"Authorization": "Bearer " + address["properties"]["authorization"]}
        while True:
            try:
                answer = await self._client.get(address["endpoint"], headers=token)
            except AWAY:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == 200:
                return answer.content
            assert answer.status_code >= 500, (answer.status_code, answer.text)
            await asyncio.sleep(0.2)

    async def replay(self, chance, records):
        """Send what was accepted once more, for ever: no server ever takes it again."""
        refused = 0
        try:
            while True:
                await asyncio.sleep(chance.uniform(0.02, 0.2))
                url, record = chance.choice(records)
                taken = [entry for entry in answered(record) if entry["status"] < 300]
                if taken:
                    refused += await self._resend(url, chance.choice(taken))
        except asyncio.CancelledError:
            return refused

    async def _resend(self, url, entry):
        headers = {"Authorization": f"Bearer {entry['token']}", "Content-Type": "application/json"}
        try:
            answer = await self._client.post(url + entry["path"], content=entry["body"], headers=headers)
        except AWAY:
            return 0
        # 404: the server has just come back and cannot prove that the sender is a member; it looks at tokens after that.
        assert answer.status_code in (401, 404, 503), (answer.status_code, answer.text, entry["path"])
        return answer.status_code == 401


def answered(record):
    """The requests that a server has answered; a line that a kill has cut off does not count."""
    if not record.exists():
        return []
    return [json.loads(line) for line in record.read_text().splitlines() if line.endswith("}")]
