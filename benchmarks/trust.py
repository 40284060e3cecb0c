"""What proof costs: a call with credentials, the first and later ones, beside a call without; many credentials; many members; lists."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.report import Figure, median
from benchmarks.world import Process, free_port
from hanse.anchor.rulebook.document import read
from hanse.anchor.rulebook.schemas import schema_of
from hanse.anchor.rulebook.starter import default
from hanse.identity.credentials.issue import Draft, issue, status_entry
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC20, SchemaReference
from hanse.identity.credentials.present import present
from hanse.identity.credentials.presentations import verify_presentation
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import did_document
from hanse.identity.exchange import FetchSchema, FetchStatusList, Question, drive
from hanse.identity.keys import SigningKey
from hanse.identity.status import MIN_ENTRIES, Bits, Purpose

FIRST, WARM = 60, 400
MEMBERS = 1_000


@contextlib.contextmanager
def _processes() -> Iterator[tuple[Process, Process, Process, str, str]]:
    """Yield an anchor's process with a member, a verifier's, one that asks for no proof, and the DIDs of the two that are called."""
    with tempfile.TemporaryDirectory(prefix="hanse-bench-") as name, contextlib.ExitStack() as stack:
        ports = [free_port() for _ in range(3)]
        allow = [f"{host}:{port}" for port in ports for host in ("localhost", "127.0.0.1")]
        nodes = []
        for number, port in enumerate(ports):
            node = Process(Path(name) / f"node-{number}", port, allow, proof=number < 2)
            stack.callback(node.stop)
            nodes.append(node)
        dids = [f"did:web:localhost%3A{port}:participants:verifier" for port in ports[1:]]
        space = nodes[0].do("found", guests=dids[:1], roots=[])
        nodes[1].do("join", name="verifier", url=space["url"], anchor=space["anchor"])
        nodes[2].do("make", name="verifier")
        yield nodes[0], nodes[1], nodes[2], dids[0], dids[1]


def calls() -> list[Figure]:
    """Call a catalogue with proof that was never seen, with proof that was, and where none is asked for."""
    with _processes() as (caller, verifier, _, proving, trusting):
        for peer in (proving, trusting):
            caller.do("call", peer=peer, count=50)
        first = []
        for _ in range(FIRST):
            verifier.do("forget")
            first += caller.do("call", peer=proving, count=1, fresh=True)["times"]
        warm, without = [], []
        for _ in range(WARM // 20):  # in turn, so that both see the same machine
            warm += caller.do("call", peer=proving, count=20)["times"]
            without += caller.do("call", peer=trusting, count=20)["times"]
    above = statistics.median(warm) - statistics.median(without)
    note = f"{statistics.median(warm):.2f} ms with proof, {statistics.median(without):.2f} ms without"
    return [
        Figure("a call with proof that was never seen, p50", statistics.median(first), "ms", 40),
        Figure("a later call with proof, above one without, p50", above, "ms", 3, note=note),
    ]


def presentation() -> list[Figure]:
    """Verify a presentation of 100 credentials as an anchor makes them: one issuer, a schema, a list each of revoked and suspended."""
    now = datetime.now(UTC).replace(microsecond=0)
    anchor, holder = (SigningKey.generate(f"did:web:{name}.example#key-1") for name in ("anchor", "holder"))
    urls: dict[Purpose, str] = {purpose: f"https://anchor.example/status/{purpose}-1" for purpose in ("revocation", "suspension")}
    listed = {url: issue_list(anchor, url, Bits.zeros(), VC20, now, purpose=purpose).encode() for purpose, url in urls.items()}
    rulebook = read(default("https://anchor.example", anchor.did, "The space"))
    schema, schema_url = schema_of(rulebook, "MembershipCredential"), "https://anchor.example/schemas/MembershipCredential.json"
    texts = [
        issue(
            anchor,
            Draft(
                profile=VC20,
                types=("MembershipCredential",),
                subject={"id": holder.did, "memberOf": "https://anchor.example", "name": "Holder", "since": "2026-01-01T00:00:00Z"},
                valid_from=now,
                valid_until=now + timedelta(days=90),
                id=f"urn:uuid:{number}",
                statuses=tuple(status_entry(VC20, purpose, number, url) for purpose, url in urls.items()),
                schemas=(SchemaReference(schema_url, "JsonSchemaValidator2018"),),
            ),
            now,
        )
        for number in range(100)
    ]
    verifier = "did:web:verifier.example"
    documents = {key.did: did_document(key.did, [(key.kid, key.public_jwk)]) for key in (anchor, holder)}

    def answer(question: Question) -> object:
        if isinstance(question, FetchSchema):
            return schema
        return listed[question.url] if isinstance(question, FetchStatusList) else documents[question.did]  # type: ignore[union-attr]

    runs = []
    for number in range(20):
        (text,) = present(holder, verifier, texts, now, f"jti-{number}")
        rules = Rules(trust=TrustedIssuers({"MembershipCredential": [anchor.did]}))
        began = time.perf_counter()
        drive(verify_presentation(text, holder.did, verifier, rules, now), answer)
        runs.append((time.perf_counter() - began) * 1000)
    return [median("a presentation of 100 credentials verified", runs[3:], "ms", 60)]


def lists() -> list[Figure]:
    """Issue a status list, and flip one bit of it; with its commit."""
    with tempfile.TemporaryDirectory(prefix="hanse-bench-") as name:
        node = Process(Path(name) / "home", free_port(), [])
        node.do("found", guests=[], roots=[])
        issued, flipped = node.do("issue_list", count=50)["times"], node.do("flip", count=50)["times"]
        node.stop()
    return [
        Figure(f"a status list of {MIN_ENTRIES:,} entries issued, p50", statistics.median(issued), "ms", 20),
        Figure("one bit of it flipped and committed, p50", statistics.median(flipped), "ms", 20),
    ]


def members() -> list[Figure]:
    """Onboard participants one after the other: probe, fit, apply, be admitted, request, receive and verify the credentials."""
    with tempfile.TemporaryDirectory(prefix="hanse-bench-") as name:
        ports = free_port(), free_port()
        allow = [f"{host}:{port}" for port in ports for host in ("localhost", "127.0.0.1")]
        anchor, home = (Process(Path(name) / str(port), port, allow) for port in ports)
        space = anchor.do("found", guests=[], roots=[])
        home.do("crowd", count=MEMBERS)
        began = time.perf_counter()
        held = 0
        for begin in range(0, MEMBERS, 100):
            codes = anchor.do("invite", count=100)["codes"]
            held += home.do("enter", url=space["url"], codes=codes, begin=begin)["members"]
        seconds = time.perf_counter() - began
        home.stop()
        anchor.stop()
    if held != MEMBERS:
        raise RuntimeError(f"{held} of {MEMBERS} became members")
    return [Figure(f"{MEMBERS:,} onboardings one after another, two servers", seconds, "s", 60)]


ALL: dict[str, Callable[[], list[Figure]]] = {
    "Proof with each call": calls,
    "Presentations": presentation,
    "Status lists": lists,
    "Onboarding": members,
}
