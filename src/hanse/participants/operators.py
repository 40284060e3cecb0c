"""Operators: who acts for a participant, or for the server; their roles and their tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import structs

from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Tenant
from hanse.participants import naming, tokens
from hanse.participants.ports import Database, ParticipantsTx
from hanse.participants.records import Issued, Operator
from hanse.participants.roles import Action, Caller, Role, authorise

OPERATORS_LIMIT = 100
"""Operators of one participant."""


class Operators:
    """The use cases around operators. `tenant` is absent for operators of the whole server."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, secret: Callable[[], str] = tokens.new_secret) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._secret = secret

    async def authenticate(self, token: str) -> Caller:
        """Return who a token belongs to.

        While a participant is suspended its operators have the role `read`, whatever was given to them. Raises
        `Unauthenticated` for what is no token, an unknown one, and one that has expired.
        """
        if tokens.operator_of(token) is None:
            raise _unknown()
        now = self._clock.now()
        return await self._database.read(lambda tx: _identify(tx, tokens.digest(token), now))

    async def first_host(self) -> Issued | None:
        """Make the server's first operator at its first start; returns nothing at every later one."""
        operator_id, secret = self._ids.new("op"), self._secret()

        def work(tx: ParticipantsTx) -> Issued | None:
            if tx.operators.page(None, after=None, limit=1):
                return None
            return self._put(tx, operator_id, secret, None, "host", Role.ADMINISTER, None)

        return await self._database.run(work)

    async def add(self, caller: Caller, tenant: Tenant | None, name: str, role: Role, *, expires: datetime | None = None) -> Issued:
        """Add an operator and return it with its token, which is shown this once.

        Raises `Forbidden`, `NotFound` (no such participant), `Conflict` (the name is taken, or there are too many),
        `Invalid` (name or expiry).
        """
        authorise(caller, Action.MANAGE_OPERATORS, tenant)
        label = naming.line(name, "name", 80)
        if expires is not None and (expires.tzinfo is None or expires <= self._clock.now()):
            raise Invalid(
                "The operator would have expired already.", where="expires", rule="expires", hint="Use a later moment, with its zone."
            )
        operator_id, secret = self._ids.new("op"), self._secret()

        def work(tx: ParticipantsTx) -> Issued:
            _require_participant(tx, tenant)
            _require_room(tx, tenant, label)
            return self._put(tx, operator_id, secret, tenant, label, role, expires)

        return await self._database.run(work)

    async def rotate(self, caller: Caller, tenant: Tenant | None, operator_id: str) -> Issued:
        """Give an operator a new token; the old one is void at once. Everybody may rotate their own.

        Raises `Forbidden`, and `NotFound` if the tenant has no such operator.
        """
        if (caller.operator, caller.tenant) != (operator_id, tenant):
            authorise(caller, Action.MANAGE_OPERATORS, tenant)
        secret = self._secret()

        def work(tx: ParticipantsTx) -> Issued:
            old = _existing(tx, tenant, operator_id)
            return self._put(tx, old.id, secret, tenant, old.name, old.role, old.expires, created=old.created)

        return await self._database.run(work)

    async def remove(self, caller: Caller, tenant: Tenant | None, operator_id: str) -> None:
        """Remove an operator; its token is void at once.

        Raises `Forbidden`, `NotFound`, and `Conflict` for the last administrator whose access does not expire.
        """
        authorise(caller, Action.MANAGE_OPERATORS, tenant)

        def work(tx: ParticipantsTx) -> None:
            _existing(tx, tenant, operator_id)
            others = [o.id for o in tx.operators.page(tenant, after=None, limit=OPERATORS_LIMIT) if o.id != operator_id]
            if not any(_stays(tx.operators.get(tenant, other)) for other in others):
                raise Conflict(
                    "This is the last administrator.",
                    where="operator",
                    rule="last-administrator",
                    hint="Add another administrator that does not expire first.",
                )
            tx.operators.delete(tenant, operator_id)

        await self._database.run(work)

    async def page(self, caller: Caller, tenant: Tenant | None) -> Sequence[Operator]:
        """Return the operators (at most 100), without their hashes. Raises `Forbidden`, `NotFound`."""
        authorise(caller, Action.MANAGE_OPERATORS, tenant)

        def work(tx: ParticipantsTx) -> Sequence[Operator]:
            _require_participant(tx, tenant)
            return tx.operators.page(tenant, after=None, limit=OPERATORS_LIMIT)

        return [structs.replace(operator, token_hash="") for operator in await self._database.read(work)]

    def issue(self, tx: ParticipantsTx, operator_id: str, secret: str, tenant: Tenant, name: str) -> Issued:
        """Store a new participant's first administrator in the caller's transaction."""
        return self._put(tx, operator_id, secret, tenant, name, Role.ADMINISTER, None)

    def new_credentials(self) -> tuple[str, str]:
        """Return a new operator id and a new secret (made outside the transaction, which may run twice)."""
        return self._ids.new("op"), self._secret()

    def _put(
        self,
        tx: ParticipantsTx,
        operator_id: str,
        secret: str,
        tenant: Tenant | None,
        name: str,
        role: Role,
        expires: datetime | None,
        *,
        created: datetime | None = None,
    ) -> Issued:
        token = tokens.make(operator_id, secret)
        operator = Operator(
            id=operator_id,
            tenant=tenant,
            name=name,
            role=role,
            token_hash=tokens.digest(token),
            created=created or self._clock.now(),
            expires=expires,
        )
        tx.operators.put(operator)
        return Issued(structs.replace(operator, token_hash=""), token)


