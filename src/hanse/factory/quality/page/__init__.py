"""The report as a page: one HTML file that needs nothing else, no script, no network."""

from hanse.factory.quality.page.page import write_page

__all__ = ["write_page"]
