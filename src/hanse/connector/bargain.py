"""Negotiating by preferences: each step is a plain offer or request, within one's own limits, and there is an end to it.

A provider agrees to whatever its limits cover, and otherwise proposes what lies in the request and in its limits, then its own offer.
A consumer accepts whatever offer covers what it needs, and otherwise asks for just that. Neither makes a proposal twice, so that the
two can never go round in circles, and neither makes more than its `max_rounds`. What has to be asked is left to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hanse.connector.deciding import Badges
from hanse.connector.ports import ConnectorTx
from hanse.connector.preferences import Preferences
from hanse.connector.records import Answering, Negotiation
from hanse.connector.rules import ASK, Move, OwnOffersRule, own_offer
from hanse.dsp.messages import Role
from hanse.dsp.negotiation import State, Step
from hanse.kernel.errors import Conflict
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.constraints.base import Badge, Operands
from hanse.odrl.match.coverage import Match, match
from hanse.odrl.match.rows import about_party
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Offer, Terms
from hanse.odrl.names import ACTIVE, MEMBERSHIP, PARTICIPANT
from hanse.odrl.normal import same_terms, terms_hash

_SHOWN = 5
_LONGEST = 180


class Bargaining:
    """What follows from preferences. Decides only; nothing is stored or sent here."""

    def __init__(self, operands: Operands, badges: Badges | None = None) -> None:
        self._operands = operands
        self._badges = badges

    def opening(self, tenant: Tenant, own: Did, peer: Did, offers: Sequence[Offer], preferences: Preferences) -> Offer:
        """Return what a consumer asks for first: what it wants, else the first offer that covers what it needs, else just that.

        `offers` are the peer's, one at least. Raises `Conflict` (`declared`) where a person has to be asked before.
        """
        asked = Offer(id=offers[0].id, terms=preferences.want or preferences.must)
        if preferences.want is None:
            asked = next((offer for offer in offers if self._covers(offer, own, preferences)), asked)
        declared = self._declared(tenant, peer, asked.terms, preferences)
        if declared:
            raise Conflict(declared, where="preferences.ask_declared", rule="declared", hint="Say that you accept them all the same.")
        return asked

    def offered(self, negotiation: Negotiation, preferences: Preferences) -> Move:
        """Return a consumer's answer to an offer."""
        terms = negotiation.offer.terms
        found = match(preferences.must, terms, self._operands, _given(negotiation.own_did))
        if _acceptable(found):
            declared = self._declared(negotiation.tenant, negotiation.peer, terms, preferences)
            return Move(ASK, reason=declared) if declared else Move(Step.ACCEPT)
        if found.verdict is Verdict.UNKNOWN:
            return Move(ASK, reason=f"Whether the offer covers what is needed has to be decided: {_said(found, theirs='offered')}")
        again = self._proposal(negotiation, preferences, [preferences.must])
        if again is None:
            return Move(Step.TERMINATE, reason=f"The offer does not cover what is needed: {_said(found, theirs='offered')}")
        return Move(Step.REQUEST, offer=Offer(id=negotiation.offer.id, terms=again))

    def requested(self, negotiation: Negotiation, own: Offer, preferences: Preferences) -> Move:
        """Return a provider's answer to a request for other terms than those of an own offer."""
        found = match(negotiation.offer.terms, preferences.must, self._operands)
        if found.verdict is Verdict.COVERED:
            declared = self._declared(negotiation.tenant, negotiation.peer, negotiation.offer.terms, preferences)
            return Move(ASK, reason=declared) if declared else Move(Step.AGREE)
        choices = [own.terms] if found.counter is None else [found.counter, own.terms]
        terms = self._proposal(negotiation, preferences, choices)
        if terms is None:
            return Move(Step.TERMINATE, reason=f"There are no terms that both sides accept: {_said(found, theirs='wanted')}")
        declared = "" if terms is own.terms else self._declared(negotiation.tenant, negotiation.peer, terms, preferences)
        return Move(ASK, reason=declared) if declared else Move(Step.OFFER, offer=Offer(id=own.id, terms=terms))

    def _covers(self, offer: Offer, own: Did, preferences: Preferences) -> bool:
        return _acceptable(match(preferences.must, offer.terms, self._operands, _given(own)))

    def _proposal(self, negotiation: Negotiation, preferences: Preferences, choices: list[Terms]) -> Terms | None:
        """Return the first of the choices that was not on the table yet, nothing when there is none or the rounds are over."""
        if len(negotiation.proposed) >= preferences.max_rounds:
            return None
        return next((terms for terms in choices if terms_hash(terms) not in negotiation.proposed), None)

    def _declared(self, tenant: Tenant, peer: Did, terms: Terms, preferences: Preferences) -> str:
        """Return why a person has to be asked, nothing if none has to."""
        if self._badges is None or not preferences.ask_declared:
            return ""
        found = self._badges.badges(tenant, peer, terms)
        paths = [path for path, badge in found.items() if badge is Badge.DECLARED]
        return f"Nothing but the law keeps these terms: {', '.join(paths[:_SHOWN])}" if paths else ""


