"""The door of the connector: a proved sender must belong to the space, and its token is used up by what it caused.

Credentials will enter here: what a member is, beside that it is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hanse.connector.kit import Kit, Sender
from hanse.connector.ports import ConnectorTx
from hanse.kernel.errors import CallerError, Unauthenticated

T = TypeVar("T")


async def admit(kit: Kit, sender: Sender, work: Callable[[ConnectorTx], T]) -> T:
    """Run `work` for a member of the space. Its token stays used up even if the work is refused (house, pitfall 3).

    Raises `Forbidden` for strangers and `Unauthenticated` for a token that was used before.
    """
    await kit.membership.require(sender.tenant, sender.did)

    def use_token(tx: ConnectorTx) -> None:
        if not tx.replays.consume(sender.tenant, sender.did, sender.jti, sender.expires):
            raise Unauthenticated("This token was used before.", where="jti", rule="replay", hint="Make a fresh token for every call.")

    def guarded(tx: ConnectorTx) -> T:
        use_token(tx)
        try:
            return work(tx)
        except CallerError as error:
            error.keep = use_token
            raise

    return await kit.database.run(guarded)
