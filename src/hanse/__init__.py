"""Hanse: a data space in one Python package.

    import hanse

    with hanse.Client() as client:
        client.get("ds_...", "data")
    with hanse.open("weather@1", action="train") as data:
        frame = data.polars()

Names are imported when they are first used, so that `import hanse` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.client import AsyncClient as AsyncClient
    from hanse.client import Client as Client
    from hanse.client import Description as Description
    from hanse.client.croissant import records as records
    from hanse.client.preparing.prepare import prepare as prepare
    from hanse.client.quality.assess import assess as assess
    from hanse.client.reading.opened import open as open  # noqa: A004 - what it is called
    from hanse.client.reading.shards import shards as shards
    from hanse.kernel import errors as errors

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "Description", "assess", "errors", "open", "prepare", "records", "shards"]

_WHERE = {
    "AsyncClient": "client",
    "Client": "client",
    "Description": "client",
    "assess": "client.quality.assess",
    "open": "client.reading.opened",
    "prepare": "client.preparing.prepare",
    "records": "client.croissant",
    "shards": "client.reading.shards",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "errors":
        return import_module("hanse.kernel.errors")
    if name in _WHERE:
        return getattr(import_module(f"hanse.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
