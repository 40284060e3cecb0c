"""Takes in what was made of stored versions: a derived version, with the account of how it was made.

Whoever prepared it sends the account first, and nothing is stored before it was looked at: the inputs are here, whole, and were opened for
that action; no agreement forbids it; the steps hang together. The files follow in parts. When all are there, their root must be what the
last step gave out; then the version appears, and the account is signed into the log, in one transaction.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from msgspec import Struct, structs

from hanse.dcat.holding import DatasetVersion, HeldFile, Origin, Source
from hanse.dcat.preparation import Account, StepAccount, check, digest_of
from hanse.evidence import kinds as k
from hanse.evidence.kinds.factory import MAX_UNDER
from hanse.evidence.personal import redact
from hanse.evidence.statement import Subject, root_of_files
from hanse.factory.facility.arriving import Arriving
from hanse.factory.facility.facility import Facility, check_name, check_sort
from hanse.factory.facility.records import Intake, State, Stored
from hanse.kernel.errors import CallerError, Conflict, Forbidden, HanseError, Invalid, NotFound, TooMany
from hanse.kernel.tenant import Tenant

MOST: Final = 4
"""Preparations of one participant whose files are on their way: each takes up to about 100 MB of memory."""
IDLE: Final = timedelta(hours=1)
"""After so long without a part, what has come is put aside; whoever begins again goes on with it."""
_DELETED, _ENDED = _OVER = ("deleted", "ended")
"""Rules of what nobody can go on after: an input is gone, an agreement is over."""
_PAGE: Final = 500
_NAMED: Final = 20
_NAME, _TEXT = 512, 4096
"""Characters that names and texts in statements may have."""


class Grounds(Protocol):
    """On which ground versions may be made of others: the signed log, and the agreements."""

    async def opened(self, tenant: Tenant, version: DatasetVersion, action: str) -> Mapping[str, Mapping[str, str]] | None:
        """Return what was stated when a version was last opened for an action, by agreement; nothing if it never was."""
        ...

    async def refuses(self, tenant: Tenant, agreement: str, stated: Mapping[str, str], *, mixed: bool) -> str:
        """Return why an agreement does not let anything be made of its data now, `mixed` with other data or not; empty if it does."""
        ...

    def standing(self, tx: Any, tenant: Tenant, agreement: str) -> bool:
        """Tell, in a transaction, whether an agreement is in force."""
        ...

    def state(self, tx: Any, tenant: Tenant, said: Sequence[tuple[Subject, k.Predicate]]) -> None:
        """Append statements in the caller's transaction."""
        ...

    async def stated(self, tenant: Tenant, version: DatasetVersion) -> tuple[k.Derived, Sequence[k.Prepared]] | None:
        """Return what was stated when a version was made: of it, and of its steps in their order."""
        ...


class Begun(Struct, frozen=True):
    """A preparation whose files are awaited; or the version, if the same was stored before."""

    id: str
    version: DatasetVersion | None = None


class _Preparing:
    def __init__(self, name: str, account: Account, inputs: tuple[DatasetVersion, ...], arriving: Arriving, now: datetime) -> None:
        self.name = name
        self.account = account
        self.inputs = inputs
        self.arriving = arriving
        self.touched = now
        self.lock = asyncio.Lock()


