"""The stories of uses: what they were for, how far they are, and what is decided of them now."""

from __future__ import annotations

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.dsp.messages import Role
from hanse.http.api.services import Services
from hanse.kernel.tenant import Tenant
from hanse.odrl.facts import Done
from hanse.odrl.names import HANSE
from hanse.odrl.say import say_report
from hanse.usage.records import Owed, Use


class UseStories:
    """Tells them by the ids of openings; a transfer's story is the connector's."""

    def __init__(self, services: Services) -> None:
        self._openings = services.openings
        self._operands = services.capabilities.operands

    async def use(self, tenant: Tenant, id: str) -> Explanation:
        """Explain a use. Raises `NotFound`."""
        use, deal, answer = await self._openings.explain(tenant, id)
        stated = "".join(f", {name.rpartition(':')[2]} {value}" for name, value in sorted(use.stated.items()))
        how = "given" if use.role is Role.CONSUMER else "opened"
        summary = f"An opening of data under {use.agreement}, {how} by {use.peer}: action {use.action.removeprefix(HANSE)}{stated}."
        if deal is not None and answer is not None:
            summary = " ".join([summary, *say_report(answer.report, terms=deal.terms, operands=self._operands)])
        related = {"agreement": use.agreement, "peer": use.peer}
        return Explanation(id=use.id, kind="use", summary=summary, state=_state(use), history=_history(use), related=related)

    async def of_agreement(self, tenant: Tenant, story: Explanation) -> Explanation:
        """Add how far what is owed under an agreement is to its story."""
        for one in await self._openings.owed(tenant, story.id):
            story.related[f"owed, {one.action.removeprefix(HANSE)}"] = _how_far(one)
        return story


def _how_far(owed: Owed) -> str:
    if owed.state is Done.FULFILLED:
        return f"seen to ({owed.source})"
    if owed.state is Done.VIOLATED:
        return f"not seen to: {owed.source}"
    return "not yet due" if owed.due is None else f"due by {owed.due:%Y-%m-%d %H:%M} UTC"


def _state(use: Use) -> str:
    if use.ended is not None:
        return "ENDED"
    return "BEGUN" if use.began is not None else "RESERVED"


def _history(use: Use) -> list[Happening]:
    moments = (("reserved", use.reserved, ""), ("began", use.began, ""), ("ended", use.ended, use.reason))
    return [Happening(at, what, "us", detail) for what, at, detail in moments if at is not None]
