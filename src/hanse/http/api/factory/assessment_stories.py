"""The stories of signed assessments."""

from __future__ import annotations

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.http.api.services import Services
from hanse.kernel.tenant import Tenant


class AssessmentStories:
    """Tells them."""

    def __init__(self, services: Services) -> None:
        self._relay = services.factory.relay

    async def assessment(self, tenant: Tenant, id: str) -> Explanation:
        """Explain an assessment. Raises `NotFound`."""
        one = await self._relay.get(tenant, id)
        ours = bool(one.entry)
        history = [Happening(one.at, "signed", "us" if ours else one.by)]
        if one.proved is not None:
            history.append(Happening(one.proved, "its signature was proved, and it was kept here", "us"))
        related = {
            "of": one.about,
            "content": one.root,
            "report": f"{one.report}{' (kept here)' if one.size else ''}",
            "statement": one.statement,
            "entry": one.entry,
            "agreement": one.agreement,
        }
        related |= {figure.metric: f"{figure.value:g}, by {figure.method}" for figure in one.figures}
        return Explanation(
            id=id,
            kind="assessment",
            summary=f"The quality of {one.about} was assessed and signed by {'us' if ours else one.by}, as the {one.stage}.",
            state="SIGNED",
            history=history,
            related={name: text for name, text in related.items() if text},
        )
