"""The page of a report in a real browser: on a phone and on a desk, light and dark, without script and without network."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hanse.factory.quality.page import write_page
from tests.unit.factory.quality.test_report import EVIL, make_report
from tests.web.browser import Browser, browser

PHONE, DESK = 390, 1280

# Whatever is wider than the screen, or ends outside of it.
BEYOND = """[...document.querySelectorAll('main *')].filter(one => {
  const box = one.getBoundingClientRect();
  return box.width && getComputedStyle(one).position !== 'absolute' && !one.closest('thead')
    && (box.right > innerWidth + 1 || box.left < -1);
}).map(one => one.outerHTML.slice(0, 80))"""
# Texts of a plot that leave it, or lie over another one.
OVERLAPPING = """[...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  const boxes = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
  const out = boxes.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1).map(([text]) => 'out: ' + text);
  const over = boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2).map(([two]) => one + ' over ' + two));
  return [...out, ...over];
})"""
CONTRAST = """(() => {
  const light = text => { const [r, g, b] = text.match(/[0-9.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('p, dt, dd, th, td, li, h1, h2, h3, figcaption, summary, caption, span')].map(one => {
    const ink = light(getComputedStyle(one).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  }).reduce((a, b) => Math.min(a, b));
})()"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a report with a bit of everything."""
    place = tmp_path_factory.mktemp("page")
    (place / "report.html").write_bytes(write_page(make_report(place)))
    return place / "report.html"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_everything_is_within_the_screen(chromium: Browser, page: Path, width: int) -> None:
    chromium.open(page, width=width)
    chromium.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert chromium.evaluate("innerWidth") == width, "a page that is too wide is zoomed out on a phone"
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    assert chromium.evaluate(BEYOND) == []
    assert chromium.evaluate(OVERLAPPING) == []


def test_it_loads_nothing_and_runs_nothing(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=DESK)
    assert [one["request"]["url"] for one in chromium.heard("Network.requestWillBeSent")] == [page.as_uri()]
    assert chromium.heard("Log.entryAdded") == []
    assert chromium.heard("Page.javascriptDialogOpening") == []
    assert chromium.evaluate("document.scripts.length") == 0
    assert EVIL in chromium.evaluate("document.querySelector('h1').textContent"), "it is shown as it is"
    chromium.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.ran=1>')")
    assert chromium.evaluate("window.ran === undefined"), "its policy stops what might get in"


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_those_who_do_not_see_it_are_told_the_same(chromium: Browser, page: Path, width: int) -> None:
    chromium.open(page, width=width)
    told = chromium.accessible()
    headings = [name for role, name in told if role == "heading"]
    assert headings[1:4] == ["Summary", "Completeness", "Errors"]
    roles = [role for role, _ in told]
    assert roles.count("table") > 5
    assert roles.count("rowheader") > 20, "tables stay tables on a phone"
    images = [name for role, name in told if role == "image"]
    assert images
    assert all(images)
    assert "Values present, by column: town 100 %, amount 100 %" in images[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read_by_day_and_by_night(chromium: Browser, page: Path, dark: bool) -> None:
    chromium.open(page, width=DESK, dark=dark)
    assert chromium.evaluate(CONTRAST) >= 4.5
    assert (_corner(chromium) < 100) == dark


def test_details_open_by_keyboard(chromium: Browser, page: Path) -> None:
    chromium.open(page, width=PHONE)
    chromium.evaluate("const one = document.querySelector('details:not([open]) summary'); one.focus(); window.one = one.parentElement")
    for type in ("keyDown", "keyUp"):
        chromium.call("Input.dispatchKeyEvent", page=True, type=type, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    assert chromium.evaluate("window.one.open")


def _corner(chromium: Browser) -> int:
    """Return the brightness of the first pixel of a picture of the page, which is a PNG that the browser made."""
    data = base64.b64decode(chromium.call("Page.captureScreenshot", page=True)["data"])
    at, packed = 8, b""
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    return zlib.decompress(packed)[1]  # after the filter of the first line; the first pixel is as it is under any filter
