"""Opens stored versions: decided and counted under the agreement, logged, and only then is the key handed out.

The key opens the manifest of that one version (see `facility.layout`), and with it the reader works on the facility's files by itself, so
that no byte passes through the server. What is handed out cannot be called back: who reads has agreed to the terms, and each opening is
a use that is counted and can end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.opening.ports import Database, Ledger, Stored, Uses
from hanse.factory.opening.records import Opening, Place
from hanse.kernel.errors import CallerError
from hanse.kernel.tenant import Tenant


class Openings:
    """The use case of opening a stored version."""

    def __init__(self, database: Database, stored: Stored, uses: Uses, ledger: Ledger, place: Place) -> None:
        self._database = database
        self._stored = stored
        self._uses = uses
        self._ledger = ledger
        self._place = place

    async def open(self, tenant: Tenant, version: str, action: str, stated: Mapping[str, str], operator: str) -> Opening:
        """Open `name@number`, or the newest version of `name`, for an action (ODRL) and what is stated of the use.

        What stands under several agreements is decided and counted under each of them, or under none. Raises `Forbidden` (rule `policy`)
        with the reasons, naming the agreement, if one does not permit it now, `NotFound`, `Conflict`, `Invalid`.
        """
        unlocked = await self._stored.unlocked(tenant, version)
        found = unlocked.version
        with naming(found):
            uses = await self._uses.open(tenant, found.agreements, action, stated) if found.agreements else ()
        said = [
            k.Opened(agreement=agreement, version=found.id, root=found.root, action=action or "use", use=use, operator=operator)
            for agreement, use in zip(found.agreements or ("",), uses or ("",), strict=True)
        ]
        subject = Subject.of(found.id, found.root)
        await self._database.run(lambda tx: [self._ledger.state(tx, tenant, subject, says) for says in said])
        return Opening(uses=uses, unlocked=unlocked, place=self._place)


@contextmanager
def naming(version: DatasetVersion) -> Iterator[None]:
    """Let a refusal say which agreement refuses, and through which input a derived version stands under it."""
    try:
        yield
    except CallerError as error:
        if not version.made_of or not version.agreements:
            raise
        refusing = error.where if error.where in version.agreements else version.agreements[0]
        through = [one.version for one in version.made_of if refusing in one.under]
        error.message = f"{version.id} is made of {', '.join(through[:5])}, and stands under {refusing}. {error.message}"
        error.where = refusing
        raise
