"""Makes the documents of the AI Act: gathers what is stated and told of a model or a version, and writes it in one of two forms."""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from hanse.dcat.holding import DatasetVersion
from hanse.evidence.kinds import Acquired, Derived, Input, Prepared
from hanse.factory.documents import ports
from hanse.factory.documents.answers import Answers
from hanse.factory.documents.kinds import LAWS
from hanse.factory.documents.material import Document, Trainings
from hanse.factory.documents.proofs import Opinion, Piece, Proofs
from hanse.factory.documents.tree import write_json, write_markdown
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant
from hanse.odrl.names import EVALUATE

JSON: Final = "-json"
ACTS: Final = tuple(kind for law in LAWS for kind in (law, law + JSON))
"""The kinds: each law's document for people, and the same for programs."""
Said = Acquired | Derived | Prepared


def make_act(kind: str, proofs: Proofs) -> Document:
    """Return a document of a kind in `ACTS`. Raises `Invalid`."""
    act = LAWS[kind.removesuffix(JSON)](proofs)
    if kind.endswith(JSON):
        return Document(kind=kind, name=f"{act.law}.json", media_type="application/json", data=write_json(act), asks=act.asks)
    return Document(kind=kind, name=f"{act.law}.md", media_type="text/markdown; charset=utf-8", data=write_markdown(act), asks=act.asks)


class NoAssessments:
    """Nobody has assessed anything. Whoever builds the relay sets `Gathering.assessments`."""

    async def of(self, tenant: Tenant, version: str) -> Sequence[Opinion]:
        """Return nothing."""
        return ()


class Gathering:
    """Gathers proofs. `records` tells how many records a version has, if that was counted."""

    def __init__(
        self,
        versions: ports.Versions,
        custody: ports.Custody,
        agreements: ports.Agreements,
        log: ports.Log,
        answers: Answers,
        records: Callable[[Tenant, str], Awaitable[int | None]],
    ) -> None:
        self._versions = versions
        self._custody = custody
        self._agreements = agreements
        self._log = log
        self._answers = answers
        self._records = records
        self.assessments: ports.Assessments = NoAssessments()

    async def of_version(self, tenant: Tenant, version: DatasetVersion) -> Proofs:
        """Return what is known of a version."""
        found = await self.known(tenant, [version.id])
        answers = {one.field: one.text for one in await self._answers.about_participant(tenant)}
        return Proofs(
            subject=version.id,
            by=self._agreements.own(tenant),
            pieces=tuple(await self._pieces(tenant, found)),
            direct=(version.id,),
            answers=answers,
        )

    async def of_model(self, tenant: Tenant, model: Trainings) -> Proofs:
        """Return what is known of a model."""
        inputs = {one.version: one for _, says in model.trainings for one in says.inputs}
        used = dict.fromkeys(one.version for _, says in model.trainings if says.action != EVALUATE for one in says.inputs)
        found = await self.known(tenant, [*used, *(one for one in inputs if one not in used)])
        there = {one.id for one in found}
        sources = {one.version: Input(one.version, one.root) for version in found for one in version.made_of}
        answers = {one.field: one.text for one in await self._answers.about_participant(tenant)}
        return Proofs(
            subject=model.name,
            by=model.by,
            pieces=tuple(await self._pieces(tenant, found)),
            direct=tuple(used),
            trainings=tuple(says for _, says in model.trainings),
            evaluated=tuple(dict.fromkeys(one.version for _, says in model.trainings if says.action == EVALUATE for one in says.inputs)),
            lost=tuple(one for id, one in (inputs | sources).items() if id not in there),
            answers=answers | dict(model.answers),
        )

    async def known(self, tenant: Tenant, ids: list[str]) -> list[DatasetVersion]:
        """Return versions as far as they are known, and all that they were made of, the nearest first."""
        found: dict[str, DatasetVersion] = {}
        waiting = list(ids)
        while waiting:
            id = waiting.pop(0)
            version = None if id in found else await self._custody.known(tenant, id)
            if version is not None:
                found[id] = version
                waiting += [one.version for one in version.made_of]
        return list(found.values())

    async def _pieces(self, tenant: Tenant, versions: list[DatasetVersion]) -> list[Piece]:
        said: dict[str, list[Said]] = {}
        for agreement in dict.fromkeys(agreement for one in versions for agreement in (one.agreement or "", "")):
            for says in await self._log.said(tenant, agreement, ("acquired", "derived", "prepared"), {one.id for one in versions}):
                if isinstance(says, Acquired | Derived | Prepared):
                    said.setdefault(says.version, []).append(says)
        told: dict[str, Mapping[str, str]] = {}
        for name in {one.name for one in versions}:
            told[name] = {one.field: one.text for one in await self._answers.about_dataset(tenant, name)}
        return [await self._piece(tenant, one, said.get(one.id, []), told[one.name]) for one in versions]

    async def _piece(self, tenant: Tenant, version: DatasetVersion, said: list[Said], answers: Mapping[str, str]) -> Piece:
        said = [one for one in said if one.root == version.root]
        came = [one for one in said if not isinstance(one, Prepared)]
        return Piece(
            version=version,
            came=came[-1] if came else None,
            steps=tuple(sorted((one for one in said if isinstance(one, Prepared)), key=lambda one: one.number)),
            assessed=tuple(await self.assessments.of(tenant, version.id)),
            answers=answers,
            records=None if version.deleted else await self._records(tenant, version.id),
            media={} if version.deleted else await self._media(tenant, version),
        )

    async def _media(self, tenant: Tenant, version: DatasetVersion) -> dict[str, int]:
        try:
            files = await self._versions.files(tenant, version.id)
        except HanseError:
            return {}
        types = [one.media_type or mimetypes.guess_type(one.path)[0] or "" for one in files]
        return dict(sorted(Counter(one.partition("/")[0] for one in types if one).items()))
