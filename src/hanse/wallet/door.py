"""The door of a wallet: whoever calls it from outside is proved, and its token is used up by what it caused, or by being refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from hanse.identity.self_issued import Caller
from hanse.kernel.errors import CallerError, HanseError, Unauthenticated
from hanse.kernel.tenant import Tenant
from hanse.wallet.ports import Database, WalletTx

T = TypeVar("T")


async def admit(database: Database, tenant: Tenant, caller: Caller, work: Callable[[WalletTx], T]) -> T:
    """Run `work` for a proved caller. Its token stays used up even if the work is refused (house, pitfall 3).

    Raises `Unauthenticated` for a token that was used before.
    """

    def guarded(tx: WalletTx) -> T:
        _use(tx, tenant, caller)
        try:
            return work(tx)
        except CallerError as error:
            error.keep = lambda kept: _use(kept, tenant, caller)
            raise

    return await database.run(guarded)


@asynccontextmanager
async def examining(database: Database, tenant: Tenant, caller: Caller) -> AsyncIterator[None]:
    """Around what has to be found out before the transaction: if that refuses the call, the token is used up, too.

    Raises `Unauthenticated` in its place for a token that was used before.
    """
    try:
        yield
    except HanseError as error:
        try:
            await database.run(lambda tx: _use(tx, tenant, caller))
        except Unauthenticated as replay:
            raise replay from error
        raise


def _use(tx: WalletTx, tenant: Tenant, caller: Caller) -> None:
    if not tx.replays.consume(tenant, caller.did, caller.jti, caller.expires):
        raise Unauthenticated("This token was used before.", where="jti", rule="replay", hint="Make a fresh token for every call.")