class Deriving:
    """The use cases of storing derived versions, for all participants of this server."""

    def __init__(self, facility: Facility, grounds: Grounds) -> None:
        self._facility = facility
        self._grounds = grounds
        self._clock = facility.stock.clock
        self._database = facility.stock.database
        self._under_way: dict[tuple[Tenant, str], _Preparing] = {}

    async def begin(self, tenant: Tenant, name: str, account: Account) -> Begun:
        """Look at an account, and begin to take its product in as a version of `name`, or go on with what has come before.

        Raises `Invalid` for an account that does not hold together (rule `account`), for inputs that are not as it says (`input`), for a
        name that is in use for other data; `NotFound`; `Conflict` for an input that was not opened for the action (`unopened`);
        `Forbidden` (rule `derive`), naming the agreement and the input, if an agreement does not let anything be made of it; `TooMany`.
        """
        check_name(name)
        account = structs.replace(account, inputs=tuple(Source(one.version, one.root) for one in account.inputs))
        check(account)
        inputs = tuple([await self._input(tenant, one) for one in account.inputs])
        digest = digest_of(account)
        id = "prp_" + hashlib.sha256(f"{name}\n{digest}".encode()).hexdigest()[:24]
        same = await self._same(tenant, name, digest)
        if same is not None:
            return Begun(id, same)
        await self._check_grounds(tenant, account.action, inputs)
        await self._tidy(tenant, id)
        wish = _wish(name, inputs, digest)
        intaking = await self._facility.intake(tenant, wish)
        preparing = self._under_way[tenant, id] = _Preparing(name, account, inputs, Arriving(intaking), self._clock.now())
        try:  # once more: from now on the end of an agreement ends the intake, but it may have come just before that
            await self._database.read(lambda tx: self._check_still(tx, tenant, inputs, wish.under))
        except CallerError:
            await self._give_up((tenant, id), preparing)
            raise
        return Begun(id)

    def under_way(self, tenant: Tenant, id: str) -> tuple[str, Account]:
        """Return the name and the account of a preparation whose files are awaited. Raises `NotFound`."""
        found = self._found(tenant, id)
        return found.name, found.account

    async def account(self, tenant: Tenant, id: str) -> Account:
        """Return the account of a derived version, deleted or not, as it was signed: names of counts tell of nobody.

        Raises `NotFound` for a version that there never was, and (rule `no-account`) for one that was not made of others.
        """
        version = (await self._facility.record(tenant, id)).version
        found = await self._grounds.stated(tenant, version) if version.made_of else None
        if found is None:
            raise NotFound(f"{version.id} was not made of other versions here.", where="version", rule="no-account")
        return account_of(*found)

    async def files(self, tenant: Tenant, id: str) -> list[HeldFile]:
        """Return the files that have come, whole, by path. Raises `NotFound`."""
        return await self._found(tenant, id).arriving.intaking.files()

    async def take(self, tenant: Tenant, id: str, path: str, start: int, size: int, data: bytes) -> HeldFile | None:
        """Take a part of a file; return the file once it is whole. Raises `NotFound`, and what `Arriving.take` raises."""
        found = self._found(tenant, id)
        async with found.lock:
            found.touched = self._clock.now()
            return await found.arriving.take(path, start, size, data)

    async def commit(self, tenant: Tenant, id: str) -> DatasetVersion:
        """Make the version visible, whole, and state how it was made. Raises `NotFound`, `Conflict`.

        Raises `Invalid` (rule `root`) if the files are not what the last step gave out. What has come is given up then, and also if an
        input was deleted meanwhile, or an agreement has ended.
        """
        found = self._found(tenant, id)
        async with found.lock:
            found.touched = self._clock.now()
            files = await found.arriving.intaking.files()
            root = await asyncio.to_thread(_root, files)
            if root != found.account.output:
                await self._give_up((tenant, id), found)
                what = f"the root of the {len(files)} files that came is {root}" if files else "no files came"
                raise Invalid(f"The last step gave out {found.account.output}, and {what}.", where="files", rule="root")
            await found.arriving.close()
            try:
                version = await found.arriving.intaking.commit(lambda tx, version: self._made(tx, version, found), once=True)
            except Conflict as error:
                if error.rule in _OVER:
                    await self._give_up((tenant, id), found)
                raise
            self._over((tenant, id), found)
            return version

    async def close(self) -> None:
        """Put aside what is under way: whoever begins again goes on with it."""
        for key in list(self._under_way):
            await self._put_aside(key)

    # What is looked at.

    async def _input(self, tenant: Tenant, source: Source) -> DatasetVersion:
        found = (await self._facility.stored(tenant, source.version)).version
        if found.root != source.root:
            raise Invalid(f"{found.id} has the root {found.root}, not {source.root}.", where="inputs", rule="input")
        return found

    async def _same(self, tenant: Tenant, name: str, digest: str) -> DatasetVersion | None:
        """Return the version of that name that the same account made. Raises `Invalid` if the name is in use for other data."""
        after: str | None = None
        while True:
            page = await self._facility.versions(tenant, name=name, after=after, limit=_PAGE)
            for one in page:
                check_sort(one, derived=True)
                if one.made_by == digest:
                    return one
            if len(page) < _PAGE:
                return None
            after = page[-1].id

    async def _check_grounds(self, tenant: Tenant, action: str, inputs: Sequence[DatasetVersion]) -> None:
        looked: dict[str, list[Mapping[str, str]]] = {}
        for version in inputs:
            stated = await self._grounds.opened(tenant, version, action)
            if stated is None:
                hint = f'Open it for that first: hanse.open("{version.id}", action=…).'
                raise Conflict(f"No opening of {version.id} to {action} is in the log.", where="inputs", rule="unopened", hint=hint)
            for agreement in version.agreements:
                said, before = stated.get(agreement, {}), looked.setdefault(agreement, [])
                why = "" if said in before else await self._grounds.refuses(tenant, agreement, said, mixed=len(inputs) > 1)
                before.append(said)
                if why:
                    raise Forbidden(f"Nothing may be made of {version.id} under {agreement}: {why}", where=agreement, rule="derive")
        if len(looked) > MAX_UNDER:
            raise Invalid(f"A version stands under at most {MAX_UNDER} agreements.", where="inputs", rule="agreements")

    def _check_still(self, tx: Any, tenant: Tenant, inputs: Sequence[DatasetVersion], under: Sequence[str]) -> None:
        for one in inputs:
            stored: Stored | None = tx.facility.get(tenant, one.name, one.number)
            if stored is None or stored.state is not State.WHOLE:
                raise Conflict(f"The input {one.id} was deleted meanwhile.", where="inputs", rule=_DELETED)
        for agreement in under:
            if not self._grounds.standing(tx, tenant, agreement):
                raise Conflict(f"The agreement {agreement} has ended meanwhile.", where=agreement, rule=_ENDED)

    # What is done.

    def _made(self, tx: Any, version: DatasetVersion, preparing: _Preparing) -> None:
        """State how a version was made, in the transaction in which it appears; look again whether it may be."""
        self._check_still(tx, version.tenant, preparing.inputs, version.under)
        subject = Subject.of(version.id, version.root)
        self._grounds.state(tx, version.tenant, [(subject, says) for says in statements(version, preparing.account, preparing.inputs)])

    def _found(self, tenant: Tenant, id: str) -> _Preparing:
        found = self._under_way.get((tenant, id))
        if found is None:
            hint = "Send the account again: what has come stays."
            raise NotFound(f"There is no preparation {id[:80]!r} under way.", where="id", rule="preparation", hint=hint)
        return found

    async def _tidy(self, tenant: Tenant, id: str) -> None:
        """Put aside what nobody goes on with, and the same one before; raise `TooMany` if too much is left."""
        now = self._clock.now()
        for key, one in list(self._under_way.items()):
            if key == (tenant, id) or now - one.touched > IDLE:
                await self._put_aside(key)
        if sum(key[0] == tenant for key in self._under_way) >= MOST:
            raise TooMany(f"The files of {MOST} preparations are on their way.", retry_after=60, hint="Wait until one is done.")

    def _over(self, key: tuple[Tenant, str], found: _Preparing) -> None:
        if self._under_way.get(key) is found:  # and not begun anew meanwhile
            del self._under_way[key]

    async def _give_up(self, key: tuple[Tenant, str], found: _Preparing) -> None:
        """Let nothing stay of what has come."""
        self._over(key, found)
        await found.arriving.close()
        await found.arriving.intaking.abandon()

    async def _put_aside(self, key: tuple[Tenant, str]) -> None:
        found = self._under_way.pop(key, None)
        if found is None:  # it came to its end meanwhile
            return
        await found.arriving.close()
        try:
            await found.arriving.intaking.suspend()
        except HanseError:  # somebody else has taken it up, its agreement's data was destroyed, or it had failed before
            return


