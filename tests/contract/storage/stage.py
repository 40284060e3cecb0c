"""Opening databases for a test, and records to put into them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from hanse.anchor.records import Invitation, Issuance, IssuanceState, Issued, Member, Published, Space, StatusBits
from hanse.connector.records import Asset, Contract, FileSource, Intent, Negotiation, Outgoing, Transfer
from hanse.dataplane.records import Access, Grant, Push
from hanse.dcat.model import Dataset
from hanse.dsp.messages import Role
from hanse.identity.credentials.model import VC20
from hanse.identity.status import Bits
from hanse.ledger.records import Delivery, Entry, Sent
from hanse.odrl.model import Agreement, Offer, Terms
from hanse.odrl.templates import parse_template
from hanse.participants.records import Operator, Participant, Receipt, Tombstone
from hanse.participants.roles import Role as OperatorRole
from hanse.storage import open_database
from hanse.trust.records import Presented, Refusal
from hanse.usage.records import Owed, Told, Use
from hanse.wallet.ports import SealedKey
from hanse.wallet.records import CredentialRequest, Held, Letter, RequestState

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


def held(id="vc_1", tenant=A, **changes):
    fields = {"issuer": PEER, "types": ("MembershipCredential",), "profile": VC20, "text": f"text of {id}", "received": NOW}
    return Held(id=id, tenant=tenant, **(fields | changes))


def request(holder_pid="req_1", tenant=A, **changes):
    fields = {"issuer": PEER, "wanted": ("urn:x",), "types": ("MembershipCredential",), "state": RequestState.ASKED, "because": "joined"}
    return CredentialRequest(holder_pid=holder_pid, tenant=tenant, created=NOW, updated=NOW, **(fields | changes))


def letter(id="ltr_1", tenant=A, **changes):
    fields = {"to": PEER, "service": "IssuerService", "path": "/credentials", "body": b'{"a":1}', "kind": "test", "about": id, "due": NOW}
    return Letter(id=id, tenant=tenant, deadline=later(days=1), **(fields | changes))


def rulebook(version=1, of="harbour", tenant=A, **changes):
    fields = {"text": f"# ünïcode — 数据 {version}\n", "sha256": "0" * 64, "published": NOW, "by": "Ann"}
    return Published(space=of, tenant=tenant, version=version, **(fields | changes))


def issued(id="vc_1", *, of="harbour", holder=PEER, **changes):
    fields = {"tenant": A, "type": "MembershipCredential", "profile": VC20, "number": 1, "index": 0, "kid": "k", "issuance": ""}
    return Issued(id=id, space=of, holder=holder, valid_from=NOW, **({"valid_until": later(days=90)} | fields | changes))


def issuance(id="iss_1", *, of="harbour", holder=PEER, **changes):
    fields = {"tenant": A, "holder_pid": "req_1", "wanted": ("http://localhost/x",), "token": "opaque", "created": NOW, "updated": NOW}
    return Issuance(id=id, space=of, holder=holder, **({"state": IssuanceState.RECEIVED} | fields | changes))


def status_lists(number=1, *, of="harbour", tenant=A, **changes):
    fields = {"next": 3, "revoked": Bits.zeros().with_bit(1, on=True).data, "suspended": Bits.zeros().with_bit(2, on=True).data}
    return StatusBits(space=of, tenant=tenant, number=number, **(fields | changes))


def presented(tenant=A, holder=PEER, *credentials, at=NOW):
    return Presented(tenant=tenant, holder=holder, credentials=credentials, at=at)


def refusal(id="rfs_1", tenant=A, holder=PEER, **said):
    fields = {"at": NOW, "rule": "revoked", "message": "The credential is refused. Ünïcode — 数据.", "where": "credentialStatus"}
    return Refusal(id=id, tenant=tenant, holder=holder, **(fields | said))


def use(id="trf_1", tenant=A, *, agreement="agr_1", **changes):
    fields = {"peer": PEER, "role": Role.PROVIDER, "reserved": NOW, "stated": {"purpose": "dpv:Marketing"}}
    return Use(id=id, tenant=tenant, agreement=agreement, **(fields | changes))


def told(about="", name="event", value="launch", tenant=A, **changes):
    return Told(tenant=tenant, about=about, name=name, values=(value,), source="an operator", observed=NOW, **changes)


def owed(path="obligation[0]", *, agreement="agr_1", tenant=A, **changes):
    return Owed(tenant=tenant, agreement=agreement, path=path, action="delete", **changes)


def entry(index=0, tenant=A, **changes):
    fields = {
        "kind": "notice",
        "agreement": "agr_1",
        "signer": PEER,
        "hash": "ab" * 32,
        "at": NOW,
        "raw": b'{"n":"\xc3\xbc"}',
        "key": {"kty": "EC"},
    }
    return Entry(tenant=tenant, index=index, id=f"led_{index}", **(fields | changes))


def sent(id="led_0", tenant=A, **changes):
    fields = {"index": 0, "to": PEER, "agreement": "agr_1", "kind": "notice", "state": Delivery.WAITING, "at": NOW, "receipt": b"{}"}
    return Sent(tenant=tenant, id=id, **(fields | changes))
