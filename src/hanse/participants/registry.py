"""Participants: make, find, edit, confine, link to a space, suspend, erase."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, NotFound
from hanse.kernel.tenant import Did, Tenant, tenant_name
from hanse.participants import naming
from hanse.participants.operators import OPERATORS_LIMIT, Operators
from hanse.participants.ports import Database, Eraser, Keys, ParticipantsTx
from hanse.participants.records import Created, Participant, ParticipantChanged, ParticipantErased, Quota, Receipt, SpaceLink, Tombstone
from hanse.participants.roles import Action, Caller, authorise

REMEMBERED = timedelta(seconds=1)
"""How long `find` trusts what it read: the longest that another server process's change goes unseen here."""

PAGE_LIMIT = 500
SPACES_LIMIT = 64
"""Spaces in which one participant may be."""


class Participants:
    """The use cases around participants. `host` and `port` are where the world reaches this server."""

    def __init__(self, database: Database, clock: Clock, operators: Operators, keys: Keys, eraser: Eraser, *, host: str, port: int) -> None:
        self._database = database
        self._clock = clock
        self._operators = operators
        self._keys = keys
        self._eraser = eraser
        self._public = (host, port)
        self._remembered: dict[Tenant, tuple[datetime, Participant]] = {}

    async def create(
        self,
        caller: Caller,
        name: str,
        title: str,
        *,
        allowed_roots: tuple[str, ...] = (),
        allowed_hosts: tuple[str, ...] = (),
        quota: Quota | None = None,
        administrator: str = "administrator",
    ) -> Created:
        """Make a participant with its DID, its key and its first administrator, in one transaction.

        Raises `Forbidden` (host only), `Invalid` (a named field), `Conflict` (the name is taken or was erased).
        """
        tenant = tenant_name(name)
        authorise(caller, Action.CREATE_PARTICIPANT, tenant)
        participant = Participant(
            name=tenant,
            did=naming.did_of(*self._public, tenant),
            title=naming.line(title, "title"),
            created=self._clock.now(),
            allowed_roots=naming.roots(allowed_roots),
            allowed_hosts=naming.hosts(allowed_hosts),
            quota=naming.quota(quota or Quota()),
        )
        label = naming.line(administrator, "administrator", 80)
        operator_id, secret = self._operators.new_credentials()

        def work(tx: ParticipantsTx) -> Created:
            _require_free(tx, tenant)
            tx.participants.add(participant)
            self._keys.make(tx, tenant, participant.did)
            tx.emit(ParticipantChanged(tenant))
            return Created(participant, self._operators.issue(tx, operator_id, secret, tenant, label))

        return await self._database.run(work)

    async def find(self, name: Tenant) -> Participant:
        """Return a participant for the server's own use (protocol paths, limits); at most a second old.

        Raises `NotFound`, for erased ones too.
        """
        now = self._clock.now()
        read, participant = self._remembered.get(name, (now, None))
        if participant is None or not timedelta() <= now - read < REMEMBERED:
            participant = await self._database.read(lambda tx: _existing(tx, name))
            self._remembered[name] = (now, participant)
        return participant

    async def spaces_of(self, name: Tenant) -> Sequence[SpaceLink]:
        """Return the spaces that a participant has joined. Raises `NotFound`."""
        return (await self.find(name)).spaces

    def forget(self, name: Tenant) -> None:
        """Read the participant anew next time (on `ParticipantChanged` and `ParticipantErased`)."""
        self._remembered.pop(name, None)

    async def get(self, caller: Caller, name: Tenant) -> Participant:
        """Return a participant to one of its operators or to the host. Raises `NotFound`, `Forbidden`."""
        authorise(caller, Action.READ_PARTICIPANT, name)
        return await self._database.read(lambda tx: _existing(tx, name))

    async def page(self, caller: Caller, *, after: Tenant | None = None, limit: int = 100) -> Sequence[Participant]:
        """Return up to `limit` (at most 500) participants by name, after the name `after`. Raises `Forbidden` (host only)."""
        authorise(caller, Action.LIST_PARTICIPANTS, None)
        size = max(1, min(limit, PAGE_LIMIT))
        return await self._database.read(lambda tx: tx.participants.page(after=after, limit=size))

    async def edit(self, caller: Caller, name: Tenant, *, title: str) -> Participant:
        """Change what the participant's own administrators may change. Raises `NotFound`, `Forbidden`, `Invalid`."""
        authorise(caller, Action.EDIT_PARTICIPANT, name)
        text = naming.line(title, "title")
        return await self._change(name, lambda p: structs.replace(p, title=text))

    async def confine(
        self,
        caller: Caller,
        name: Tenant,
        *,
        allowed_roots: tuple[str, ...] | None = None,
        allowed_hosts: tuple[str, ...] | None = None,
        quota: Quota | None = None,
    ) -> Participant:
        """Set what the participant may take bytes from and use up; what is not given stays. Host only.

        Raises `NotFound`, `Forbidden`, `Invalid`.
        """
        authorise(caller, Action.CONFINE_PARTICIPANT, name)
        roots = None if allowed_roots is None else naming.roots(allowed_roots)
        hosts = None if allowed_hosts is None else naming.hosts(allowed_hosts)
        figures = None if quota is None else naming.quota(quota)

        def confined(old: Participant) -> Participant:
            return structs.replace(
                old,
                allowed_roots=old.allowed_roots if roots is None else roots,
                allowed_hosts=old.allowed_hosts if hosts is None else hosts,
                quota=old.quota if figures is None else figures,
            )

        return await self._change(name, confined)

    async def join(self, caller: Caller, name: Tenant, url: str, anchor: Did) -> Participant:
        """Pin the space at `url` and its anchor's DID, beside the spaces that are pinned already; another anchor there is replaced.

        Raises `NotFound`, `Forbidden`, and `Conflict` beyond `SPACES_LIMIT`.
        """
        authorise(caller, Action.JOIN_SPACE, name)
        link = SpaceLink(naming.line(url, "space", 2000).rstrip("/"), Did(naming.line(anchor, "anchor", 512)), self._clock.now())
        return await self._change(name, lambda p: structs.replace(p, spaces=_pinned(p, link)))

    async def leave(self, caller: Caller, name: Tenant, url: str) -> Participant:
        """Trust the space at `url` no more. Raises `NotFound`, `Forbidden`."""
        authorise(caller, Action.JOIN_SPACE, name)
        return await self._change(name, lambda p: structs.replace(p, spaces=tuple(one for one in p.spaces if one.url != url)))

    async def suspend(self, caller: Caller, name: Tenant) -> Participant:
        """Stop a participant: it answers no peer, its operators only read. Host only. Raises `NotFound`, `Forbidden`."""
        authorise(caller, Action.SUSPEND_PARTICIPANT, name)
        now = self._clock.now()
        return await self._change(name, lambda p: structs.replace(p, suspended=p.suspended or now))

    async def resume(self, caller: Caller, name: Tenant) -> Participant:
        """Undo `suspend`. Host only. Raises `NotFound`, `Forbidden`."""
        authorise(caller, Action.SUSPEND_PARTICIPANT, name)
        return await self._change(name, lambda p: structs.replace(p, suspended=None))

    async def erase(self, caller: Caller, name: Tenant) -> Receipt:
        """Delete a participant with everything it has here, and return what was deleted. Host only; a repeat gets the same receipt.

        A tombstone stays: the name, and with it the DID, is never given to another. Raises `NotFound`, `Forbidden`.
        """
        authorise(caller, Action.ERASE_PARTICIPANT, name)
        now = self._clock.now()

        def work(tx: ParticipantsTx) -> Receipt:
            tombstone = tx.tombstones.get(name)
            return tombstone.receipt if tombstone else self._erase(tx, _existing(tx, name), now)

        receipt = await self._database.run(work)
        self.forget(name)
        return receipt

    def _erase(self, tx: ParticipantsTx, participant: Participant, now: datetime) -> Receipt:
        operators = tx.operators.page(participant.name, after=None, limit=OPERATORS_LIMIT)
        for operator in operators:
            tx.operators.delete(participant.name, operator.id)
        tx.participants.delete(participant.name)
        counts = {"participants": 1, "operators": len(operators)}
        for kind, count in self._eraser.erase(tx, participant.name).items():
            counts[kind] = counts.get(kind, 0) + count
        receipt = Receipt(name=participant.name, did=participant.did, erased=now, counts=counts)
        tx.tombstones.put(Tombstone(name=participant.name, did=participant.did, receipt=receipt))
        tx.emit(ParticipantErased(participant.name, participant.did))
        return receipt

    async def _change(self, name: Tenant, change: Callable[[Participant], Participant]) -> Participant:
        def work(tx: ParticipantsTx) -> Participant:
            changed = change(_existing(tx, name))
            tx.participants.put(changed)
            tx.emit(ParticipantChanged(name))
            return changed

        participant = await self._database.run(work)
        self.forget(name)
        return participant


def _require_free(tx: ParticipantsTx, name: Tenant) -> None:
    if tx.participants.get(name) is not None:
        raise Conflict(f"There is a participant {name!r} already.", where="name", rule="taken", hint="Use another name.")
    if tx.tombstones.get(name) is not None:
        raise Conflict(
            f"The participant {name!r} was erased, and its name is never given again.",
            where="name",
            rule="erased",
            hint="Use another name: peers know the DID of the old one.",
        )


def _pinned(participant: Participant, link: SpaceLink) -> tuple[SpaceLink, ...]:
    if participant.link(link.url) is not None:
        return tuple(link if one.url == link.url else one for one in participant.spaces)
    if len(participant.spaces) >= SPACES_LIMIT:
        raise Conflict(f"{participant.name} is in {SPACES_LIMIT} spaces already.", where="space", rule="too-many", hint="Leave one first.")
    return (*participant.spaces, link)


def _existing(tx: ParticipantsTx, name: Tenant) -> Participant:
    participant = tx.participants.get(name)
    if participant is None:
        raise NotFound(f"There is no participant {str(name)[:80]!r} here.", where="participant")
    return participant