class PreferencesRule:
    """Answers by preferences where there are any, and everything else as `OwnOffersRule` does."""

    def __init__(self, rule: OwnOffersRule, bargaining: Bargaining) -> None:
        self._rule = rule
        self._bargaining = bargaining

    def answer(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        """Return our move, or nothing to wait for a person."""
        if negotiation.answering is Answering.RULE:
            if negotiation.role is Role.PROVIDER and negotiation.state is State.REQUESTED:
                return self._requested(tx, negotiation)
            if negotiation.role is Role.CONSUMER and negotiation.state is State.OFFERED:
                return self._offered(tx, negotiation)
        return self._rule.answer(tx, negotiation)

    def _offered(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        asked, preferences = negotiation.asked, negotiation.preferences
        # What we have asked for ourselves we take, whether or not it is what we need.
        if preferences is None or (asked is not None and same_terms(asked, negotiation.offer.terms)):
            return self._rule.answer(tx, negotiation)
        return self._bargaining.offered(negotiation, preferences)

    def _requested(self, tx: ConnectorTx, negotiation: Negotiation) -> Move | None:
        asset = tx.assets.get(negotiation.tenant, negotiation.dataset)
        if asset is None or asset.withdrawn is not None or asset.preferences is None:
            return self._rule.answer(tx, negotiation)
        if any(same_terms(offer.terms, negotiation.offer.terms) for offer in asset.dataset.offers):
            return self._rule.agree(tx, negotiation)
        own = own_offer(asset, negotiation) or asset.dataset.offers[0]
        move = self._bargaining.requested(negotiation, own, asset.preferences)
        return self._rule.agree(tx, negotiation) if move.step == Step.AGREE else move


def _given(own: Did) -> tuple[Atomic, ...]:
    """Return what a consumer knows of itself: who it is, and that it is a member; else it could not talk to the provider."""
    return Atomic(PARTICIPANT, "eq", own), Atomic(MEMBERSHIP, "eq", ACTIVE)


def _acceptable(found: Match) -> bool:
    """Tell whether an offer will do: it covers the use, or it asks besides only who the consumer is, which the provider will see."""
    if found.verdict is Verdict.COVERED:
        return True
    return found.verdict is Verdict.UNKNOWN and bool(found.rows) and all(_is_fine(row.about, row.verdict) for row in found.rows)


def _is_fine(about: str, verdict: Verdict) -> bool:
    return verdict is Verdict.COVERED or (verdict is Verdict.UNKNOWN and about_party(about))


def _said(found: Match, *, theirs: Literal["offered", "wanted"]) -> str:
    """Return what does not go together, by the other side's words alone: one's own limits are nobody else's business."""
    rows = [row for row in found.rows if row.verdict is not Verdict.COVERED]
    said = [f"{row.about} ({' and '.join(getattr(row, theirs)) or 'nothing said'})" for row in rows[:_SHOWN]]
    return ", ".join(text[:_LONGEST] for text in said) or found.why or "the policies do not go together"
