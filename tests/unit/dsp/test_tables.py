"""Properties of both transition tables, whatever is in them."""

from __future__ import annotations

import typing
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.dsp import messages as m
from hanse.dsp import negotiation, transfer
from hanse.dsp.messages import Role
from hanse.kernel.errors import Conflict

MACHINES = [negotiation, transfer]
machines = pytest.mark.parametrize("machine", MACHINES, ids=["negotiation", "transfer"])


def reachable(machine, start):
    found, fresh = set(), {start}
    while fresh:
        found |= fresh
        fresh = {to for (origin, _, _), to in machine.TABLE.items() if origin in fresh} - found
    return found


@given(machine=st.sampled_from(MACHINES), data=st.data())
def test_no_sequence_of_steps_leaves_a_terminal_state(machine, data):
    state = None
    steps = data.draw(st.lists(st.tuples(st.sampled_from(Role), st.sampled_from(machine.Step)), max_size=40))
    for sender, step in steps:
        before = state
        try:
            state = machine.advance(state, sender, step)
        except Conflict:
            assert (before, sender, step) not in machine.TABLE
        assert before not in machine.TERMINAL or state == before


@machines
def test_every_state_is_reached_and_every_open_one_can_end(machine):
    assert reachable(machine, None) == {None, *machine.State}
    for state in set(machine.State) - machine.TERMINAL:
        assert reachable(machine, state) & machine.TERMINAL
    for state in machine.TERMINAL:
        assert reachable(machine, state) == {state}


@machines
def test_a_pair_is_in_the_table_or_a_conflict_that_says_what_is_allowed(machine):
    for state, sender, step in product([None, *machine.State], Role, machine.Step):
        if (state, sender, step) in machine.TABLE:
            assert machine.advance(state, sender, step) is machine.TABLE[state, sender, step]
            continue
        with pytest.raises(Conflict) as caught:
            machine.advance(state, sender, step)
        assert caught.value.rule == "transition"
        assert f"A {sender} cannot {step}" in caught.value.message
        assert ("this state is final" in str(caught.value.hint)) == (state in machine.TERMINAL)


@machines
def test_either_side_terminates_every_open_process(machine):
    for state, sender in product(set(machine.State) - machine.TERMINAL, Role):
        assert machine.advance(state, sender, machine.Step.TERMINATE) is machine.State.TERMINATED


@machines
def test_only_a_first_message_begins_a_process(machine):
    begins = {(sender, step) for (origin, sender, step) in machine.TABLE if origin is None}
    expected = {(Role.CONSUMER, machine.Step.REQUEST)}
    if machine is negotiation:
        expected.add((Role.PROVIDER, negotiation.Step.OFFER))
    assert begins == expected


@machines
def test_every_message_is_one_step_and_every_step_one_message(machine):
    union = m.NegotiationMessage if machine is negotiation else m.TransferMessage
    assert set(machine.STEP_OF) == set(typing.get_args(union))
    assert sorted(machine.STEP_OF.values()) == sorted(machine.Step)


# DSP 2025-1, the messages' own rules, one line each: who may not do what, and when.
@pytest.mark.parametrize(
    ("state", "sender", "step"),
    [
        ("REQUESTED", "consumer", "request"),
        ("REQUESTED", "consumer", "accept"),
        ("OFFERED", "provider", "accept"),
        ("OFFERED", "provider", "agree"),
        ("ACCEPTED", "provider", "offer"),
        ("AGREED", "provider", "verify"),
        ("VERIFIED", "consumer", "finalize"),
        ("AGREED", "provider", "finalize"),
    ],
)
def test_illegal_steps_of_a_negotiation(state, sender, step):
    with pytest.raises(Conflict):
        negotiation.advance(negotiation.State(state), Role(sender), negotiation.Step(step))


@pytest.mark.parametrize(
    ("state", "sender", "step"),
    [
        ("REQUESTED", "consumer", "start"),
        ("REQUESTED", "provider", "complete"),
        ("REQUESTED", "provider", "suspend"),
        ("SUSPENDED", "consumer", "complete"),
        ("SUSPENDED", "provider", "suspend"),
        ("STARTED", "provider", "start"),
        ("STARTED", "consumer", "request"),
    ],
)
def test_illegal_steps_of_a_transfer(state, sender, step):
    with pytest.raises(Conflict):
        transfer.advance(transfer.State(state), Role(sender), transfer.Step(step))


def test_the_common_ways_through():
    state = None
    for sender, step, after in [
        ("consumer", "request", "REQUESTED"),
        ("provider", "offer", "OFFERED"),
        ("consumer", "request", "REQUESTED"),
        ("provider", "offer", "OFFERED"),
        ("consumer", "accept", "ACCEPTED"),
        ("provider", "agree", "AGREED"),
        ("consumer", "verify", "VERIFIED"),
        ("provider", "finalize", "FINALIZED"),
    ]:
        state = negotiation.advance(state, Role(sender), negotiation.Step(step))
        assert state == after
    assert Role.CONSUMER.other is Role.PROVIDER
    assert Role.PROVIDER.other is Role.CONSUMER
