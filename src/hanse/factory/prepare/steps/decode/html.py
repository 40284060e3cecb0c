"""A page's main text, by simple rules, and what it reserves.

1. What is never text goes: scripts, styles, templates, pictures, forms' controls, comments, and all that is `hidden`.
2. So does what HTML itself says is beside the text: `nav`, `aside`, `footer`, `header` outside of `article` and `main`, and the ARIA roles
   `navigation`, `banner`, `contentinfo`, `search`, `complementary`, `menu`, `dialog`.
3. The text is that of `main` (or the role `main`) if there is one, else of the only `article`, else of `body`.
4. It is cut into blocks: paragraphs, list items, headings, rows of tables, ... A block more than half of whose characters are links goes.
5. A heading under which nothing is left goes.

Blocks are separated by an empty line, items and rows by a line's end; white space is as a browser shows it, `pre` as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

from hanse.factory.prepare.steps.decode.encodings import named, text_of
from hanse.factory.prepare.steps.decode.orders import Document, Order, Refused
from hanse.factory.prepare.steps.decode.reasons import Bad
from hanse.factory.prepare.steps.decode.reserved import opt_out

_GONE: Final = frozenset((
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "picture",
    "img", "button", "select", "input", "textarea", "datalist", "nav", "aside", "footer", "dialog", "menu", "head", "map",
))  # fmt: skip
_RAW: Final = ("iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "template", "title", "xmp")
"""Whose content the parser writes as it stands."""
_ROLES: Final = frozenset((
    "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "dialog", "alertdialog", "toolbar",
))  # fmt: skip
_BLOCKS: Final = frozenset((
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "ol",
    "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_TIGHT: Final = {"li": "item", "tr": "row", "dd": "term", "dt": "term"}
"""Blocks that follow one another without an empty line."""
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_VOID: Final = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
_TOKEN: Final = re.compile(r'([^<]+)|<!--.*?-->|<(/?)([a-z][^\s/>]*)([^">]*(?:"[^"]*"[^">]*)*)>', re.DOTALL)
_BESIDE: Final = re.compile(rf' hidden(?:="|\s|$)| aria-hidden="true"| role="(?:{"|".join(sorted(_ROLES))})"')
_SPACE: Final = re.compile(r"[ \t\n\r\f]+")
_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_OPENS: Final = re.compile(
    rb"<(/?)(?:div|span|b|i|u|font|a|section|table|ul|ol|dl|blockquote|article|em|strong|small|big|code|center|form)\b", re.I
)
_DEEP: Final = 5_000
"""Elements within elements that the parser is never given: its time grows with the square of them."""


class Block(Struct):
    """A piece of text that a browser would set by itself: `linked` of its characters are links; `level` is a heading's.

    `tight` is what it is one of, if such blocks follow one another without an empty line.
    """

    text: str
    linked: int
    level: int = 0
    tight: str = ""


def documents(payload: bytes, order: Order) -> Iterator[Document | Refused]:
    """Yield what each page says, or why it cannot be read."""
    at = 0
    for page in order.pages:
        try:
            yield document(payload[at : at + page.size], page.charset, order.depth)
        except Bad as bad:
            yield Refused(bad.reason, bad.sample)
        at += page.size


def document(data: bytes, charset: str | None, depth: int) -> Document:
    """Return what a page says. Raises `Bad` if its encoding cannot be told, or it is nested too deep."""
    counts: dict[str, int] = {}
    text = _decoded(data, charset, counts)
    if _depth(data) > _DEEP:
        raise Bad("markup-depth")
    page = LexborHTMLParser(text)
    title, root = page.css_first("title"), page.css_first("html")
    name = None if title is None else _plain(title.text_lexbor())[:1000] or None
    said = _said(page)
    page.strip_tags(list(_RAW), recursive=True)
    blocks = _main(page, depth)
    return Document(
        text=joined(blocks),
        title=name,
        language=None if root is None else (root.attributes.get("lang") or root.attributes.get("xml:lang") or "").strip()[:35] or None,
        opt_out=opt_out(said),
        counts=counts,
    )


def _said(page: LexborHTMLParser) -> list[tuple[str, str]]:
    metas = [one.attributes for one in page.css("meta")]
    return [(one.get("name") or one.get("http-equiv") or "", one.get("content") or "") for one in metas]


def _decoded(data: bytes, charset: str | None, counts: dict[str, int]) -> str:
    """Return a page as text. UTF-8 goes before what the page says of itself: pages are wrong about that more often than bytes are."""

    def count(name: str, number: int) -> None:
        counts[name] = counts.get(name, 0) + number

    meta = _META.search(data[:2048])
    said = named(charset or (meta[1].decode() if meta else "")) if charset or meta else None
    try:
        text: str | None = text_of(data, count) if said is None else data.decode("utf-8" if said != "iso2022_jp" else said)
    except UnicodeDecodeError:
        text = text_of(data, count, said)
    if text is None:
        raise Bad("encoding")
    return text.removeprefix("\ufeff")


def _depth(data: bytes) -> int:
    """Return about how deep elements stand within elements, of those that must be closed."""
    if data.count(b"<") < _DEEP:
        return 0
    deepest = now = 0
    for found in _OPENS.finditer(data):
        now = max(0, now - 1) if found[1] else now + 1
        deepest = max(deepest, now)
    return deepest


def _main(page: LexborHTMLParser, depth: int) -> list[Block]:
    """Return the blocks of the main text (rules 1 to 5)."""
    articles = page.css("article")
    root = page.css_first("main, [role=main]") or (articles[0] if len(articles) == 1 else page.body)
    if root is None:
        return []
    walk = _Walk(depth)
    walk.run(root.html or "")
    kept = [block for block in walk.blocks if block.text and 2 * block.linked <= len(block.text)]
    return _under(kept)


def _under(blocks: list[Block]) -> list[Block]:
    """Return the blocks without headings under which nothing is left."""
    out: list[Block] = []
    for block in reversed(blocks):
        if not block.level or (out and (not out[-1].level or out[-1].level > block.level)):
            out.append(block)
    return out[::-1]


def joined(blocks: Iterable[Block]) -> str:
    """Return blocks as one text."""
    out: list[str] = []
    tight = ""
    for block in blocks:
        out.append("\n" if tight and block.tight == tight else "\n\n")
        out.append(block.text)
        tight = block.tight
    return "".join(out[1:])


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


class _Walk:
    """Goes through a page as the parser writes it, in which all that is opened is closed, and cuts its text into blocks."""

    def __init__(self, depth: int):
        self.blocks: list[Block] = []
        self._most = depth
        self._within: list[str] = []
        self._gone: int | None = None
        """How deep the element is that is left out with all that is in it."""
        self._pieces: list[str] = []
        self._linked = 0
        self._links = 0
        self._pre = 0
        self._level = 0
        self._tight = ""
        self._articles = 0

    def run(self, html: str) -> None:
        """Go through all. Raises `Bad` if it is nested too deep."""
        for found in _TOKEN.finditer(html):
            text, end, tag, said = found.groups()
            if text:
                if self._gone is None:
                    self._text(text)
            elif end:
                self._close(tag)
            elif tag:
                self._open(tag, said)
        self._flush()

    def _text(self, text: str) -> None:
        if "&" in text:
            text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\xa0").replace("&amp;", "&")
        self._pieces.append(text if self._pre else _one_line(text))
        if self._links:
            self._linked += len(text.strip())

    def _open(self, tag: str, said: str) -> None:
        if tag not in _VOID:
            self._within.append(tag)
            if len(self._within) > self._most:
                raise Bad("markup-depth")
            if self._gone is None and self._goes(tag, said):
                self._gone = len(self._within)
        if self._gone is not None:
            return
        if tag in _BLOCKS:
            self._flush()
            self._level = _HEADINGS.get(tag, 0)
            self._tight = _TIGHT.get(tag, "")
        if tag == "br":
            self._pieces.append("\n")
        elif tag in ("td", "th") and self._pieces:
            self._pieces.append(" | ")
        self._count(tag, 1)

    def _goes(self, tag: str, said: str) -> bool:
        if tag in _GONE or (tag == "header" and not self._articles):
            return True
        return bool(said) and _BESIDE.search(said) is not None

    def _close(self, tag: str) -> None:
        if self._gone is None:
            if tag in _BLOCKS:
                self._flush()
            self._count(tag, -1)
        elif self._gone == len(self._within):
            self._gone = None
        self._within.pop()

    def _count(self, tag: str, by: int) -> None:
        if tag == "a":
            self._links += by
        elif tag == "pre":
            self._pre += by
        elif tag in ("article", "main"):
            self._articles += by

    def _flush(self) -> None:
        """End the block."""
        if self._pieces:
            text = "".join(self._pieces)
            text = text.strip("\n") if self._pre else _trimmed(text.strip())
            if text.strip():
                self.blocks.append(Block(text, self._linked, self._level, self._tight))
            self._pieces = []
        self._linked, self._level, self._tight = 0, 0, ""


def _one_line(text: str) -> str:
    for space in "\n\t\r\f":
        text = text.replace(space, " ")
    return text


def _trimmed(text: str) -> str:
    while "  " in text:
        text = text.replace("  ", " ")
    return "\n".join(map(str.strip, text.split("\n"))) if "\n" in text else text
