"""Negotiations, contracts and transfers, as steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from hanse.client import model as m
from hanse.client.core import Steps, get, listed, part, post, said
from hanse.client.offers import Terms
from hanse.client.spaces import did_of
from hanse.dsp.messages import DataAddress

P = TypeVar("P", m.Negotiation, m.Transfer)

POLL_SECONDS = 30
"""How long the server holds one request back that waits for a change."""
PATIENCE = 120
"""How long we wait for the other side, in seconds, before saying where things stand."""


def list_negotiations(*, open_only: bool = False, most: int | None = None) -> Steps[list[m.Negotiation]]:
    """Return the negotiations, newest first."""
    return (yield from listed("/negotiations", m.Negotiation, most, open="true" if open_only else None))


def get_negotiation(id: str) -> Steps[m.Negotiation]:
    """Return a negotiation. Raises `NotFound`."""
    return (yield from get(f"/negotiations/{part(id)}", m.Negotiation))


def negotiate(
    peer: str,
    dataset: str,
    offer: str | None,
    terms: Terms | None = None,
    *,
    need: Terms | None = None,
    rounds: int | None = None,
    ask_declared: bool = True,
    by_hand: bool = False,
    wait: bool = True,
    patience: int = PATIENCE,
) -> Steps[m.Negotiation]:
    """Ask for a dataset under one of its offers, or under own `terms` as a counter-offer.

    With `need`, the use that is needed and what one is ready to do for it, counter-offers are answered by rule: what covers it is
    accepted, for at most `rounds` proposals; `offer` may then be `None`: any that covers it. With `ask_declared` a person decides
    on terms that only the law keeps. With `wait` it returns when the negotiation is final, when a person must act, or after
    `patience` seconds.
    """
    answering = "hand" if by_hand else None
    limits = None if need is None else said(must=need, max_rounds=rounds, ask_declared=ask_declared)
    did = yield from did_of(peer)
    body = said(peer=did, dataset=dataset, offer=offer, terms=terms, answering=answering, preferences=limits)
    negotiation = yield from post("/negotiations", body, m.Negotiation)
    if not wait:
        return negotiation
    return (yield from await_negotiation(negotiation.id, patience=patience))


def offer_to(peer: str, asset: str, terms: Terms | None = None) -> Steps[m.Negotiation]:
    """Offer an own asset to a peer that has not asked."""
    did = yield from did_of(peer)
    return (yield from post("/negotiations/offers", said(peer=did, asset=asset, terms=terms), m.Negotiation))


def accept(id: str) -> Steps[m.Negotiation]:
    """Take what is on the table: a consumer accepts the offer, a provider agrees to the request."""
    return (yield from post(f"/negotiations/{part(id)}/accept", {}, m.Negotiation))


def counter(id: str, terms: Terms) -> Steps[m.Negotiation]:
    """Put other terms on the table."""
    return (yield from post(f"/negotiations/{part(id)}/counter", {"terms": terms}, m.Negotiation))


def terminate_negotiation(id: str, reason: str = "") -> Steps[m.Negotiation]:
    """Refuse, or give up; the other side is told the reason."""
    return (yield from post(f"/negotiations/{part(id)}/terminate", {"reason": reason}, m.Negotiation))


def await_negotiation(id: str, until: Collection[str] = (), *, patience: int = PATIENCE) -> Steps[m.Negotiation]:
    """Return a negotiation when its state is one of `until`, or final, or a person must act, or `patience` seconds are over."""
    return (yield from _await(f"/negotiations/{part(id)}", m.Negotiation, until, patience))


def list_contracts(*, most: int | None = None) -> Steps[list[m.Contract]]:
    """Return the contracts, newest first."""
    return (yield from listed("/contracts", m.Contract, most))


def get_contract(id: str) -> Steps[m.Contract]:
    """Return a contract. Raises `NotFound`."""
    return (yield from get(f"/contracts/{part(id)}", m.Contract))


def list_transfers(*, open_only: bool = False, most: int | None = None) -> Steps[list[m.Transfer]]:
    """Return the transfers, newest first."""
    return (yield from listed("/transfers", m.Transfer, most, open="true" if open_only else None))


def get_transfer(id: str) -> Steps[m.Transfer]:
    """Return a transfer. Raises `NotFound`."""
    return (yield from get(f"/transfers/{part(id)}", m.Transfer))


def start_transfer(
    contract: str,
    *,
    push: bool = False,
    sink: DataAddress | None = None,
    stated: Mapping[str, str] | None = None,
    wait: bool = True,
    patience: int = PATIENCE,
) -> Steps[m.Transfer]:
    """Ask for a contract's data: to be pulled, or with `push` to be sent to this server, or with `sink` to another place.

    `stated` says how it will be used, e.g. `{"purpose": "dpv:Marketing"}`; what the terms want stated is signed and sent beforehand.
    """
    pushed = push or sink is not None
    chosen = True if sink is None else said(endpoint_type=sink.endpoint_type, endpoint=sink.endpoint, properties=sink.properties)
    body = said(contract=contract, format="HttpData-PUSH" if pushed else "HttpData-PULL", sink=chosen if pushed else None, stated=stated)
    transfer = yield from post("/transfers", body, m.Transfer)
    if not wait:
        return transfer
    return (yield from await_transfer(transfer.id, ("STARTED", "SUSPENDED"), patience=patience))


def await_transfer(id: str, until: Collection[str] = (), *, patience: int = PATIENCE) -> Steps[m.Transfer]:
    """Return a transfer when its state is one of `until`, or final, or a person must act, or `patience` seconds are over."""
    return (yield from _await(f"/transfers/{part(id)}", m.Transfer, until, patience))


def address(id: str) -> Steps[DataAddress]:
    """Return where a started transfer's data is, with the access token. Keep it to yourself."""
    return (yield from get(f"/transfers/{part(id)}/address", DataAddress))


def renew(id: str) -> Steps[DataAddress]:
    """Return the address with fresh tokens."""
    return (yield from post(f"/transfers/{part(id)}/refresh", {}, DataAddress))


def suspend(id: str, reason: str = "") -> Steps[m.Transfer]:
    """Halt a transfer for now."""
    return (yield from _move(id, "suspend", reason))


def resume(id: str, reason: str = "") -> Steps[m.Transfer]:
    """Let a transfer go on that this side suspended."""
    return (yield from _move(id, "resume", reason))


def complete(id: str, reason: str = "") -> Steps[m.Transfer]:
    """Say that a transfer is done."""
    return (yield from _move(id, "complete", reason))


def terminate_transfer(id: str, reason: str = "") -> Steps[m.Transfer]:
    """End a transfer for good."""
    return (yield from _move(id, "terminate", reason))


def _move(id: str, verb: str, reason: str) -> Steps[m.Transfer]:
    return (yield from post(f"/transfers/{part(id)}/{verb}", {"reason": reason} if reason else {}, m.Transfer))


def _await(path: str, into: type[P], until: Collection[str], patience: int) -> Steps[P]:
    left = patience
    while True:
        seconds = max(0, min(POLL_SECONDS, left))
        process = yield from get(path, into, wait=str(seconds), until=",".join(until) or None)
        left -= seconds
        if process.final or process.needs_you or process.state in until or left <= 0:
            return process
