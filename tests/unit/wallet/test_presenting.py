"""The credential service presents: to whom it was released, what was released, and what still counts."""

from datetime import timedelta

import msgspec
import pytest

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.trust import TrustedIssuers
from hanse.identity.credentials.verify import Rules
from hanse.identity.did import did_document
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import Invalid, Unauthenticated
from hanse.wallet.credentials import presentable
from tests.unit.identity.credentials.world import NOW, opened
from tests.unit.wallet.world import MEMBERSHIP, PROVIDER, SCOPE, T, run

SECRET = "SecretCredential"


def told(world, *types):
    """Let the verifier of the test trust the issuer for these types."""
    world.rules = Rules(TrustedIssuers({kind: [world.issuer.did] for kind in types}))


async def stocked(w):
    """Have the holder hold three credentials; return their texts by type."""
    texts = {kind: w.credential(types=(kind,), id=f"urn:{kind}") for kind in (MEMBERSHIP, PROVIDER, SECRET)}
    await w.hold(*texts.values())
    told(w, MEMBERSHIP, PROVIDER, SECRET)
    return texts


def test_a_verifier_gets_what_it_asks_for_made_for_it_alone():
    async def scenario(w):
        texts = await stocked(w)
        response = await w.presents(w.query(MEMBERSHIP, PROVIDER), token=w.access(MEMBERSHIP, PROVIDER))
        assert set(w.shown(response)) == {texts[MEMBERSHIP], texts[PROVIDER]}
        (only,) = response.presentation
        head, body = opened(only)
        assert head["kid"] == w.holder.key.kid
        assert (body["iss"], body["aud"]) == (w.holder.did, w.verifier.did)

    run(scenario)


def test_what_is_not_granted_is_left_out_without_an_error():
    async def scenario(w):
        texts = await stocked(w)
        token = w.access(MEMBERSHIP)
        assert w.shown(await w.presents(w.query(MEMBERSHIP, SECRET), token=token)) == [texts[MEMBERSHIP]]
        assert w.shown(await w.presents(w.query(SECRET), token=token)) == []
        everything = w.query(scopes=["org.eclipse.dspace.dcp.vc.type:VerifiableCredential:*", f"org.eclipse.dspace.dcp.vc.id:urn:{SECRET}"])
        assert w.shown(await w.presents(everything, token=token)) == []
        # Names are compared whole, and a longer operation is not granted by a shorter one.
        near = [SCOPE.format(MEMBERSHIP)[:-6], SCOPE.format(MEMBERSHIP.lower()), f"x.{SCOPE.format(MEMBERSHIP)}"]
        assert w.shown(await w.presents(w.query(scopes=near), token=token)) == []
        assert w.shown(await w.presents(w.query(scopes=[SCOPE.format(MEMBERSHIP)[:-5]]), token=token)) == [texts[MEMBERSHIP]]
        assert w.shown(await w.presents(w.query(scopes=[SCOPE.format(MEMBERSHIP).replace(":read", ":*")]), token=token)) == []

    run(scenario)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda w: None, "no-access-token"),
        (lambda w: "faketoken", "shape"),
        (lambda w: w.access(MEMBERSHIP, bearer=w.stranger.did), "bearer"),
        (lambda w: w.access(MEMBERSHIP, bearer=w.verifier.did + ":a"), "bearer"),
        (lambda w: w.access(MEMBERSHIP, key=w.stranger.key), "issuer"),
        (lambda w: w.access(MEMBERSHIP, key=w.issuer.key), "issuer"),
        (lambda w: w.access(MEMBERSHIP, key=SigningKey.generate(w.holder.key.kid)), "signature"),
        (lambda w: w.changed(w.access(MEMBERSHIP), lambda body: body.update(scope=[SCOPE.format(SECRET)]), w.stranger), "kid"),
        # A self-issued token of the holder for itself is no access token, and neither is a presentation.
        (lambda w: w.present_to_itself(), "kind"),
    ],
    ids=["none", "rubbish", "another bearer", "bearer by prefix", "stranger", "issuer", "other key", "forged", "other kind"],
)
def test_who_has_no_access_token_of_its_own_gets_nothing(make, rule):
    async def scenario(w):
        await stocked(w)
        w.present_to_itself = lambda: w.changed(w.access(MEMBERSHIP), lambda _: None, w.holder, {"typ": "JWT"})
        with pytest.raises(Unauthenticated) as caught:
            await w.presents(w.query(MEMBERSHIP), token=make(w))
        assert caught.value.rule == rule

    run(scenario)


