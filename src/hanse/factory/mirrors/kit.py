"""What all use cases of mirrors work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct, structs

from hanse.factory.mirrors.ports import Database, Dealings, Log, Onward, Shelf, Spaces, Transport
from hanse.factory.mirrors.records import Mirror, MirrorChanged, MirrorState
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, NotFound
from hanse.kernel.tenant import Tenant

MAX_TEXT: Final = 1_000


class Rules(Struct, frozen=True, kw_only=True):
    """Times: for how long a refresh keeps others from it unless it goes on, pauses after faults, and how often all mirrors are judged.

    `report` is how often uses are reported, `longest` the longest pause after faults.
    """

    lease: timedelta = timedelta(minutes=10)
    pause: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=6)
    again: timedelta = timedelta(hours=1)
    look: timedelta = timedelta(hours=1)
    report: timedelta = timedelta(days=1)


@dataclass(frozen=True)
class Kit:
    """The ports, the clock and the rules. `salt` makes what nobody can guess."""

    database: Database
    dealings: Dealings
    spaces: Spaces
    shelf: Shelf
    transport: Transport
    onward: Onward
    log: Log
    clock: Clock
    salt: Callable[[], str]
    rules: Rules = field(default_factory=Rules)

    async def mirror(self, tenant: Tenant, name: str) -> Mirror:
        """Return a mirror. Raises `NotFound`."""
        return known(await self.database.read(lambda tx: tx.mirrors.get(tenant, name)), name)

    async def change(self, mirror: Mirror, state: MirrorState | None = None, **changes: Any) -> Mirror:
        """Change a mirror as it is stored; if it is not in that `state` any more, raise `Conflict`."""

        def work(tx: Any) -> Mirror:
            return put(tx, mirror, state, **changes)

        return await self.database.run(work)


def put(tx: Any, mirror: Mirror, state: MirrorState | None = None, whole: Mirror | None = None, **changes: Any) -> Mirror:
    """Do the same in the caller's transaction; `whole` is put in the mirror's place."""
    found = known(tx.mirrors.get(mirror.tenant, mirror.name), mirror.name)
    if found.made != mirror.made or (state is not None and found.state is not state):
        raise ended(found)
    changed = structs.replace(found if whole is None else whole, **changes)
    tx.mirrors.put(changed)
    tx.emit(MirrorChanged(mirror.tenant, mirror.name))
    return changed


def known(found: Mirror | None, name: str) -> Mirror:
    """Return it. Raises `NotFound`."""
    if found is None:
        raise NotFound(f"There is no mirror {name[:120]!r}.", where="name", hint="`hanse mirror list` shows them.")
    return found


def ended(mirror: Mirror) -> Conflict:
    """Return the error of whoever wants to do something with a mirror that has ended."""
    return Conflict(f"The mirror {mirror.name} has ended. {mirror.why}".rstrip(), where="name", rule="ended")
