"""PDFs, read in a process of their own."""

import gzip

import pytest

from hanse.factory.prepare.steps.decode.limits import Limits
from tests.unit.factory.prepare.steps.decode.reading import read


def pdf(pages, trailer=b"", title=b"A title"):
    """Write a PDF (ISO 32000-1, 7.5) with a line of text per page."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % len(pages),
        b"<</Title(" + title + b")>>",
    ]
    for number, text in enumerate(pages):
        stream = b"BT /F1 12 Tf 72 700 Td (" + text + b") Tj ET"
        font = b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources" + font + b"/Contents %d 0 R>>" % (5 + 2 * number))
        objects.append(b"<</Length %d>>stream\n" % len(stream) + stream + b"\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    return (
        out
        + head
        + table
        + b"trailer\n<</Size %d/Root 1 0 R/Info 3 0 R" % (len(places) + 1)
        + trailer
        + b">>\nstartxref\n%d\n%%%%EOF" % len(out)
    )


def test_the_text_of_all_pages(tmp_path):
    found = read(tmp_path, "a.pdf", pdf([b"Hello world", b"", b"Second (one)".replace(b"(", b"\\(").replace(b")", b"\\)")]))
    assert found.rows == [{"id": "v@1/a.pdf#1", "source": "v@1", "text": "Hello world\n\nSecond (one)", "title": "A title"}]
    assert found.counts["pages"] == 3
    assert read(tmp_path, "a.pdf.gz", gzip.compress(pdf([b"packed"]))).texts == ["packed"]


def test_one_that_needs_a_password(tmp_path):
    secret = b"/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -44/O(" + b"o" * 32 + b")/U(" + b"u" * 32 + b")>>/ID[(a)(a)]"
    assert read(tmp_path, "a.pdf", pdf([b"secret"], secret)).dropped == {"a.pdf": "pdf-encrypted"}


@pytest.mark.parametrize("data", [b"%PDF-1.4 nothing", b"", pdf([b"x"])[:60]])
def test_one_that_is_damaged(tmp_path, data):
    assert read(tmp_path, "a.pdf", data).dropped == {"a.pdf": "damaged"}


def test_limits(tmp_path):
    assert read(tmp_path, "a.pdf", pdf([b"x"] * 3), limits=Limits(pages=2)).dropped == {"a.pdf": "pdf-pages"}
    assert read(tmp_path, "a.pdf", pdf([b"x" * 50] * 3), limits=Limits(record_bytes=100)).dropped == {"a.pdf": "record-too-long"}
    assert read(tmp_path, "a.pdf", pdf([b""])).dropped == {"a.pdf#1": "no-text"}
