"""The tables of the AI factory: the fifth step (see `tables`, and `schema` for the dialect). One tuple per room."""

from __future__ import annotations

_ORDERS: tuple[str, ...] = ()

_FACILITY: tuple[str, ...] = ()

_LEASES: tuple[str, ...] = ()

_LINKS: tuple[str, ...] = ()

_MIRRORS: tuple[str, ...] = ()

_CUSTODY: tuple[str, ...] = ()

_DOCUMENTS: tuple[str, ...] = ()

_WITNESSES: tuple[str, ...] = ()

STEP_5: tuple[str, ...] = (*_ORDERS, *_FACILITY, *_LEASES, *_LINKS, *_MIRRORS, *_CUSTODY, *_DOCUMENTS, *_WITNESSES)
