"""Models: what each was trained on, as the signed log has it. There is no other list of them, so none can say something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.kinds.factory import MAX_INPUTS
from hanse.evidence.statement import Subject
from hanse.factory.custody.lineage import Lineage
from hanse.factory.custody.personal import check_all, check_public
from hanse.factory.custody.ports import Agreements, CustodyTx, Database, Log, Logged, Versions
from hanse.factory.custody.records import Conflict, Keeping
from hanse.factory.custody.register import Register, Rules
from hanse.factory.custody.retention import after_years, calls_for_custody, conflict_of
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Invalid, NotFound
from hanse.kernel.tenant import Tenant
from hanse.odrl.names import HANSE, plain

ABOUT_NONE: Final = ""
"""Statements about models are about no agreement: a model has many."""
_BY_OPENING: Final = ("opened", "leased")


class Training(Struct, frozen=True):
    """One training of a model, as entry `index` of the log has it; `at` is when that was stated."""

    index: int
    at: datetime
    says: k.Trained


class Model(Struct, frozen=True):
    """A model with its trainings, newest first."""

    name: str
    trainings: tuple[Training, ...]


class Recorded(Struct, frozen=True, kw_only=True):
    """A training that was recorded; what is not in order with it, in sentences; which versions are kept until when; contradictions.

    `again`: the same was recorded before, and nothing was written.
    """

    training: Training
    warnings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    until: datetime | None = None
    conflicts: tuple[Conflict, ...] = ()
    again: bool = False


class Models:
    """Records trainings, and finds them again."""

    def __init__(
        self, database: Database, log: Log, versions: Versions, agreements: Agreements, register: Register, rules: Rules, clock: Clock
    ) -> None:
        self._database = database
        self._log = log
        self._versions = versions
        self._agreements = agreements
        self._register = register
        self._rules = rules
        self._clock = clock
        self.lineage = Lineage(versions)

    async def record(
        self,
        tenant: Tenant,
        name: str,
        digest: str,
        inputs: Sequence[str],
        action: str,
        code: str = "",
        parameters: Mapping[str, str] | None = None,
    ) -> Recorded:
        """State that a model was made by `action` of these versions, and keep them as long as the law asks.

        What was not opened for that action before is recorded all the same: what happened, happened; and it is said. Raises `Invalid` for
        a version that never was here, and for words that tell of a person (rule `personal`).
        """
        _check(name, code, parameters or {})
        versions = await self._inputs(tenant, inputs)
        made = tuple(k.Input(one.id, one.root, one.agreement or "", one.under) for one in versions)
        says = k.Trained(model=name, digest=digest, action=action, inputs=made, code=code, parameters=dict(parameters or {}))
        warnings = await self._unopened(tenant, versions, action)
        before = next((one for one in await self._all(tenant) if _same(one.says, says)), None)
        if before is not None:
            return Recorded(training=before, warnings=tuple(warnings), again=True)
        return await self._database.run(lambda tx: self._write(tx, tenant, says, versions, warnings))

    async def all(self, tenant: Tenant) -> list[Model]:
        """Return all models, the one trained last first."""
        found: dict[str, list[Training]] = {}
        for one in await self._all(tenant):
            found.setdefault(one.says.model, []).append(one)
        return [Model(name, tuple(trainings)) for name, trainings in found.items()]

    async def get(self, tenant: Tenant, name: str) -> Model:
        """Return a model by its name, or by the SHA-256 of its bytes. Raises `NotFound`."""
        found = [one for one in await self._all(tenant) if name in (one.says.model, one.says.digest)]
        if not found:
            raise NotFound(f"No statement in the log names a model {name[:120]!r}.", where="model", hint="`hanse model list` shows them.")
        return Model(found[0].says.model, tuple(found))

    async def trained_with(self, tenant: Tenant, named: str) -> list[tuple[Training, k.Input]]:
        """Return the trainings into which a version (`name@number`), or any version of a dataset (`name`), went, newest first.

        So did whatever was made of it: then the input is that.
        """
        within = await self.lineage.made_from(tenant, named)
        found = []
        for one in await self._all(tenant):
            inputs = [each for each in one.says.inputs if each.version in within or named in (each.version, each.version.partition("@")[0])]
            found += [(one, each) for each in inputs]
        return found

    async def _all(self, tenant: Tenant) -> list[Training]:
        return [one for entry in await self._log.of(tenant, ABOUT_NONE, ("trained",)) if (one := _training(entry)) is not None]

    async def _inputs(self, tenant: Tenant, ids: Sequence[str]) -> list[DatasetVersion]:
        if not ids:
            raise Invalid("A model is trained on something.", where="inputs", rule="required", hint="Name versions as name@number.")
        if len(ids) > MAX_INPUTS:
            hint = "Record it as several trainings of one name: answers and archives add them up."
            raise Invalid(f"A training names at most {MAX_INPUTS} versions.", where="inputs", rule="range", hint=hint)
        found = []
        for id in dict.fromkeys(ids):
            version = await self._versions.get(tenant, id)
            if version is None:
                hint = "`hanse facility list --deleted` shows what is and was there; a version is written name@number."
                raise Invalid(f"There is no version {id[:120]!r}, and never was.", where="inputs", rule="version", hint=hint)
            found.append(version)
        return found

    async def _unopened(self, tenant: Tenant, versions: Sequence[DatasetVersion], action: str) -> list[str]:
        """Return, as sentences, which versions nothing in the log says to have been opened for an action."""
        acts: dict[str, set[str]] = {}
        for agreement in {agreement for one in versions for agreement in one.agreements or (ABOUT_NONE,)}:
            for entry in await self._log.of(tenant, agreement, _BY_OPENING):
                if isinstance(entry.says, k.Opened | k.Leased):
                    acts.setdefault(entry.says.version, set()).add(short(entry.says.action))
        said = []
        for one in versions:
            found = acts.get(one.id, set())
            if short(action) not in found:
                others = f" (it was opened to {', '.join(sorted(found))})" if found else ""
                said.append(f"No opening of {one.id} to {short(action)} is in the log{others}.")
        return said

    def _write(
        self, tx: CustodyTx, tenant: Tenant, says: k.Trained, versions: Sequence[DatasetVersion], warnings: Sequence[str]
    ) -> Recorded:
        index = self._log.append(tx, tenant, Subject.of(says.model, says.digest), says)
        now = self._clock.now()
        until = after_years(now, self._rules.years) if calls_for_custody(says.action) and self._rules.years else None
        kept = [] if until is None else self._keep(tx, tenant, versions, says.model, until)
        conflicts = [found for one in kept if (found := self._conflict(tx, one)) is not None]
        return Recorded(
            training=Training(index, now, says),
            warnings=tuple(warnings),
            kept=tuple(one.version for one in kept),
            until=until if kept else None,
            conflicts=tuple(conflicts),
        )

    def _keep(self, tx: CustodyTx, tenant: Tenant, versions: Sequence[DatasetVersion], model: str, until: datetime) -> list[Keeping]:
        """Keep what went into a model and is still here; what is kept longer already stays so."""
        own = self._agreements.own(tx, tenant)
        known = [self._versions.known(tx, tenant, one.id) for one in versions]
        here = [one for one in known if one is not None and one.deleted is None]
        before = {one.id: tx.custody.keeping(tenant, one.id, own) for one in here}
        longer = [found for found in before.values() if found is not None and found.until >= until]
        rest = [one for one in here if one.id not in {each.version for each in longer}]
        made = self._register.write(tx, rest, keeper=own, until=until, reason=f"{model} was trained on it")
        return sorted([*longer, *made], key=lambda one: one.version)

    def _conflict(self, tx: CustodyTx, kept: Keeping) -> Conflict | None:
        return conflict_of(kept, lambda agreement: self._agreements.deletions(tx, kept.tenant, agreement))


def short(action: str) -> str:
    """Return an action as people write it."""
    return plain(action).removeprefix(HANSE)


def _check(name: str, code: str, parameters: Mapping[str, str]) -> None:
    if not name or "@" in name or name.startswith(("agr_", "led_", "lea_", "hld_", "did:")) or not name.isprintable() or len(name) > 200:
        hint = "Use 1 to 200 letters, digits and signs other than '@'."
        raise Invalid(f"{name[:120]!r} cannot be the name of a model.", where="name", rule="name", hint=hint)
    check_public(name, "name")
    check_public(code, "code")
    check_all(parameters, "parameters")


def _training(entry: Logged) -> Training | None:
    return Training(entry.index, entry.at, entry.says) if isinstance(entry.says, k.Trained) else None


def _same(a: k.Trained, b: k.Trained) -> bool:
    keys = ("model", "digest", "action", "inputs", "code")
    return all(getattr(a, key) == getattr(b, key) for key in keys) and dict(a.parameters) == dict(b.parameters)
