"""Bodies bounded in size, depth and time; rates bounded per tenant and peer."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from hanse.http.limits import RateLimiter, check_depth, read_body, read_json
from hanse.kernel.errors import Malformed, TooLarge, TooMany


def request(*chunks, headers=(), end="http.request", pause=0.0):
    """A request as a server hands it over, and the list of chunks that were taken from it."""
    taken, left = [], list(chunks)

    async def receive():
        if pause:
            await asyncio.sleep(pause)
        if not left:
            return {"type": end, "body": b"", "more_body": False}
        taken.append(left.pop(0))
        return {"type": "http.request", "body": taken[-1], "more_body": True}

    raw = [(name.encode(), value.encode()) for name, value in headers]
    return Request({"type": "http", "method": "POST", "headers": raw, "path": "/"}, receive), taken


def test_a_body_is_read_whatever_its_content_type():
    for headers in ((), (("content-type", "application/ld+json"),), (("content-type", "nonsense"),)):
        asked, _ = request(b'{"a"', b":1}", headers=headers)
        assert asyncio.run(read_json(asked)) == b'{"a":1}'


def test_a_stated_length_over_the_limit_is_refused_unread():
    for stated in ("1048577", "9" * 400):
        asked, taken = request(b"x", headers=[("content-length", stated)])
        with pytest.raises(TooLarge):
            asyncio.run(read_body(asked))
        assert taken == []


def test_ten_megabytes_without_a_length_stop_at_the_limit():
    asked, taken = request(*[b"x" * 65536] * 160)
    with pytest.raises(TooLarge):
        asyncio.run(read_body(asked))
    assert len(taken) == 17


def test_the_limit_itself_is_allowed():
    asked, _ = request(b"x" * 10, headers=[("content-length", "10")])
    assert asyncio.run(read_body(asked, 10)) == b"x" * 10


@pytest.mark.parametrize("stated", ["-1", "ten", "1e3", "", "+5", "²"])
def test_a_length_that_is_no_number_is_malformed(stated):
    scope_headers = [(b"content-length", stated.encode("latin-1", "replace"))]
    asked = Request({"type": "http", "method": "POST", "headers": scope_headers, "path": "/"})
    with pytest.raises(Malformed):
        asyncio.run(read_body(asked))


def test_compressed_broken_off_slow_and_empty_bodies_are_malformed():
    compressed, taken = request(b"x", headers=[("content-encoding", "gzip")])
    broken, _ = request(b"x", end="http.disconnect")
    empty, _ = request(b" \n")
    for asked in (compressed, broken, empty):
        with pytest.raises(Malformed):
            asyncio.run(read_json(asked))
    assert taken == []
    slow, _ = request(b"x", pause=5)
    with pytest.raises(Malformed, match="did not arrive"):
        asyncio.run(read_body(slow, seconds=0.02))


def nested(depth):
    return b"[" * depth + b"]" * depth


def test_depth_is_counted_outside_of_strings():
    check_depth(nested(64))
    check_depth(json.dumps({"a": "[" * 1000, 'b"': '\\"{{{' * 200, "c": [[]] * 500}).encode())
    check_depth(b'{"\\"": "' + b"[" * 200 + b'"}')
    for body in (nested(65), nested(1000), b'{"a":' * 1000, b'{"a\\\\":' * 100, b'"\\\\"' + b"[" * 65, b'{"a":[' * 33):
        with pytest.raises(Malformed, match="deeper"):
            check_depth(body)


json_values = st.recursive(
    st.none() | st.text(alphabet='[]{}"\\a,', max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[]{}"\\', max_size=4), inner, max_size=3),
    max_leaves=30,
)


def depth_of(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(json_values)
def test_the_scan_agrees_with_the_decoder(value):
    body, depth = json.dumps(value).encode(), depth_of(value)
    check_depth(body, depth)
    if depth:
        with pytest.raises(Malformed):
            check_depth(body, depth - 1)


@given(st.binary(max_size=300))
def test_the_scan_never_fails_in_another_way(body):
    with suppress(Malformed):
        check_depth(body, 2)


@pytest.mark.parametrize("piece", [b'"', b'\\"', b'"\\', b"[", b"[]", b'["', b'"[', b"\\"])
def test_the_scan_is_linear_on_hostile_bodies(piece):
    body = b"[" * 65 + b'"' + piece * (1024 * 1024 // len(piece))
    begun = time.process_time()
    with pytest.raises(Malformed):
        check_depth(body)
    assert time.process_time() - begun < 2  # quadratic would take minutes


class Timer:
    now = 1000.0

    def __call__(self):
        return self.now


def test_a_burst_then_the_rate():
    timer = Timer()
    limiter = RateLimiter(10, 5, monotonic=timer)
    for _ in range(5):
        limiter.check("a", "p")
    with pytest.raises(TooMany) as too_many:
        limiter.check("a", "p")
    assert too_many.value.retry_after == pytest.approx(0.1)
    timer.now += too_many.value.retry_after
    limiter.check("a", "p")
    with pytest.raises(TooMany):
        limiter.check("a", "p")
    timer.now += 60
    for _ in range(5):
        limiter.check("a", "p")
    with pytest.raises(TooMany):
        limiter.check("a", "p")


def test_tenants_and_peers_have_their_own_buckets():
    limiter = RateLimiter(1, 1, monotonic=Timer())
    for pair in (("a", "p"), ("a", "q"), ("b", "p")):
        limiter.check(*pair)
        with pytest.raises(TooMany):
            limiter.check(*pair)


def test_who_is_refused_does_not_wait_longer_for_asking_again():
    timer = Timer()
    limiter = RateLimiter(1, 1, monotonic=timer)
    limiter.check("a", "p")
    for _ in range(100):
        with pytest.raises(TooMany) as too_many:
            limiter.check("a", "p")
    assert too_many.value.retry_after == pytest.approx(1)


def test_memory_is_bounded_and_the_quietest_key_goes_first():
    limiter = RateLimiter(1, 1, entries=3, monotonic=Timer())
    for n in range(4):
        limiter.check("a", str(n))
    limiter.check("a", "0")  # forgotten, so its bucket is full
    with pytest.raises(TooMany):
        limiter.check("a", "3")
    assert len(limiter._full_at) == 3


def test_nonsense_settings_are_refused():
    for rate, burst in ((0, 1), (-1, 1), (1, 0)):
        with pytest.raises(ValueError, match="positive"):
            RateLimiter(rate, burst)
