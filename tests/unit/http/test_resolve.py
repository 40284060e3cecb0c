"""The resolver's cache, its limits, and the driver, against a client that answers from a dict."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from hanse.http.peer import PeerAnswer
from hanse.http.resolve import DidResolver
from hanse.identity.did import DidDocument, did_document, did_url
from hanse.identity.exchange import ResolveDid
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import AddressRefused, Invalid, PeerError, PeerInvalid, PeerUnreachable

ACME = "did:web:acme.example:participants:acme"
OTHER = "did:web:other.example"


class Shelf:
    """A second implementation of what the resolver needs of a client: answers from a dict, after a moment."""

    def __init__(self):
        self.answers = {}
        self.sent = []

    def put(self, did, answer=None):
        body = msgspec.json.encode(did_document(did, [(f"{did}#key-1", {"kty": "EC"})]))
        self.answers[did_url(did)] = PeerAnswer(200, {}, body) if answer is None else answer

    async def send(self, method, url, body=None, headers=None, *, timeout=10.0, limit=0):
        assert (method, body) == ("GET", None)
        assert limit <= 64 * 1024
        self.sent.append(url)
        await asyncio.sleep(0)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Space:
    def __init__(self, **options):
        self.shelf, self.clock, self.hosted = Shelf(), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), {}

        async def local(did):
            return self.hosted.get(did)

        self.resolver = DidResolver(self.shelf, self.clock, local, **options)

    def get(self, did=ACME, fresh=False):
        return asyncio.run(self.resolver.resolve(did, fresh=fresh))

    @property
    def fetches(self):
        return len(self.shelf.sent)


@pytest.fixture
def space():
    made = Space()
    made.shelf.put(ACME)
    return made


def test_a_document_is_kept_for_five_minutes(space):
    assert space.get().id == ACME
    space.clock.advance(seconds=299)
    space.get()
    assert space.fetches == 1
    space.clock.advance(seconds=1)
    space.get()
    assert space.fetches == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (PeerAnswer(404, {}, b""), PeerUnreachable),
        (PeerAnswer(503, {}, b"busy"), PeerUnreachable),
        (PeerAnswer(200, {}, b""), PeerInvalid),
        (PeerAnswer(200, {}, b"<html>"), PeerInvalid),
        (PeerAnswer(200, {}, b'{"id":' + b"[" * 1000), PeerInvalid),
        (PeerUnreachable("gone"), PeerUnreachable),
        (AddressRefused("no", hint="list it", rule="x"), AddressRefused),
    ],
)
def test_failures_are_kept_for_five_seconds(space, answer, kind):
    space.shelf.put(ACME, answer)
    for _ in range(3):
        with pytest.raises(kind):
            space.get()
    assert space.fetches == 1
    space.shelf.put(ACME)
    space.clock.advance(seconds=5)
    assert space.get().id == ACME


def test_a_kept_failure_is_raised_anew_each_time(space):
    space.shelf.put(ACME, AddressRefused("no", where="w", hint="h", rule="r"))
    caught = []
    for _ in range(2):
        with pytest.raises(AddressRefused) as refused:
            space.get()
        caught.append(refused.value)
    assert caught[0] is not caught[1]
    assert [(x.message, x.where, x.hint, x.rule) for x in caught] == [("no", "w", "h", "r")] * 2


def test_fresh_passes_the_cache_once_in_ten_seconds(space):
    space.get()
    for _ in range(20):
        space.get(fresh=True)
    assert space.fetches == 2
    space.clock.advance(seconds=9)
    space.get(fresh=True)
    assert space.fetches == 2
    space.clock.advance(seconds=1)
    space.get(fresh=True)
    assert space.fetches == 3


def test_fresh_requests_for_a_failing_did_are_limited_too(space):
    space.shelf.put(ACME, PeerUnreachable("gone"))
    for _ in range(20):
        with pytest.raises(PeerUnreachable):
            space.get(fresh=True)
    assert space.fetches == 1


def test_a_failed_refresh_leaves_the_good_document(space):
    space.get()
    space.shelf.put(ACME, PeerUnreachable("gone"))
    with pytest.raises(PeerUnreachable):
        space.get(fresh=True)
    assert space.get().id == ACME
    assert space.get(fresh=True).id == ACME
    assert space.fetches == 2


def test_requests_at_one_time_share_one_fetch_even_if_the_first_gives_up(space):
    async def run():
        first = asyncio.create_task(space.resolver.resolve(ACME))
        rest = [asyncio.create_task(space.resolver.resolve(ACME, fresh=bool(n % 2))) for n in range(50)]
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(*rest)

    assert {document.id for document in asyncio.run(run())} == {ACME}
    assert space.fetches == 1
    assert space.resolver._running == {}


def test_failures_are_shared_as_well(space):
    space.shelf.put(ACME, PeerUnreachable("gone"))

    async def run():
        return await asyncio.gather(*(space.resolver.resolve(ACME) for _ in range(10)), return_exceptions=True)

    assert all(isinstance(outcome, PeerUnreachable) for outcome in asyncio.run(run()))
    assert space.fetches == 1


def test_what_is_hosted_here_needs_no_http_and_no_cache(space):
    for version in ("1", "2"):
        space.hosted[ACME] = DidDocument(id=ACME, context=version)
        assert space.get().context == version
    assert space.fetches == 0


def test_the_cache_is_bounded_in_entries():
    space = Space(entries=3)
    dids = [f"did:web:n{n}.example" for n in range(4)]
    for did in dids:
        space.shelf.put(did)
    for did in (dids[0], dids[1], dids[2], dids[0], dids[3]):
        space.get(did)
    assert list(space.resolver._cache) == [dids[2], dids[0], dids[3]]


def test_the_cache_is_bounded_in_bytes():
    space = Space(held_bytes=5000)
    for n in range(40):
        did = f"did:web:n{n}.example"
        space.shelf.put(did, PeerAnswer(200, {}, b'{"id":"x","pad":"' + b"a" * 1000 + b'"}'))
        space.get(did)
    assert len(space.resolver._cache) == 4
    assert space.resolver._held == sum(entry.size for entry in space.resolver._cache.values())


def test_what_is_no_did_is_invalid(space):
    for did in ("did:web:", "did:web:127.1", "did:key:z6Mk", "", "did:web:a.example:.."):
        with pytest.raises(Invalid):
            space.get(did)
    assert space.fetches == 0


def test_the_driver_answers_and_throws(space):
    space.shelf.put(OTHER, PeerUnreachable("gone"))

    def exchange():
        found = yield ResolveDid(ACME)
        try:
            yield ResolveDid(OTHER)
        except PeerError as fault:
            reason = fault.message
        again = yield ResolveDid(ACME, fresh=True)
        return found.id, reason, again.id

    assert asyncio.run(space.resolver.drive(exchange())) == (ACME, "gone", ACME)
    assert space.fetches == 3


def test_the_driver_lets_errors_of_the_exchange_out_and_closes_it(space):
    closed = []

    def exchange():
        try:
            yield ResolveDid(ACME)
            raise Invalid("no")
        finally:
            closed.append(True)

    with pytest.raises(Invalid):
        asyncio.run(space.resolver.drive(exchange()))
    assert closed == [True]

    def at_once():
        return "done"
        yield

    assert asyncio.run(space.resolver.drive(at_once())) == "done"
