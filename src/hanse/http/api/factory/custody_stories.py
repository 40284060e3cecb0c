"""The stories of stored versions, models, legal holds and leases, and what custody adds to the story of an agreement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.factory.custody.questions import Answer
from hanse.factory.custody.register import Custody
from hanse.factory.opening.leases import until_of
from hanse.http.api.services import Services
from hanse.kernel.errors import NotFound
from hanse.kernel.tenant import Tenant

_VERSION: Final = re.compile(r"[a-z0-9._-]{1,100}@[0-9]{1,9}")
_MOST: Final = 100
_DECIDE: Final = "a decision: agree on more time with the provider, set a legal hold, or let go (hanse custody release)"


class CustodyStories:
    """Tells them."""

    def __init__(self, services: Services) -> None:
        self._desk = services.factory.custody
        self._lending = services.factory.lending
        self._clock = services.clock

    async def named(self, tenant: Tenant, id: str) -> Explanation:
        """Explain a version by `name@number`, or a model by its name. Raises `NotFound`."""
        if _VERSION.fullmatch(id):
            return await self._version(tenant, id)
        if re.fullmatch(r"[a-z]{2,3}_[0-9a-z]+", id):
            raise NotFound("It looks like an id.", where="id")
        return await self._model(tenant, id)

    async def hold(self, tenant: Tenant, id: str) -> Explanation:
        """Explain a legal hold. Raises `NotFound`."""
        one = await self._desk.register.find(tenant, id)
        stands = one.stands(self._clock.now())
        history = [Happening(one.since, "set", "us", one.note.text)]
        if one.lifted is not None:
            history.append(Happening(one.lifted, "lifted", "us"))
        told = ", and its provider was told, because the terms owe its deletion" if one.told else ""
        return Explanation(
            id=id,
            kind="legal hold",
            summary=f"While it stands, nothing deletes {one.version}{told}.",
            state="STANDS" if stands else "OVER",
            until=one.until if stands else None,
            history=history,
            related={"version": one.version, "agreement": ", ".join(one.agreements) or "own data", "entry": str(one.entry)},
        )

    async def lease(self, tenant: Tenant, id: str) -> Explanation:
        """Explain a lease. Raises `NotFound`."""
        one = await self._lending.get(tenant, id)
        state = until_of(one, self._clock.now())
        back = state != "returned"
        history = [Happening(one.granted, "granted", "us")]
        if one.returned is not None:
            history.append(Happening(one.returned, "returned", "us", f"{one.used} of {one.openings} openings"))
        return Explanation(
            id=id,
            kind="lease",
            summary=f"A node without network may open {one.version} to {one.action.rpartition('/')[2]}, {one.openings} times.",
            state=state.upper(),
            waits_for="its log of use" if back else "",
            who="whoever runs the node" if back else "",
            until=one.until if back else None,
            history=history,
            last_error="; ".join(one.gaps),
            related={"version": one.version, "agreement": ", ".join(one.agreements) or "own data", "node": one.holder},
        )

    async def of_agreement(self, tenant: Tenant, story: Explanation) -> Explanation:
        """Add to the story of an agreement what is kept of it longer than it permits."""
        for one in await self._desk.register.overview(tenant):
            found = [each for each in one.conflicts if each.agreement == story.id]
            if found and not story.waits_for:
                story.waits_for, story.who, story.until = _DECIDE, "you", found[0].delete
            for each in found:
                story.related[f"in custody: {each.version}"] = each.text
        return story

    async def _version(self, tenant: Tenant, id: str) -> Explanation:
        custody = await self._desk.register.of(tenant, id)
        contracts = await self._desk.questions.contracts_of(tenant, id)
        readers = await self._desk.questions.readers_of(tenant, id)
        where = await self._desk.questions.where(tenant, id)
        models = await self._desk.models.trained_with(tenant, id)
        stored = custody.stored
        assert stored is not None
        conflict = custody.conflicts[0] if custody.conflicts else None
        related = {"root": stored.root, "agreement": ", ".join(stored.agreements) or "own data", "provider": stored.provider or ""}
        related |= {"made of": ", ".join(one.version for one in stored.made_of)}
        made = [one for one in await self._desk.models.lineage.made_from(tenant, id) if one != id]
        related |= {"made from it": ", ".join(made)}
        related |= {f"step {line.facts['step']}": line.text for line in contracts.lines if "step" in line.facts}
        related |= {"trained": ", ".join(dict.fromkeys(one.says.model for one, _ in models))} if models else {}
        return Explanation(
            id=id,
            kind="stored version",
            summary=where.lines[0].text,
            state=_state(custody),
            waits_for="" if conflict is None else _DECIDE,
            who="" if conflict is None else "you",
            until=None if conflict is None else conflict.delete,
            last_error="" if conflict is None else conflict.text,
            history=_history((contracts, readers, where)),
            related={name: value for name, value in related.items() if value},
        )

    async def _model(self, tenant: Tenant, name: str) -> Explanation:
        answer = await self._desk.questions.datasets_of(tenant, name)
        related = {str(line.facts["version"]): line.text for line in answer.lines if "version" in line.facts}
        return Explanation(
            id=name,
            kind="model",
            summary=answer.lines[0].text,
            state="RECORDED",
            history=_history((answer,)),
            related=dict(list(related.items())[:_MOST]),
        )


def _state(custody: Custody) -> str:
    stored = custody.stored
    if stored is None or stored.deleted is not None:
        return "DELETED"
    return "KEPT" if custody.keepings else "HERE"


def _history(answers: Sequence[Answer]) -> list[Happening]:
    lines = {(line.entry, line.at): line for answer in answers for line in answer.lines if line.entry is not None and line.at is not None}
    told = [Happening(line.at, f"entry {line.entry}", "us", line.text) for line in lines.values() if line.at is not None]
    return sorted(told, key=lambda one: one.at)[-_MOST:]
