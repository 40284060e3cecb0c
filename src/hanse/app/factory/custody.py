"""Builds custody, models and an authority's questions, and fills their ports with the facility, the ledger, the connector and usage."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final, cast

from msgspec import structs

from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.dsp.messages import Role
from hanse.evidence.kinds import Notice, Predicate
from hanse.evidence.statement import Subject
from hanse.factory.custody.desk import Desk
from hanse.factory.custody.drills import Drilling
from hanse.factory.custody.looking import Looking
from hanse.factory.custody.models import Models
from hanse.factory.custody.ports import Amount, Contract, Fetched, Logged
from hanse.factory.custody.questions import Questions
from hanse.factory.custody.records import Owed
from hanse.factory.custody.register import Register, Rules
from hanse.factory.custody.retention import Retention
from hanse.factory.custody.risks import Risks
from hanse.factory.facility.facility import Facility, split_id
from hanse.factory.facility.jobs import Jobs
from hanse.factory.facility.records import State, Stored
from hanse.factory.facility.removal import Removal
from hanse.factory.facility.verifying import Fault, Verification
from hanse.factory.mirrors.records import MirrorState
from hanse.kernel.errors import Invalid, NotFound, StorageFailed
from hanse.kernel.tenant import Did, Tenant
from hanse.ledger.ports import LedgerTx
from hanse.odrl.facts import Done
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import DELAY_PERIOD, DELETE, plain
from hanse.odrl.say import say_agreement
from hanse.storage import Database, Tx
from hanse.usage.duties import deadline
from hanse.usage.records import Deal

PAGE: Final = 500
MOST: Final = 100_000
"""Entries of one kind about one agreement that are looked at."""
_NOBODY: Final = Did("did:web:nobody.invalid")


class CustodyLog:
    """The signed log."""

    def __init__(self, database: Database, evidence: EvidenceSide) -> None:
        self._database = database
        self._ledger = evidence.ledger

    def append(self, tx: Any, tenant: Tenant, subject: Subject, says: Predicate) -> int:
        """State something; return its index."""
        return self._ledger.append_about(cast("LedgerTx", tx), tenant, subject, says).index

    def append_many(self, tx: Any, tenant: Tenant, said: Sequence[tuple[Subject, Predicate]]) -> Sequence[int]:
        """State several things at once; return their indexes."""
        return [one.index for one in self._ledger.append_many(cast("LedgerTx", tx), tenant, said)]

    async def of(self, tenant: Tenant, agreement: str, kinds: Collection[str]) -> Sequence[Logged]:
        """Return the entries of those kinds about an agreement, newest first."""
        found: list[Logged] = []
        for kind in kinds:
            found += await self._of_kind(tenant, agreement, kind)
        return sorted(found, key=lambda one: -one.index)

    async def _of_kind(self, tenant: Tenant, agreement: str, kind: str) -> list[Logged]:
        found: list[Logged] = []
        before: int | None = None
        while len(found) < MOST:
            page = await self._database.read(
                lambda tx, before=before: tx.custody.logged(tenant, agreement, kind, before=before, limit=PAGE)  # type: ignore[misc]
            )
            found += [Logged(one.index, one.at, one.signer, one.says) for one in page]
            if len(page) < PAGE:
                break
            before = page[-1].index
        return found


class ProviderLetters:
    """Statements to providers."""

    def __init__(self, database: Database, evidence: EvidenceSide) -> None:
        self._database = database
        self._evidence = evidence

    async def look(self, tenant: Tenant, agreement: str) -> None:
        """Find out whether the provider takes statements."""
        parties = await self._database.read(lambda tx: self._evidence.agreements.parties(tx, tenant, agreement))
        if parties is not None:
            await self._evidence.peers.look(parties.peer)

    def tell(self, tx: Any, tenant: Tenant, notice: Notice) -> None:
        """State it, and send it."""
        self._evidence.evidence.state(cast("LedgerTx", tx), tenant, notice)


class StoredVersions:
    """Versions out of the facility, deleted ones, too."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def get(self, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version, deleted or not; nothing if there never was one."""
        try:
            return _known(await self._facility.record(tenant, id))
        except (NotFound, Invalid):
            return None

    async def page(self, tenant: Tenant, *, name: str | None = None, agreement: str | None = None) -> Sequence[DatasetVersion]:
        """Return all versions, deleted ones, too."""
        found: list[DatasetVersion] = []
        after: str | None = None
        while True:
            page = await self._facility.versions(tenant, name=name, agreement=agreement, gone=True, after=after, limit=PAGE)
            found += page
            if len(page) < PAGE:
                return found
            after = page[-1].id

    async def made_of(self, tenant: Tenant, id: str) -> Sequence[DatasetVersion]:
        """Return the versions that one went into, deleted ones, too."""
        found: Sequence[Stored] = await self._facility.stock.database.read(lambda tx: tx.facility.made_of(tenant, id))
        return [_known(one) for one in found]

    def known(self, tx: Any, tenant: Tenant, id: str) -> DatasetVersion | None:
        """Return a version inside a transaction, which locks it where it writes."""
        try:
            found = tx.facility.get(tenant, *split_id(id))
        except Invalid:
            return None
        return None if found is None else _known(found)

    async def files(self, tenant: Tenant, id: str) -> Sequence[HeldFile] | None:
        """Return the files of a version; nothing if their list is gone, or cannot be read any more."""
        try:
            return await self._facility.files(tenant, id)
        except (NotFound, Invalid, StorageFailed):
            return None

    def read(self, tenant: Tenant, id: str, path: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file."""
        return self._facility.read(tenant, id, path)

    async def holds_chunk(self, tenant: Tenant, id: str, blake3: str) -> bool:
        """Tell whether a version has a chunk of that BLAKE3."""
        for file in await self._facility.files(tenant, id):
            if any(chunk.blake3 == blake3 for chunk in await self._facility.chunks(tenant, id, file.path)):
                return True
        return False


class FacilityRetrieval:
    """Reads versions whole, from whichever tier their packs are in."""

    def __init__(self, facility: Facility) -> None:
        self._facility = facility

    async def fetch(self, tenant: Tenant, id: str, progress: Callable[[int], object]) -> Fetched:
        """Do so."""
        stored = await self._facility.stored(tenant, id)
        verdict = await Verification(self._facility.stock, lambda done, _all: progress(done)).run([stored])
        return Fetched(files=verdict.files, size=verdict.size, problems=tuple(map(_problem, verdict.faults)))


class AgreedContracts:
    """Agreements out of the connector's contracts, and what usage knows to be owed."""

    def __init__(self, ground: Ground) -> None:
        self._database = ground.database
        self._own = ground.tenants.did_of

    async def get(self, tenant: Tenant, id: str) -> Contract | None:
        """Return an agreement, ended or not."""
        found = await self._database.read(lambda tx: tx.contracts.get(tenant, id))
        if found is None:
            return None
        made = found.agreement
        return Contract(
            id=made.id,
            provider=Did(made.assigner),
            consumer=Did(made.assignee),
            since=found.finalized,
            words=tuple(say_agreement(made, {})),
            ended=found.ended,
            end_reason=found.end_reason,
        )

    def deletions(self, tx: Any, tenant: Tenant, id: str) -> Sequence[Owed]:
        """Return the deletions that an agreement owes: by its terms, and because a mirror under it has ended."""
        contract = cast("Tx", tx).contracts.get(tenant, id)
        if contract is None or contract.role is not Role.CONSUMER:
            return ()
        words = dict(_owing(contract.agreement.terms))
        ended = [one.name for one in cast("Tx", tx).mirrors.under(tenant, id) if one.state is MirrorState.PURGING]
        purges = [Owed(path=f"mirror {name}", due=None, words="because the mirror ended", overdue=True) for name in ended]
        return purges + [
            Owed(
                path=one.path,
                due=one.due,
                words=words.get(one.path, ""),
                done=one.state is Done.FULFILLED,
                overdue=one.state is Done.VIOLATED,
            )
            for one in cast("Tx", tx).owed.of_agreement(tenant, id)
            if plain(one.action) == DELETE
        ]

    def own(self, tx: Any, tenant: Tenant) -> Did:
        """Return the participant's DID."""
        return self._own(tenant)


class TermDeadlines:
    """What terms would owe, as usage reads them."""

    def of(self, terms: Terms, now: datetime) -> Sequence[Owed]:
        """Return the deletions that terms would owe if they were agreed on now."""
        deal = Deal(id="", tenant=Tenant(""), role=Role.CONSUMER, peer=_NOBODY, own=_NOBODY, target="", terms=terms, since=now)
        rules = {f"obligation[{index}]": rule for index, rule in enumerate(terms.obligations)}
        return [Owed(path=path, due=deadline(rules[path], deal, None), words=words) for path, words in _owing(terms)]


class NoAmounts:
    """Nobody has counted anything. Whoever makes documents of versions sets `desk.risks.amounts`."""

    async def of(self, tenant: Tenant, id: str) -> Amount:
        """Return nothing."""
        return Amount()


class CustodySide:
    """The room on that ground. `retention` is for whoever signs."""

    def __init__(self, ground: Ground, evidence: EvidenceSide, facility: Facility, removal: Removal) -> None:
        database: Any = ground.database
        rules = Rules(years=ground.settings.custody_years, drill_days=ground.settings.drill_days)
        log, letters = CustodyLog(ground.database, evidence), ProviderLetters(ground.database, evidence)
        versions, agreements = StoredVersions(facility), AgreedContracts(ground)
        register = Register(
            database, log, letters, versions, agreements, rules, ground.clock, ground.ids, salt=lambda: secrets.token_hex(16)
        )
        models = Models(database, log, versions, agreements, register, rules, ground.clock)
        drilling = Drilling(database, log, versions, FacilityRetrieval(facility), register, ground.clock, random.SystemRandom())
        self.desk = Desk(
            register=register,
            models=models,
            questions=Questions(log, versions, agreements, models, register),
            looking=Looking(database, log, versions, models),
            drilling=drilling,
            risks=Risks(models, versions, NoAmounts()),
        )
        self.jobs = Jobs(ground.clock)
        self.retention = Retention(TermDeadlines(), rules.years, ground.clock)
        removal.keepers.append(register.keeper)

    async def stop(self) -> None:
        """Stop the jobs."""
        await self.jobs.close()


def _known(stored: Stored) -> DatasetVersion:
    """Return a version; what is being deleted counts as deleted."""
    version = stored.version
    leaving = stored.state is not State.WHOLE and version.deleted is None
    return structs.replace(version, deleted=version.stored) if leaving else version


def _owing(terms: Terms) -> list[tuple[str, str]]:
    """Return the paths of the deletions in terms, and when each is owed, in words, where that is not a moment."""
    return [(f"obligation[{index}]", _when(rule)) for index, rule in enumerate(terms.obligations) if plain(rule.action) == DELETE]


def _when(rule: Rule) -> str:
    periods = [one.right for one in rule.constraints if isinstance(one, Atomic) and plain(one.left) == DELAY_PERIOD]
    shown = [one.get("@value", "") if isinstance(one, dict) else one for one in periods]
    return f"{shown[0]} after the contract ends, whenever that is" if shown else ""


def _problem(fault: Fault) -> str:
    where = f"{fault.path}: " if fault.path is not None else ""
    return where + fault.problem
