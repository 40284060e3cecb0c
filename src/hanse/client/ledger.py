"""The ledger, and what is stated under contracts, as steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hanse.client import ledger_model as lm
from hanse.client import model as m
from hanse.client.core import Steps, get, listed, part, post, said
from hanse.evidence.kinds import MAX_OBJECTS, Object
from hanse.evidence.statement import receipt_of

WAIT = 20.0
"""Seconds that the server waits for the other side to acknowledge a statement."""


def list_entries(*, agreement: str | None = None, most: int | None = None) -> Steps[list[lm.LedgerEntry]]:
    """Return what the ledger holds, newest first; about one agreement, if it is named."""
    return (yield from listed("/ledger", lm.LedgerEntry, most, agreement=agreement))


def get_entry(id: str) -> Steps[lm.OpenEntry]:
    """Return an entry by its number or by the id of its statement, with its proof. Raises `NotFound`."""
    return (yield from get(f"/ledger/{part(id)}", lm.OpenEntry))


def checkpoint(*, witnessed: bool = False) -> Steps[str]:
    """Return what the ledger says of itself now, signed; or the newest such note that witnesses have cosigned.

    Kept elsewhere, it shows later what was changed or cut off. Raises `NotFound` while no witness has cosigned.
    """
    return (yield from get("/ledger/checkpoint", lm.Checkpoint, witnessed="true" if witnessed else None)).checkpoint


def witnesses(*, ask: bool = False) -> Steps[lm.LogWitnesses]:
    """Return who witnesses the ledger, and how far each has seen it; after all were asked, if that is wanted."""
    return (yield from (post("/ledger/witnesses/ask", None, lm.LogWitnesses) if ask else get("/ledger/witnesses", lm.LogWitnesses)))


def add_witness(did: str) -> Steps[lm.LogWitnesses]:
    """Let somebody witness the ledger from now on."""
    return (yield from post("/ledger/witnesses", {"did": did}, lm.LogWitnesses))


def remove_witness(did: str) -> Steps[lm.LogWitnesses]:
    """Let a named witness go. Raises `NotFound`, and `Conflict` for an anchor."""
    return (yield from post(f"/ledger/witnesses/{part(did)}", None, lm.LogWitnesses, method="DELETE"))


def witnessed(*, most: int | None = None) -> Steps[list[lm.WitnessedLog]]:
    """Return the logs of others that this participant witnesses."""
    return (yield from listed("/witnessed", lm.WitnessedLog, most))


def look(did: str) -> Steps[lm.LogLook]:
    """Compare what a participant's log shows with what witnesses saw of it. Raises `PeerError`s where it cannot be read."""
    return (yield from post("/witnessed/look", {"did": did}, lm.LogLook))


def restart(reason: str) -> Steps[lm.LogWitnesses]:
    """Begin a new ledger where one has stopped because entries were lost. Raises `Conflict` if it goes on."""
    return (yield from post("/ledger/restart", {"reason": reason}, lm.LogWitnesses))


def verify(earlier: str | None = None) -> Steps[lm.LedgerVerdict]:
    """Let the server check every entry, and that the ledger goes on from an `earlier` checkpoint."""
    return (yield from post("/ledger/verify", said(checkpoint=earlier), lm.LedgerVerdict))


def end_contract(id: str, reason: str, *, how: Literal["notice", "breach"] = "notice") -> Steps[m.Contract]:
    """End a contract, by notice or because it was broken. Running transfers are cut; the other side gets the signed statement."""
    return (yield from post(f"/contracts/{part(id)}/end", {"how": how, "reason": reason}, m.Contract))


def state_use(
    contract: str,
    *,
    purpose: str | None = None,
    application: str | None = None,
    environment: str | None = None,
    spatial: str | None = None,
    security_level: str | None = None,
    wait: float = WAIT,
) -> Steps[lm.LedgerEntry]:
    """State, signed, what the data of a contract is used for; returns when the other side has acknowledged it, or after `wait` seconds."""
    fields = said(
        purpose=purpose, application=application, environment=environment, spatial=spatial, security_level=security_level, wait=wait
    )
    return (yield from post(f"/contracts/{part(contract)}/statements", fields, lm.LedgerEntry))


def confirm_deleted(
    contract: str, objects: Sequence[lm.Deleted], *, what: Literal["deleted", "modified"] = "deleted", wait: float = WAIT
) -> Steps[lm.LedgerEntry]:
    """Confirm, signed, that data of a contract was deleted (or modified where it is kept); wait as `state_use` does."""
    if len(objects) <= MAX_OBJECTS:
        fields = said(what=what, objects=list(objects), wait=wait)
    else:
        summary = receipt_of([Object(one.path, one.sha256, one.size) for one in objects])
        fields = said(what=what, count=summary["count"], size=summary["size"], root=summary["root"], wait=wait)
    return (yield from post(f"/contracts/{part(contract)}/receipts", fields, lm.LedgerEntry))
