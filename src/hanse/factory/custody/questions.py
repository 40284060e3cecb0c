"""The questions of an authority, answered from the signed log and what is stored. Each line names the entry of the log that proves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.dcat.holding import DatasetVersion
from hanse.evidence import kinds as k
from hanse.evidence.say import say
from hanse.factory.custody.models import Models, Training, short
from hanse.factory.custody.ports import Agreements, Contract, Log, Logged, Versions
from hanse.factory.custody.register import Custody, Register
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant

Fact = str | int | bool | tuple[str, ...] | None
_READERS: Final = ("opened", "leased", "returned", "use-began")
_GONE: Final = ("receipt", "notice")
_CAME: Final = ("acquired", "derived", "prepared")


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an answer: in words, with the index of the log's entry that proves it, when that was stated, and facts by name."""

    text: str
    entry: int | None = None
    at: datetime | None = None
    facts: Mapping[str, Fact] = {}


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer: what was asked about what, its lines, and what is to be known besides, in sentences."""

    question: str
    about: str
    lines: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()


class Questions:
    """Answers. `ask` takes any question by its name."""

    def __init__(self, log: Log, versions: Versions, agreements: Agreements, models: Models, register: Register) -> None:
        self._log = log
        self._versions = versions
        self._agreements = agreements
        self._models = models
        self._register = register
        self._known: Mapping[str, Callable[[Tenant, str], Awaitable[Answer]]] = {
            "datasets-of": self.datasets_of,
            "models-of": self.models_of,
            "contracts-of": self.contracts_of,
            "where": self.where,
            "readers-of": self.readers_of,
        }

    def check(self, question: str) -> None:
        """Raise `NotFound` for a question that is not known."""
        if question not in self._known:
            raise NotFound(f"{question[:40]!r} is no question.", where="question", hint=f"One of {', '.join(self._known)}.")

    async def ask(self, tenant: Tenant, question: str, about: str) -> Answer:
        """Answer a question. Raises `NotFound`."""
        self.check(question)
        return await self._known[question](tenant, about)

    async def datasets_of(self, tenant: Tenant, model: str) -> Answer:
        """Which versions trained a model: under which contract and terms, from whom, received when, and where they are now."""
        found = await self._models.get(tenant, model)
        lines = [_trained(one) for one in found.trainings]
        inputs = {each.version: each for one in found.trainings for each in one.says.inputs}
        for id in list(inputs):
            derived = await self._versions.get(tenant, id)
            for one in () if derived is None else await self._models.lineage.made_of(tenant, derived):
                inputs.setdefault(one.id, k.Input(one.id, one.root, one.agreement or "", one.under))
        known = {agreement: await self._under(tenant, agreement) for agreement in {one.agreement for one in inputs.values()}}
        lines += [await self._dataset(tenant, one, *known[one.agreement]) for one in inputs.values()]
        return Answer(question="datasets-of", about=found.name, lines=tuple(lines))

    async def models_of(self, tenant: Tenant, named: str) -> Answer:
        """Which models a version, or any version of a dataset, went into."""
        found = await self._models.trained_with(tenant, named)
        if not found and not await self._is_there(tenant, named):
            raise NotFound(f"There is no version and no dataset {named[:120]!r} here, and never was.", where="about")
        within = await self._models.lineage.made_from(tenant, named)
        lines = tuple(_trained(one, with_=_through(each.version, within)) for one, each in found)
        return Answer(question="models-of", about=named, lines=lines, notes=() if lines else (f"No model was trained on {named}.",))

    async def contracts_of(self, tenant: Tenant, version: str) -> Answer:
        """Under which contract a version came, or under which it stands, with their terms in words, and how those contracts stand."""
        found = await self._version(tenant, version)
        lines = [*await self._received(tenant, found)]
        if not found.agreements:
            note = f"{found.id} is data of one's own: no contract."
            return Answer(question="contracts-of", about=found.id, lines=tuple(lines), notes=(note,))
        for agreement in found.agreements:
            contract = await self._agreements.get(tenant, agreement)
            if contract is not None:
                lines += [_contract(contract), *(Line(text=sentence, facts={"contract": contract.id}) for sentence in contract.words)]
            lines += [_said(one) for one in reversed(await self._log.of(tenant, agreement, ("agreement-ended",)))]
        return Answer(question="contracts-of", about=found.id, lines=tuple(lines))

    async def where(self, tenant: Tenant, version: str) -> Answer:
        """Where the bytes of a version are, who keeps them until when, and when they were fetched back last."""
        found = await self._version(tenant, version)
        custody = await self._register.of(tenant, found.id)
        entries = [one for one in await self._of(tenant, found, _GONE) if _about(one.says, found)]
        lines = [_place(found, entries), *_keepers(custody)]
        notes = tuple(one.text for one in custody.conflicts)
        if custody.drill is None and found.deleted is None:
            notes += (f"It was never fetched back to prove that it can be: hanse custody drill {found.id}",)
        return Answer(question="where", about=found.id, lines=tuple(lines), notes=notes)

    async def readers_of(self, tenant: Tenant, version: str) -> Answer:
        """Who read a version, and when: openings, leases, and transfers under its contract."""
        found = await self._version(tenant, version)
        entries = await self._of(tenant, found, _READERS)
        own = [one for one in reversed(entries) if _about(one.says, found)]
        uses = {one.says.use for one in own if isinstance(one.says, k.Opened)}
        # Of a derived version each use names it; those that name none are of what it was made of.
        others = () if found.made_of else reversed(entries)
        began = [one for one in others if isinstance(one.says, k.UseBegan) and one.says.use not in uses]
        lines = [_reader(one) for one in own]
        lines += [_said(one, use=one.says.use) for one in began if isinstance(one.says, k.UseBegan)]
        lines.sort(key=lambda one: one.entry or 0)
        notes = ["Operators are named by their ids: `hanse operator list` tells whose they are."] if own else []
        if began:
            notes.append("A contract's uses that name no version are those in which data came, or was opened before it was stored here.")
        return Answer(question="readers-of", about=found.id, lines=tuple(lines), notes=tuple(notes))

    async def _of(self, tenant: Tenant, version: DatasetVersion, kinds: Collection[str]) -> list[Logged]:
        """Return the entries of those kinds about all agreements of a version, or about none for data of one's own, newest first."""
        found = [one for agreement in version.agreements or ("",) for one in await self._log.of(tenant, agreement, kinds)]
        return sorted(found, key=lambda one: -one.index)

    async def _under(self, tenant: Tenant, agreement: str) -> tuple[Contract | None, Mapping[str, int]]:
        """Return an agreement (empty: none), and the entries that say which versions were received under it, or made, by version."""
        contract = await self._agreements.get(tenant, agreement) if agreement else None
        entries = await self._log.of(tenant, agreement, ("acquired", "derived"))
        return contract, {one.says.version: one.index for one in entries if isinstance(one.says, k.Acquired | k.Derived)}

    async def _dataset(self, tenant: Tenant, used: k.Input, contract: Contract | None, received: Mapping[str, int]) -> Line:
        version = await self._versions.get(tenant, used.version)
        if version is None:
            return Line(text=f"{used.version} (root {used.root}) is not known here any more.", facts={"version": used.version})
        text = f"{version.id}: {_how(version)} {version.stored:%Y-%m-%d}, root {version.root[:16]}…; {_state(version)}."
        facts: dict[str, Fact] = {
            "version": version.id,
            "root": version.root,
            "files": version.count,
            "size": version.size,
            "provider": version.provider,
            "contract": version.agreement,
            "under": version.under,
            "made_of": tuple(one.version for one in version.made_of),
            "terms": () if contract is None else contract.words,
            "available": version.deleted is None,
            "tier": version.tier if version.deleted is None else None,
            "same": version.root == used.root,
        }
        return Line(text=text, entry=received.get(version.id), at=version.stored, facts=facts)

    async def _received(self, tenant: Tenant, version: DatasetVersion) -> tuple[Line, ...]:
        """Return how a version came: received, or made of others, step by step."""
        entries = await self._log.of(tenant, version.agreement or "", _CAME)
        return tuple(_came(one, version) for one in reversed(entries) if _about(one.says, version))

    async def _version(self, tenant: Tenant, id: str) -> DatasetVersion:
        found = await self._versions.get(tenant, id)
        if found is None:
            hint = "A version is written name@number; `hanse facility list --deleted` shows them."
            raise NotFound(f"There is no version {id[:120]!r}, and never was.", where="about", hint=hint)
        return found

    async def _is_there(self, tenant: Tenant, named: str) -> bool:
        if "@" in named:
            return await self._versions.get(tenant, named) is not None
        return bool(await self._versions.page(tenant, name=named))