def test_of_one_anchor_with_two_spaces_both_memberships_are_held_and_a_token_opens_one():
    async def scenario(w):
        told(w, MEMBERSHIP)
        spaces = ["https://port.example/spaces/baltic", "https://port.example/spaces/north"]
        texts = [w.credential(types=(MEMBERSHIP,), id=f"urn:{space}", subject={"id": w.holder.did, "memberOf": space}) for space in spaces]
        await w.hold(*texts)
        assert set(w.shown(await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP)))) == set(texts)
        w.hidden = {spaces[1]}
        token = w.access(MEMBERSHIP, spaces=[spaces[0]])
        assert w.shown(await w.presents(w.query(MEMBERSHIP), token=token)) == [texts[0]]

    run(scenario)


def test_an_access_token_is_no_use_to_who_overhears_it():
    async def scenario(w):
        await stocked(w)
        token = w.access(MEMBERSHIP)
        with pytest.raises(Unauthenticated) as caught:
            await w.presents(w.query(MEMBERSHIP), token=token, party=w.stranger)
        assert caught.value.rule == "bearer"

    run(scenario)


def test_an_access_token_ends():
    async def scenario(w):
        await stocked(w)
        token = w.access(MEMBERSHIP)
        w.clock.advance(minutes=10, seconds=30)
        with pytest.raises(Unauthenticated) as caught:
            await w.presents(w.query(MEMBERSHIP), token=token)
        assert caught.value.rule == "expired"

    run(scenario)


def test_an_access_token_of_an_earlier_key_is_good_while_the_key_is():
    async def scenario(w):
        await stocked(w)
        token, old = w.access(MEMBERSHIP), w.holder.key
        w.holder.key = SigningKey.generate(w.holder.did + "#key-2")
        keys = [(key.kid, key.public_jwk) for key in (old, w.holder.key)]
        w.documents[w.holder.did] = did_document(w.holder.did, keys)
        assert len(w.shown(await w.presents(w.query(MEMBERSHIP), token=token))) == 1
        w.documents[w.holder.did] = did_document(w.holder.did, keys[1:])
        with pytest.raises(Unauthenticated):
            await w.presents(w.query(MEMBERSHIP), token=token)

    run(scenario)


def test_a_token_for_another_participant_opens_nothing_here():
    async def scenario(w):
        await stocked(w)
        with pytest.raises(Unauthenticated) as caught:
            await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP), audience=w.issuer.did)
        assert caught.value.rule == "audience"

    run(scenario)


def test_a_token_is_used_up_by_an_answer_and_by_a_refusal():
    async def scenario(w):
        await stocked(w)
        good = w.caller(w.verifier, token=w.access(MEMBERSHIP))
        bad = w.caller(w.verifier, token="rubbish")
        fine = w.caller(w.verifier, token=w.access(MEMBERSHIP))
        await w.service.present(T, w.holder.did, good, w.query(MEMBERSHIP))
        for caller, query in ((bad, w.query(MEMBERSHIP)), (fine, w.query(scopes=["nonsense"]))):
            with pytest.raises((Unauthenticated, Invalid)) as caught:
                await w.service.present(T, w.holder.did, caller, query)
            assert caught.value.rule != "replay"
        for caller in (good, bad, fine):
            with pytest.raises(Unauthenticated) as caught:
                await w.service.present(T, w.holder.did, caller, w.query(MEMBERSHIP))
            assert caught.value.rule == "replay"

    run(scenario)


def test_the_same_jti_of_two_callers_is_two_tokens():
    async def scenario(w):
        await stocked(w)
        await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP), jti="one")
        other = w.access(MEMBERSHIP, bearer=w.stranger.did)
        await w.presents(w.query(MEMBERSHIP), token=other, party=w.stranger, jti="one")

    run(scenario)


def test_a_presentation_definition_is_not_supported_and_says_so():
    async def scenario(w):
        query = msgspec.structs.replace(w.query(), scope=None, presentation_definition={"id": "x"})
        with pytest.raises(Invalid) as caught:
            await w.presents(query, token=w.access(MEMBERSHIP))
        assert caught.value.rule == "not-supported"
        with pytest.raises(Unauthenticated):  # a stranger is not even told that
            await w.presents(query, token=None)

    run(scenario)


