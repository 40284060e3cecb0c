"""Negotiating by preferences: every step within one's own limits, an end to it, and a person for what has to be asked."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.connector.bargain import Bargaining, PreferencesRule
from hanse.connector.explain import explain
from hanse.connector.preferences import Preferences, check_preferences
from hanse.connector.records import Answering, Asset, FileSource, Negotiation
from hanse.connector.rules import ASK, Move, OwnOffersRule
from hanse.dcat.model import Dataset
from hanse.dsp.messages import Role
from hanse.dsp.negotiation import State, Step, advance
from hanse.kernel.errors import Conflict, Invalid
from hanse.odrl import names
from hanse.odrl.constraints.base import Badge
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.match.coverage import match, subsumes
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Agreement, Atomic, Offer, Rule, Terms
from hanse.odrl.normal import same_terms, terms_hash
from hanse.odrl.templates import parse_template
from tests.thorough import thorough
from tests.unit.connector.world import run

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROVIDER, CONSUMER = "did:web:p.example", "did:web:c.example"


def terms(text):
    return parse_template(text, NOW)


class AnyUse:
    """A usage that lets everybody agree to everything."""

    def prospect(self, tx, negotiation):
        return ""


class Stamps:
    """Badges as a test wants them: DECLARED is every term whose left operand is named."""

    def __init__(self, *lefts):
        self._lefts = lefts

    def badges(self, tenant, peer, terms):
        return {
            f"permission[{i}].constraint[{j}]": Badge.DECLARED if one.left in self._lefts else Badge.ENFORCED
            for i, rule in enumerate(terms.permissions)
            for j, one in enumerate(rule.constraints)
            if isinstance(one, Atomic)
        }


class Parley:
    """Both sides of one negotiation and the table between them, without a network: what is put down is taken at once."""

    def __init__(self, own, limits=None, need=None, want=None, *, rounds=5, badges=None, asks=True):
        self.bargaining = Bargaining(BUILT_IN, badges)
        self.rule = PreferencesRule(OwnOffersRule(AnyUse()), self.bargaining)
        self.own = own
        offers = tuple(Offer(id=f"off_{n}", terms=one) for n, one in enumerate(own))
        preferences = None if limits is None else Preferences(must=limits, max_rounds=rounds, ask_declared=asks)
        self.asset = Asset(
            id="ds_1",
            tenant="p",
            dataset=Dataset(id="ds_1", title="t", issued=NOW, modified=NOW, formats=(), offers=offers),
            source=FileSource(path="/t"),
            preferences=preferences,
            created=NOW,
            updated=NOW,
        )
        self.tx = SimpleNamespace(assets=SimpleNamespace(get=lambda tenant, id: self.asset))
        self.mine = None if need is None else Preferences(must=need, want=want, max_rounds=rounds, ask_declared=asks)
        self.steps = []
        self.reason = ""

    def begin(self):
        return self.bargaining.opening("c", CONSUMER, PROVIDER, self.asset.dataset.offers, self.mine)

    def run(self, first=None):
        """Let both sides answer by rule until nobody does; return the state that they end in."""
        self.sides = {role: self._side(role, first or self.begin()) for role in Role}
        self.sides[Role.CONSUMER].proposed = (terms_hash(self.sides[Role.CONSUMER].offer.terms),)
        state, mover = State(advance(None, Role.CONSUMER, Step.REQUEST)), Role.PROVIDER
        self.steps.append("request")
        while True:
            for one in self.sides.values():
                one.state = state
            move = None if one.final else self.rule.answer(self.tx, self.sides[mover])
            if move is None:
                return state
            self.reason = move.reason
            if move.step == ASK:
                return "asked"
            self.steps.append(str(move.step))
            assert len(self.steps) < 60, "they never come to an end"
            self._take(mover, move)
            state, mover = State(advance(state, mover, Step(move.step))), mover.other

    def _take(self, mover, move):
        if move.offer is not None:
            self.sides[mover].proposed += (terms_hash(move.offer.terms),)
            if mover is Role.CONSUMER:
                self.sides[mover].asked = move.offer.terms
            for one in self.sides.values():
                one.offer, one.offered_by = move.offer, mover
        if move.step == Step.AGREE:
            offer = self.sides[mover].offer
            agreement = Agreement(id="agr_1", terms=offer.terms, target="ds_1", assigner=PROVIDER, assignee=CONSUMER)
            for one in self.sides.values():
                one.agreement = agreement

    def _side(self, role, offer):
        ours, theirs = (CONSUMER, PROVIDER) if role is Role.CONSUMER else (PROVIDER, CONSUMER)
        return Negotiation(
            id="neg_1",
            tenant="c" if role is Role.CONSUMER else "p",
            role=role,
            peer=theirs,
            peer_address="",
            own_did=ours,
            dataset="ds_1",
            offer=offer,
            offered_by=Role.CONSUMER,
            asked=offer.terms if role is Role.CONSUMER else None,
            preferences=self.mine if role is Role.CONSUMER else None,
            created=NOW,
            updated=NOW,
        )

    @property
    def agreed(self):
        return self.sides[Role.CONSUMER].agreement.terms


RESEARCH = "purpose dpv:ResearchAndDevelopment"
ACADEMIC = "purpose dpv:AcademicResearch"


def test_an_offer_that_covers_the_need_is_asked_for_as_it_is():
    parley = Parley([terms(f"members + {RESEARCH}")], need=terms(ACADEMIC))
    assert parley.run() == "FINALIZED"
    assert parley.steps == ["request", "agree", "verify", "finalize"]
    assert same_terms(parley.agreed, terms(f"members + {RESEARCH}"))


def test_of_several_offers_the_one_that_covers_the_need_is_asked_for():
    parley = Parley([terms("purpose dpv:Marketing"), terms(RESEARCH), terms("open")], need=terms(ACADEMIC))
    assert parley.run() == "FINALIZED"
    assert same_terms(parley.agreed, terms(RESEARCH))


def test_what_the_limits_cover_is_agreed_to_although_it_is_no_own_offer():
    parley = Parley([terms(f"members + {RESEARCH}")], limits=terms("purpose dpv:Purpose"), need=terms("purpose dpv:Marketing"))
    assert parley.run() == "FINALIZED"
    assert parley.steps == ["request", "agree", "verify", "finalize"]
    assert same_terms(parley.agreed, terms("purpose dpv:Marketing"))


def test_a_request_beyond_the_limits_is_met_by_what_lies_in_both_and_that_is_accepted():
    limits = terms(f"members + {RESEARCH} + until 2027-01-01")
    parley = Parley([terms("purpose dpv:Marketing")], limits=limits, need=terms(f"{ACADEMIC} + until 2026-06-01"))
    assert parley.run() == "FINALIZED"
    assert parley.steps == ["request", "offer", "accept", "agree", "verify", "finalize"]
    assert subsumes(parley.agreed, limits, BUILT_IN) is True
    assert match(terms(f"members + {ACADEMIC} + until 2026-06-01"), parley.agreed, BUILT_IN).verdict is Verdict.COVERED


def test_a_consumer_that_wants_more_than_it_needs_comes_down_to_what_it_needs():
    parley = Parley([terms("purpose dpv:Marketing")], limits=terms("count 3"), need=terms("count 2"), want=terms("until 2030-01-01"))
    assert parley.run() == "asked"  # the counter-offer asks for an end, which the need leaves open
    parley = Parley([terms("purpose dpv:Marketing")], limits=terms("count 3"), need=terms("count 2"), want=terms("count 9"))
    assert parley.run() == "FINALIZED"
    assert same_terms(parley.agreed, terms("count 3"))


def test_where_nothing_lies_in_both_the_own_offer_comes_once_and_then_the_end_with_the_reason():
    parley = Parley([terms("purpose dpv:Marketing")], limits=terms("purpose dpv:Marketing"), need=terms(RESEARCH), want=terms(ACADEMIC))
    assert parley.run() == "TERMINATED"
    assert parley.steps == ["request", "offer", "request", "terminate"]
    assert "purpose" in parley.reason
    assert "dpv#Research" in parley.reason
    assert "dpv#Marketing" not in parley.reason  # one's own limits are told to nobody


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_nobody_makes_more_proposals_than_its_rounds(rounds):
    parley = Parley([terms("count 1")], limits=terms("count 1"), need=terms("count 5"), want=terms("count 9"), rounds=rounds)
    assert parley.run() == "TERMINATED"
    for one in parley.sides.values():
        assert len(one.proposed) <= rounds


def test_what_the_need_leaves_open_is_left_to_a_person():
    parley = Parley(
        [terms(f"members + {RESEARCH} + until 2027-01-01")], need=terms(ACADEMIC), limits=terms(f"{RESEARCH} + until 2027-01-01")
    )
    assert parley.run() == "asked"
    assert "dateTime" in parley.reason


def test_who_one_is_has_not_to_be_said():
    parley = Parley([terms(f"members + role ai-factory + {RESEARCH}")], need=terms(ACADEMIC))
    assert parley.run() == "FINALIZED"


def test_a_duty_that_one_is_ready_to_do_is_no_obstacle_and_another_is_left_to_a_person():
    delete = Terms(permissions=terms(RESEARCH).permissions, obligations=(Rule("delete", (Atomic(names.DELAY_PERIOD, "lteq", "P90D"),)),))
    ready = Terms(permissions=terms(ACADEMIC).permissions, obligations=(Rule("delete", (Atomic(names.DELAY_PERIOD, "lteq", "P30D"),)),))
    assert Parley([delete], need=ready).run() == "FINALIZED"
    assert Parley([terms("purpose dpv:Marketing")], limits=delete, need=terms(ACADEMIC)).run() == "asked"


def test_terms_that_only_the_law_keeps_are_left_to_a_person_on_either_side():
    stamps = Stamps("purpose")
    provider = Parley([terms("members")], limits=terms(RESEARCH), need=terms("members"), badges=stamps)
    assert provider.run(Offer(id="off_0", terms=terms(ACADEMIC))) == "asked"
    assert provider.steps == ["request"]
    assert "permission[0].constraint[0]" in provider.reason
    consumer = Parley([terms(RESEARCH)], need=terms(ACADEMIC), badges=stamps)
    with pytest.raises(Conflict) as refused:
        consumer.run()
    assert refused.value.rule == "declared"
    assert Parley([terms(RESEARCH)], need=terms(ACADEMIC), badges=stamps, asks=False).run() == "FINALIZED"


def test_a_counter_offer_that_only_the_law_keeps_is_not_accepted_by_itself():
    parley = Parley([terms(RESEARCH)], need=terms(ACADEMIC), badges=Stamps("purpose"))
    assert parley.run(Offer(id="off_0", terms=terms("open"))) == "asked"
    assert parley.steps == ["request", "offer"]


def test_what_was_asked_for_is_taken_when_it_is_offered():
    parley = Parley([terms("count 1")], need=terms("count 5"))
    parley.run(Offer(id="off_0", terms=terms("count 3")))
    side = parley.sides[Role.CONSUMER]
    side.state, side.asked, side.offer = State.OFFERED, terms("count 3"), Offer(id="off_0", terms=terms("count 3"))
    assert parley.rule.answer(parley.tx, side).step == Step.ACCEPT


def test_by_hand_nothing_is_decided_here():
    parley = Parley([terms("members")], limits=terms("open"), need=terms("open"))
    parley.run(Offer(id="off_0", terms=terms("count 3")))
    side = parley.sides[Role.PROVIDER]
    side.state, side.answering = State.REQUESTED, Answering.HAND
    assert parley.rule.answer(parley.tx, side) is None


def test_without_preferences_all_is_as_it_was():
    parley = Parley([terms("members")])
    assert parley.run(Offer(id="off_0", terms=terms("members"))) == "FINALIZED"
    parley = Parley([terms("members")])
    assert parley.run(Offer(id="off_0", terms=terms("open"))) == "OFFERED"
    assert same_terms(parley.sides[Role.CONSUMER].offer.terms, terms("members"))


@pytest.mark.parametrize(
    ("preferences", "where"),
    [
        (
            Preferences(must=Terms(permissions=(Rule("use", (Atomic("urn:huh", "eq", "1"),)),))),
            "preferences.must.permission[0].constraint[0]",
        ),
        (Preferences(must=terms("open"), want=Terms(permissions=(Rule("fly"),))), "preferences.want.permission[0].action"),
        (Preferences(must=terms("open"), max_rounds=0), "preferences.max_rounds"),
        (Preferences(must=terms("open"), max_rounds=1000), "preferences.max_rounds"),
    ],
)
def test_preferences_are_judged_when_they_are_written(preferences, where):
    with pytest.raises(Invalid) as refused:
        check_preferences(preferences, BUILT_IN, NOW)
    assert refused.value.where == where


limits = st.one_of(
    st.builds("count {}".format, st.integers(1, 4)),
    st.sampled_from([RESEARCH, ACADEMIC, "purpose dpv:Marketing", "open", "members"]),
    st.builds("until {}".format, st.sampled_from(["2026-06-01", "2027-01-01"])),
)
policies = (
    st.lists(limits, min_size=1, max_size=3, unique_by=lambda text: text.split()[0])
    .map(lambda parts: [part for part in parts if part != "open"] or ["open"])
    .map(" + ".join)
    .map(terms)
)


@thorough
@given(own=policies, limits=policies, need=policies, want=st.none() | policies, rounds=st.integers(1, 4))
def test_it_always_ends_and_never_outside_of_anybodys_limits(own, limits, need, want, rounds):
    parley = Parley([own], limits=limits, need=need, want=want, rounds=rounds)
    end = parley.run()
    assert end in ("FINALIZED", "TERMINATED", "asked")
    for one in parley.sides.values():
        assert len(one.proposed) <= rounds
        assert len(set(one.proposed)) == len(one.proposed)
    if end == "FINALIZED":
        assert same_terms(parley.agreed, own) or subsumes(parley.agreed, limits, BUILT_IN) is True
        me = (Atomic(names.PARTICIPANT, "eq", CONSUMER), Atomic(names.MEMBERSHIP, "eq", "active"))
        fits = match(need, parley.agreed, BUILT_IN, me).verdict is Verdict.COVERED
        assert fits or (want is not None and same_terms(parley.agreed, want))


# The same over the network, with real storage.


async def both(w, negotiation):
    ours = await w.consumer.negotiation(negotiation.id)
    theirs = await w.provider.negotiation(ours.peer_pid)
    return ours.state, theirs.state


async def ask(w, asset, need, want=None, **more):
    preferences = Preferences(must=terms(need), want=None if want is None else terms(want), **more)
    offer = w.consumer.bargaining.opening("cons", w.consumer.did, w.provider.did, asset.dataset.offers, preferences)
    begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, offer, preferences=preferences)
    await w.flow()
    return begun


def test_two_servers_come_to_terms_by_themselves():
    async def scenario(w):
        asset = await w.provider.asset("count 1", preferences=Preferences(must=terms("members + count 3")))
        begun = await ask(w, asset, "count 2", "count 9")
        assert await both(w, begun) == ("FINALIZED", "FINALIZED")
        (contract,) = await w.consumer.all_contracts()
        assert same_terms(contract.agreement.terms, terms("members + count 3"))
        names_sent = [packet.name for packet in w.net.sent]
        assert names_sent == ["request", "offers", "events", "agreement", "verification", "events"]

    run(scenario)


def test_two_servers_part_with_a_sentence():
    async def scenario(w):
        asset = await w.provider.asset("count 1", preferences=Preferences(must=terms("count 1")))
        begun = await ask(w, asset, "count 2", "count 9")
        assert await both(w, begun) == ("TERMINATED", "TERMINATED")
        ours = await w.consumer.negotiation(begun.id)
        assert "count" in " ".join(line.detail for line in ours.history)

    run(scenario)


def test_what_is_left_to_a_person_waits_for_one_and_goes_on_by_hand():
    async def scenario(w):
        asset = await w.provider.asset("count 1", preferences=Preferences(must=terms("count 3 + until 2027-01-01")))
        begun = await ask(w, asset, "count 2")
        ours = await w.consumer.negotiation(begun.id)
        assert (ours.state, ours.answering) == ("OFFERED", Answering.HAND)
        assert ours.deadline == w.clock.now() + w.consumer.limits.answer_by_hand
        assert "dateTime" in ours.history[-1].detail
        story = await w.consumer.read(lambda tx: explain(tx, "cons", begun.id))
        assert story.who == "you"
        await w.consumer.negotiations.move("cons", begun.id, Move("accept"), "op")
        await w.flow()
        assert await both(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)


def test_a_provider_that_has_to_be_asked_waits_too():
    async def scenario(w):
        limits = Preferences(must=terms("environment air-gapped"))
        asset = await w.provider.asset("count 1", preferences=limits)
        begun = await w.consumer.negotiations.request(
            "cons", w.provider.did, asset.id, Offer(id=asset.dataset.offers[0].id, terms=terms("environment air-gapped"))
        )
        await w.flow()
        ours = await w.consumer.negotiation(begun.id)
        theirs = await w.provider.negotiation(ours.peer_pid)
        assert (theirs.state, theirs.answering) == ("REQUESTED", Answering.HAND)
        assert "law" in theirs.history[-1].detail
        await w.provider.negotiations.move("prov", theirs.id, Move("agree"), "eve")
        await w.flow()
        assert await both(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)


def test_preferences_outlive_a_restart_and_a_lost_answer():
    async def scenario(w):
        asset = await w.provider.asset("count 1", preferences=Preferences(must=terms("count 3")))
        preferences = Preferences(must=terms("count 2"), want=terms("count 9"))
        offer = Offer(id=asset.dataset.offers[0].id, terms=terms("count 9"))
        begun = await w.consumer.negotiations.request("cons", w.provider.did, asset.id, offer, preferences=preferences)
        await w.arrive("request")
        await w.lose_answers()
        await w.consumer.kill()
        for _ in range(4):
            await w.tick(minutes=1)
            await w.flow()
        assert (await w.consumer.negotiation(begun.id)).preferences == preferences
        assert await both(w, begun) == ("FINALIZED", "FINALIZED")

    run(scenario)
