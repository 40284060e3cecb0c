"""The door of the connector: a proved sender must belong to the space, and its token is used up by what it caused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from hanse.connector.kit import Kit, Sender
from hanse.connector.ports import ConnectorTx
from hanse.kernel.errors import CallerError, Unauthenticated
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.proofs import Proofs

T = TypeVar("T")


NOTHING: Final = Proofs()
"""What is asked of a member whose roles and further credentials do not matter."""


async def admit(kit: Kit, sender: Sender, work: Callable[[ConnectorTx], T], asked: Proofs = NOTHING) -> T:
    """Run `work` for a member of the space; `asked` is what else it is asked to prove.

    Its token stays used up even if it is refused (house, pitfall 3).
    Raises `ClaimsRefused` for strangers and `Unauthenticated` for a token that was used before.
    """

    def use_token(tx: ConnectorTx) -> None:
        use_once(tx, sender.tenant, sender.did, sender.jti, sender.expires)

    try:
        await kit.membership.admit(sender, asked)
    except CallerError:
        await kit.database.run(use_token)
        raise
    return await admit_party(kit, sender, work)


async def admit_party(kit: Kit, sender: Sender, work: Callable[[ConnectorTx], T]) -> T:
    """Run `work` for a proved sender, member or not: it has to be one that an agreement stands or stood with.

    Its token stays used up even if it is refused. Raises `Unauthenticated` for a token that was used before.
    """

    def use_token(tx: ConnectorTx) -> None:
        use_once(tx, sender.tenant, sender.did, sender.jti, sender.expires)

    def guarded(tx: ConnectorTx) -> T:
        use_token(tx)
        try:
            return work(tx)
        except CallerError as error:
            error.keep = _both(use_token, error.keep)
            raise

    return await kit.database.run(guarded)


def _both(first: Callable[[ConnectorTx], object], then: Callable[[ConnectorTx], object] | None) -> Callable[[ConnectorTx], object]:
    def work(tx: ConnectorTx) -> None:
        first(tx)
        if then is not None:
            then(tx)

    return work


def use_once(tx: ConnectorTx, tenant: Tenant, issuer: Did, jti: str, expires: datetime) -> None:
    """Record that a token was used. Raises `Unauthenticated` if it was used before, whichever server process took it."""
    if not tx.replays.consume(tenant, issuer, jti, expires):
        raise Unauthenticated("This token was used before.", where="jti", rule="replay", hint="Make a fresh token for every call.")