def test_only_what_counts_now_is_presented():
    async def scenario(w):
        good = w.credential(id="urn:good")
        await w.hold(good)
        await w.hold(w.credential(types=(PROVIDER,), valid_until=NOW + timedelta(hours=1)))
        await w.hold(w.credential(types=(SECRET,), valid_from=NOW + timedelta(hours=1)))
        revoked = w.credential(types=("RevokedCredential",))
        await w.hold(revoked)
        stored = next(one for one in w.held() if one.text == revoked)
        w.db.tx.held.put(msgspec.structs.replace(stored, invalid="revoked"))
        w.clock.advance(minutes=59)
        every = (MEMBERSHIP, PROVIDER, SECRET, "RevokedCredential")
        told(w, *every)
        w.now = w.clock.now()

        async def shown():
            response = await w.presents(w.query(*every), token=w.access(*every))
            return {opened(text)[1]["type"][1] for one in response.presentation for text in _texts(one)}

        assert await shown() == {MEMBERSHIP, PROVIDER}
        assert await w.service.types_held(T) == (PROVIDER, MEMBERSHIP)
        w.clock.advance(minutes=1)
        assert await shown() == {MEMBERSHIP, SECRET}
        assert await w.service.types_held(T) == (MEMBERSHIP, SECRET)

    run(scenario)


def _texts(presentation):
    return [one["id"].partition(",")[2] for one in opened(presentation)[1]["verifiableCredential"]]


def test_there_is_one_presentation_for_each_data_model():
    async def scenario(w):
        texts = [w.credential(profile, id=f"urn:{profile}") for profile in (VC20, VC11)]
        await w.hold(*texts)
        response = await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP))
        assert len(response.presentation) == 2
        assert [len(w.shown(msgspec.structs.replace(response, presentation=[one]))) for one in response.presentation] == [1, 1]
        assert set(w.shown(response)) == set(texts)

    run(scenario)


def test_of_duplicates_the_last_are_presented_and_each_by_its_id():
    async def scenario(w):
        first = w.credential(id="urn:1")
        await w.hold(first)
        old = w.held()[0]
        w.clock.advance(seconds=1)
        second = w.credential(id="urn:2", valid_from=w.clock.now())
        await w.hold(second)
        assert [one.text for one in w.held()] == [second]
        w.db.tx.held.put(old)  # as after two deliveries at the same time
        assert w.shown(await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP))) == [second]
        by_id = w.query(scopes=["org.eclipse.dspace.dcp.vc.id:urn:1"])
        token = w.access(scopes=["org.eclipse.dspace.dcp.vc.id:urn:1:*", SCOPE.format(MEMBERSHIP)])
        assert w.shown(await w.presents(by_id, token=token)) == [first]
        both = w.query(scopes=[SCOPE.format(MEMBERSHIP), "org.eclipse.dspace.dcp.vc.id:urn:1"])
        assert set(w.shown(await w.presents(both, token=token))) == {first, second}

    run(scenario)


def test_two_of_one_kind_that_came_together_are_both_presented():
    async def scenario(w):
        texts = [w.credential(subject={"id": w.holder.did, "site": site}) for site in ("a", "b")]
        await w.hold(*texts)
        assert set(w.shown(await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP)))) == set(texts)

    run(scenario)


def test_nothing_of_another_participant_is_presented():
    async def scenario(w):
        await stocked(w)
        w.db.tx.held.put(msgspec.structs.replace(w.held()[0], tenant="zoo", id="vc_other"))
        response = await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP))
        assert len(w.shown(response)) == 1

    run(scenario)


def test_what_is_too_much_for_one_presentation_is_refused():
    async def scenario(w):
        for n in range(3):
            await w.hold(*(w.credential(types=(MEMBERSHIP, f"K{n}_{m}Credential")) for m in range(100)))
        with pytest.raises(Invalid) as caught:
            await w.presents(w.query(MEMBERSHIP), token=w.access(MEMBERSHIP))
        assert caught.value.where == "credentials"

    run(scenario)


def test_a_scope_of_an_alias_that_nobody_knows_names_nothing():
    async def scenario(w):
        await stocked(w)
        assert presentable(w.held(), (), w.clock.now()) == []
        query = w.query(scopes=["org.example:MembershipCredential"])
        assert w.shown(await w.presents(query, token=w.access(scopes=["org.example:MembershipCredential:*"]))) == []

    run(scenario)
