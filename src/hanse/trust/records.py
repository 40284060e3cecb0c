"""What is remembered of peers. Every record carries its tenant; times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from hanse.kernel.tenant import Did, Tenant


class Presented(Struct, frozen=True, kw_only=True):
    """The credentials (JWTs) that a peer presented to a participant last, and that were verified then.

    They can be checked again without asking the peer: its running transfers must end when one of them is taken back.
    `spaces` has them by the address of the space under whose rules they were verified. `credentials` are what was written down
    while a participant could be in one space only; they are judged by the rules of any.
    """

    tenant: Tenant
    holder: Did
    credentials: tuple[str, ...] = ()
    at: datetime
    spaces: dict[str, tuple[str, ...]] = {}

    def under(self, space: str) -> tuple[str, ...]:
        """Return those that count where the space is concerned."""
        return self.spaces.get(space, self.credentials)


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
