"""Opening databases for a test, and records to put into them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from hanse.anchor.records import Invitation, Member, Space
from hanse.connector.records import Asset, Contract, FileSource, Intent, Negotiation, Outgoing, Transfer
from hanse.dataplane.records import Access, Grant, Push
from hanse.dcat.model import Dataset
from hanse.dsp.messages import Role
from hanse.odrl.model import Agreement, Offer, Terms
from hanse.odrl.templates import parse_template
from hanse.participants.records import Operator, Participant, Receipt, Tombstone
from hanse.participants.roles import Role as OperatorRole
from hanse.storage import open_database
from hanse.wallet.ports import SealedKey

NOW = datetime(2026, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)
A, B = "acme", "zoo"
PEER = "did:web:localhost%3A8400:participants:peer"
OTHER = "did:web:localhost%3A8400:participants:other"
TERMS = parse_template("members", NOW)


def on(address, scenario, *, times=1):
    """Run `async def scenario(database, ...)` on one database, opened `times` times; return what it returns."""

    async def whole():
        async with AsyncExitStack() as stack:
            opened = [await open_database(address) for _ in range(times)]
            for one in opened:
                stack.push_async_callback(one.close)
            async with asyncio.timeout(60):
                return await scenario(*opened)

    return asyncio.run(whole())


def later(**by):
    return NOW + timedelta(**by)


def negotiation(id="neg_1", tenant=A, **changes):
    fields = {
        "role": Role.CONSUMER,
        "peer": PEER,
        "peer_address": "http://localhost:8400/participants/peer/dsp",
        "own_did": f"did:web:localhost%3A8400:participants:{tenant}",
        "dataset": "ds_1",
        "offer": Offer(id="off_1", terms=TERMS, target="ds_1"),
        "offered_by": Role.CONSUMER,
        "intent": Intent("msg_1", "request", "REQUESTED"),
        "received": {"aa": "REQUESTED"},
        "created": NOW,
        "updated": NOW,
    }
    made = Negotiation(id=id, tenant=tenant, **(fields | changes))
    made.note(NOW, "request: sent", "us", "ünïcode — 数据 💧")
    return made


def transfer(id="trf_1", tenant=A, **changes):
    fields = {
        "role": Role.PROVIDER,
        "peer": PEER,
        "peer_address": "http://localhost:8400/participants/peer/dsp",
        "agreement_id": "agr_1",
        "dataset": "ds_1",
        "format": "HttpData-PULL",
        "address": b"\x00sealed\xff",
        "created": NOW,
        "updated": NOW,
    }
    return Transfer(id=id, tenant=tenant, **(fields | changes))


def agreement(id="agr_1"):
    return Agreement(id=id, terms=TERMS, target="ds_1", assigner=PEER, assignee=OTHER, timestamp="2026-05-04T03:02:01Z")


def contract(id="agr_1", tenant=A, *, of="neg_1", **changes):
    fields = {
        "role": Role.CONSUMER,
        "peer": PEER,
        "peer_address": "http://localhost:8400/participants/peer/dsp",
        "dataset": "ds_1",
        "agreement": agreement(id),
        "finalized": NOW,
    }
    return Contract(id=id, tenant=tenant, negotiation=of, **(fields | changes))


def outgoing(id="msg_1", tenant=A, **changes):
    fields = {
        "process": "neg_1",
        "peer": PEER,
        "url": "http://localhost:8400/participants/peer/dsp/negotiations/request",
        "step": "request",
        "body": b"sealed\x00body",
        "due": NOW,
        "created": NOW,
        "deadline": later(minutes=15),
    }
    return Outgoing(id=id, tenant=tenant, **(fields | changes))


def asset(id="ds_1", tenant=A, *, visible_to=(), withdrawn=None, **said):
    fields = {"title": f"Dataset {id}", "offers": (Offer(id="off_1", terms=Terms()),), "formats": ("HttpData-PULL",)}
    dataset = Dataset(id=id, **(fields | said))
    source = FileSource("/data/x.csv")
    return Asset(id=id, tenant=tenant, dataset=dataset, source=source, visible_to=visible_to, withdrawn=withdrawn, created=NOW, updated=NOW)


def participant(name=A, **changes):
    did = f"did:web:localhost%3A8400:participants:{name}"
    return Participant(name=name, **({"did": did, "title": name.title(), "created": NOW} | changes))


def operator(id="op_1", tenant=A, **changes):
    fields = {"name": "Ann", "role": OperatorRole.ADMINISTER, "token_hash": (id + (tenant or "")).ljust(64, "0"), "created": NOW}
    return Operator(id=id, tenant=tenant, **(fields | changes))


def tombstone(name=A):
    did = f"did:web:localhost%3A8400:participants:{name}"
    return Tombstone(name=name, did=did, receipt=Receipt(name=name, did=did, erased=NOW, counts={"assets": 3}))


def key(tenant=A, number=1):
    did = f"did:web:localhost%3A8400:participants:{tenant}"
    return SealedKey(tenant, did, f"{did}#{number}", number, {"kty": "EC"}, b"\x00\x01sealed", NOW)


def space(name="harbour", tenant=A, **changes):
    fields = {"anchor": PEER, "url": f"http://localhost:8400/spaces/{name}", "title": "The Harbour", "version": 7, "created": NOW}
    return Space(name=name, tenant=tenant, **(fields | changes))


def member(did=PEER, *, of="harbour", status="active", **changes):
    fields = {"tenant": A, "name": "Peer", "roles": ("provider",), "since": NOW, "created": NOW, "updated": NOW}
    return Member(space=of, did=did, status=status, **(fields | changes))


def invitation(id="inv_1", *, to="harbour", **changes):
    fields = {"tenant": A, "code_hash": "c0de", "roles": ("provider",), "did": None, "created": NOW, "expires": later(days=7)}
    return Invitation(id=id, space=to, **(fields | changes))


def grant(tenant=A, transfer="trf_1"):
    return Grant(tenant=tenant, transfer=transfer, agreement="agr_1", peer=PEER)


def access(hash="h1", *, tenant=A, transfer="trf_1", **changes):
    return Access(hash=hash, grant=grant(tenant, transfer), **({"expires": later(minutes=10)} | changes))


def push(tenant=A, transfer="trf_1", **changes):
    return Push(grant=grant(tenant, transfer), sink=b"\x00sink", created=NOW, deadline=later(hours=1), **changes)