def statements(version: DatasetVersion, account: Account, inputs: Sequence[DatasetVersion]) -> list[k.Predicate]:
    """Return what is stated of a derived version: one statement for the version, one for each step."""
    made = k.Derived(
        version=version.id,
        root=version.root,
        count=version.count,
        size=version.size,
        action=account.action,
        inputs=tuple(k.Input(one.id, one.root, one.agreement or "", one.under) for one in inputs),
        under=version.under,
        pipeline=account.pipeline,
        account=version.made_by,
        steps=len(account.steps),
    )
    return [made, *(_prepared(version, account, number) for number in range(1, len(account.steps) + 1))]


def _prepared(version: DatasetVersion, account: Account, number: int) -> k.Prepared:
    step = account.steps[number - 1]
    return k.Prepared(
        version=version.id,
        root=version.root,
        number=number,
        step=step.step,
        step_version=step.version,
        code=_clean(step.code),
        parameters={_clean(name, _NAME): _clean(value) for name, value in step.parameters.items()},
        inputs=step.inputs,
        output=step.output,
        records_in=step.records_in,
        records_out=step.records_out,
        added=step.added,
        dropped=_tallies(step.dropped),
        counts=_tallies(step.counts),
    )


def account_of(made: k.Derived, steps: Sequence[k.Prepared]) -> Account:
    """Return the account that was stated so: the inverse of `statements`."""
    return Account(
        inputs=tuple(Source(one.version, one.root, one.under or ((one.agreement,) if one.agreement else ())) for one in made.inputs),
        action=str(made.action),
        pipeline=made.pipeline,
        steps=tuple(
            StepAccount(
                step=one.step,
                version=one.step_version or "1",
                code=one.code,
                parameters={name: str(value) for name, value in one.parameters.items()},
                inputs=one.inputs,
                output=one.output,
                records_in=one.records_in,
                records_out=one.records_out,
                added=one.added,
                dropped=one.dropped,
                counts=one.counts,
            )
            for one in steps
        ),
    )


