"""A person's answers in a negotiation: accept, agree, counter, end. The table judges each as it does a rule's."""

from __future__ import annotations

from hanse.connector.negotiations import Negotiations
from hanse.connector.records import Negotiation
from hanse.connector.rules import Move
from hanse.connector.views import Views
from hanse.dsp.messages import Role
from hanse.dsp.negotiation import Step
from hanse.kernel.tenant import Tenant
from hanse.odrl.model import Offer, Terms


class ByHand:
    """Turns what an operator says into our next step. All raise `NotFound`, and `Conflict` where the table forbids it."""

    def __init__(self, negotiations: Negotiations, views: Views) -> None:
        self._negotiations = negotiations
        self._views = views

    async def accept(self, tenant: Tenant, id: str, by: str) -> Negotiation:
        """Take what is on the table: a consumer accepts the offer, a provider agrees to the request."""
        known = await self._known(tenant, id)
        step = Step.ACCEPT if known.role is Role.CONSUMER else Step.AGREE
        return await self._negotiations.move(tenant, id, Move(step), by)

    async def agree(self, tenant: Tenant, id: str, by: str) -> Negotiation:
        """Agree, as the provider."""
        return await self._negotiations.move(tenant, id, Move(Step.AGREE), by)

    async def counter(self, tenant: Tenant, id: str, terms: Terms, by: str) -> Negotiation:
        """Put other terms on the table: a provider's offer or a consumer's request, under the offer's own id."""
        known = await self._known(tenant, id)
        step = Step.REQUEST if known.role is Role.CONSUMER else Step.OFFER
        return await self._negotiations.move(tenant, id, Move(step, offer=Offer(id=known.offer.id, terms=terms)), by)

    async def terminate(self, tenant: Tenant, id: str, reason: str, by: str) -> Negotiation:
        """End the negotiation; the other side is told the reason."""
        return await self._negotiations.move(tenant, id, Move(Step.TERMINATE, reason=reason), by)

    async def _known(self, tenant: Tenant, id: str) -> Negotiation:
        # Role and the offer's id never change after the first message, so reading them beforehand decides nothing.
        return (await self._views.negotiation(tenant, id)).process
