"""What a peer proves when it calls, what is remembered of it, and what is refused."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from joserfc.util import urlsafe_b64encode
from msgspec import structs

from hanse.identity.credentials.present import present
from hanse.identity.rulebook import TrustedIssuer
from hanse.kernel.errors import (
    AddressRefused,
    ClaimsRefused,
    Forbidden,
    NotFound,
    PeerInvalid,
    PeerRefused,
    PeerUnreachable,
    StorageFailed,
    Unauthenticated,
)
from tests.unit.trust.world import AUDITOR, FACTORY, MEMBERSHIP, NOON, NORTH, SPACE, US, run

READ = "org.eclipse.dspace.dcp.vc.type:{}:read".format


def jwt(**claims):
    return f"e30.{urlsafe_b64encode(msgspec.json.encode(claims)).decode()}.c2ln"


# What is proved.


def test_a_member_proves_that_it_is_one(world):
    world.member(world.acme)
    claims = world.admit()
    assert (claims.holder, claims.member, claims.name, claims.roles) == (world.acme.did, True, "Acme Ltd", frozenset())
    assert [one.credential.types for one in claims.credentials] == [(MEMBERSHIP,)]
    assert world.asked == [(US, world.acme.did, (READ(MEMBERSHIP),), "access-1")]


def test_what_is_needed_besides_is_asked_for_in_order(world):
    world.member(world.acme)
    world.factory(world.acme)
    world.acme.holds.append(world.north.issue(AUDITOR, world.acme.did, days=20))
    world.admit(needs=(AUDITOR, MEMBERSHIP, FACTORY))
    world.admit(needs=frozenset({AUDITOR, FACTORY}))
    assert [scopes for _, _, scopes, _ in world.asked] == [
        (READ(MEMBERSHIP), READ(AUDITOR), READ(FACTORY)),
        (READ(MEMBERSHIP), READ(FACTORY), READ(AUDITOR)),  # a set has no order of its own
    ]


def test_a_role_is_proved_by_its_credential(world):
    world.member(world.acme)
    world.factory(world.acme)
    assert world.admit(needs=[FACTORY]).roles == {"ai-factory"}


@pytest.mark.parametrize(
    "said",
    [
        {"role": "auditor"},
        {"role": ["ai-factory"]},
        {"role": None},
        {"role": "AI-Factory"},
    ],
)
def test_a_role_credential_that_says_another_role_gives_none(world, said):
    world.member(world.acme)
    world.factory(world.acme, **said)
    assert world.admit(needs=[FACTORY]).roles == frozenset()


@pytest.mark.parametrize("where", [NORTH, None, [SPACE], {"a": SPACE}])
def test_a_role_in_another_space_is_none_in_this_one(world, where):
    ours = world.rulebook()
    factory = structs.replace(ours.credentials[FACTORY], issuers=[TrustedIssuer(did=world.port.did)])
    world.set_rulebook(structs.replace(ours, credentials={**ours.credentials, FACTORY: factory}))
    world.member(world.acme)
    world.factory(world.acme, memberOf=where)
    assert world.admit(needs=[FACTORY]).roles == frozenset()


def test_membership_can_stand_for_a_role_too(world):
    world.member(world.acme, role="provider")
    assert world.admit().roles == {"provider"}


def test_two_anchors_are_trusted_each_for_its_own_types(world, refused):
    world.member(world.acme)
    world.acme.holds.append(world.north.issue(AUDITOR, world.acme.did, days=20))
    assert {one.credential.issuer for one in world.admit(needs=[AUDITOR]).credentials} == {world.port.did, world.north.did}
    world.bolt.holds.append(world.north.issue(MEMBERSHIP, world.bolt.did, memberOf=SPACE))
    fault = refused(world.admit, world.bolt)
    assert isinstance(fault, ClaimsRefused)
    assert (fault.rule, f"{world.north.did} is not trusted for {MEMBERSHIP}" in fault.message) == ("untrusted", True)


# What is refused.


def test_without_an_access_token_nothing_can_be_proved(world, refused):
    fault = refused(world.admit, token=None)
    assert isinstance(fault, Unauthenticated)
    assert (fault.rule, fault.where, world.asked) == ("no-token", "token", [])
    assert "`token`" in fault.hint


def test_a_stranger_is_refused(world, refused):
    fault = refused(world.admit)
    assert isinstance(fault, ClaimsRefused)
    assert (fault.rule, fault.where) == ("missing", MEMBERSHIP)
    assert MEMBERSHIP in fault.message


def test_what_is_needed_besides_has_to_be_there(world, refused):
    world.member(world.acme)
    world.admit()
    fault = refused(world.admit, needs=[FACTORY])
    assert (fault.rule, FACTORY in fault.message) == ("missing", True)


def test_a_revoked_credential_counts_no_more(world, refused):
    credential = world.member(world.acme)
    world.port.flip(credential)
    fault = refused(world.admit)
    assert isinstance(fault, ClaimsRefused)
    assert (fault.rule, fault.where) == ("revoked", "credentialStatus")
    assert f"{MEMBERSHIP} by {world.port.did}" in fault.message


def test_a_suspended_credential_counts_again_when_it_is_reinstated(world, refused):
    credential = world.member(world.acme)
    world.port.flip(credential, "suspension")
    assert refused(world.admit).rule == "suspended"
    world.port.flip(credential, "suspension", on=False)
    world.clock.advance(seconds=60)
    assert world.admit().member


def test_a_revocation_is_seen_within_a_minute(world, refused):
    credential = world.member(world.acme)
    world.admit()
    world.port.flip(credential)
    world.clock.advance(seconds=20)
    assert world.admit(token="another").member  # the list is half a minute old at most
    world.clock.advance(seconds=35)
    assert refused(world.admit).rule == "revoked"
    assert refused(world.admit, token="another").rule == "revoked"


def test_a_credential_that_expires_while_it_is_remembered_counts_no_more(world, refused):
    world.member(world.acme, days=20 / 86_400)
    assert world.admit().until == NOON + timedelta(seconds=20)
    world.clock.advance(seconds=19)
    assert world.admit().member
    world.clock.advance(seconds=1)
    assert world.known() is None
    fault = refused(world.admit)
    assert (fault.rule, world.port.did in fault.message) == ("expired", True)


def test_a_credential_that_is_not_valid_yet_does_not_count(world, refused):
    world.member(world.acme, start=NOON + timedelta(minutes=1))
    assert refused(world.admit).rule == "not-yet"


def test_the_credential_of_another_holder_counts_for_nobody_else(world, refused):
    world.acme.holds.append(world.member(world.bolt))
    assert refused(world.admit).rule == "holder"


def test_the_presentation_of_another_holder_is_refused(world, refused):
    world.member(world.bolt)
    world.acme.answer = lambda: present(world.bolt.key, world.us, world.bolt.holds, NOON, "jti_1")
    assert refused(world.admit).rule == "holder"


def test_a_presentation_for_another_verifier_is_refused(world, refused):
    world.member(world.acme)
    world.acme.answer = lambda: present(world.acme.key, world.bolt.did, world.acme.holds, NOON, "jti_1")
    assert refused(world.admit).rule == "audience"


@pytest.mark.parametrize("answer", [[], [1], [None], ["x"], [{"id": "data:application/vp+jwt,x"}]])
def test_an_answer_that_presents_nothing_is_refused(world, refused, answer):
    world.acme.answer = answer
    assert isinstance(refused(world.admit), ClaimsRefused)


def test_an_issuer_outside_its_bounds_is_refused(world, refused):
    world.member(world.acme)
    world.factory(world.acme, level="supreme")
    fault = refused(world.admit, needs=[FACTORY])
    assert (fault.rule, "trustLevel" in fault.message, world.port.did in fault.message) == ("untrusted", True, True)
    world.acme.holds[1:] = [world.north.issue(AUDITOR, world.acme.did, days=31)]
    assert "lives for more than 30 days" in refused(world.admit, needs=[AUDITOR]).message
    world.bolt.holds.append(world.port.issue(MEMBERSHIP, world.bolt.did, memberOf=NORTH))
    assert "memberOf" in refused(world.admit, world.bolt).message


@pytest.mark.parametrize("change", [lambda did: did + ":more", lambda did: did + "%3Amore", lambda did: did + "x", lambda did: did[:-1]])
def test_an_issuer_is_not_matched_by_its_prefix(world, refused, change):
    """Neither counts whose DID begins with a trusted one, nor whose DID a trusted one begins with."""
    ours = world.rulebook()
    kind = structs.replace(
        ours.credentials[AUDITOR], issuers=[TrustedIssuer(did=world.port.did), TrustedIssuer(did=change(world.north.did))]
    )
    world.set_rulebook(structs.replace(ours, credentials={**ours.credentials, AUDITOR: kind}))
    world.member(world.acme)
    world.acme.holds.append(world.north.issue(AUDITOR, world.acme.did, days=20))
    assert refused(world.admit, needs=[AUDITOR]).rule == "untrusted"


def test_a_status_list_that_is_withheld_refuses(world, refused):
    world.member(world.acme)
    world.away.add(world.port.url("revocation"))
    fault = refused(world.admit)
    assert isinstance(fault, Unauthenticated)
    assert (fault.rule, fault.hint.startswith("Trying again can help.")) == ("status-unavailable", True)


def test_a_status_list_of_another_issuer_refuses(world, refused):
    world.member(world.acme)
    world.port.publish("revocation", key=world.north.key)
    assert refused(world.admit).rule == "status-issuer"


def test_a_status_list_for_another_purpose_refuses(world, refused):
    world.member(world.acme)
    world.files[world.port.url("suspension")] = world.files[world.port.url("revocation")]
    assert refused(world.admit).rule in {"status-list", "status-purpose"}


def test_a_status_list_that_has_ended_refuses(world, refused):
    world.member(world.acme)
    world.port.publish("revocation", lifetime=timedelta(seconds=30))
    world.clock.advance(seconds=31)
    fault = refused(world.admit)
    assert (fault.rule, "Its status list expired" in fault.message) == ("status-expired", True)


def test_a_credential_without_a_status_is_looked_at_again_all_the_same(world):
    world.acme.holds.append(world.port.issue(MEMBERSHIP, world.acme.did, statuses=False))
    assert world.admit().until <= NOON + timedelta(seconds=60)


def test_a_schema_is_kept_to(world, refused):
    url = "https://port.example/schema.json"
    world.files[url] = b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"level": {"type": "integer"}}}'
    world.member(world.acme, schema=url, level=1)
    world.member(world.bolt, schema=url, level="high")
    assert world.admit().member
    assert refused(world.admit, world.bolt).rule == "schema"
    world.away.add(url)
    assert refused(world.admit, token="other").rule == "schema-unavailable"


def test_an_issuer_that_cannot_be_resolved_refuses_for_now(world, refused):
    world.member(world.acme)
    world.away.add(world.port.did)
    fault = refused(world.admit)
    assert (fault.rule, type(fault)) == ("unresolved", Unauthenticated)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (PeerUnreachable("10.1.2.3 did not answer"), "did not answer"),
        (AddressRefused("It leads to 10.1.2.3"), "did not answer"),
        (PeerInvalid("No CredentialService, says 10.1.2.3"), "breaks the protocol"),
        (PeerRefused("No.", status=401), "HTTP 401"),
    ],
)
def test_a_credential_service_that_does_not_present_refuses(world, refused, trouble, said):
    world.acme.answer = trouble
    fault = refused(world.admit)
    assert isinstance(fault, Unauthenticated)
    assert (fault.rule, said in fault.message, world.acme.did in fault.message) == ("unanswered", True, True)
    [written] = world.db.tx.refusals.rows.values()
    assert written.message.endswith(trouble.message)  # our own operators may know


def test_without_a_rulebook_nobody_is_asked_for_anything(world, refused):
    world.current = Forbidden("The anchor cannot be reached.", rule="anchor-unreachable")
    assert refused(world.admit).rule == "anchor-unreachable"
    assert refused(world.standing).rule == "anchor-unreachable"
    assert (world.asked, world.db.writes) == ([], 0)


# What is only wished for.


def audit(world, peer):
    credential = world.north.issue(AUDITOR, peer.did, days=20, memberOf=SPACE, role="auditor")
    peer.holds.append(credential)
    return credential


def test_a_wish_that_is_revoked_refuses_nothing_else_and_gives_nothing(world):
    world.member(world.acme)
    factory = world.factory(world.acme)
    audit(world, world.acme)
    world.port.flip(factory)
    claims = world.admit(wishes=[FACTORY, AUDITOR])
    assert (claims.member, claims.roles) == (True, {"auditor"})
    assert factory not in [one.credential.text for one in claims.credentials]
    assert factory not in world.db.tx.presented.get(US, world.acme.did).under(SPACE)
    assert world.standing().roles == {"auditor"}
    [why] = run(world.verifier.explain(US, world.acme.did))
    assert (why.rule, why.message.startswith(f"The credential {FACTORY} by {world.port.did} is refused.")) == ("revoked", True)


def test_what_is_needed_refuses_whether_it_is_wished_for_too_or_not(world, refused):
    world.member(world.acme)
    world.port.flip(world.factory(world.acme))
    fault = refused(world.admit, needs=[FACTORY], wishes=[FACTORY, AUDITOR])
    assert (type(fault), fault.rule) == (ClaimsRefused, "revoked")
    world.clock.advance(seconds=2)
    member = world.member(world.bolt)
    world.port.flip(member)
    world.verifier.forget_list(SPACE)
    assert refused(world.admit, world.bolt, wishes=[MEMBERSHIP]).rule == "revoked"


def test_a_wish_that_was_good_before_gives_nothing_once_it_is_refused(world):
    world.member(world.acme)
    factory = world.factory(world.acme)
    assert world.admit(wishes=[FACTORY]).roles == {"ai-factory"}
    world.port.flip(factory)
    world.verifier._lists = world.verifier._lists.without(SPACE)  # the list is read anew, while the claims are remembered
    assert world.admit(wishes=[FACTORY], token="another").roles == frozenset()
    assert (world.known().roles, world.standing().roles) == (frozenset(), frozenset())


def test_a_wish_that_nobody_may_grant_is_set_aside(world):
    world.member(world.acme)
    world.factory(world.acme, level="supreme")
    assert world.admit(wishes=[FACTORY]).roles == frozenset()
    assert run(world.verifier.explain(US, world.acme.did))[0].rule == "untrusted"


def test_a_wish_that_cannot_be_judged_now_is_looked_at_again_soon(world):
    world.member(world.acme)
    audit(world, world.acme)
    world.away.add(world.north.url("revocation"))
    assert world.admit(wishes=[AUDITOR]).roles == frozenset()
    world.away.clear()
    world.clock.advance(seconds=2)
    assert world.admit(wishes=[AUDITOR]).roles == {"auditor"}


def test_a_wish_whose_list_has_ended_by_our_clock_is_set_aside(world):
    world.member(world.acme)
    audit(world, world.acme)
    world.north.publish("revocation", lifetime=timedelta(seconds=30))
    world.clock.advance(seconds=31)
    claims = world.admit(wishes=[AUDITOR])
    assert (claims.member, claims.roles, len(claims.credentials)) == (True, frozenset(), 1)
    assert run(world.verifier.explain(US, world.acme.did))[0].rule == "status-expired"


# What is remembered.


def test_claims_are_remembered_by_access_token_and_by_what_was_asked(world):
    world.member(world.acme)
    world.factory(world.acme)
    first = world.admit()
    assert world.admit() is first
    assert len(world.asked) == 1
    for options in ({"token": "another"}, {"needs": [FACTORY]}, {"needs": [FACTORY], "token": "another"}):
        world.admit(**options)
        world.admit(**options)
    assert len(world.asked) == 4
    run(world.verifier.admit("them", world.acme.caller()))
    assert len(world.asked) == 5


def test_claims_are_remembered_for_less_than_a_minute(world):
    world.member(world.acme)
    world.admit()
    world.clock.advance(seconds=34)
    world.admit()
    assert len(world.asked) == 1
    world.clock.advance(seconds=1)
    world.admit()
    assert len(world.asked) == 2
    assert len(world.fetched) == 4


def test_claims_are_remembered_no_longer_than_the_access_token_lives(world):
    world.member(world.acme)
    token = jwt(exp=int(NOON.timestamp()) + 10)
    world.admit(token=token)
    world.clock.advance(seconds=9)
    world.admit(token=token)
    assert len(world.asked) == 1
    world.clock.advance(seconds=1)
    world.admit(token=token)
    assert len(world.asked) == 2


@pytest.mark.parametrize(
    "token", [jwt(exp=10**11), jwt(exp="x"), jwt(exp=10**300), jwt(), "a.b.c", "é.é.é", "..", "\ud800", jwt(exp=True), "e30.bm8=.x"]
)
def test_a_token_that_says_nothing_of_its_end_makes_nothing_last_longer(world, token):
    world.member(world.acme)
    world.admit(token=token)
    world.clock.advance(seconds=34)
    world.admit(token=token)
    assert len(world.asked) == 1
    world.clock.advance(seconds=1)
    world.admit(token=token)
    assert len(world.asked) == 2


def test_a_clock_that_was_set_back_makes_nothing_younger(world):
    world.member(world.acme)
    world.admit()
    world.clock.advance(seconds=-30)
    assert world.known() is None
    world.admit()
    assert (len(world.asked), len(world.fetched)) == (2, 4)


def test_lists_are_shared_between_peers_and_participants(world):
    world.member(world.acme)
    world.member(world.bolt)
    world.admit()
    world.admit(world.bolt)
    run(world.verifier.admit("them", world.acme.caller()))
    assert len(world.fetched) == 2


def test_calls_at_one_time_share_one_query(world):
    world.member(world.acme)

    async def scene():
        world.gate = asyncio.Event()
        calls = [asyncio.create_task(world.verifier.admit(US, world.acme.caller())) for _ in range(20)]
        await world.entered.wait()
        calls[0].cancel()
        world.gate.set()
        return await asyncio.gather(*calls, return_exceptions=True)

    first, *others = run(scene())
    assert isinstance(first, asyncio.CancelledError)
    assert len({id(claims) for claims in others}) == 1
    assert others[0].member
    assert len(world.asked) == 1


def test_a_refusal_is_remembered_for_two_seconds(world, refused):
    first = refused(world.admit)
    second = refused(world.admit)
    assert first is not second
    assert (first.message, first.hint, first.rule) == (second.message, second.hint, second.rule)
    assert len(world.asked) == 1
    world.member(world.acme)
    world.clock.advance(seconds=2)
    assert world.admit().member


def test_what_is_remembered_is_bounded_in_entries(world):
    world.member(world.acme)
    world.restart(entries=3)
    for n in range(5):
        world.admit(token=f"token {n}")
    assert len(world.verifier._admitted) == 3
    world.admit(token="token 4")
    assert len(world.asked) == 5
    world.admit(token="token 0")
    assert len(world.asked) == 6


def test_what_is_remembered_is_bounded_in_bytes(world):
    world.member(world.acme, filler="x" * 10_000)
    world.restart(held_bytes=200_000)
    for n in range(9):
        world.admit(token=f"token {n}")
    assert len(world.verifier._admitted) == 3
    assert world.verifier._admitted._held <= 200_000


def test_a_change_of_the_rulebook_takes_effect_at_once(world, refused):
    world.member(world.acme)
    world.admit()
    ours = world.rulebook()
    strict = structs.replace(ours.credentials[MEMBERSHIP], issuers=[TrustedIssuer(did=world.port.did, days=30)])
    world.set_rulebook(structs.replace(ours, credentials={**ours.credentials, MEMBERSHIP: strict}))
    assert "lives for more than 30 days" in refused(world.admit).message
    assert "lives for more than 30 days" in refused(world.standing).message
    world.set_rulebook(ours)
    world.clock.advance(seconds=2)
    assert world.standing().member
    assert world.admit().member


def test_another_membership_type_is_asked_for_when_the_rulebook_says_so(world):
    ours = world.rulebook()
    world.member(world.acme)
    world.acme.holds.append(world.port.issue(AUDITOR, world.acme.did))
    world.admit()
    world.set_rulebook(structs.replace(ours, membership=AUDITOR))
    assert world.admit().member
    assert world.asked[-1][2] == (READ(AUDITOR),)


def test_a_list_that_is_known_to_have_changed_is_fetched_at_once(world, refused):
    credential = world.member(world.acme)
    world.admit()
    world.port.flip(credential)
    world.verifier.forget_list("https://port.example/spaces/balti")
    world.verifier.forget_list(NORTH)
    assert world.admit().member
    assert world.known().member
    world.verifier.forget_list(SPACE)
    assert world.known() is None
    assert refused(world.standing).rule == "revoked"
    assert refused(world.admit).rule == "revoked"
    world.port.flip(credential, on=False)
    world.verifier.forget_list(world.port.url("revocation"))
    assert world.admit().member
    assert world.standing().member


def test_what_was_being_verified_when_a_list_changed_is_not_remembered(world, refused):
    credential = world.member(world.acme)

    async def scene():
        world.gate = asyncio.Event()
        fetch = world.fetch

        async def slow(request):
            found = await fetch(request)
            if getattr(request, "url", "") == world.port.url("revocation"):
                entered.set()
                await leave.wait()
            return found

        entered, leave = asyncio.Event(), asyncio.Event()
        world.gate.set()
        world.fetch = slow
        call = asyncio.create_task(world.verifier.admit(US, world.acme.caller()))
        await entered.wait()
        world.port.flip(credential)
        world.verifier.forget_list(SPACE)
        leave.set()
        world.fetch = fetch
        return await call

    assert run(scene()).member  # it began before
    assert world.known() is None
    assert refused(world.admit).rule == "revoked"


def test_a_space_and_a_tenant_can_be_forgotten(world):
    world.member(world.acme)
    world.admit()
    world.verifier.forget_space(NORTH)
    world.verifier.forget_tenant("them")
    world.admit()
    assert len(world.asked) == 1
    world.verifier.forget_space(SPACE)
    assert world.known() is None
    world.admit()
    assert len(world.asked) == 2
    world.verifier.forget_tenant(US)
    assert world.known() is None
    world.admit()
    assert len(world.asked) == 3


# What is kept.


def test_what_was_verified_is_kept_and_written_only_when_it_changes(world):
    first = world.member(world.acme)
    world.admit()
    assert world.db.tx.presented.get(US, world.acme.did).under(SPACE) == (first,)
    assert world.db.writes == 1
    world.clock.advance(minutes=5)
    world.admit()
    assert world.db.writes == 1
    world.acme.holds = []
    second = world.member(world.acme)
    world.clock.advance(minutes=5)
    world.admit()
    kept = world.db.tx.presented.get(US, world.acme.did)
    assert (kept.under(SPACE), kept.at, world.db.writes) == ((second,), NOON + timedelta(minutes=10), 2)


def test_credentials_of_other_types_stay_when_they_are_not_presented_again(world):
    member, factory = world.member(world.acme), world.factory(world.acme)
    world.admit(needs=[FACTORY])
    world.clock.advance(seconds=40)
    assert world.admit().roles == frozenset()
    assert set(world.db.tx.presented.get(US, world.acme.did).under(SPACE)) == {member, factory}
    assert world.known().roles == {"ai-factory"}
    world.clock.advance(seconds=50)
    assert world.standing(needs=[FACTORY]).roles == {"ai-factory"}


def test_an_ended_credential_is_not_kept_beside_others(world):
    world.member(world.acme)
    world.factory(world.acme, days=20 / 86_400)
    world.admit(needs=[FACTORY])
    world.clock.advance(seconds=40)
    world.admit()
    assert len(world.db.tx.presented.get(US, world.acme.did).under(SPACE)) == 1


def test_only_what_was_verified_is_kept(world, refused):
    world.member(world.acme)
    world.acme.holds.append(world.north.issue(AUDITOR, world.acme.did, days=31))
    refused(world.admit, needs=[AUDITOR])
    assert world.db.tx.presented.get(US, world.acme.did) is None


def test_if_it_cannot_be_kept_nobody_is_admitted(world):
    world.member(world.acme)
    world.db.fault = StorageFailed("The disk is full.")
    with pytest.raises(StorageFailed):
        world.admit()
    world.db.fault = None
    assert world.admit().member


# Later, without asking the peer.


def test_standing_is_answered_from_memory_and_then_from_what_was_kept(world):
    world.member(world.acme)
    world.admit()
    first = world.standing()
    assert world.standing() is first
    assert world.known() is first
    world.clock.advance(seconds=60)
    assert world.known() is None
    again = world.standing()
    assert (again.member, again.name, world.known()) == (True, "Acme Ltd", again)
    assert len(world.asked) == 1


def test_standing_outlives_a_restart(world, refused):
    credential = world.member(world.acme)
    world.factory(world.acme)
    world.admit(needs=[FACTORY])
    world.restart()
    assert world.known() is None
    assert world.standing(needs=[FACTORY]).roles == {"ai-factory"}
    world.restart()
    world.port.flip(credential)
    assert refused(world.standing).rule == "revoked"


def test_a_peer_that_has_presented_nothing_has_no_standing(world, refused):
    fault = refused(world.standing)
    assert isinstance(fault, Forbidden)
    assert (fault.rule, world.acme.did in fault.message) == ("not-presented", True)
    world.member(world.acme)
    world.admit()
    world.clock.advance(seconds=2)
    assert world.standing().member
    assert refused(world.standing, needs=[FACTORY]).rule == "not-presented"
    assert refused(world.standing, world.bolt).rule == "not-presented"


def test_a_peer_has_no_standing_with_another_participant(world, refused):
    world.member(world.acme)
    world.admit()
    with pytest.raises(Forbidden):
        run(world.verifier.standing("them", world.acme.did))
    assert world.verifier.known("them", world.acme.did, [SPACE]) == []


def test_standing_is_lost_with_the_credential(world, refused):
    credential = world.member(world.acme)
    world.admit()
    world.port.flip(credential, "suspension")
    world.clock.advance(seconds=45)
    fault = refused(world.standing)
    assert isinstance(fault, ClaimsRefused)
    assert fault.rule == "suspended"
    assert world.known() is None
    world.port.flip(credential, "suspension", on=False)
    world.clock.advance(seconds=45)
    assert world.standing().member


def test_a_lost_role_takes_nothing_else_away(world, refused):
    world.member(world.acme)
    factory = world.factory(world.acme)
    world.admit(needs=[FACTORY])
    world.port.flip(factory)
    world.clock.advance(seconds=45)
    claims = world.standing()
    assert (claims.member, claims.roles) == (True, frozenset())
    assert world.known() is claims
    assert world.standing() is claims
    assert refused(world.standing, needs=[FACTORY]).rule == "revoked"
    assert world.known().member


def test_standing_ends_with_a_credential_that_expires(world, refused):
    world.member(world.acme, days=1)
    world.admit()
    world.clock.advance(hours=23, minutes=59, seconds=59)
    assert world.standing().member
    world.clock.advance(seconds=1)
    assert world.known() is None
    assert refused(world.standing).rule == "expired"


def test_a_list_that_is_away_for_a_moment_takes_no_standing(world, refused):
    world.member(world.acme)
    world.admit()
    world.away.add(world.port.url("revocation"))
    world.clock.advance(seconds=40)
    assert world.standing().member
    tries = len(world.fetched)
    for _ in range(9):
        assert world.standing().member
    assert len(world.fetched) == tries  # and is not asked for again at every call
    world.clock.advance(seconds=4)
    assert world.standing().member
    world.clock.advance(seconds=1)
    fault = refused(world.standing)
    assert (fault.rule, world.known()) == ("status-unavailable", None)
    world.away.clear()
    world.clock.advance(seconds=2)
    assert world.standing().member


def test_a_refused_presentation_makes_what_was_known_be_looked_at_again(world, refused):
    credential = world.member(world.acme)
    world.admit()
    world.clock.advance(seconds=36)
    world.port.flip(credential)
    refused(world.admit, token="another")
    assert world.known() is None
    assert refused(world.standing).rule == "revoked"


def test_standing_is_looked_at_once_for_all_who_ask(world):
    world.member(world.acme)
    world.admit()
    world.restart()
    fetched = len(world.fetched)

    async def many():
        return await asyncio.gather(*(world.verifier.standing(US, world.acme.did) for _ in range(20)))

    assert len({id(claims) for claims in run(many())}) == 1
    assert len(world.fetched) == fetched + 2


def test_kept_credentials_that_cannot_be_read_any_more_are_as_if_they_were_not_there(world, refused):
    world.member(world.acme)
    world.admit()
    kept = world.db.tx.presented.get(US, world.acme.did)
    world.db.tx.presented.put(structs.replace(kept, spaces={SPACE: ("a.b.c",)}))
    world.restart()
    assert refused(world.standing).rule == "not-presented"
    assert world.admit().member


# Why.


def test_a_refusal_is_explained_by_the_id_that_the_peer_was_told(world, refused):
    credential = world.member(world.acme)
    world.port.flip(credential)
    fault = refused(world.admit)
    assert fault.hint == "Ask its issuer. To ask about it, quote rfs_1."
    [found] = run(world.verifier.explain(US, "rfs_1"))
    assert (found.holder, found.rule, found.where, found.at) == (world.acme.did, "revoked", "credentialStatus", NOON)
    assert found.message == fault.message
    assert run(world.verifier.explain(US, world.acme.did)) == [found]
    for tenant, what in (("them", "rfs_1"), (US, "rfs_2"), (US, world.bolt.did), ("them", world.acme.did)):
        with pytest.raises(NotFound):
            run(world.verifier.explain(tenant, what))


def test_a_refusal_like_the_last_one_is_not_written_again_within_a_minute(world, refused):
    for _ in range(3):
        for token in ("a", "b", None):
            fault = refused(world.admit, token=token)
            assert fault.hint.endswith("rfs_2." if token is None else "rfs_1.")
        world.clock.advance(seconds=15)
    assert world.db.writes == 2
    world.clock.advance(seconds=15)
    assert refused(world.admit).hint.endswith("rfs_3.")
    newest = run(world.verifier.explain(US, world.acme.did))
    assert [one.id for one in newest] == ["rfs_3", "rfs_2", "rfs_1"]


def test_refusals_at_one_time_are_written_once(world):
    async def many():
        calls = (world.verifier.admit(US, world.acme.caller(f"token {n}")) for n in range(20))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert len({fault.hint for fault in run(many())}) == 1
    assert world.db.writes == 1


def test_one_peer_does_not_make_us_write_more_than_is_kept(world, refused):
    for n in range(30):
        world.acme.answer = PeerRefused("No.", status=400 + n)
        refused(world.admit, token=f"token {n}")
    assert world.db.writes == 20
    assert "quote" not in refused(world.admit, token="one more").hint
    assert len(run(world.verifier.explain(US, world.acme.did))) == 20


def test_a_refusal_that_cannot_be_written_down_is_one_all_the_same(world, refused):
    world.db.fault = StorageFailed("The disk is full.")
    assert refused(world.admit).rule == "missing"


def test_each_participant_judges_by_the_rules_of_its_own_space(world, refused):
    world.member(world.acme)
    ours, here = world.rulebook(), world.current
    by_north = {kind: structs.replace(one, issuers=[TrustedIssuer(did=world.north.did)]) for kind, one in ours.credentials.items()}
    world.set_rulebook(structs.replace(ours, space=NORTH, anchor=world.north.did, credentials=by_north))
    there = world.current

    async def ruled(tenant, space=""):
        return here if tenant == US else there

    world.ruled = ruled
    assert world.admit().member
    assert refused(lambda: run(world.verifier.admit("them", world.acme.caller()))).rule == "untrusted"
    assert world.standing().member
