"""Providers that lie, stall and break off: bounded, refused with the reason, and nothing of it is kept."""

from __future__ import annotations

import itertools
import os
import time

import msgspec
import pytest
from msgspec.structs import replace

from hanse.dcat.chunks import LARGEST
from hanse.dsp.messages import DataAddress
from hanse.kernel.errors import AddressRefused, HanseError, PeerInvalid, PeerRefused, PeerUnreachable
from tests.scenarios.factory.transport.liar import Answer, liar
from tests.scenarios.factory.transport.sink import MemorySink
from tests.scenarios.factory.transport.world import QUICK, fetch

BIG = os.urandom(3 << 20)
FILES = {"big.bin": BIG, "small.txt": b"small" * 100}


@pytest.fixture
def provider():
    with liar(dict(FILES)) as one:
        yield one


def refused(provider, kind, match, **settings):
    sink = MemorySink()
    began = time.monotonic()
    with pytest.raises(kind, match=match) as caught:
        fetch(provider.address(), sink, settings=replace(QUICK, **settings))
    assert time.monotonic() - began < 20
    assert isinstance(caught.value, HanseError)
    assert "big.bin" not in sink.files
    return sink


def test_the_honest_provider_of_these_tests_is_fetched_from(provider):
    sink = MemorySink()
    report = fetch(provider.address(), sink)
    assert {path: sink.content(path) for path in sink.files} == FILES
    assert report.moved < len(BIG) + 10_000
    assert any("chunks" in path for path in provider.asked)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda page: replace(page, chunks=page.chunks[:-1]), "add up"),
        (lambda page: replace(page, chunks=[*page.chunks, page.chunks[0]]), "cannot be|add up"),
        (lambda page: replace(page, chunks=[(0, "0" * 64)] * 1_000_000), "cannot be|larger than"),
        (lambda page: replace(page, chunks=[(0, "0" * 64)] * 8_000), "cannot be"),
        (lambda page: replace(page, chunks=[(1, "0" * 64)] * 8_000, next=8_000), "cannot be"),
        (lambda page: replace(page, chunks=[], next=0), "add up"),
        (lambda page: replace(page, chunks=[(LARGEST + 1, "0" * 64)]), "cannot be"),
        (lambda page: replace(page, chunks=[(-5, "0" * 64), *page.chunks]), "cannot be"),
        (lambda page: replace(page, chunks=[(size, digest[:-1] + "g") for size, digest in page.chunks]), "cannot be"),
        (lambda page: replace(page, size=page.size + 1), "another file"),
        (lambda page: replace(page, blake3="0" * 64), "another file"),
        (lambda page: replace(page, rule="other"), "another file"),
        (lambda page: replace(page, next=1), "add up"),
        (lambda page: replace(page, offset=7), "another file"),
    ],
    ids=itertools.count(),
)
def test_a_chunk_list_that_cannot_be_is_refused(provider, change, match):
    provider.page = change
    refused(provider, PeerInvalid, match)


def test_a_chunk_list_of_other_content_is_refused(provider):
    provider.page = lambda page: replace(page, chunks=[(size, "ab" * 32) for size, _ in page.chunks])
    refused(provider, PeerInvalid, "does not have the digest")


