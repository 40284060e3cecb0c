"""Access tokens: bound, short-lived, renewable without loss, gone when revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from hanse.dataplane.ports import Proof
from hanse.dataplane.records import Purpose
from hanse.dataplane.tokens import SIBLINGS, Tokens, digest
from hanse.kernel.errors import Misconfigured, Unauthenticated
from tests.unit.dataplane.world import ACME, CONSUMER, MALLORY, OTHER, Memory, clock, grant


@pytest.fixture
def memory():
    return Memory()


@pytest.fixture
def turned():
    return clock()


@pytest.fixture
def tokens(turned):
    return Tokens(turned)


def test_only_digests_are_stored(memory, tokens):
    issued = tokens.issue(memory, grant())
    stored = repr(memory.access_tokens.rows)
    assert issued.access_token not in stored
    assert issued.refresh_token not in stored
    assert digest(issued.access_token) in stored
    assert issued.lifetime == 600
    assert len(issued.access_token) >= 43


def test_a_lifetime_over_ten_minutes_is_refused(turned):
    with pytest.raises(Misconfigured):
        Tokens(turned, timedelta(minutes=11))


@pytest.mark.parametrize(("tenant", "transfer"), [(OTHER, "trf_1"), (ACME, "trf_2")])
def test_a_token_opens_its_own_transfer_only(memory, tokens, tenant, transfer):
    issued = tokens.issue(memory, grant())
    assert tokens.find(memory, ACME, "trf_1", issued.access_token).grant == grant()
    with pytest.raises(Unauthenticated):
        tokens.find(memory, tenant, transfer, issued.access_token)


def test_a_token_of_a_sink_does_not_read(memory, tokens):
    issued = tokens.issue(memory, replace(grant(), purpose=Purpose.SINK))
    assert issued.refresh_token == ""
    with pytest.raises(Unauthenticated):
        tokens.find(memory, ACME, "trf_1", issued.access_token)


def test_expiry_and_revocation(memory, tokens, turned):
    issued = tokens.issue(memory, grant())
    turned.advance(minutes=10)
    with pytest.raises(Unauthenticated):
        tokens.find(memory, ACME, "trf_1", issued.access_token)
    fresh = tokens.issue(memory, grant())
    tokens.revoke(memory, ACME, "trf_1")
    with pytest.raises(Unauthenticated):
        tokens.find(memory, ACME, "trf_1", fresh.access_token)
    assert not memory.access_tokens.rows


def test_all_refusals_read_the_same(memory, tokens, turned):
    issued = tokens.issue(memory, grant())
    said = set()
    good = issued.access_token
    for tenant, transfer, token in [(OTHER, "trf_1", good), (ACME, "trf_2", good), (ACME, "trf_1", "nonsense")]:
        with pytest.raises(Unauthenticated) as refusal:
            tokens.find(memory, tenant, transfer, token)
        said.add(str(refusal.value))
    turned.advance(hours=1)
    with pytest.raises(Unauthenticated) as refusal:
        tokens.find(memory, ACME, "trf_1", issued.access_token)
    assert said == {str(refusal.value)}


def test_renewal_is_safe_to_repeat_until_its_answer_has_arrived(memory, tokens):
    first = tokens.issue(memory, grant())
    proof = Proof(CONSUMER, first.access_token)
    _, lost = tokens.refresh(memory, ACME, "trf_1", first.refresh_token, proof)
    _, second = tokens.refresh(memory, ACME, "trf_1", first.refresh_token, proof)
    assert lost.access_token != second.access_token
    tokens.use(memory, tokens.find(memory, ACME, "trf_1", second.access_token))
    with pytest.raises(Unauthenticated):
        tokens.refresh(memory, ACME, "trf_1", first.refresh_token, proof)
    # The chain goes on from the one that was used, and the old access token lives out its time.
    tokens.refresh(memory, ACME, "trf_1", second.refresh_token, Proof(CONSUMER, second.access_token))
    tokens.find(memory, ACME, "trf_1", first.access_token)


def test_an_expired_access_token_can_be_renewed(memory, tokens, turned):
    first = tokens.issue(memory, grant())
    turned.advance(minutes=30)
    _, second = tokens.refresh(memory, ACME, "trf_1", first.refresh_token, Proof(CONSUMER, first.access_token))
    tokens.find(memory, ACME, "trf_1", second.access_token)


def test_refreshing_for_ever_does_not_fill_the_store(memory, tokens):
    first = tokens.issue(memory, grant())
    for _ in range(50):
        tokens.refresh(memory, ACME, "trf_1", first.refresh_token, Proof(CONSUMER, first.access_token))
    assert len(memory.access_tokens.rows) == SIBLINGS + 1


@pytest.mark.parametrize("fault", ["issuer", "token", "no token", "transfer", "tenant", "refresh"])
def test_renewal_is_bound_to_consumer_transfer_and_token(memory, tokens, fault):
    first = tokens.issue(memory, grant())
    issuer = MALLORY if fault == "issuer" else CONSUMER
    token = {"token": "another", "no token": None}.get(fault, first.access_token)
    with pytest.raises(Unauthenticated):
        tokens.refresh(
            memory,
            OTHER if fault == "tenant" else ACME,
            "trf_2" if fault == "transfer" else "trf_1",
            "another" if fault == "refresh" else first.refresh_token,
            Proof(issuer, token),
        )
