"""Records out of files that Croissant describes: `records(path)`, streamed, typed, as dicts or as batches of Arrow."""

from __future__ import annotations

from hanse.client.croissant.records import Records, records

__all__ = ["Records", "records"]
