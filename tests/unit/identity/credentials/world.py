"""An issuer, a holder, a verifier and a stranger, their documents, and a network that answers from dictionaries."""

import base64
import json
from datetime import UTC, datetime, timedelta

from hanse.identity.credentials.issue import Draft, issue, status_entry
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC11, VC20, SchemaReference
from hanse.identity.credentials.present import present
from hanse.identity.credentials.presentations import verify_answer, verify_presentation
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules, verify
from hanse.identity.did import DidDocument, did_document, key_id
from hanse.identity.exchange import FetchSchema, FetchStatusList, ResolveDid, drive
from hanse.identity.keys import SigningKey
from hanse.identity.status import Bits
from hanse.kernel.errors import PeerUnreachable

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
LIST_URL = "https://issuer.example/status/1"
SCHEMA_URL = "https://issuer.example/schema.json"
PROFILES = (VC20, VC11)
FOREVER = timedelta(days=30)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def opened(text: str) -> tuple[dict, dict]:
    """Header and payload of a JWT."""
    head, body, _ = text.split(".")
    return tuple(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (head, body))


class Party:
    def __init__(self, host: str, kind: str = "P-256"):
        self.did = f"did:web:{host}"
        self.key = SigningKey.generate(key_id(self.did, 1), kind)
        self.document = did_document(self.did, [(self.key.kid, self.key.public_jwk)])

    def sign(self, payload: dict, header: dict) -> str:
        return self.key.sign(json.dumps(payload).encode(), header)


class World:
    def __init__(self):
        self.issuer, self.holder, self.verifier = Party("issuer.example"), Party("holder.example"), Party("verifier.example")
        self.stranger = Party("issuer.example.evil")
        self.documents: dict[str, DidDocument] = {p.did: p.document for p in (self.issuer, self.holder, self.verifier, self.stranger)}
        self.files: dict[str, bytes] = {}
        self.asked: list = []
        self.now = NOW
        self.trust = {"MembershipCredential": [self.issuer.did]}
        self.bits = Bits.zeros()
        self.rules = Rules(TrustedIssuers(self.trust))

    def draft(self, profile=VC20, **changes):
        given = {
            "profile": profile,
            "types": ("MembershipCredential",),
            "subject": {"id": self.holder.did, "level": "gold"},
            "valid_from": NOW,
            "valid_until": NOW + FOREVER,
            "id": "urn:uuid:1",
        }
        return Draft(**{**given, **changes})

    def credential(self, profile=VC20, key=None, **changes):
        return issue(key or self.issuer.key, self.draft(profile, **changes), NOW)

    def entry(self, profile=VC20, index=5, purpose="revocation"):
        return (status_entry(profile, purpose, index, LIST_URL),)

    def schema(self, schema, kind="JsonSchemaValidator2018"):
        self.files[SCHEMA_URL] = schema if isinstance(schema, bytes) else json.dumps(schema).encode()
        return (SchemaReference(SCHEMA_URL, kind),)

    def publish(self, profile=VC20, bits=None, party=None, url=LIST_URL, **options):
        party = party or self.issuer
        made = issue_list(party.key, options.pop("named", url), bits or self.bits, profile, options.pop("made", NOW), **options)
        self.files[url] = made.encode()

    def changed(self, text, change, party=None, header=None):
        """The same JWT with its payload changed by a function, signed anew by its maker or somebody else."""
        head, body = opened(text)
        change(body)
        head = {k: v for k, v in {**head, **(header or {})}.items() if k not in {"alg", "kid"}}
        return (party or self.issuer).sign(body, head)

    def answer(self, request):
        self.asked.append(request)
        if isinstance(request, ResolveDid):
            found = self.documents.get(request.did)
        else:
            assert isinstance(request, FetchSchema | FetchStatusList)
            found = self.files.get(request.url)
        if found is None:
            raise PeerUnreachable("10.1.2.3 did not answer")
        return found

    def verify(self, text, rules=None, holder=None, now=None):
        return drive(verify(text, holder or self.holder.did, rules or self.rules, now or self.now), self.answer)

    def present(self, *texts, key=None, audience=None, **options):
        return present(key or self.holder.key, audience or self.verifier.did, texts, NOW, "jti_1", **options)

    def verify_vp(self, text, rules=None, holder=None, now=None):
        return drive(
            verify_presentation(text, holder or self.holder.did, self.verifier.did, rules or self.rules, now or self.now), self.answer
        )

    def verify_answer(self, presentations, wanted=(), rules=None):
        return drive(verify_answer(presentations, self.holder.did, self.verifier.did, wanted, rules or self.rules, self.now), self.answer)
