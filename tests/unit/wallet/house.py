"""A participant whose wallet is in memory, the processes that share it, and those who verify what it signs."""

import asyncio
import json
from datetime import timedelta

import msgspec
import pytest

from hanse.identity.credentials.issue import Draft
from hanse.identity.credentials.model import VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.credentials.verify import verify as verify_credential
from hanse.identity.exchange import FetchStatusList, drive
from hanse.identity.self_issued import verify
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Unauthenticated
from hanse.kernel.ids import CountedIds
from hanse.wallet.seal import MasterKeySealer, new_master_key
from hanse.wallet.wallet import Wallet
from tests.unit.wallet.conftest import NOW, MemoryDatabase

DID = "did:web:localhost%3A8400:participants:acme"
CITY = "did:web:localhost%3A8400:participants:city"
ALL = ("authentication", "assertionMethod", "capabilityInvocation")


class House:
    """A participant's wallet, its clock, and those who verify what it signs."""

    def __init__(self, start=NOW):
        self.database, self.clock, self.lists = MemoryDatabase(), ManualClock(start), ""
        self.sealer = MasterKeySealer(new_master_key())
        self.wallet = self.process()
        self.run(lambda tx: self.wallet.create(tx, "acme", DID))

    def process(self):
        """The wallet of another server process on the same database."""
        return Wallet(self.database, self.sealer, self.clock, CountedIds())

    def run(self, work):
        return asyncio.run(self.database.run(work))

    def rotate(self, kind=None, *, told=True):
        made = self.run(lambda tx: self.wallet.rotate(tx, "acme", kind))
        if told:
            self.wallet.forget("acme")
        return made

    def compromise(self, number=1, since=None):
        made = self.run(lambda tx: self.wallet.compromise(tx, "acme", f"{DID}#key-{number}", since or self.clock.now()))
        self.wallet.forget("acme")
        return made

    def release(self, number=1):
        return self.run(lambda tx: self.wallet.release(tx, "acme", f"{DID}#key-{number}"))

    def tidy(self):
        return self.run(lambda tx: self.wallet.tidy(tx, self.clock.now()))

    def record(self, number=1):
        return self.database.keys.rows["acme", f"{DID}#key-{number}"]

    def document(self):
        return asyncio.run(self.wallet.document("acme"))

    def shown(self):
        """What the DID document says, by the number of each key: its relationships, and whether it is revoked."""
        document, found = json.loads(msgspec.json.encode(self.document())), {}
        for method in document["verificationMethod"]:
            uses = tuple(name for name in ALL if method["id"] in document[name])
            found[int(method["id"].rpartition("-")[2])] = (uses, method.get("revoked"))
            assert set(method) <= {"id", "type", "controller", "publicKeyJwk", "revoked"}
            assert "revoked" not in method or method["revoked"] is not None
        return found

    def answer(self, request):
        return self.lists.encode() if isinstance(request, FetchStatusList) else self.document()

    def token(self, wallet=None):
        return asyncio.run((wallet or self.wallet).token_for("acme", CITY))

    def is_caller(self, token):
        return drive(verify(token, CITY, self.clock.now()), self.answer).did == DID

    def issue(self, profile=VC20, days=90, wallet=None, **changes):
        now = self.clock.now()
        fields = {"types": ("MembershipCredential",), "subject": {"id": CITY}, "valid_from": now, "valid_until": now + timedelta(days=days)}
        return asyncio.run((wallet or self.wallet).issue("acme", Draft(profile=profile, **(fields | changes))))

    def holds(self, text):
        rules = Rules(TrustedIssuers({"MembershipCredential": [DID]}))
        return drive(verify_credential(text, CITY, rules, self.clock.now()), self.answer).credential.issuer == DID

    def why_not(self, call, *args):
        with pytest.raises(Unauthenticated) as caught:
            call(*args)
        return caught.value.rule
