import pytest

from hanse.identity.exchange import ResolveDid, drive
from hanse.kernel.errors import PeerError


def two_questions():
    first = yield ResolveDid("did:web:a.example")
    try:
        yield ResolveDid("did:web:b.example", fresh=True)
    except PeerError as fault:
        return first.id, fault.message
    return first.id, None


def test_documents_are_sent_in_and_faults_are_thrown_in(sender, resolver_of, unreachable):
    resolver = resolver_of(sender.document, unreachable)
    assert drive(two_questions(), resolver) == (sender.did, "10.1.2.3 did not answer")
    assert resolver.asked == [ResolveDid("did:web:a.example"), ResolveDid("did:web:b.example", fresh=True)]


def test_a_fault_that_nobody_catches_comes_out(sender, resolver_of, unreachable):
    with pytest.raises(PeerError):
        drive(two_questions(), resolver_of(unreachable))


def test_an_exchange_that_asks_nothing_just_returns(resolver_of, unreachable):
    def silent():
        return 5
        yield

    assert drive(silent(), resolver_of(unreachable)) == 5
