from datetime import timedelta

import msgspec
import pytest

from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.present import present
from hanse.identity.dcp.scopes import parse_scope
from hanse.identity.exchange import ResolveDid
from hanse.identity.status import Bits
from hanse.kernel.errors import Invalid, Unauthenticated
from tests.unit.identity.credentials.world import FOREVER, NOW, opened

MEMBERSHIP = parse_scope("org.eclipse.dspace.dcp.vc.type:MembershipCredential:read").matches
AUDITOR = parse_scope("org.eclipse.dspace.dcp.vc.type:AuditorCredential:read").matches


@pytest.fixture
def vp(world, profile):
    return world.present(world.credential(profile))[0]


@pytest.fixture
def no(world):
    def run(text, **options):
        with pytest.raises(Unauthenticated) as caught:
            world.verify_vp(text, **options)
        return caught.value

    return run


def resigned(world, text, change=lambda _: None, party=None, header=None):
    return world.changed(text, change, party or world.holder, header)


def test_what_we_present_we_accept(world, profile, vp):
    presented = world.verify_vp(vp)
    assert presented.holder == world.holder.did
    assert [one.credential.types for one in presented.credentials] == [("MembershipCredential",)]
    assert (presented.again, presented.set_aside) == (NOW + FOREVER, ())
    assert world.asked == [ResolveDid(world.holder.did), ResolveDid(world.issuer.did)]


def test_the_forms_are_those_of_the_standards(world):
    second = int(NOW.timestamp())
    common = {"iss": world.holder.did, "sub": world.holder.did, "aud": world.verifier.did, "jti": "jti_1"}
    common |= {"iat": second, "nbf": second, "exp": second + 300}
    credential = world.credential(VC20)
    head, body = opened(world.present(credential)[0])
    assert head == {"alg": "ES256", "kid": world.holder.key.kid, "typ": "vp+jwt", "cty": "vp"}
    context = "https://www.w3.org/ns/credentials/v2"
    envelope = {"@context": context, "id": "data:application/vc+jwt," + credential, "type": "EnvelopedVerifiableCredential"}
    vp = {"@context": [context], "type": ["VerifiablePresentation"], "holder": world.holder.did}
    assert body == {**vp, "verifiableCredential": [envelope], **common}

    credential = world.credential(VC11)
    head, body = opened(world.present(credential, nonce="n")[0])
    assert head == {"alg": "ES256", "kid": world.holder.key.kid, "typ": "JWT"}
    vp["@context"] = ["https://www.w3.org/2018/credentials/v1"]
    assert body == {**common, "nonce": "n", "vp": {**vp, "verifiableCredential": [credential]}}


def test_two_data_models_are_two_presentations(world):
    made = world.present(world.credential(VC11), world.credential(VC20), world.credential(VC11))
    assert [opened(one)[0]["typ"] for one in made] == ["JWT", "vp+jwt"]
    assert len({opened(one)[1]["jti"] for one in made}) == 2
    presented = world.verify_answer(made, [MEMBERSHIP])
    assert sorted(one.credential.profile for one in presented.credentials) == [VC11, VC11, VC20]


def test_the_shapes_of_others_are_read(world):
    def kit(body):
        body["vp"]["type"] = "VerifiablePresentation"
        del body["vp"]["holder"]

    text = resigned(world, world.present(world.credential(VC11))[0], kit)
    assert world.verify_vp(text)
    vp = world.present(world.credential(VC20))[0]
    assert world.verify_answer([{"type": "EnvelopedVerifiablePresentation", "id": "data:application/vp+jwt," + vp}])

    def single(body):
        body["verifiableCredential"] = body["verifiableCredential"][0]

    assert world.verify_vp(resigned(world, vp, single))


def test_for_us_alone(world, no, vp):
    for aud in ([world.verifier.did, world.issuer.did], world.issuer.did, [], world.verifier.did + ":a"):
        assert no(resigned(world, vp, lambda body, aud=aud: body.update(aud=aud))).rule == "audience"
    assert no(resigned(world, vp, lambda body: body.pop("aud"))).rule == "shape"
    assert world.asked == []


def test_by_its_holder_alone(world, no, vp):
    for name in ("iss", "sub"):
        assert no(resigned(world, vp, lambda body, name=name: body.update({name: world.stranger.did}))).rule == "holder"
    assert no(resigned(world, vp, lambda body: body.get("vp", body).update(holder=world.stranger.did))).rule == "holder"
    assert no(resigned(world, vp, lambda body: body.pop("iss"))).rule == "holder"
    assert no(vp, holder=world.stranger.did).rule == "holder"
    assert no(resigned(world, vp, party=world.stranger)).rule == "kid"
    assert no(vp[:-4] + ("AAAA" if vp[-4:] != "AAAA" else "BBBB")).rule in {"signature", "shape"}


def test_a_stolen_credential_is_not_the_thiefs(world, profile):
    stolen = world.present(world.credential(profile), key=world.stranger.key)[0]
    with pytest.raises(Unauthenticated) as caught:
        world.verify_vp(stolen, holder=world.stranger.did)
    assert caught.value.rule == "holder"


def test_the_key_authenticates(world, no, vp):
    world.documents[world.holder.did] = msgspec.structs.replace(world.holder.document, authentication=[])
    assert no(vp).rule == "key-purpose"


