"""A key that signs, and what it signs."""

from datetime import UTC, datetime

import pytest

from hanse.evidence import kinds as k
from hanse.identity.keys import SigningKey, VerifyingKey

NOW = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
DID = "did:web:localhost%3A8400:participants:acme"
ROOT = "ab" * 32


class Signer:
    def __init__(self, kind="P-256"):
        self.key = SigningKey.generate(f"{DID}#key-1", kind)
        self.jwk = self.key.public_jwk
        self.check = VerifyingKey.from_jwk(self.jwk).verify_bytes
        self.sign = self.key.sign_bytes


@pytest.fixture(scope="session", params=["P-256", "P-384", "Ed25519", "RSA"])
def signer(request):
    return Signer(request.param)


def one_of_each():
    common = {"id": "led_1", "by": DID, "agreement": "agr_1", "at": NOW}
    return [
        k.UseStated(**common, purpose="https://w3id.org/dpv#ResearchAndDevelopment", spatial="DE"),
        k.UseBegan(**common, use="trf_1", action="use", facts={"purpose": "research"}, rules=("permission[0]",)),
        k.UseRefused(**common, action="use", reasons=("It is too late.",)),
        k.UseEnded(**common, use="trf_1", outcome="cut", reason="The agreement ended.", size=12),
        k.AgreementEnded(**common, how="notice", reason="We sell the station."),
        k.Receipt(**common, what="deleted", count=0, root=EMPTY),
        k.Notice(**common, about="use-began", text="A use began."),
        k.UsageReport(**common, since=NOW, uses=1, lines=(k.UseLine("use_1", "read", NOW),)),
        k.Decided(**common, permitted=False, action="use", reasons=("No.",), unknown=("purpose",)),
        k.Acknowledged(**common, statement=ROOT, kind="receipt", index=3),
    ]


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
