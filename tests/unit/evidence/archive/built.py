"""Archives made of nothing but the pure packages: two parties, a log of the consumer's, a witness, a version of three files."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import msgspec

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.agreements import agreement_digest
from hanse.evidence.archive.pack import Agreed, Contents, Proofs, Shown, Stored, Written, pack
from hanse.evidence.archive.verify import Examiner
from hanse.evidence.checkpoint import Checkpoint, origin_of, sign_checkpoint
from hanse.evidence.cosignature import cosign, cosigner_of
from hanse.evidence.dsse import seal
from hanse.evidence.merkle import Edge, inclusion_proof, leaf_hash
from hanse.evidence.statement import Subject, root_of_files, write_statement
from hanse.identity.keys import SigningKey, VerifyingKey

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ZOO, ACME = "did:web:zoo.example:participants:zoo", "did:web:acme.example:participants:acme"
ANCHOR = "did:web:anchor.example:participants:anchor"
AGREEMENT, DATASET, VERSION = "agr_06f9k2q4m8s1t5v7w9x3yz", "urn:dataset:rain", "rain@1"
FILES = {"a.csv": b"1,2\n", "b/c.csv": b"3,4\n", "b/d.csv": b"\xff\x00" * 50}


class Log:
    """A log in memory: what the ledger does, in one class."""

    def __init__(self):
        self.edge, self.nodes, self.raws = Edge(), {}, []

    def add(self, envelope):
        raw = envelope.encode()
        self.edge, made = self.edge.append(leaf_hash(raw))
        self.nodes.update({(level, number): hash for level, number, hash in made})
        self.raws.append(raw)

    def node(self, level, number):
        return self.nodes[level, number]


class Party:
    def __init__(self, did, kind="P-256"):
        self.did, self.kid = did, f"{did}#key-1"
        self.key = SigningKey.generate(self.kid, kind)
        self.note = SigningKey.generate(f"{did}#note-1", "Ed25519")

    def known(self):
        return f.KnownKey(self.kid, dict(self.key.public_jwk), "document")

    def document(self):
        method = {"id": self.kid, "type": "JsonWebKey2020", "controller": self.did, "publicKeyJwk": dict(self.key.public_jwk)}
        return f.KnownDid(self.did, NOW, {"id": self.did, "verificationMethod": [method], "assertionMethod": [self.kid]})

    def seal(self, subject, says):
        return seal(write_statement(subject, says), self.kid, self.key.sign_bytes)


def check_of(jwk):
    return VerifyingKey.from_jwk(jwk).verify_bytes


class Case:
    """An archive to be made: every part of it can be changed before it is packed."""

    def __init__(self, kind="P-256", *, both=True, witnessed=True, statements=3, about=None):
        self.zoo, self.acme, self.anchor = Party(ZOO, kind), Party(ACME, "Ed25519"), Party(ANCHOR)
        self.log = Log()
        self.lines, self.receipts = [], []
        self.normal = b'["terms",["rules",["rule",null,"use"]]]'
        hash = "sha-256:" + hashlib.sha256(self.normal).hexdigest()
        self.digest = agreement_digest(AGREEMENT, DATASET, ACME, ZOO, hash)
        self.agreement = f.AgreementRecord(
            id=AGREEMENT,
            target=DATASET,
            assigner=ACME,
            assignee=ZOO,
            terms_hash=hash,
            digest=self.digest,
            normal="-",
            policy={"@id": AGREEMENT, "@type": "Agreement", "target": DATASET, "assigner": ACME, "assignee": ZOO, "permission": []},
            words="-",
            role="consumer",
            finalized=NOW,
        )
        self.files = tuple(f.FileLine(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in FILES.items())
        self.root = root_of_files([k.Object(one.path, one.sha256, one.size) for one in self.files])
        size = sum(map(len, FILES.values()))
        self.version = f.VersionRecord(
            id=VERSION, root=self.root, count=3, size=size, stored=NOW, agreement=AGREEMENT, provider=ACME, dataset=DATASET, sums="provider"
        )
        self.both, self.promise = both, f.Promise(about or f.About("dataset", VERSION), ZOO, NOW, "hanse 0", ("No report of quality.",))
        self.document = b'{"@type":"sc:Dataset"}'
        for number in range(statements):
            self.state(k.UseStated(agreement=AGREEMENT, purpose=f"urn:purpose:{number}", at=NOW + timedelta(minutes=number)))
        if both:
            self.foreign(k.AgreementEnded(id="led_peer", by=ACME, to=ZOO, agreement=AGREEMENT, at=NOW, how="notice", reason="Enough."))
        self.acquire(size)
        self.state(k.Documented(subject=VERSION, document="croissant", sha256=hashlib.sha256(self.document).hexdigest(), at=NOW))
        self.seen = self.log.edge
        self.old = len(self.log.raws)
        self.state(k.UseBegan(agreement=AGREEMENT, use="use_1", action="use", at=NOW))
        self.witnessed = witnessed
        self.model = None
        self.documents = (Written(VERSION, "croissant", "croissant.json", self.document, "application/ld+json"),)
        self.credentials = (self.credential(),)

    def acquire(self, size):
        self.state(k.Acquired(version=VERSION, dataset=DATASET, provider=ACME, root=self.root, count=3, size=size, sums="provider", at=NOW))

    def state(self, says, subject=None):
        index = len(self.log.raws)
        says = msgspec.structs.replace(says, id=f"led_{index}", by=ZOO, entry=index)
        envelope = self.zoo.seal(subject or self.subject(says), says)
        self.log.add(envelope)
        if self.both and says.agreement:
            told = k.Acknowledged(
                id=f"ack_{index}", by=ACME, to=ZOO, agreement=AGREEMENT, at=NOW, statement=envelope.hash, kind="use-stated", index=7
            )
            receipt = self.acme.seal(Subject.of(says.id, envelope.hash), told)
            self.receipts.append(f.ReceiptLine(entry=index, envelope=msgspec.Raw(receipt.encode())))

    def foreign(self, says):
        self.log.add(self.acme.seal(self.subject(says), says))

    def subject(self, says):
        return Subject.of(AGREEMENT, self.digest) if says.agreement else Subject.of(VERSION, self.root)

    def credential(self):
        def part(value):
            return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

        head = {"alg": "ES256", "kid": self.anchor.kid, "typ": "vc+jwt"}
        body = {"issuer": ANCHOR, "type": ["VerifiableCredential", "MembershipCredential"], "credentialSubject": {"id": ACME}}
        signed = part(head) + b"." + part(body)
        text = signed + b"." + urlsafe_b64encode(self.anchor.key.sign_bytes(signed)).rstrip(b"=")
        record = f.CredentialRecord(
            holder=ACME,
            issuer=ANCHOR,
            types=("MembershipCredential",),
            sha256=hashlib.sha256(text).hexdigest(),
            presented=NOW,
            status="valid",
            checked=NOW,
        )
        return Shown(record, text.decode())

    def proofs(self):
        size = len(self.log.raws)
        jwk = self.zoo.key.public_jwk
        note = sign_checkpoint(Checkpoint(origin_of(ZOO), size, self.log.edge.root), jwk, self.zoo.key.sign_bytes)
        old = self.old if self.witnessed else 0
        entries = tuple(
            f.EntryLine(
                index=index,
                appended=NOW,
                proof=self.proof(index, size),
                seen=self.proof(index, old) if index < old else (),
                envelope=msgspec.Raw(raw),
            )
            for index, raw in enumerate(self.log.raws)
        )
        if not self.witnessed:
            return Proofs(note, entries, tuple(self.receipts))
        past = Checkpoint(origin_of(ZOO), self.old, self.seen.root)
        name, public = cosigner_of(ANCHOR), dict(self.anchor.note.public_jwk)
        line = cosign(past, name, public, self.anchor.note.sign_bytes, NOW + timedelta(hours=1))
        seen = sign_checkpoint(past, jwk, self.zoo.key.sign_bytes) + line
        return Proofs(note, entries, tuple(self.receipts), seen, (f.WitnessRecord(ANCHOR, name, public),))

    def proof(self, index, size):
        return tuple(one.hex() for one in inclusion_proof(index, size, self.log.node))

    def contents(self):
        return Contents(
            promise=self.promise,
            keys=(self.zoo.known(), self.acme.known(), self.anchor.known()),
            dids=(self.zoo.document(), self.acme.document(), self.anchor.document()),
            proofs=self.proofs(),
            agreements=(Agreed(self.agreement, self.normal, ("Zoo may use the data.",)),),
            versions=(Stored(self.version, self.files),),
            credentials=self.credentials,
            documents=self.documents,
            model=self.model,
        )

    def pack(self):
        return pack(self.contents(), self.zoo.kid, self.zoo.key.sign_bytes)

    def resign(self, files):
        """Return an archive of these files, with a manifest that the exporter signs: what only a lying exporter can make."""
        from hanse.evidence.archive.container import write_container

        files = {name: data for name, data in files.items() if name != f.MANIFEST}
        files[f.MANIFEST] = f.write_manifest(files, self.promise, self.zoo.kid, self.zoo.key.sign_bytes)
        return write_container(files)


def examine(raw, anchors=None, measures=None, reads=None):
    return Examiner(check_of, anchors, reads).examine(raw, measures)
