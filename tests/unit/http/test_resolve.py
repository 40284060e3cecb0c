"""The resolver's caches, their limits, and the driver, against a client that answers from a dict."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from hanse.http.peer import PeerAnswer
from hanse.http.resolve import DidResolver
from hanse.identity.credentials.lists import MAX_LIST
from hanse.identity.credentials.schema import MAX_SCHEMA
from hanse.identity.did import MAX_DOCUMENT, DidDocument, did_document, did_url
from hanse.identity.exchange import FetchSchema, FetchStatusList, ResolveDid
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import AddressRefused, Invalid, PeerError, PeerInvalid, PeerUnreachable

ACME = "did:web:acme.example:participants:acme"
OTHER = "did:web:other.example"
SCHEMA = "https://issuer.example/schema.json"
LIST = "https://issuer.example/status/1"


class Shelf:
    """A second implementation of what the resolver needs of a client: answers from a dict, after a moment."""

    def __init__(self):
        self.answers = {}
        self.sent = []
        self.asked = []

    def put(self, did, answer=None):
        body = msgspec.json.encode(did_document(did, [(f"{did}#key-1", {"kty": "EC"})]))
        self.answers[did_url(did)] = PeerAnswer(200, {}, body) if answer is None else answer

    async def send(self, method, url, body=None, headers=None, *, timeout=10.0, limit=0):
        assert (method, body) == ("GET", None)
        self.sent.append(url)
        self.asked.append((headers, timeout, limit))
        await asyncio.sleep(0)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Space:
    def __init__(self, **options):
        self.shelf, self.clock, self.hosted = Shelf(), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), {}

        async def local(name):
            return self.hosted.get(name)

        self.resolver = DidResolver(self.shelf, self.clock, local, local_document_at=local, **options)

    def get(self, did=ACME, fresh=False):
        return asyncio.run(self.resolver.resolve(did, fresh=fresh))

    def ask(self, question):
        """Drive an exchange that asks one question; return the answer, or the error that was thrown in."""

        def exchange():
            try:
                return (yield question)
            except PeerError as fault:
                return fault

        return asyncio.run(self.resolver.drive(exchange()))

    def serve(self, url, body=b"{}", status=200):
        self.shelf.answers[url] = PeerAnswer(status, {}, body)

    @property
    def fetches(self):
        return len(self.shelf.sent)


@pytest.fixture
def space():
    made = Space()
    made.shelf.put(ACME)
    return made


def test_a_document_is_kept_for_a_minute(space):
    assert space.get().id == ACME
    assert space.shelf.asked == [({"Accept": "application/did+json, application/json"}, 5.0, MAX_DOCUMENT)]
    space.clock.advance(seconds=59)
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


# Schemas and status lists.


@pytest.mark.parametrize(("question", "limit"), [(FetchSchema(SCHEMA), MAX_SCHEMA), (FetchStatusList(LIST), MAX_LIST)])
def test_schemas_and_lists_are_fetched_within_bounds(space, question, limit):
    space.serve(question.url, b"text")
    assert space.ask(question) == b"text"
    [(headers, timeout, most)] = space.shelf.asked
    assert (timeout, most) == (5.0, limit)
    assert "application/json" in headers["Accept"]


def test_a_schema_is_kept_for_an_hour(space):
    space.serve(SCHEMA)
    for advance in (0, 3599):
        space.clock.advance(seconds=advance)
        assert space.ask(FetchSchema(SCHEMA)) == b"{}"
    assert space.fetches == 1
    space.clock.advance(seconds=1)
    space.serve(SCHEMA, b"[]")
    assert space.ask(FetchSchema(SCHEMA)) == b"[]"
    assert space.fetches == 2


@pytest.mark.parametrize("trouble", [PeerUnreachable("gone"), PeerInvalid("too big"), AddressRefused("no", rule="x")])
def test_a_schema_that_does_not_come_is_asked_for_again_after_five_seconds(space, trouble):
    space.shelf.answers[SCHEMA] = trouble
    faults = [space.ask(FetchSchema(SCHEMA)) for _ in range(3)]
    assert all((type(fault), fault.message) == (type(trouble), trouble.message) for fault in faults)
    assert len({id(fault) for fault in faults}) == 3
    assert space.fetches == 1
    space.serve(SCHEMA)
    space.clock.advance(seconds=5)
    assert space.ask(FetchSchema(SCHEMA)) == b"{}"


@pytest.mark.parametrize("status", [201, 204, 404, 500])
def test_only_an_answer_of_200_is_one(space, status):
    for question in (FetchSchema(SCHEMA), FetchStatusList(LIST)):
        space.serve(question.url, status=status)
        assert isinstance(space.ask(question), PeerUnreachable)


def test_a_status_list_is_not_kept_and_not_taken_from_a_cache_on_the_way(space):
    for body in (b"one", b"two"):
        space.serve(LIST, body)
        assert space.ask(FetchStatusList(LIST)) == body
    assert all(headers["Cache-Control"] == "no-cache" for headers, _, _ in space.shelf.asked)
    space.shelf.answers[LIST] = PeerUnreachable("gone")
    assert isinstance(space.ask(FetchStatusList(LIST)), PeerUnreachable)
    space.serve(LIST, b"three")
    assert space.ask(FetchStatusList(LIST)) == b"three"


def test_who_asks_at_one_time_shares_one_fetch_of_each(space):
    for url in (SCHEMA, LIST):
        space.serve(url)

    def exchange(question):
        return (yield question)

    async def run():
        questions = (FetchSchema(SCHEMA), FetchStatusList(LIST), ResolveDid(ACME))
        calls = [asyncio.create_task(space.resolver.drive(exchange(one))) for _ in range(20) for one in questions]
        await asyncio.sleep(0)
        calls[0].cancel()
        return await asyncio.gather(*calls[1:])

    assert len(asyncio.run(run())) == 59
    assert sorted(space.shelf.sent) == sorted([SCHEMA, LIST, did_url(ACME)])
    assert space.resolver._running == {}


@pytest.mark.parametrize("question", [FetchSchema(SCHEMA), FetchStatusList(LIST)])
def test_what_is_published_here_needs_no_http_and_no_cache(space, question):
    for body in (b"one", b"two"):
        space.hosted[question.url] = body
        assert space.ask(question) == body
    assert space.fetches == 0
    del space.hosted[question.url]
    space.serve(question.url, b"three")
    assert space.ask(question) == b"three"


def test_without_a_hook_nothing_is_published_here(space):
    resolver = DidResolver(space.shelf, space.clock, space.resolver._local)
    space.hosted[LIST] = b"here"
    space.serve(LIST, b"there")

    def exchange():
        return (yield FetchStatusList(LIST))

    assert asyncio.run(resolver.drive(exchange())) == b"there"


def test_kept_schemas_are_bounded_in_entries(space):
    for n in range(1_001):
        space.serve(f"{SCHEMA}?{n}")
        space.ask(FetchSchema(f"{SCHEMA}?{n}"))
    assert len(space.resolver._schemas) == 1_000
    space.ask(FetchSchema(f"{SCHEMA}?1"))
    assert space.fetches == 1_001
    space.ask(FetchSchema(f"{SCHEMA}?0"))
    assert space.fetches == 1_002


def test_kept_schemas_are_bounded_in_bytes(space):
    for n in range(300):
        space.serve(f"{SCHEMA}?{n}", b"x" * MAX_SCHEMA)
        space.ask(FetchSchema(f"{SCHEMA}?{n}"))
    assert len(space.resolver._schemas) == 256
    assert space.resolver._schema_bytes == 256 * MAX_SCHEMA
