"""The report as a PDF: tagged, with its fonts, made offline by typst."""

from hanse.factory.quality.pdf.pdf import write_pdf

__all__ = ["write_pdf"]
