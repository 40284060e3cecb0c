"""Builds the storing of derived versions, and fills its ports with the ledger, usage and the connector's contracts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from hanse.app.build import Ground
from hanse.app.evidence import EvidenceSide
from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.facility.deriving import Deriving
from hanse.factory.facility.facility import Facility
from hanse.kernel.errors import Conflict, NotFound
from hanse.kernel.tenant import Tenant
from hanse.ledger.ports import LedgerTx
from hanse.ledger.records import Entry
from hanse.odrl.names import PURPOSE
from hanse.odrl.vocabulary import action_name
from hanse.storage import Database, Tx
from hanse.usage.openings import Openings

DERIVE: Final = ("derive", "transform", "extract")
"""What preparing is, in the words of ODRL: a new asset is made of the old one, in another form, of parts of it."""
MIX: Final = ("aggregate",)
"""What it is besides where several versions are put together: a composite collection is made of them."""
_OPENINGS: Final = ("opened", "leased")
_PAGE: Final = 500


class LoggedGrounds:
    """Openings out of the signed log, decisions of the decision point, agreements of the connector."""

    def __init__(self, database: Database, evidence: EvidenceSide, openings: Openings) -> None:
        self._database = database
        self._ledger = evidence.ledger
        self._openings = openings

    async def opened(self, tenant: Tenant, version: DatasetVersion, action: str) -> Mapping[str, Mapping[str, str]] | None:
        """Return what was stated with the newest opening under each agreement."""
        found: dict[str, Mapping[str, str]] = {}
        for agreement in version.agreements or ("",):
            says = await self._database.read(lambda tx, agreement=agreement: _newest(tx, tenant, agreement, version, action))  # type: ignore[misc]
            if says is None:
                return None
            found[agreement] = await self._stated(tenant, says)
        return found

    async def refuses(self, tenant: Tenant, agreement: str, stated: Mapping[str, str], *, mixed: bool) -> str:
        """Return why, unless the agreement is in force and forbids nothing of what preparing is.

        That it permits any of that is not asked for: the data was opened for a use that it permits, and what is made of it is opened
        under it again. But whatever forbids it, or might, or blocks everything, is heeded.
        """
        for action in (*DERIVE, *(MIX if mixed else ())):
            try:
                _, answer = await self._openings.check(tenant, agreement, action, stated)
            except (Conflict, NotFound) as error:
                return error.message
            blocking = any(rule.truth is not False for rule in answer.report.rules if rule.kind == "prohibition")
            blocking = blocking or any(rule.truth is not True for rule in answer.report.rules if rule.kind == "obligation")
            if blocking or answer.report.beyond:
                return answer.sentence
        return ""

    def standing(self, tx: Any, tenant: Tenant, agreement: str) -> bool:
        """Tell whether an agreement is in force."""
        contract = cast("Tx", tx).contracts.get(tenant, agreement)
        return contract is not None and contract.ended is None

    def state(self, tx: Any, tenant: Tenant, said: Sequence[tuple[Subject, k.Predicate]]) -> None:
        """Append them."""
        self._ledger.append_many(cast("LedgerTx", tx), tenant, said)

    async def stated(self, tenant: Tenant, version: DatasetVersion) -> tuple[k.Derived, Sequence[k.Prepared]] | None:
        """Return it out of the log: the steps follow the statement about the version, since they were appended at once."""
        return await self._database.read(lambda tx: _made(tx, tenant, version))

    async def _stated(self, tenant: Tenant, says: k.Predicate) -> Mapping[str, str]:
        if isinstance(says, k.Leased):
            return {PURPOSE: says.purpose} if says.purpose else {}
        if not isinstance(says, k.Opened) or not says.use:
            return {}
        try:
            return (await self._openings.get(tenant, says.use)).stated
        except NotFound:
            return {}


def _newest(tx: Tx, tenant: Tenant, agreement: str, version: DatasetVersion, action: str) -> k.Predicate | None:
    """Return the newest opening of a version for an action under an agreement."""
    said = (says for kind in _OPENINGS for says in _said(tx, tenant, agreement, kind))
    return next((says for says in said if _is(says, version, action)), None)


def _said(tx: Tx, tenant: Tenant, agreement: str, kind: str) -> Iterator[k.Predicate]:
    return (entry.says for entry in _entries(tx, tenant, agreement, kind))


def _entries(tx: Tx, tenant: Tenant, agreement: str, kind: str) -> Iterator[Entry]:
    before: int | None = None
    while page := tx.custody.logged(tenant, agreement, kind, before=before, limit=_PAGE):
        yield from page
        before = page[-1].index


def _made(tx: Tx, tenant: Tenant, version: DatasetVersion) -> tuple[k.Derived, Sequence[k.Prepared]] | None:
    for entry in _entries(tx, tenant, "", "derived"):
        made = entry.says
        if isinstance(made, k.Derived) and (made.version, made.root) == (version.id, version.root):
            after = [one.says for one in tx.ledger.walk(tenant, entry.index + 1, made.steps)]
            steps = [one for one in after if isinstance(one, k.Prepared) and (one.version, one.root) == (made.version, made.root)]
            return (made, steps) if [one.number for one in steps] == list(range(1, made.steps + 1)) else None
    return None


def _is(says: k.Predicate, version: DatasetVersion, action: str) -> bool:
    return isinstance(says, k.Opened | k.Leased) and says.version == version.id and action_name(says.action) == action_name(action)


class PreparationSide:
    """The storing of derived versions on that ground."""

    def __init__(self, ground: Ground, evidence: EvidenceSide, facility: Facility, openings: Openings) -> None:
        self.deriving = Deriving(facility, LoggedGrounds(ground.database, evidence, openings))

    async def stop(self) -> None:
        """Put aside what is under way."""
        await self.deriving.close()
