"""What runs on the consumer's side: pulling data, and the typed client of the management API.

`Client`, `AsyncClient`, `Description` and the records of `model` are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.client.client import AsyncClient as AsyncClient
    from hanse.client.client import Client as Client
    from hanse.client.offers import Description as Description

__all__ = ["AsyncClient", "Client", "Description"]

_WHERE = {"AsyncClient": "client", "Client": "client", "Description": "offers"}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"hanse.client.{_WHERE[name]}"), name)