def _identify(tx: ParticipantsTx, token_hash: str, now: datetime) -> Caller:
    operator = tx.operators.by_token_hash(token_hash)
    if operator is None or not tokens.same(operator.token_hash, token_hash):
        raise _unknown()
    if operator.expires is not None and operator.expires <= now:
        raise Unauthenticated("This token has expired.", rule="expired", hint="Ask an administrator of the participant for a new one.")
    role = operator.role
    if operator.tenant is not None:
        participant = tx.participants.get(operator.tenant)
        if participant is None:
            raise _unknown()
        role = Role.READ if participant.suspended else role
    return Caller(operator.id, operator.tenant, operator.name, role)


def _stays(operator: Operator | None) -> bool:
    # Read by its id, which locks it: two administrators that remove each other at the same moment must not both succeed.
    return operator is not None and operator.role is Role.ADMINISTER and operator.expires is None


def _unknown() -> Unauthenticated:
    return Unauthenticated(
        "This is not the token of an operator here.",
        where="Authorization",
        rule="token",
        hint="Use 'Bearer hanse_op_...' as it was shown when the operator was added; a rotated or removed token is void.",
    )


def _require_participant(tx: ParticipantsTx, tenant: Tenant | None) -> None:
    if tenant is not None and tx.participants.get(tenant) is None:
        raise NotFound(f"There is no participant {tenant!r} here.", where="participant")


def _require_room(tx: ParticipantsTx, tenant: Tenant | None, name: str) -> None:
    present = tx.operators.page(tenant, after=None, limit=OPERATORS_LIMIT)
    if len(present) >= OPERATORS_LIMIT:
        raise Conflict(f"There are {OPERATORS_LIMIT} operators already.", rule="operators", hint="Remove one that is not needed any more.")
    if any(operator.name == name for operator in present):
        raise Conflict(f"There is an operator {name!r} already.", where="name", rule="taken", hint="Rotate its token, or use another name.")


def _existing(tx: ParticipantsTx, tenant: Tenant | None, operator_id: str) -> Operator:
    operator = tx.operators.get(tenant, operator_id)
    if operator is None:
        raise NotFound(f"There is no operator {operator_id[:80]!r} here.", where="operator")
    return operator