def _trained(one: Training, with_: str = "") -> Line:
    says = one.says
    inputs = with_ or ", ".join(each.version for each in says.inputs[:20]) + (" …" if len(says.inputs) > 20 else "")
    code = f", by {says.code}" if says.code else ""
    text = f"{says.model} (SHA-256 {says.digest[:16]}…) was made ({short(says.action)}) from {inputs}{code}."
    facts: dict[str, Fact] = {
        "model": says.model,
        "digest": says.digest,
        "action": says.action,
        "code": says.code,
        "inputs": tuple(each.version for each in says.inputs),
    }
    return Line(text=text, entry=one.index, at=one.at, facts=facts)


def _through(version: str, within: Mapping[str, str]) -> str:
    """Return a version with how it leads to what was asked for."""
    steps = [version]
    while within.get(steps[-1], steps[-1]) != steps[-1]:
        steps.append(within[steps[-1]])
    return ", made of ".join(steps)


def _how(version: DatasetVersion) -> str:
    if version.made_of:
        sources = ", ".join(one.version for one in version.made_of[:20]) + (" …" if len(version.made_of) > 20 else "")
        under = f" (under {', '.join(version.under)})" if version.under else ""
        return f"made of {sources}{under},"
    how = "data of one's own" if version.agreement is None else f"from {version.provider or 'unknown'} under {version.agreement}"
    return f"{how}, received"


