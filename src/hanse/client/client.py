"""`hanse.Client` and `hanse.AsyncClient`: the same methods, called or awaited.

Each method is one of the steps of this package, bound by `Method` to the client's way of running them; the docstrings
are those of the steps.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from hanse.client import anchoring, deals, ledger, offers, people, policies, road, spaces, uses, wallet
from hanse.client.factory.nouns import FactoryNouns
from hanse.client.profiles import choose, home_of
from hanse.client.shells import Async, AsyncShell, Method, Mode, Noun, Sync, SyncShell


class Assets(Noun[Mode]):
    """Own datasets on offer."""

    list = Method(offers.list_assets)
    get = Method(offers.get_asset)
    create = Method(offers.create_asset)
    edit = Method(offers.edit_asset)
    withdraw = Method(offers.withdraw_asset)
    refresh = Method(offers.refresh_asset)


class Policies(Noun[Mode]):
    """Terms by name, and what policies say."""

    list = Method(policies.list_policies)
    check = Method(policies.check_policies)
    simulate = Method(policies.simulate_policy)
    diff = Method(policies.diff_policies)
    match = Method(policies.match_policies)
    translate = Method(policies.translate_policy)


class Negotiations(Noun[Mode]):
    """Contract negotiations, on both sides."""

    list = Method(deals.list_negotiations)
    get = Method(deals.get_negotiation)
    start = Method(deals.negotiate)
    offer = Method(deals.offer_to)
    accept = Method(deals.accept)
    counter = Method(deals.counter)
    terminate = Method(deals.terminate_negotiation)
    wait = Method(deals.await_negotiation)


class Contracts(Noun[Mode]):
    """Agreements."""

    list = Method(deals.list_contracts)
    get = Method(deals.get_contract)
    end = Method(ledger.end_contract)
    state = Method(ledger.state_use)
    confirm_deleted = Method(ledger.confirm_deleted)


class Ledger(Noun[Mode]):
    """The signed log."""

    list = Method(ledger.list_entries)
    get = Method(ledger.get_entry)
    checkpoint = Method(ledger.checkpoint)
    verify = Method(ledger.verify)
    witnesses = Method(ledger.witnesses)
    add_witness = Method(ledger.add_witness)
    remove_witness = Method(ledger.remove_witness)
    witnessed = Method(ledger.witnessed)
    look = Method(ledger.look)
    restart = Method(ledger.restart)


class Transfers(Noun[Mode]):
    """Transfers, on both sides."""

    list = Method(deals.list_transfers)
    get = Method(deals.get_transfer)
    start = Method(deals.start_transfer)
    address = Method(deals.address)
    renew = Method(deals.renew)
    suspend = Method(deals.suspend)
    resume = Method(deals.resume)
    complete = Method(deals.complete)
    terminate = Method(deals.terminate_transfer)
    wait = Method(deals.await_transfer)


class Uses(Noun[Mode]):
    """Uses of data under contracts: transfers, and openings of stored data."""

    list = Method(uses.list_uses)
    get = Method(uses.get_use)
    open = Method(uses.open_use)
    check = Method(uses.check_use)
    end = Method(uses.end_use)


class Facts(Noun[Mode]):
    """What decisions rest on and the server cannot measure: payments, consents, events, classifications."""

    list = Method(uses.list_facts)
    tell = Method(uses.tell_fact)
    untell = Method(uses.untell_fact)


class Participants(Noun[Mode]):
    """Participants of the server."""

    list = Method(people.list_participants)
    get = Method(people.get_participant)
    create = Method(people.create_participant)
    edit = Method(people.edit_participant)
    erase = Method(people.erase_participant)


class Operators(Noun[Mode]):
    """Who acts for a participant."""

    list = Method(people.list_operators)
    add = Method(people.add_operator)
    remove = Method(people.remove_operator)
    rotate = Method(people.rotate_operator)


class Anchor(Noun[Mode]):
    """The space that the participant anchors."""

    found = Method(anchoring.found)
    get = Method(anchoring.anchored)
    spaces = Method(anchoring.spaces)
    members = Method(anchoring.anchored_members)
    applications = Method(anchoring.applications)
    member = Method(anchoring.member)
    invite = Method(anchoring.invite)
    approve = Method(anchoring.approve)
    refuse = Method(anchoring.refuse)
    suspend = Method(anchoring.suspend)
    reinstate = Method(anchoring.reinstate)
    remove = Method(anchoring.remove)
    change_roles = Method(anchoring.change_roles)
    set_claims = Method(anchoring.set_claims)
    rulebook = Method(anchoring.rulebook)
    check_rulebook = Method(anchoring.check_rulebook)
    publish_rulebook = Method(anchoring.publish_rulebook)
    rulebook_versions = Method(anchoring.rulebook_versions)
    issuers = Method(anchoring.issuers)
    credentials = Method(anchoring.issued)
    credential = Method(anchoring.get_issued)
    revoke = Method(anchoring.revoke)


class Wallet(Noun[Mode]):
    """Credentials that the participant holds, requests for more, and its keys."""

    list = Method(wallet.list_credentials)
    get = Method(wallet.get_credential)
    check = Method(wallet.check_credential)
    remove = Method(wallet.remove_credential)
    request = Method(wallet.request)
    requests = Method(wallet.list_requests)
    get_request = Method(wallet.get_request)
    await_request = Method(wallet.await_request)
    keys = Method(wallet.list_keys)
    rotate = Method(wallet.rotate_key)
    compromise = Method(wallet.compromise_key)
    release = Method(wallet.release_key)


class _Methods(FactoryNouns[Mode]):
    """What both clients have."""

    status = Method(people.status)
    who_am_i = Method(people.who_am_i)
    explain = Method(people.explain)
    members = Method(spaces.members)
    space = Method(spaces.space)
    did_of = Method(spaces.did_of)
    join = Method(spaces.join)
    leave = Method(spaces.leave)
    look = Method(spaces.look)
    spaces = Method(spaces.spaces)
    catalog = Method(offers.catalog)
    browse = Method(offers.browse)
    dataset = Method(offers.dataset)
    negotiate = Method(deals.negotiate)
    get = Method(road.get)


class Client(_Methods[Sync]):
    """A participant's or a server's operator, in plain calls.

    Without arguments it acts as the command line does: by `HANSE_URL` and `HANSE_TOKEN`, or by the profiles that
    `hanse up` has written into the home folder (`participant` picks one).

        with hanse.Client() as client:
            for dataset in client.catalog("acme").datasets:
                print(dataset.title)

    Raises `Misconfigured` if there is nobody to act for. Methods raise the errors of `hanse.errors`.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, participant: str | None = None, home: str | Path | None = None
    ) -> None:
        self._shell = SyncShell(*_credentials(url, token, participant, home))
        drive = self._shell.drive
        super().__init__(drive)
        self.assets: Assets[Sync] = Assets(drive)
        self.policies: Policies[Sync] = Policies(drive)
        self.negotiations: Negotiations[Sync] = Negotiations(drive)
        self.contracts: Contracts[Sync] = Contracts(drive)
        self.ledger: Ledger[Sync] = Ledger(drive)
        self.transfers: Transfers[Sync] = Transfers(drive)
        self.uses: Uses[Sync] = Uses(drive)
        self.facts: Facts[Sync] = Facts(drive)
        self.participants: Participants[Sync] = Participants(drive)
        self.operators: Operators[Sync] = Operators(drive)
        self.anchor: Anchor[Sync] = Anchor(drive)
        self.wallet: Wallet[Sync] = Wallet(drive)

    def close(self) -> None:
        """Close the connections."""
        self._shell.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncClient(_Methods[Async]):
    """The same with `await`; see `Client`."""

    def __init__(
        self, url: str | None = None, token: str | None = None, *, participant: str | None = None, home: str | Path | None = None
    ) -> None:
        self._shell = AsyncShell(*_credentials(url, token, participant, home))
        drive = self._shell.drive
        super().__init__(drive)
        self.assets: Assets[Async] = Assets(drive)
        self.policies: Policies[Async] = Policies(drive)
        self.negotiations: Negotiations[Async] = Negotiations(drive)
        self.contracts: Contracts[Async] = Contracts(drive)
        self.ledger: Ledger[Async] = Ledger(drive)
        self.transfers: Transfers[Async] = Transfers(drive)
        self.uses: Uses[Async] = Uses(drive)
        self.facts: Facts[Async] = Facts(drive)
        self.participants: Participants[Async] = Participants(drive)
        self.operators: Operators[Async] = Operators(drive)
        self.anchor: Anchor[Async] = Anchor(drive)
        self.wallet: Wallet[Async] = Wallet(drive)

    async def close(self) -> None:
        """Close the connections."""
        await self._shell.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


def _credentials(url: str | None, token: str | None, participant: str | None, home: str | Path | None) -> tuple[str, str]:
    url, token = url or os.environ.get("HANSE_URL"), token or os.environ.get("HANSE_TOKEN")
    if url and token and participant is None:
        return url, token
    profile = choose(home_of(home), participant)
    return url or profile.url, token or profile.token
