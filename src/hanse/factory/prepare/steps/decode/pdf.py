"""The text of a PDF, page by page, as PDFium reads it. Only ever called in a process of its own (see `apart`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Final

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as raw  # type: ignore[import-untyped]

from hanse.factory.prepare.steps.decode.orders import Document, Order
from hanse.factory.prepare.steps.decode.reasons import Bad

_HYPHEN: Final = re.compile(r"[\ufffe\x02]\n?")
"""What PDFium puts for a hyphen at a line's end."""


def document(order: Order) -> Document:
    """Return what a PDF says. Raises `Bad` if it needs a password, is damaged, or has too many pages or too much text."""
    with Path(order.path).open("rb") as source:
        file = _opened(source)
        try:
            if len(file) > order.max_pages:
                raise Bad("pdf-pages", f"{len(file)} pages")
            pages, counts = _pages(file, order.record_bytes)
            title = " ".join((file.get_metadata_dict().get("Title") or "").split())[:1000]
        finally:
            file.close()
    return Document(text="\n\n".join(pages), title=title or None, counts=counts)


def _opened(source: BinaryIO) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        raise Bad("pdf-encrypted" if code == raw.FPDF_ERR_PASSWORD else "damaged", str(error)) from None


def _pages(file: pdfium.PdfDocument, most: int) -> tuple[list[str], dict[str, int]]:
    pages, size, broken = [], 0, 0
    for index in range(len(file)):
        try:
            text = _text(file, index)
        except pdfium.PdfiumError:
            broken += 1
            continue
        size += len(text)
        if size > most:
            raise Bad("record-too-long")
        if text:
            pages.append(text)
    return pages, {"pages": len(file)} | ({"pages-broken": broken} if broken else {})


def _text(file: pdfium.PdfDocument, index: int) -> str:
    page = file[index]
    try:
        text = page.get_textpage().get_text_bounded().replace("\r\n", "\n")
    finally:
        page.close()
    return _HYPHEN.sub("", text).encode(errors="replace").decode().strip()
