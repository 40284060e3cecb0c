"""The main text of pages, and what they reserve."""

import pytest

from hanse.factory.prepare.steps.decode.html import document
from hanse.factory.prepare.steps.decode.limits import Limits
from hanse.factory.prepare.steps.decode.reserved import opt_out
from tests.unit.factory.prepare.steps.decode.reading import read

PAGE = """<!doctype html><html lang="de-AT"><head><title>Ein
 Titel &amp; mehr</title><meta name="ROBOTS" content="index, NoAI, noimageai"><meta name="tdm-reservation" content="1"></head>
<body><header><a href="/">Start</a> Kopf</header><nav><ul><li><a href="a">A</a></ul></nav>
<main><article><header><h1>Über  Äpfel</h1></header><p>Ein <b>schöner</b> Satz mit <a href=x>Link</a>,
 und&nbsp;mehr &lt;so&gt;.<br>Zweite Zeile.<script>var x = "<p>no</p>";</script></p>
<ul><li>eins<li>zwei</ul><table><tr><th>a<th>b<tr><td>1<td>2</table><pre>x
   y</pre><p hidden>weg</p><div role="navigation">weg</div><div aria-hidden="true">weg</div>
<h2>Verwandtes</h2><ul><li><a href=1>Mehr davon</a><li><a href=2>Und davon</a></ul></article></main>
<aside>Werbung</aside><footer>Fuß</footer></body></html>"""


def said(html: str, depth: int = 512):
    return document(html.encode(), None, depth)


def test_the_main_text_without_what_is_beside_it(tmp_path):
    found = read(tmp_path, "a.html", PAGE.encode())
    assert found.rows == [
        {
            "id": "v@1/a.html#1",
            "source": "v@1",
            "text": "Über Äpfel\n\nEin schöner Satz mit Link, und\xa0mehr <so>.\nZweite Zeile.\n\neins\nzwei\n\na | b\n1 | 2\n\nx\n   y",
            "language": "de-AT",
            "title": "Ein Titel & mehr",
            "opt_out": "noai,noimageai,tdm-reservation",
        }
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<p>b", "a\n\nb"),
        ("a<div>b</div>c", "a\n\nb\n\nc"),
        ("<article><p>x</article><p>beside", "x"),
        ("<article>x</article><article>y</article>", "x\n\ny"),
        ("<p>three more <a>words</a></p><p><a>only</a> l</p>", "three more words"),
        ("<h1>A</h1><h2>B</h2><p>t</p><h2>C</h2><h1>D</h1>", "A\n\nB\n\nt"),
        ("<p title='a>b'>x<!-- > --></p><svg><text>no</text></svg>", "x"),
        ("<p>1 &lt; 2 &amp;amp; 3</p>", "1 < 2 &amp; 3"),
        ("<textarea>no</textarea><select><option>no</select><p>yes", "yes"),
        ("", ""),
        ("<frameset><frame>", ""),
    ],
)
def test_the_rules_one_by_one(html, text):
    assert said(html).text == text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("X-Robots-Tag", "otherbot: noai, nofollow")], "noai"),
        ([("X-Robots-Tag", "noindex"), ("TDM-Reservation", "1")], "tdm-reservation"),
        ([("tdm-reservation", "0"), ("robots", "noaiming")], None),
        ([("description", "noai")], None),
    ],
)
def test_what_is_reserved(headers, expected):
    assert opt_out(headers) == expected


def test_the_encoding_that_a_page_says_it_is_in(tmp_path):
    greek = "<meta charset=iso-8859-7><p>Καλημέρα κόσμε</p>"
    assert read(tmp_path, "a.html", greek.encode("iso-8859-7")).texts == ["Καλημέρα κόσμε"]
    assert read(tmp_path, "a.html", greek.encode()).texts == ["Καλημέρα κόσμε"]
    assert read(tmp_path, "a.html", greek.encode("utf-16")).texts == ["Καλημέρα κόσμε"]
    assert read(tmp_path, "a.html", b"<meta charset=utf-7><p>h\xe4</p>").texts == ["hä"]
    assert read(tmp_path, "a.html", b"<p>\x00\x01\xff\xfe\x80").dropped == {"a.html": "encoding"}


@pytest.mark.parametrize("html", [b"<div>" * 100_000 + b"x", b"<div>" * 600 + b"x", b"<b><i>" * 400 + b"x"])
def test_a_page_that_is_nested_too_deep(tmp_path, html):
    assert read(tmp_path, "a.html", html).dropped == {"a.html": "markup-depth"}


@pytest.mark.parametrize(
    "html",
    [
        b"<p>" * 50_000 + b"x",
        b"<p>x" + b"<!--" * 100_000,
        b"<p>x" + b"&amp;" * 100_000,
        b"<p a='" + b'"' * 100_000 + b"'>x",
        b"<" * 100_000 + b" x",
    ],
)
def test_a_page_of_odd_markup_is_read_in_time(tmp_path, html):
    assert "x" in read(tmp_path, "a.html", html, limits=Limits(seconds=5)).texts[0]


def test_a_page_that_is_too_long(tmp_path):
    assert read(tmp_path, "a.html", b"<p>" + b"x" * 50_000, limits=Limits(record_bytes=10_000)).dropped == {"a.html": "record-too-long"}
    assert read(tmp_path, "a.html", b"<p>" + b"x" * 20_000, limits=Limits(record_bytes=10_000)).dropped == {"a.html#1": "record-too-long"}
