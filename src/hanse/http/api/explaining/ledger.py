"""The stories of ledger entries, and what the ledger adds to the story of an agreement."""

from __future__ import annotations

from hanse.connector.explain import Explanation
from hanse.connector.records import Happening
from hanse.evidence.say import say
from hanse.http.api.services import Services
from hanse.kernel.tenant import Tenant
from hanse.ledger.records import Delivery, Entry

MOST = 50
"""Entries that the story of an agreement tells of, the newest."""


class LedgerStories:
    """Signed statements by their ids."""

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._evidence = services.evidence
        self._witnessing = services.factory.witnessing

    async def entry(self, tenant: Tenant, id: str) -> Explanation:
        """Tell what was stated, by whom, and whether the other side has it. Raises `NotFound`."""
        entry = await self._ledger.find(tenant, id)
        says = entry.says
        story = Explanation(
            id=id,
            kind="signed statement",
            summary=f"{say(says)} So {entry.signer} has signed; it is entry {entry.index} of the ledger.",
            state="KEPT",
            history=[Happening(says.at, entry.kind, entry.signer), Happening(entry.at, "appended to the ledger", "us")],
            related={"agreement": entry.agreement, "signed by": entry.signer, "entry": str(entry.index), "hash": entry.hash},
        )
        seen = await self._witnessing.seen_by(tenant, entry.index)
        if seen:
            story.related["witnessed by"] = ", ".join(one.witness for one in seen)
        sent = await self._evidence.sent(tenant, id)
        if sent is None:
            return story
        story.state, story.last_error = sent.state.value.upper(), sent.reason
        story.related["sent to"] = sent.to
        if sent.state is Delivery.WAITING:
            story.waits_for, story.who = "the other side to acknowledge it", "the other side, or the network between"
        return story

    async def of_agreement(self, tenant: Tenant, story: Explanation) -> Explanation:
        """Add what the ledger holds about an agreement to its story."""
        entries = await self._ledger.page(tenant, before=None, limit=MOST, agreement=story.id)
        story.history = sorted([*story.history, *(_line(entry) for entry in entries)], key=lambda one: one.at)
        if entries:
            story.related["newest statement"] = entries[0].id
        return story


def _line(entry: Entry) -> Happening:
    return Happening(entry.at, entry.kind, "us" if entry.signer.rpartition(":")[2] == entry.tenant else "peer", say(entry.says))