def test_a_list_that_names_what_we_have_in_the_place_of_something_else_is_found_out(provider):
    sink = MemorySink()
    fetch(provider.address(), sink)
    sink.commit("set@1")
    provider.files["big.bin"] = os.urandom(len(BIG))
    honest = provider.honest("big.bin")
    known = [(chunk.size, chunk.blake3) for chunk in sink.files["big.bin"][1]]
    provider.page = lambda page: replace(honest, chunks=known) if page.size == len(BIG) else page
    after = MemorySink(sink.vault)
    with pytest.raises(PeerInvalid, match="promised"):
        fetch(provider.address(), after, "set@1")
    assert "big.bin" not in after.files


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff" * 100, b"[" * 100_000, b'{"chunks": 1}'])
def test_a_chunk_list_that_is_none_is_refused(provider, body):
    provider.says = lambda path, headers: Answer(body=body) if "/chunks/big" in path else None
    refused(provider, PeerInvalid, "list of chunks")


def test_an_endless_chunk_list_is_cut_off(provider):
    provider.says = lambda path, headers: (
        Answer(body=lambda: itertools.repeat(b" " * 65536), length=None) if "/chunks/big" in path else None
    )
    refused(provider, PeerInvalid, "larger than")


@pytest.mark.parametrize("status", [404, 500, 503])
def test_without_a_list_the_file_comes_as_a_whole(provider, status):
    provider.says = lambda path, headers: Answer(status, b"{}") if "/chunks/" in path else None
    sink = MemorySink()
    fetch(provider.address(), sink)
    assert {path: sink.content(path) for path in sink.files} == FILES


def of_big(provider, answer):
    """Answer like this to whoever asks for the large file, and have no lists."""

    def says(path, headers):
        if "/chunks/" in path:
            return Answer(404, b"{}")
        return answer(headers) if path.endswith("/files/big.bin") else None

    provider.says = says


def test_other_content_is_refused_after_it_was_tried_again(provider):
    of_big(provider, lambda headers: Answer(body=os.urandom(len(BIG))))
    refused(provider, PeerInvalid, "digest")
    assert provider.asked.count("/data/files/big.bin") == 3


def test_content_that_was_spoilt_once_is_fetched_again(provider):
    spoilt = iter([True])
    of_big(provider, lambda headers: Answer(body=b"\0" + BIG[1:]) if next(spoilt, False) else None)
    sink = MemorySink()
    fetch(provider.address(), sink)
    assert sink.content("big.bin") == BIG


def test_a_range_that_was_spoilt_once_is_fetched_again_from_there_on(provider):
    spoilt = iter([True])

    def says(path, headers):
        if not path.endswith("/files/big.bin") or not next(spoilt, False):
            return None
        start, last = headers["Range"].removeprefix("bytes=").split("-")
        part = bytearray(BIG[int(start) : int(last) + 1])
        part[-1] ^= 1
        return Answer(206, bytes(part), {"Content-Range": f"bytes {start}-{last}/{len(BIG)}"})

    provider.says = says
    sink = MemorySink()
    report = fetch(provider.address(), sink)
    assert sink.content("big.bin") == BIG
    assert report.moved < len(BIG) + (2 << 20)


@pytest.mark.parametrize("by_list", [True, False])
def test_more_than_was_promised_is_refused(provider, by_list):
    def says(path, headers):
        if "/chunks/" in path:
            return None if by_list else Answer(404, b"{}")
        return Answer(body=lambda: itertools.repeat(b"x" * 65536), length=None) if path.endswith("big.bin") else None

    provider.says = says
    refused(provider, PeerInvalid, "more of|digest")


def test_a_body_that_is_cut_short_every_time_is_given_up(provider):
    of_big(provider, lambda headers: Answer(body=BIG[:1000], length=len(BIG)))
    refused(provider, PeerUnreachable, "broke off")


def test_answers_with_nothing_in_them_are_given_up(provider):
    of_big(provider, lambda headers: Answer(body=b""))
    refused(provider, PeerUnreachable, "broke off")
    assert len(provider.asked) < 20


def test_a_drip_is_given_up(provider):
    def drip():
        while True:
            time.sleep(0.02)
            yield b"x"

    of_big(provider, lambda headers: Answer(body=drip, length=len(BIG)))
    refused(provider, PeerUnreachable, "slowly", grace=0.2, slowest=100_000, attempts=3)


def test_a_stall_is_given_up(provider):
    of_big(provider, lambda headers: Answer(body=lambda: (time.sleep(1.0) or b"x" for _ in range(2)), length=len(BIG)))
    refused(provider, PeerUnreachable, "broke off", stall=0.3, attempts=3)


def test_a_manifest_with_another_size_is_refused(provider):
    provider.manifest = lambda rows: [row | {"size": row["size"] + 1} for row in rows]
    refused(provider, HanseError, "another file|broke off|no longer|digest|other than")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "a\0b"])
def test_a_path_that_leads_elsewhere_is_refused(provider, path):
    provider.manifest = lambda rows: [rows[0] | {"path": path}]
    refused(provider, PeerInvalid, "path")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_no_is_final(provider, status):
    provider.says = lambda path, headers: Answer(status, msgspec.json.encode({"detail": "No."}))
    refused(provider, PeerRefused, "refuses|accept|No")
    assert len(provider.asked) <= 2


def test_a_redirect_is_not_followed(provider):
    provider.says = lambda path, headers: Answer(302, b"", {"Location": "http://127.0.0.1:1/"})
    refused(provider, PeerInvalid, "302")


@pytest.mark.parametrize("url", ["http://10.0.0.1/x", "https://169.254.169.254/latest", "file:///etc/passwd", "http://93.184.216.34/x"])
def test_addresses_that_the_guard_refuses_are_not_asked(url):
    with pytest.raises(AddressRefused):
        fetch(DataAddress(endpoint_type="HTTP", endpoint=url, properties={"manifest": url}), MemorySink())


def test_what_has_no_manifest_is_fetched_as_it_is(provider):
    sink = MemorySink()
    report = fetch(DataAddress(endpoint_type="HTTP", endpoint=f"{provider.base}/files/small.txt"), sink)
    assert (report.verified, report.files) == (False, 1)
    assert sink.content("small.txt") == FILES["small.txt"]
