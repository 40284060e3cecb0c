"""WARC, compared with what `warcio` reads."""

import gzip
import io

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from hanse.factory.prepare.steps.decode.limits import Limits
from tests.unit.factory.prepare.steps.decode.reading import read
from tests.unit.factory.prepare.steps.decode.test_pdf import pdf

RESPONSES = [
    (
        "text/html; charset=iso-8859-1",
        "<html lang=fr><title>T</title><p>déjà vu".encode("latin-1"),
        "200 OK",
        [("X-Robots-Tag", "bot: noai")],
    ),
    ("image/png", b"\x89PNG", "200 OK", []),
    ("text/html", b"<p>gone", "404 Not Found", []),
    (
        "text/html",
        gzip.compress(b"<meta name=robots content=noimageai><p>packed", mtime=0),
        "200 OK",
        [("Content-Encoding", "gzip"), ("tdm-reservation", "1")],
    ),
    ("text/plain", b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", "200 OK", [("Transfer-Encoding", "chunked"), ("Content-Language", "en")]),
    ("text/plain", b"not in chunks at all", "200 OK", [("Transfer-Encoding", "chunked")]),
    ("application/pdf", pdf([b"A page"]), "200 OK", []),
    ("text/html", b"x", "200 OK", [("Content-Encoding", "br")]),
]


class Same(WARCWriter):
    """Writes the same bytes in every run."""

    @classmethod
    def _make_warc_id(cls, id_=None):
        return "<urn:uuid:00000000-0000-4000-8000-000000000000>"

    def curr_warc_date(self):
        return "2026-01-01T00:00:00Z"


def warc(responses=RESPONSES, packed=False):
    out = io.BytesIO()
    writer = Same(out, gzip=packed)
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "test"}))
    for number, (kind, body, status, headers) in enumerate(responses):
        said = StatusAndHeaders(status, [("Content-Type", kind), *headers], protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(f"http://x/{number}", "response", payload=io.BytesIO(body), http_headers=said))
    return out.getvalue()


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
def test_responses_that_can_be_read_are_records(tmp_path, name):
    found = read(tmp_path, name, warc(packed=name.endswith("gz")))
    assert [(row["id"], row["text"], row["url"]) for row in found.rows] == [
        (f"v@1/{name}#2", "déjà vu", "http://x/0"),
        (f"v@1/{name}#5", "packed", "http://x/3"),
        (f"v@1/{name}#6", "hello world", "http://x/4"),
        (f"v@1/{name}#7", "not in chunks at all", "http://x/5"),
        (f"v@1/{name}#8", "A page", "http://x/6"),
    ]
    assert [row.get("opt_out") for row in found.rows] == ["noai", "noimageai,tdm-reservation", None, None, None]
    assert [row.get("language") for row in found.rows] == ["fr", None, "en", None, None]
    assert found.dropped == {f"{name}#3": "warc-type", f"{name}#4": "http-status", f"{name}#9": "warc-coding"}
    assert found.counts["warc-records-other"] == 1


def test_the_same_responses_as_warcio(tmp_path):
    texts = [("text/plain", f"text {number} ".encode() * (number * 37 % 911), "200 OK", []) for number in range(1, 300)]
    data = warc(texts, packed=True)
    expected = [
        (one.rec_headers["WARC-Target-URI"], one.content_stream().read().decode())
        for one in ArchiveIterator(io.BytesIO(data))
        if one.rec_type == "response"
    ]
    found = read(tmp_path, "a.warc.gz", data)
    assert [(row["url"], row["text"]) for row in found.rows] == expected


@pytest.mark.parametrize(("name", "reason"), [("a.warc", "damaged"), ("a.warc.gz", "archive-damaged")])
def test_what_ends_too_early_keeps_what_came_before(tmp_path, name, reason):
    found = read(tmp_path, name, warc(packed=name.endswith("gz"))[:-40])
    assert len(found.rows) == 5
    assert found.dropped[name] == reason


@pytest.mark.parametrize(
    "data",
    [
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99999999999999\r\n\r\nx",
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\nx",
        b"WARC/1.0\r\nWARC-Type: response\r\n\r\nx",
        b"WARC/1.0\r\nX: " + b"y" * 100_000,
        b"WARC/1.0\r\nX: y",
        b"no warc at all",
        b"\r\n\r\nWARX",
    ],
)
def test_headers_that_are_none(tmp_path, data):
    assert read(tmp_path, "a.warc", data).dropped == {"a.warc": "damaged"}


def test_a_record_that_is_too_long_is_passed_over(tmp_path):
    data = warc([("text/plain", b"x" * 9000, "200 OK", []), ("text/plain", b"fits", "200 OK", [])])
    found = read(tmp_path, "a.warc", data, limits=Limits(record_bytes=1000))
    assert (found.texts, found.dropped) == (["fits"], {"a.warc#2": "record-too-long"})


def test_a_page_that_the_process_cannot_bear_costs_itself_only(tmp_path):
    bomb = b"<p " + b" ".join(b"a%d=1" % n for n in range(120_000)) + b">x"
    pages = [("text/html", body, "200 OK", []) for body in (b"<p>before", bomb, b"<p>after", b"<div>" * 600)]
    found = read(tmp_path, "a.warc", warc(pages), limits=Limits(seconds=1))
    assert (found.texts, found.dropped) == (["before", "after"], {"a.warc#3": "too-hard", "a.warc#5": "markup-depth"})
