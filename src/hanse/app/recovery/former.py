"""What the database that a restore replaces still knows: the newer word on what was erased, ended, withdrawn or removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from hanse.anchor.records import Issuance, Issued, Member, Published, Space, StatusBits
from hanse.app.recovery.archive import DATED, Manifest, newest_of
from hanse.connector.records import Asset, Contract
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.model import Terms
from hanse.participants.records import Operator, Participant, Tombstone, read_participant
from hanse.storage import Tx
from hanse.storage.stores.restores import Restored, Restores, Unconfirmed, UnconfirmedStore
from hanse.usage.records import Owed, Tally, Told
from hanse.wallet.ports import SealedKey
from hanse.wallet.records import CredentialRequest, Held, Letter

R = TypeVar("R")

Key = tuple[str, str]


class Ended(Struct, frozen=True):
    """How a contract stood: of which negotiation it came, and whether it had ended, and how."""

    negotiation: str
    ended: datetime | None
    reason: str
    how: str = ""
    by: str = ""
    statement: str = ""


class Shown(Struct, frozen=True):
    """How an asset was on offer: since when not any more, to whom, under which terms."""

    withdrawn: datetime | None
    visible_to: frozenset[Did]
    terms: tuple[Terms, ...]


class Former(Struct, frozen=True, kw_only=True):
    """All that a restore must not forget. Empty for a database that is new."""

    newest: datetime | None
    participants: dict[str, Participant]
    operators: dict[Key, Operator]
    tombstones: Sequence[Tombstone]
    contracts: dict[Key, Ended]
    assets: dict[Key, Shown]
    members: dict[Key, Member]
    spaces: dict[str, Space]
    rulebooks: Sequence[Published]
    issued: Sequence[Issued]
    issuances: Sequence[Issuance]
    lists: Sequence[StatusBits]
    held: Sequence[Held]
    requests: Sequence[CredentialRequest]
    letters: Sequence[Letter]
    watermarks: Sequence[tuple[str, str, int]]
    keys: Sequence[SealedKey]
    restores: Sequence[Restored]
    unconfirmed: Sequence[Unconfirmed]
    tallies: Sequence[Tally]
    told: Sequence[Told]
    owed: Sequence[Owed]

    def continues(self, manifest: Manifest, restores: Sequence[Restored]) -> bool:
        """Tell whether this database is the one the backup was taken from, and as it was then or later.

        Only then can it vouch for what it does not contradict. A database that was itself restored since cannot: what
        was lost with the one before it, nobody knows.
        """
        if not self.participants and not self.tombstones:
            return False
        later = manifest.newest is None or (self.newest is not None and self.newest >= manifest.newest)
        return later and list(self.restores) == list(restores)


def read(tx: Tx) -> Former:
    """Read it, in the transaction that will replace it."""
    return Former(
        newest=newest_of(bytes(row[0]) for table in DATED for row in tx.rows.each(f"SELECT doc FROM {table}")),  # noqa: S608
        participants={participant.name: participant for participant in _participants(tx)},
        operators={(operator.tenant or "", operator.id): operator for operator in _docs(tx, "operators", Operator)},
        tombstones=list(_docs(tx, "tombstones", Tombstone)),
        contracts={(one.tenant, one.id): ended(one) for one in _docs(tx, "contracts", Contract)},
        assets={(asset.tenant, asset.id): shown(asset) for asset in _docs(tx, "assets", Asset)},
        members={(member.space, member.did): member for member in _docs(tx, "members", Member)},
        spaces={space.name: space for space in _docs(tx, "spaces", Space)},
        rulebooks=list(_docs(tx, "rulebooks", Published)),
        issued=list(_docs(tx, "issued_credentials", Issued)),
        issuances=list(_docs(tx, "issuances", Issuance)),
        lists=status_lists(tx),
        held=list(_docs(tx, "held_credentials", Held)),
        requests=list(_docs(tx, "credential_requests", CredentialRequest)),
        letters=list(_docs(tx, "letters", Letter)),
        watermarks=[(row[0], row[1], int(row[2])) for row in tx.rows.all("SELECT url, anchor, version FROM watermarks")],
        keys=list(_docs(tx, "keys", SealedKey)),
        restores=Restores(tx.rows).list(),
        unconfirmed=UnconfirmedStore(tx.rows).list(),
        tallies=[tx.uses.tally(Tenant(row[0]), row[1]) for row in tx.rows.all("SELECT tenant, agreement FROM tallies")],
        told=list(_docs(tx, "told", Told)),
        owed=list(_docs(tx, "owed", Owed)),
    )


def status_lists(tx: Tx, space: str | None = None) -> list[StatusBits]:
    """Return all status lists, or those of one space."""
    places = [(name, int(number)) for name, number in tx.rows.all("SELECT space, number FROM status_lists ORDER BY space, number")]
    found = (tx.status_lists.get(*place) for place in places if space in {None, place[0]})
    return [lists for lists in found if lists is not None]


def ended(contract: Contract) -> Ended:
    """Return how a contract stands."""
    return Ended(contract.negotiation, contract.ended, contract.end_reason, contract.end_how, contract.ended_by, contract.end_statement)


def shown(asset: Asset) -> Shown:
    """Return how an asset is on offer."""
    return Shown(asset.withdrawn, frozenset(asset.visible_to), tuple(offer.terms for offer in asset.dataset.offers))


def _participants(tx: Tx) -> Iterator[Participant]:
    return (read_participant(bytes(doc)) for (doc,) in tx.rows.each("SELECT doc FROM participants"))


def _docs(tx: Tx, table: str, kind: type[R]) -> Iterator[R]:
    decode = msgspec.json.Decoder(kind).decode
    for (doc,) in tx.rows.each(f"SELECT doc FROM {table}"):  # noqa: S608 - names of this module
        yield decode(bytes(doc))