def _tallies(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts by names that tell of nobody; two that are one then are added, so that records add up in the log, too."""
    found: dict[str, int] = {}
    for name, count in counts.items():
        clean = _clean(name, _NAME)
        found[clean] = found.get(clean, 0) + count
    return found


def _clean(text: str, most: int = _TEXT) -> str:
    """Return a text as the log takes it: what tells of a person is replaced, which makes some texts longer than they may be."""
    return redact(text)[:most]


def _root(files: Sequence[HeldFile]) -> str:
    return root_of_files([k.Object(one.path, one.sha256, one.size) for one in files]) if files else ""


def _wish(name: str, inputs: Sequence[DatasetVersion], digest: str) -> Intake:
    return Intake(
        name=name,
        origin=origin_of(inputs),
        made_of=tuple(Source(one.id, one.root, one.agreements) for one in inputs),
        under=tuple(sorted({agreement for one in inputs for agreement in one.agreements})),
        made_by=digest,
        run=digest,
    )


def origin_of(inputs: Sequence[DatasetVersion]) -> Origin:
    """Return where what was made of versions comes from, the strictest of all: places, rights and persons are known if those of each are.

    What is known of some is told in `source`: it goes through several preparations as not known, too.
    """
    origins = [one.origin for one in inputs]
    personal = {one.personal for one in origins}
    unplaced, unclear = ([one.id for one in inputs if not known(one.origin)] for known in (_places, _rights))
    places = tuple(sorted({place for one in origins for place in one.places}))
    rights = _joined([one.rights for one in origins])
    return Origin(
        places=() if unplaced else places,
        collection=_joined([one.collection for one in origins]),
        rights=None if unclear else rights,
        personal=True if True in personal else None if None in personal else False,
        source="; ".join(["its inputs", *_unknown("places", unplaced, ", ".join(places)), *_unknown("rights", unclear, rights or "")]),
    )


def _unknown(what: str, of: Sequence[str], others: str) -> list[str]:
    return [f"{what} not known of {_few(of)}{f', of the others {others}' if others else ''}"] if of else []


def _places(origin: Origin) -> object:
    return origin.places


def _rights(origin: Origin) -> object:
    return origin.rights


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")


def _joined(texts: Sequence[str | None]) -> str | None:
    return "; ".join(sorted({text for text in texts if text})) or None