def _contract(contract: Contract) -> Line:
    ended = "" if contract.ended is None else f"; it ended on {contract.ended:%Y-%m-%d}: {contract.end_reason or 'no reason is known'}"
    text = f"{contract.id}: {contract.provider} provides to {contract.consumer} since {contract.since:%Y-%m-%d}{ended}."
    facts: dict[str, Fact] = {"contract": contract.id, "provider": contract.provider, "ended": contract.ended is not None}
    return Line(text=text, at=contract.since, facts=facts)


def _place(version: DatasetVersion, entries: Sequence[Logged]) -> Line:
    if version.deleted is None:
        text = f"{version.id} is here, in the {version.tier} tier: {version.count} files, {version.size} bytes, root {version.root}."
        return Line(text=text, at=version.stored, facts={"tier": version.tier, "root": version.root, "available": True})
    receipt = entries[0] if entries else None
    text = f"{version.id} was deleted on {version.deleted:%Y-%m-%d}; root {version.root}."
    facts: dict[str, Fact] = {"root": version.root, "available": False}
    return Line(text=text, entry=None if receipt is None else receipt.index, at=version.deleted, facts=facts)


def _keepers(custody: Custody) -> list[Line]:
    lines = []
    for one in custody.keepings:
        text = f"{one.keeper} keeps it until {one.until:%Y-%m-%d}{f': {one.reason}' if one.reason else ''}."
        lines.append(Line(text=text, entry=one.entry, at=one.since, facts={"keeper": one.keeper, "until": one.until.isoformat()}))
    for hold in custody.holds:
        end = "" if hold.lifted is None else f", and was lifted on {hold.lifted:%Y-%m-%d}"
        until = "" if hold.until is None else f" until {hold.until:%Y-%m-%d}"
        text = f"The legal hold {hold.id} was set on {hold.since:%Y-%m-%d}{until}{end}."
        lines.append(Line(text=text, entry=hold.entry, at=hold.since, facts={"hold": hold.id, "stands": hold.lifted is None}))
    if custody.drill is not None:
        one_ = custody.drill
        found = "everything came back as it was stored" if one_.sound else "not everything came back as it was stored"
        text = f"It was fetched back on {one_.at:%Y-%m-%d} from the {one_.tier} tier in {one_.seconds:.1f} s: {found}."
        lines.append(Line(text=text, entry=one_.entry, at=one_.at, facts={"sound": one_.sound}))
    return lines


def _reader(one: Logged) -> Line:
    says = one.says
    if isinstance(says, k.Opened):
        facts: dict[str, Fact] = {"action": says.action, "use": says.use, "operator": says.operator}
        return Line(
            text=f"Opened to {short(says.action)} by the operator {says.operator or 'unknown'}.", entry=one.index, at=one.at, facts=facts
        )
    lease = getattr(says, "lease", "")
    return _said(one, lease=lease)


def _said(one: Logged, **facts: Fact) -> Line:
    return Line(text=say(one.says), entry=one.index, at=one.at, facts=facts)


def _came(one: Logged, version: DatasetVersion) -> Line:
    step = {"step": one.says.number} if isinstance(one.says, k.Prepared) else {}
    return _said(one, version=version.id, **step)


def _about(says: k.Predicate, version: DatasetVersion) -> bool:
    """Tell whether a statement is about a version: by its name, or, as a receipt has it, by its root; of notices, that it was deleted."""
    if isinstance(says, k.Receipt):
        return says.root == version.root and says.obligation in ("", version.id)
    if isinstance(says, k.Notice):
        return says.about == "deleted" and says.text.startswith(f"{version.id} was deleted")
    return getattr(says, "version", None) == version.id


def _state(version: DatasetVersion) -> str:
    return f"here, {version.tier}" if version.deleted is None else f"deleted on {version.deleted:%Y-%m-%d}"
