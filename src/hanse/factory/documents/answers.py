"""What no machine can know: asked for once, by the name of a field, and kept for a dataset, a model or the participant."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.factory.documents import ports
from hanse.factory.documents.asked import Field, Scope
from hanse.factory.documents.asked_act import OF_PARTICIPANTS_BY_LAW
from hanse.factory.documents.datasheet import open_fields
from hanse.factory.documents.fields import PARTICIPANT, checked, field_of, of_scope
from hanse.factory.documents.material import Material
from hanse.factory.documents.records import Answer
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Invalid, NotFound
from hanse.kernel.tenant import Tenant

_ALL: Final = ("croissant", "datasheet", "card", "dmp", "spdx", "cyclonedx", "article10", "annex-iv", "training-summary")


class Question(Struct, frozen=True):
    """A field, what was told under it here, and whether it is still open: nobody has told anything, here or elsewhere."""

    field: Field
    answer: Answer | None
    open: bool


class Answers:
    """Asks, and keeps what is told."""

    def __init__(self, database: ports.Database, versions: ports.Versions, custody: ports.Custody, clock: Clock) -> None:
        self._database = database
        self._versions = versions
        self._custody = custody
        self._clock = clock

    async def about_version(self, tenant: Tenant, name: str) -> list[Answer]:
        """Return what was told about a dataset, and about the participant."""
        return await self._told(tenant, (f"dataset:{name}", PARTICIPANT))

    async def about_dataset(self, tenant: Tenant, name: str) -> list[Answer]:
        """Return what was told about a dataset alone."""
        return await self._told(tenant, (f"dataset:{name}",))

    async def about_participant(self, tenant: Tenant) -> list[Answer]:
        """Return what was told about the participant."""
        return await self._told(tenant, (PARTICIPANT,))

    async def about_model(self, tenant: Tenant, name: str) -> list[Answer]:
        """Return what was told about a model."""
        return await self._told(tenant, (f"model:{name}",))

    async def ask(self, tenant: Tenant, name: str) -> list[Question]:
        """Return the questions about a dataset (a version's name will do) or a model. Raises `NotFound`."""
        about = await self._about(tenant, name)
        scopes: tuple[Scope, ...] = ("model",) if about.startswith("model:") else ("dataset", "participant")
        told = {one.field: one for one in await self._told(tenant, (about, PARTICIPANT))}
        left = await self._open(tenant, about, told)
        fields = [*of_scope(scopes), *(OF_PARTICIPANTS_BY_LAW if scopes == ("model",) else ())]
        more = [field_of(one) for one in told if one not in {each.name for each in fields} and field_of(one).scope in scopes]
        return [Question(one, told.get(one.name), one.name in left) for one in (*fields, *more)]

    async def answer(self, tenant: Tenant, name: str, said: Mapping[str, str], by: str) -> list[Answer]:
        """Keep what a person tells; an empty text takes an answer back. All of it or none. Raises `NotFound`, `Invalid`, `TooLarge`."""
        about = await self._about(tenant, name)
        now = self._clock.now()
        answers = []
        for key, text in said.items():
            field = field_of(key)
            if field.scope != PARTICIPANT and not about.startswith(field.scope):
                kind = about.partition(":")[0]
                raise Invalid(f"The field {key} is for a {field.scope}, and {name[:80]} is a {kind}.", where=key, rule="scope")
            place = PARTICIPANT if field.scope == PARTICIPANT else about
            answers.append(Answer(tenant=tenant, about=place, field=key, text=checked(field, text), at=now, by=by))

        def work(tx: Any) -> None:
            for one in answers:
                tx.documents.tell(one)

        await self._database.run(work)
        return answers

    async def _told(self, tenant: Tenant, abouts: Sequence[str]) -> list[Answer]:
        return await self._database.read(lambda tx: [one for about in abouts for one in tx.documents.answers(tenant, about)])

    async def _about(self, tenant: Tenant, name: str) -> str:
        if await self._versions.has(tenant, name.partition("@")[0]):
            return f"dataset:{name.partition('@')[0]}"
        try:
            return f"model:{(await self._custody.trainings(tenant, name))[0]}"
        except NotFound:
            raise NotFound(
                f"There is no dataset and no model {name[:120]!r} here.",
                where="name",
                hint="`hanse facility list` and `hanse model list` show what is there.",
            ) from None

    async def _open(self, tenant: Tenant, about: str, told: Mapping[str, Answer]) -> set[str]:
        """Return the fields that are open: not told here, nor known from the provider."""
        if about.startswith("model:"):
            return {one.name for one in (*of_scope(("model",)), *OF_PARTICIPANTS_BY_LAW)} - set(told)
        try:
            version = await self._versions.version(tenant, about.partition(":")[2])
        except NotFound:
            return {one.name for one in of_scope(("dataset", "participant"))} - set(told)
        answers = {one.field: one.text for one in told.values()}
        material = Material(version=version, files=(), by=version.provider or "", at=version.stored, answers=answers)  # type: ignore[arg-type]
        return {name for kind in _ALL for name in open_fields(material, kind)}


def fingerprint(material: Material) -> str:
    """Return the SHA-256 of everything that can change while a version stays the same."""
    contract = material.contract
    ended = None if contract is None else contract.ended
    same = (sorted(material.answers.items()), material.answered, material.kept, ended, material.by)
    return hashlib.sha256(msgspec.json.encode(same)).hexdigest()
