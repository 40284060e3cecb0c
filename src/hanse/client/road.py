"""The whole road to a dataset, as steps: catalogue, negotiation, transfer, bytes, verification, completion.

It takes up what is there already: a running transfer, a contract in force, or a negotiation under way. So whatever broke
it off, running it again goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from msgspec import Struct, structs

from hanse.client import deals, offers, people, spaces, wallet
from hanse.client import model as m
from hanse.client.core import Fetch, Steps
from hanse.client.fetch import FetchReport
from hanse.kernel.errors import Conflict, HanseError, NotFound, PeerError, PeerRefused

WAITS = "waits-for-person"
"""The rule of the `Conflict` that says that nothing failed: a person has to act first."""
LEFT = "left to a person"
"""What the story of a negotiation has where the server did not answer by itself; the detail says why."""

COURTESY = 5
"""Seconds to wait for the other side to acknowledge the completion."""
_REFUSALS = 3  # that are told in full, where many were asked

Tell = Callable[[str], None]


class Wish(Struct, frozen=True, kw_only=True):
    """How a dataset is wanted. `peer` is a DID or a member's name; `terms` make a counter-offer of our own, `stated` tells the use."""

    dataset: str
    peer: str | None = None
    offer: str | None = None
    terms: offers.Terms | None = None
    need: offers.Terms | None = None
    rounds: int | None = None
    ask_declared: bool = True
    stated: Mapping[str, str] | None = None
    accept_counter: bool = False
    anew: bool = False
    patience: int = deals.PATIENCE


def get(
    dataset: str,
    into: Path | str | None = None,
    *,
    peer: str | None = None,
    offer: str | None = None,
    terms: offers.Terms | None = None,
    need: offers.Terms | None = None,
    rounds: int | None = None,
    ask_declared: bool = True,
    stated: Mapping[str, str] | None = None,
    accept_counter: bool = False,
    anew: bool = False,
    patience: int = deals.PATIENCE,
    progress: m.Progress | None = None,
    tell: Tell | None = None,
) -> Steps[m.Got]:
    """Get a dataset into the folder `into` (by default one named as the dataset), every file verified.

    Without `peer` the members of the space are asked who has it. Our own `terms` make a counter-offer; one of theirs is
    taken with `accept_counter`, or if it covers what we `need`, for which the server then negotiates by itself, with at most
    `rounds` proposals; `ask_declared` leaves terms that only the law keeps to a person. What is `stated`, e.g. `{"purpose":
    "dpv:Marketing"}`, the provider gets signed before the data is asked for. With `anew` no contract that stands is used. `tell`
    hears in a sentence what happens.

    Raises `Conflict` with the rule `waits-for-person` when a person must act first, `Conflict` when the other side ended
    it, `NotFound`, `PeerError`s, and `Invalid`. Running it again goes on where it stood.
    """
    wish = Wish(
        dataset=dataset,
        peer=peer,
        offer=offer,
        terms=terms,
        need=need,
        rounds=rounds,
        ask_declared=ask_declared,
        stated=stated,
        accept_counter=accept_counter,
        anew=anew,
        patience=patience,
    )
    folder = Path(into) if into is not None else Path(_file_name(dataset))
    return (yield from _whole_road(wish, folder, progress, tell or _silent))


def _whole_road(wish: Wish, folder: Path, progress: m.Progress | None, say: Tell) -> Steps[m.Got]:
    if wish.peer is not None:
        wish = structs.replace(wish, peer=(yield from spaces.did_of(wish.peer)))
    contract = None if wish.anew else (yield from _standing(wish))
    if contract is None:
        contract = yield from _agree(wish, say)
    say(f"Contract {contract.id} is in force.")
    transfer = yield from _transfer(contract, wish, say)
    report = yield from _bytes(transfer, folder, progress)
    yield from _complete(transfer, say)
    return _got(contract, transfer, report)


def _standing(wish: Wish) -> Steps[m.Contract | None]:
    """Return the newest contract in force that gives us the dataset."""
    contracts = yield from deals.list_contracts()
    fitting = (c for c in contracts if c.role == "consumer" and c.dataset == wish.dataset and c.ended is None)
    return next((c for c in fitting if wish.peer in (None, c.peer)), None)


def _agree(wish: Wish, say: Tell) -> Steps[m.Contract]:
    negotiation = None if wish.anew else (yield from _under_way(wish))
    if negotiation is None:
        negotiation = yield from _ask(wish, say)
    say(f"Negotiation {negotiation.id} with {negotiation.peer}.")
    negotiation = yield from deals.await_negotiation(negotiation.id, patience=wish.patience)
    if negotiation.state == "OFFERED" and negotiation.needs_you and wish.accept_counter:
        say("The provider answered with a counter-offer, which is accepted: " + " ".join(negotiation.offer.sentences))
        yield from deals.accept(negotiation.id)
        negotiation = yield from deals.await_negotiation(negotiation.id, patience=wish.patience)
    if negotiation.state != "FINALIZED":
        yield from _stands(negotiation, "negotiation")
    return (yield from deals.get_contract(negotiation.contract or ""))


def _under_way(wish: Wish) -> Steps[m.Negotiation | None]:
    found = yield from deals.list_negotiations(open_only=True)
    fitting = (n for n in found if n.role == "consumer" and n.dataset == wish.dataset and not n.final)
    return next((n for n in fitting if wish.peer in (None, n.peer)), None)


