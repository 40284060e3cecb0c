"""What the interface of an AI factory stands on; `app.factory.side` fills it. One field per service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FactoryServices:
    """The factory's services."""
