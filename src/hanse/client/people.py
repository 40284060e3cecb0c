"""The server, its participants and its operators, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hanse.client import model as m
from hanse.client.core import Steps, get, listed, part, post, said


def status() -> Steps[m.Status]:
    """Return how the server and the token's participant are."""
    return (yield from get("/status", m.Status))


def who_am_i() -> Steps[m.WhoAmI]:
    """Return who the token belongs to."""
    return (yield from get("/whoami", m.WhoAmI))


def explain(id: str) -> Steps[m.Explanation]:
    """Return the story of whatever has that id: a negotiation, a contract, a credential, a refusal, or a participant by its DID.

    Raises `NotFound`.
    """
    return (yield from get(f"/explain/{part(id)}", m.Explanation))


def list_participants(*, most: int | None = None) -> Steps[list[m.Participant]]:
    """Return the participants of the server (host operators only)."""
    return (yield from listed("/participants", m.Participant, most))


def create_participant(
    name: str,
    title: str | None = None,
    *,
    allowed_roots: Sequence[str] = (),
    allowed_hosts: Sequence[str] = (),
    administrator: str = "administrator",
) -> Steps[m.CreatedParticipant]:
    """Make a participant with its DID, its key and its first administrator (host operators only)."""
    body = said(
        name=name,
        title=title or name,
        allowed_roots=list(allowed_roots),
        allowed_hosts=list(allowed_hosts),
        administrator=administrator,
    )
    return (yield from post("/participants", body, m.CreatedParticipant))


def get_participant(name: str) -> Steps[m.Participant]:
    """Return a participant. Raises `NotFound`."""
    return (yield from get(f"/participants/{part(name)}", m.Participant))


def edit_participant(
    name: str,
    *,
    title: str | None = None,
    allowed_roots: Sequence[str] | None = None,
    allowed_hosts: Sequence[str] | None = None,
    suspended: bool | None = None,
) -> Steps[m.Participant]:
    """Change the title, or what the participant may offer from, or whether it is suspended; one of the three at a time."""
    body = said(
        title=title,
        allowed_roots=None if allowed_roots is None else list(allowed_roots),
        allowed_hosts=None if allowed_hosts is None else list(allowed_hosts),
        suspended=suspended,
    )
    return (yield from post(f"/participants/{part(name)}", body, m.Participant, method="PATCH"))


def erase_participant(name: str) -> Steps[m.Receipt]:
    """Delete a participant with all it has here, for good, and return the receipt (host operators only)."""
    return (yield from post(f"/participants/{part(name)}", None, m.Receipt, method="DELETE"))


def list_operators(*, participant: str | None = None) -> Steps[list[m.Operator]]:
    """Return the operators of the own participant, or of the one that a host operator names."""
    return (yield from listed("/operators", m.Operator, tenant=participant))


def add_operator(name: str, role: str, *, expires: datetime | None = None, participant: str | None = None) -> Steps[m.Issued]:
    """Add an operator. `role` is `read`, `operate`, `approve` or `administer`. Its token is in the answer, this once."""
    return (yield from post("/operators", said(name=name, role=role, expires=expires), m.Issued, tenant=participant))


def remove_operator(id: str, *, participant: str | None = None) -> Steps[None]:
    """Remove an operator; its token is void at once."""
    return (yield from post(f"/operators/{part(id)}", None, type(None), method="DELETE", tenant=participant))


def rotate_operator(id: str, *, participant: str | None = None) -> Steps[m.Issued]:
    """Give an operator a new token; the old one is void at once."""
    return (yield from post(f"/operators/{part(id)}/rotate", {}, m.Issued, tenant=participant))
