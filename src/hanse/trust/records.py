"""What is remembered of peers. Every record carries its tenant; times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant


class Presented(Struct, frozen=True, kw_only=True):
    """The credentials (JWTs) that a peer presented to a participant last, and that were verified then.

    They can be checked again without asking the peer: its running transfers must end when one of them is taken back.
    """

    tenant: Tenant
    holder: Did
    credentials: tuple[str, ...]
    at: datetime


class Refusal(Struct, frozen=True, kw_only=True):
    """Why a peer's claims were refused: the check (`rule`), the member (`where`), in words, and what would help."""

    id: str
    tenant: Tenant
    holder: Did
    at: datetime
    rule: str
    message: str
    where: str = ""
    hint: str = ""