def _ask(wish: Wish, say: Tell) -> Steps[m.Negotiation]:
    peer, dataset = yield from _where(wish)
    known = {one.id: one for one in dataset.offers}
    chosen = wish.offer or next(iter(known), None)
    if chosen is None:
        raise NotFound(f"The dataset {dataset.title!r} has no offer for you that can be read.", where="offer")
    if wish.terms is not None:
        say(f"Own terms are proposed for {dataset.title!r}.")
    elif wish.need is not None:
        say(f"{dataset.title!r} is negotiated for what is needed.")
    elif chosen in known:
        say(f"{dataset.title!r} is asked for under its offer: " + " ".join(known[chosen].sentences))
    return (
        yield from deals.negotiate(
            peer,
            dataset.id,
            chosen if wish.need is None else wish.offer,
            wish.terms,
            need=wish.need,
            rounds=wish.rounds,
            ask_declared=wish.ask_declared,
            wait=False,
        )
    )


def _where(wish: Wish) -> Steps[tuple[str, m.Dataset]]:
    """Return who offers us the dataset, and the dataset."""
    if wish.peer is not None:
        return wish.peer, (yield from offers.dataset(wish.peer, wish.dataset))
    own = (yield from people.who_am_i()).participant
    refused: list[str] = []
    for member in (yield from spaces.members()):
        if own is not None and member.did == own.did:
            continue
        try:
            return member.did, (yield from offers.dataset(member.did, wish.dataset))
        except PeerRefused as refusal:
            refused.append(f"{member.name}: {refusal.message}")  # why, the person has to know: it may be its own credentials
        except (NotFound, PeerError):
            continue  # not there, or not to be asked now: somebody else may have it
    told = " ".join(["", *refused[:_REFUSALS]])
    raise NotFound(
        f"No member that can be reached offers you {wish.dataset[:80]!r}.{told}",
        where="dataset",
        hint="`hanse catalog` shows what there is.",
    )


def _transfer(contract: m.Contract, wish: Wish, say: Tell) -> Steps[m.Transfer]:
    """Return a started transfer of the contract: one that runs, one that we halted, or a new one."""
    running = yield from deals.list_transfers(open_only=True)
    fitting = (t for t in running if t.contract == contract.id and t.role == "consumer" and t.format == "HttpData-PULL")
    transfer = next(fitting, None)
    if transfer is None:
        transfer = yield from deals.start_transfer(contract.id, stated=wish.stated, wait=False)
    elif transfer.state == "SUSPENDED" and transfer.suspended_by == "consumer":
        transfer = yield from deals.resume(transfer.id)
    say(f"Transfer {transfer.id}.")
    transfer = yield from deals.await_transfer(transfer.id, ("STARTED", "SUSPENDED"), patience=wish.patience)
    if transfer.state != "STARTED":
        yield from _stands(transfer, "transfer")
    return transfer


def _bytes(transfer: m.Transfer, into: Path, progress: m.Progress | None) -> Steps[FetchReport]:
    address = yield from deals.address(transfer.id)

    wish = Fetch(address=address, into=into, progress=progress, renew=lambda: deals.renew(transfer.id), key_of=wallet.file_key)
    try:
        report = yield wish
    except PeerRefused:
        now = yield from deals.get_transfer(transfer.id)
        if now.state != "STARTED":
            yield from _stands(now, "transfer")
        raise
    assert isinstance(report, FetchReport)
    return report


def _complete(transfer: m.Transfer, say: Tell) -> Steps[None]:
    try:
        yield from deals.complete(transfer.id)
        yield from deals.await_transfer(transfer.id, ("COMPLETED",), patience=COURTESY)
    except HanseError as error:
        # The data is here and verified: what remains is a courtesy, and `hanse transfers complete` can make up for it.
        now = yield from deals.get_transfer(transfer.id)
        if not now.final:
            say(f"The data is here, but the transfer could not be completed: {error.message}")


def _stands(process: m.Negotiation | m.Transfer, kind: str) -> Steps[NoReturn]:
    """Say why it does not go on: it ended, or it waits for a person."""
    story = yield from people.explain(process.id)
    hint = f"`hanse explain {process.id}` tells the whole story."
    if process.final:
        reason = next((line.detail for line in reversed(story.history) if line.detail), "")
        raise Conflict(f"The {kind} is {process.state}. {reason}".strip(), where=process.id, rule="ended", hint=hint)
    if process.state == "OFFERED" and isinstance(process, m.Negotiation):
        said = " ".join(process.offer.sentences)
        answer = f"`hanse negotiations accept {process.id}` takes it, `... refuse {process.id}` ends it."
        why = next((f" {line.detail}" for line in reversed(story.history) if line.what == LEFT), "")
        raise Conflict(f"The provider answered with a counter-offer: {said}{why}", where=process.id, rule=WAITS, hint=answer)
    waits = story.waits_for or "the other side"
    raise Conflict(f"The {kind} waits for {waits} ({story.who or 'the other side'}).", where=process.id, rule=WAITS, hint=hint)


def _got(contract: m.Contract, transfer: m.Transfer, report: FetchReport) -> m.Got:
    return m.Got(
        dataset=contract.dataset,
        peer=contract.peer,
        contract=contract,
        transfer=transfer.id,
        folder=report.folder,
        files=list(report.files),
        size=report.size,
        verified=report.verified,
        fetched=report.fetched,
        already_there=report.already_there,
        repaired=report.repaired,
        resumed=report.resumed,
        seconds=report.seconds,
    )


def _file_name(dataset: str) -> str:
    """Return the dataset's id as a folder's name: foreign ids may be addresses."""
    plain = "".join(char if char.isalnum() or char in "._-" else "-" for char in dataset).strip(".-")
    return plain[-80:] or "data"


def _silent(_sentence: str) -> None:
    return None
