"""openvc-core, which this project did not write: VC 1.1 as JWT both ways, bit strings both ways, did:key and did:jwk."""

from datetime import timedelta

import pytest

from hanse.identity.credentials.issue import Draft, issue
from hanse.identity.credentials.model import VC11
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import did_document, key_id
from hanse.identity.key_did import jwk_did, key_did_document
from hanse.identity.keys import SigningKey
from hanse.identity.status import Bits, decode_bits, encode_bits
from hanse.kernel.clock import SystemClock
from tests.unit.identity.credentials.world import World

pytest.importorskip("openvc")
from openvc import keys as their_keys
from openvc.did.did_jwk import DidJwkResolver
from openvc.did.did_key import DidKeyResolver
from openvc.proof.errors import ProofError
from openvc.proof.vc_jwt import VcJwtProofSuite
from openvc.status.bitstring import decode_bitstring, encode_bitstring, get_status_bit, new_bitstring, set_status_bit

KINDS = {"P-256": their_keys.P256SigningKey, "P-384": their_keys.P384SigningKey, "Ed25519": their_keys.Ed25519SigningKey}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def now():
    return SystemClock().now().replace(microsecond=0)  # openvc reads the machine's clock


@pytest.mark.parametrize("kind", KINDS)
def test_they_verify_our_credentials(world, now, kind):
    key = SigningKey.generate(key_id(world.issuer.did, 1), kind)
    subject = {"id": world.holder.did, "level": "gold"}
    end = now + timedelta(days=1)
    draft = Draft(profile=VC11, types=("MembershipCredential",), subject=subject, valid_from=now, valid_until=end, id="urn:uuid:1")
    text = issue(key, draft, now)
    read = VcJwtProofSuite().verify(text, public_key_jwk=key.public_jwk, expected_types=["MembershipCredential"])
    assert (read.issuer, read.subject, read.credential["credentialSubject"]) == (world.issuer.did, world.holder.did, subject)
    with pytest.raises(ProofError):
        VcJwtProofSuite().verify(text, public_key_jwk=SigningKey.generate("x#1", kind).public_jwk)


@pytest.mark.parametrize("kind", KINDS)
def test_we_verify_their_credentials(world, now, kind):
    did = "did:web:foreign.example"
    key = KINDS[kind].generate(f"{did}#key-1")
    world.documents[did] = did_document(did, [(key.kid, key.public_jwk())])
    credential = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "MembershipCredential"],
        "issuer": {"id": did},
        "issuanceDate": now.isoformat(),
        "credentialSubject": {"id": world.holder.did, "level": "gold"},
    }
    text = VcJwtProofSuite().sign(credential, signing_key=key, expires_in_s=60)
    verified = world.verify(text, Rules(TrustedIssuers({"MembershipCredential": [did]})), now=now)
    assert verified.credential.subjects == (credential["credentialSubject"],)


def test_lists_both_ways():
    ours = Bits.zeros().with_bit(0, on=True).with_bit(94_567, on=True)
    theirs = decode_bitstring(encode_bits(ours))
    assert [index for index in range(131_072) if get_status_bit(theirs, index)] == [0, 94_567]
    bits = new_bitstring(131_072)
    set_status_bit(bits, 131_071, 1)
    assert decode_bits(encode_bitstring(bytes(bits))) == Bits.zeros().with_bit(131_071, on=True)


@pytest.mark.parametrize("kind", KINDS)
def test_they_resolve_our_did_jwk(kind):
    public = SigningKey.generate("x#0", kind).public_jwk
    assert public["x"] in str(DidJwkResolver().resolve(jwk_did(public)))


def test_both_read_did_key_alike():
    for did in ("did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"):
        jwk = key_did_document(did).verification_method[0].public_key_jwk
        assert str(jwk["x"]) in str(DidKeyResolver().resolve(did))