def test_a_credential_is_no_presentation(world, no, profile):
    assert no(world.credential(profile)).rule in {"kind", "shape"}


def test_the_dates_hold(world, no, vp):
    second = int(NOW.timestamp())
    assert no(vp, now=NOW + timedelta(seconds=330)).rule == "expired"
    assert no(vp, now=NOW - timedelta(seconds=31)).rule == "not-yet"
    assert no(resigned(world, vp, lambda body: body.update(nbf=second + 60))).rule == "not-yet"
    assert no(resigned(world, vp, lambda body: body.update(exp=second + 3601))).rule == "lifetime"
    for name in ("exp", "iat"):
        assert no(resigned(world, vp, lambda body, name=name: body.pop(name))).rule == "lifetime"
        assert no(resigned(world, vp, lambda body, name=name: body.update({name: str(second)}))).rule == "shape"


def test_one_data_model_in_one_presentation(world, no):
    old, new = world.credential(VC11), world.credential(VC20)
    assert no(resigned(world, world.present(old)[0], lambda body: body["vp"]["verifiableCredential"].append(new))).rule == "mixed"

    def smuggle(body):
        body["verifiableCredential"][0]["id"] = "data:application/vc+jwt," + old

    assert no(resigned(world, world.present(new)[0], smuggle)).rule == "mixed"


@pytest.mark.parametrize(
    "entry", ["x", {"id": "https://x.example", "type": "EnvelopedVerifiableCredential"}, {"type": "VerifiableCredential"}, 5]
)
def test_entries_of_another_kind(world, no, profile, vp, entry):
    text = resigned(world, vp, lambda body: body.get("vp", body).update(verifiableCredential=[entry]))
    assert no(text).rule in {"kind", "shape"}


def test_one_credential_that_is_refused_refuses_all(world, no, profile):
    good = world.credential(profile)
    bad = world.credential(profile, statuses=world.entry(profile, 5))
    world.publish(profile, Bits.zeros().with_bit(5, on=True))
    assert no(world.present(good, bad)[0]).rule == "revoked"


# --- whole answers


def test_what_was_asked_for_is_there(world, profile, vp):
    assert len(world.verify_answer([vp], [MEMBERSHIP]).credentials) == 1
    for presentations, wanted in (([vp], [MEMBERSHIP, AUDITOR]), ([], [MEMBERSHIP]), (world.present(), [MEMBERSHIP])):
        with pytest.raises(Unauthenticated) as caught:
            world.verify_answer(presentations, wanted)
        assert caught.value.rule == "missing"


def test_more_than_was_asked_for_is_welcome(world, profile):
    sensitive = world.credential(profile, types=("SensitiveDataCredential",))
    answer = world.present(world.credential(profile), sensitive)
    presented = world.verify_answer(answer, [MEMBERSHIP])
    assert [one.credential.types for one in presented.credentials] == [("MembershipCredential",)]
    assert [one.credential.types for one in presented.set_aside] == [("SensitiveDataCredential",)]
    world.trust["SensitiveDataCredential"] = [world.issuer.did]
    from tests.unit.identity.credentials.world import Rules, TrustedIssuers

    assert len(world.verify_answer(answer, [MEMBERSHIP], Rules(TrustedIssuers(world.trust))).credentials) == 2


def test_an_untrusted_one_counts_for_nothing_and_does_not_spoil_a_good_one(world, profile):
    """A member of two spaces shows the credentials of both to a verifier of either."""
    strange = world.credential(profile, key=world.stranger.key)
    presented = world.verify_answer(world.present(world.credential(profile), strange), [MEMBERSHIP])
    assert [one.credential.issuer for one in presented.credentials] == [world.issuer.did]
    assert [(one.credential.issuer, one.fault.rule) for one in presented.set_aside] == [(world.stranger.did, "untrusted")]
    with pytest.raises(Unauthenticated) as caught:
        world.verify_answer(world.present(strange), [MEMBERSHIP])
    assert caught.value.rule == "untrusted"


@pytest.mark.parametrize("entry", [{}, {"id": "x"}, {"proof": {}}, 5, None, []])
def test_presentations_of_another_kind(world, entry):
    with pytest.raises(Unauthenticated) as caught:
        world.verify_answer([entry], [MEMBERSHIP])
    assert caught.value.rule == "kind"


def test_bounds(world, profile):
    text = world.credential(profile)
    with pytest.raises(Invalid):
        present(world.holder.key, world.verifier.did, [text] * 257, NOW, "jti_1")
    many = world.present(*[text] * 200)
    with pytest.raises(Unauthenticated) as caught:
        world.verify_answer(many * 2, [MEMBERSHIP])
    assert caught.value.rule == "too-many"
    with pytest.raises(Unauthenticated):
        world.verify_vp("A" * 2_000_000)


def test_a_presentation_is_no_token(world, vp):
    """Who was shown a presentation must not be able to call the verifier with it: same parties, same key, same life."""
    from hanse.identity.exchange import drive
    from hanse.identity.self_issued import verify

    with pytest.raises(Unauthenticated) as caught:
        drive(verify(vp, world.verifier.did, NOW), world.answer)
    assert caught.value.rule in {"kind", "shape"}
