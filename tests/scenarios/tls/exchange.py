"""Two servers under TLS, each with a name and a certificate of a private authority; run as a program of its own.

    SSL_CERT_FILE=authority.pem python exchange.py FOLDER PORT PORT

The names lead to loopback by an injected lookup. Prints the SHA-256 of what the consumer fetched.
"""

import asyncio
import hashlib
import json
import socket
import sys
from datetime import timedelta
from pathlib import Path

from hanse.anchor.records import Applicant
from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.app.space import add_participant, found_space, hand_over
from hanse.client.fetch import Settings as FetchSettings
from hanse.client.fetch import fetch
from hanse.config import Settings
from hanse.connector.offers import Description
from hanse.connector.records import FileSource
from hanse.odrl.templates import parse_template
from hanse.participants.roles import SERVER

NAMES = ("provider.test", "consumer.test")


async def lookup(host, port):
    if host not in NAMES:
        raise OSError("there is no such host")
    return ["127.0.0.1"]


async def opened(folder, name, port):
    settings = Settings(
        home=str(folder / name),
        host="127.0.0.1",
        port=port,
        public_host=name,
        peers_allow=NAMES,
        tls_certificate=str(folder / f"{name}.pem"),
        tls_key=str(folder / f"{name}.key"),
    )
    return await Server.open(settings, Parts(lookup=lookup))


async def until(look, wanted):
    for _ in range(500):
        found = await look()
        if found.state == wanted:
            return found
        await asyncio.sleep(0.02)
    raise RuntimeError(f"it stays {found.state}: {[h.what + h.detail for h in found.history]}")


async def main(folder, ports):
    provider = await opened(folder, NAMES[0], ports[0])
    consumer = await opened(folder, NAMES[1], ports[1])
    space, _ = await found_space(provider, "tls", "Under TLS")
    seller = await add_participant(provider, space, "seller", "Seller", roots=(str(folder / "data"),))
    buyer = (await consumer.management.participants.create(SERVER, "buyer", "Buyer")).participant
    invited = await provider.management.members.invite(space.tenant, space.name, did=buyer.did)
    applicant = Applicant(buyer.did, "jti-1", provider.ground.clock.now() + timedelta(minutes=5))
    await provider.management.members.apply(space.name, applicant, "Buyer", invitation=invited.code)
    await consumer.management.participants.join(SERVER, buyer.name, space.url, space.anchor)
    await hand_over(provider, space, buyer.name, buyer.did, consumer)
    ready = [asyncio.Event(), asyncio.Event()]
    running = [asyncio.create_task(serve(provider, ready[0])), asyncio.create_task(serve(consumer, ready[1]))]
    await asyncio.gather(*(event.wait() for event in ready))
    terms = parse_template("members", provider.ground.clock.now())
    source = FileSource(str(folder / "data" / "table.csv"))
    asset = await provider.front.services.offers.create(seller.name, source, Description(terms=(terms,)))
    begun = await consumer.connector.negotiations.request(buyer.name, seller.did, asset.id, asset.dataset.offers[0])
    views = consumer.front.services.views

    async def negotiation():
        return (await views.negotiation(buyer.name, begun.id)).process

    contract = (await until(negotiation, "FINALIZED")).agreement.id
    asked = await consumer.connector.transfers.request(buyer.name, contract, "HttpData-PULL")

    async def transfer():
        return (await views.transfer(buyer.name, asked.id)).process

    await until(transfer, "STARTED")
    address = await consumer.connector.transfers.address(buyer.name, asked.id)

    def dial(host, port, timeout):
        if host not in NAMES:
            raise OSError("there is no such host")
        return socket.create_connection(("127.0.0.1", port), timeout)

    report = await asyncio.to_thread(fetch, address, folder / "got", None, settings=FetchSettings(dial=dial))
    print(
        json.dumps(
            {
                "did": seller.did,
                "endpoint": address.endpoint,
                "type": address.endpoint_type,
                "verified": report.verified,
                "sha256": hashlib.sha256((folder / "got" / "table.csv").read_bytes()).hexdigest(),
            }
        ),
        flush=True,
    )
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), [int(port) for port in sys.argv[2:]]))
