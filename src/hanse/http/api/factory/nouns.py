"""All operations of an AI factory's interface, one module per noun."""

from __future__ import annotations

from hanse.http.api.routing import OfNoun
from hanse.http.api.services import Services


def factory_nouns(services: Services) -> list[OfNoun]:
    """Return the nouns."""
    _factory = services.factory
    return []
