"""The credential service takes what issuers deliver: what was asked for, if it is true, once, and all or nothing."""

import asyncio
import json
from datetime import timedelta

import msgspec
import pytest
from msgspec import structs

from hanse.identity.credentials.lists import ListRules
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.credentials.read import read_credential
from hanse.identity.dcp.messages import CredentialContainer, CredentialMessage, read
from hanse.identity.did import DCP_CONTEXT, key_id
from hanse.identity.exchange import FetchStatusList
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import CallerError, Conflict, HanseError, Invalid, NotFound, PeerUnreachable, Unauthenticated
from hanse.wallet import intake
from hanse.wallet.intake import CredentialsChanged, WalletRules
from hanse.wallet.records import RequestState
from tests.unit.identity.credentials.world import LIST_URL, NOW, opened
from tests.unit.wallet.world import MEMBERSHIP, PROVIDER, T, run


async def refusal(w, message, error=Invalid, **options):
    """Deliver what must be refused; return the error. Nothing is stored, and no word of a credential is repeated."""
    before = w.held()
    with pytest.raises(error) as caught:
        await w.store(message, **options)
    assert w.held() == before
    for container in message.credentials or ():
        assert all(len(part) < 20 or part not in str(caught.value) for part in container.payload.split("."))
    return caught.value


def test_what_was_asked_for_is_held():
    async def scenario(w):
        pid = await w.ask_for(MEMBERSHIP)
        text = w.credential()
        await w.store(w.delivery(pid, text))
        (held,) = w.held()
        assert (held.text, held.issuer, held.types, held.profile, held.request) == (text, w.issuer.did, (MEMBERSHIP,), VC20, pid)
        assert (held.credential_id, held.valid_until, held.received) == ("urn:uuid:1", NOW + timedelta(days=30), NOW)
        request = w.request(pid)
        assert (request.state, request.issuer_pid) == (RequestState.ISSUED, "iss_1")
        assert CredentialsChanged(T) in w.events
        assert await w.service.get(T, held.id) == held
        assert await w.service.page(T, after=None, limit=9) == [held]
        assert await w.service.types_held(T) == (MEMBERSHIP,)

    run(scenario)


def test_both_profiles_in_one_message():
    async def scenario(w):
        pid = await w.ask_for()
        old = CredentialContainer(MEMBERSHIP, w.credential(VC11), VC11)
        await w.store(w.delivery(pid, w.credential(), old))
        assert {one.profile for one in w.held()} == {VC20, VC11}

    run(scenario)


LONG_AGO = {"valid_from": NOW - timedelta(days=9), "valid_until": NOW - timedelta(days=1)}

FALSE = {
    "another holder's": (lambda w: w.credential(subject={"id": w.verifier.did}), "holder"),
    "about a holder whose name begins alike": (lambda w: w.credential(subject={"id": w.holder.did + ":a"}), "holder"),
    "another issuer's": (lambda w: w.credential(key=w.stranger.key), "untrusted"),
    "in the issuer's name, by a stranger": (lambda w: w.changed(w.credential(), lambda _: None, w.stranger), "kid"),
    "by a key that is not the issuer's": (lambda w: w.credential(key=SigningKey.generate(w.issuer.key.kid)), "signature"),
    "by a key that nobody knows": (lambda w: w.credential(key=SigningKey.generate(key_id(w.issuer.did, 9))), "key-unknown"),
    "expired": (lambda w: w.credential(**LONG_AGO), "expired"),
    "not valid yet": (lambda w: w.credential(valid_from=NOW + timedelta(minutes=1)), "not-yet"),
    "of a type that was not asked for": (lambda w: w.credential(types=(PROVIDER,)), "untrusted"),
    "of one more type": (lambda w: w.credential(types=(MEMBERSHIP, PROVIDER)), "untrusted"),
    "of a type that begins alike": (lambda w: w.credential(types=(MEMBERSHIP + "s",)), "untrusted"),
    "altered": (lambda w: w.credential()[:-8] + "AAAAAAAA", "signature"),
    "no JWT": (lambda w: "rubbish", "shape"),
    "a presentation": (lambda w: w.present(w.credential(), key=w.issuer.key)[0], "kind"),
    "too large": (lambda w: w.credential()[:-8] + "A" * 70_000, "shape"),
}


@pytest.mark.parametrize("case", FALSE)
def test_what_is_not_true_is_refused(case):
    make, rule = FALSE[case]

    async def scenario(w):
        pid = await w.ask_for()
        text = make(w)
        error = await refusal(w, w.delivery(pid, text, type=_type_of(text)))
        assert error.rule == rule
        assert error.where.startswith("credentials[0]")
        assert w.request(pid).state is RequestState.ASKED

    run(scenario)


def _type_of(text):
    return opened(text)[1]["type"][-1] if "." in text else MEMBERSHIP


@pytest.mark.parametrize(
    ("container", "rule"),
    [
        (lambda w: CredentialContainer(MEMBERSHIP, w.credential(), "ldp_vc"), "format"),
        (lambda w: CredentialContainer(MEMBERSHIP, w.credential(), VC11), "format"),
        (lambda w: CredentialContainer(MEMBERSHIP, w.credential(VC11), VC20), "format"),
        (lambda w: CredentialContainer(MEMBERSHIP, w.credential(), VC20 + " "), "format"),
        (lambda w: CredentialContainer(PROVIDER, w.credential(), VC20), "type"),
    ],
)
def test_a_credential_is_what_its_container_says(container, rule):
    async def scenario(w):
        pid = await w.ask_for()
        error = await refusal(w, w.delivery(pid, container(w)))
        assert error.rule == rule

    run(scenario)


def test_one_that_is_refused_refuses_all():
    async def scenario(w):
        pid = await w.ask_for(MEMBERSHIP, PROVIDER)
        other = CredentialContainer(PROVIDER, w.credential(types=(PROVIDER,), subject={"id": w.verifier.did}), VC20)
        error = await refusal(w, w.delivery(pid, w.credential(), other))
        assert error.where == "credentials[1].credentialSubject.id"

    run(scenario)


def test_nobody_delivers_what_was_not_asked_of_it():
    async def scenario(w):
        pid = await w.ask_for()
        # A stranger plants its own, under a name that it made up, and under one that it has learned.
        planted = w.credential(key=w.stranger.key)
        for name in ("req_unknown", pid):
            await refusal(w, w.delivery(name, planted), NotFound, party=w.stranger)
        # A stranger delivers the issuer's own, which it has seen.
        await refusal(w, w.delivery(pid, w.credential()), NotFound, party=w.stranger)
        # The issuer itself, without having been asked, or in answer to what somebody else was asked.
        await refusal(w, w.delivery("req_unknown", w.credential()), NotFound)
        w.metadata_of[w.stranger.did] = w.metadata(MEMBERSHIP, party=w.stranger)
        other = await w.ask_for(issuer=w.stranger.did)
        await refusal(w, w.delivery(other, w.credential()), NotFound)
        # Who rejects what it was not asked for changes nothing.
        await refusal(w, w.delivery(pid, status="REJECTED"), NotFound, party=w.stranger)
        assert w.request(pid).state is RequestState.ASKED

    run(scenario)


def test_a_request_of_another_participant_is_no_request():
    async def scenario(w):
        pid = await w.ask_for()
        request = w.request(pid)
        w.db.tx.requests.delete(T, pid)
        w.db.tx.requests.put(msgspec.structs.replace(request, tenant="zoo"))
        await refusal(w, w.delivery(pid, w.credential()), NotFound)

    run(scenario)


def test_a_token_for_another_participant_delivers_nothing_here():
    async def scenario(w):
        pid = await w.ask_for()
        error = await refusal(w, w.delivery(pid, w.credential()), Unauthenticated, audience=w.verifier.did)
        assert error.rule == "audience"

    run(scenario)


def test_a_token_delivers_once_also_after_a_refusal():
    async def scenario(w):
        pid = await w.ask_for()
        good, bad = w.caller(w.issuer), w.caller(w.issuer)
        await w.service.store(T, w.holder.did, good, w.delivery(pid, w.credential()))
        with pytest.raises(Invalid):
            await w.service.store(T, w.holder.did, bad, w.delivery(pid, "rubbish"))
        for caller in (good, bad):
            with pytest.raises(Unauthenticated) as caught:
                await w.service.store(T, w.holder.did, caller, w.delivery(pid, w.credential(id="urn:other")))
            assert caught.value.rule == "replay"
        with pytest.raises(Unauthenticated) as caught:  # and a replay is told as one, whatever else is wrong
            await w.service.store(T, w.holder.did, good, w.delivery("req_unknown", "rubbish"))
        assert caught.value.rule == "replay"
        assert [one.credential_id for one in w.held()] == ["urn:uuid:1"]

    run(scenario)


def test_a_rejection_is_no_error_and_stores_nothing():
    async def scenario(w):
        pid = await w.ask_for()
        await w.store(w.delivery(pid, w.credential(), status="REJECTED", reason="The\nregister\x1b[2J says no." + "x" * 1000))
        assert w.held() == []
        request = w.request(pid)
        assert request.state is RequestState.REJECTED
        assert request.reason.startswith("The register [2J says no.x")
        assert len(request.reason) <= 500
        await w.store(w.delivery(pid, status="REJECTED"))
        assert w.request(pid).reason == "The issuer gave no reason."
        # It may change its mind, but cannot take back with a rejection what it has issued.
        await w.store(w.delivery(pid, w.credential()))
        await w.store(w.delivery(pid, status="REJECTED"))
        assert (w.request(pid).state, w.request(pid).reason) == (RequestState.ISSUED, "")
        assert len(w.held()) == 1

    run(scenario)


def test_an_empty_delivery_leaves_the_request_open():
    async def scenario(w):
        pid = await w.ask_for()
        await w.store(w.delivery(pid))
        assert w.request(pid).state is RequestState.RECEIVED
        await w.store(w.delivery(pid, w.credential()))
        await w.store(w.delivery(pid))
        assert w.request(pid).state is RequestState.ISSUED

    run(scenario)


def test_the_same_delivery_again_changes_nothing():
    async def scenario(w):
        pid = await w.ask_for()
        message = w.delivery(pid, w.credential(), w.credential())
        await w.store(message)
        before = w.held()
        assert len(before) == 2  # two signatures, so two credentials
        w.clock.advance(minutes=1)
        w.events.clear()
        await w.store(message)
        assert w.held() == before
        assert w.events == []

    run(scenario)


def test_one_text_twice_in_a_message_is_held_once():
    async def scenario(w):
        pid = await w.ask_for()
        text = w.credential()
        await w.store(w.delivery(pid, text, text))
        assert len(w.held()) == 1

    run(scenario)


def test_a_new_credential_takes_the_place_of_the_old_of_its_kind_only():
    async def scenario(w):
        pid = await w.ask_for(MEMBERSHIP, PROVIDER)
        role = CredentialContainer(PROVIDER, w.credential(types=(PROVIDER,)), VC20)
        old_profile = CredentialContainer(MEMBERSHIP, w.credential(VC11), VC11)
        await w.store(w.delivery(pid, w.credential(), role, old_profile))
        w.metadata_of[w.stranger.did] = w.metadata(MEMBERSHIP, party=w.stranger)
        theirs = await w.ask_for(issuer=w.stranger.did)
        await w.store(w.delivery(theirs, w.credential(key=w.stranger.key)), party=w.stranger)
        w.clock.advance(days=20)
        renewed = w.credential(valid_from=w.clock.now(), valid_until=w.later(days=30))
        await w.store(w.delivery(pid, renewed))
        texts = [one.text for one in w.held()]
        assert len(texts) == 4
        assert renewed in texts
        assert role.payload in texts
        assert old_profile.payload in texts

    run(scenario)


def test_a_late_repetition_does_not_bring_back_the_old():
    async def scenario(w):
        pid = await w.ask_for()
        old = w.delivery(pid, w.credential())
        await w.store(old)
        w.clock.advance(days=1)
        new = w.credential(valid_from=w.clock.now())
        await w.store(w.delivery(pid, new))
        await w.store(old)
        assert [one.text for one in w.held()] == [new]
        # Once the newer one was taken back, the older is better than nothing.
        w.db.tx.held.put(msgspec.structs.replace(w.held()[0], invalid="revoked"))
        await w.store(old)
        assert [one.text for one in w.held()] == [old.credentials[0].payload]

    run(scenario)


def test_what_cannot_be_verified_now_is_to_be_delivered_again():
    async def scenario(w):
        pid = await w.ask_for()
        message = w.delivery(pid, w.credential(statuses=w.entry()))
        for _ in range(2):
            error = await refusal(w, message, PeerUnreachable)
            assert error.rule == "status-unavailable"
            assert "10.1.2.3" not in str(error)
        w.publish()
        await w.store(message)
        assert len(w.held()) == 1

    run(scenario)


def test_verification_ends_in_time(monkeypatch):
    async def scenario(w):
        pid = await w.ask_for()
        monkeypatch.setattr(intake, "PATIENCE", 0.01)

        async def never(exchange):
            await asyncio.Event().wait()

        w.drive = never
        await refusal(w, w.delivery(pid, w.credential(), w.credential()), PeerUnreachable)

    run(scenario)


def test_a_revoked_one_is_not_taken():
    async def scenario(w):
        pid = await w.ask_for()
        w.publish(bits=w.bits.with_bit(5, on=True))
        error = await refusal(w, w.delivery(pid, w.credential(statuses=w.entry())))
        assert error.rule == "revoked"

    run(scenario)


def test_a_wallet_is_never_fuller_than_full(monkeypatch):
    async def scenario(w):
        pid = await w.ask_for(MEMBERSHIP)
        monkeypatch.setattr(intake, "MAX_HELD", 3)
        await w.store(w.delivery(pid, w.credential(), w.credential(), w.credential()))
        before = w.held()
        # What replaces may come, one more may not.
        w.clock.advance(seconds=1)
        renewed = [w.credential(valid_from=w.clock.now()) for _ in range(4)]
        await refusal(w, w.delivery(pid, *renewed), Conflict)
        assert w.held() == before
        await w.store(w.delivery(pid, *renewed[:3]))
        monkeypatch.setattr(intake, "MAX_HELD_SIZE", 100)
        w.clock.advance(seconds=1)
        error = await refusal(w, w.delivery(pid, w.credential(valid_from=w.clock.now())), Conflict)
        assert error.rule == "wallet-full"

    run(scenario)


def test_a_request_that_is_gone_meanwhile_is_gone():
    async def scenario(w):
        pid = await w.ask_for()
        drive = w.drive

        async def slowly(exchange):
            w.db.tx.requests.delete(T, pid)
            return await drive(exchange)

        w.drive = slowly
        await refusal(w, w.delivery(pid, w.credential()), NotFound)

    run(scenario)


# --- what only a compatibility kit may switch


def test_without_a_required_request_named_issuers_deliver_and_nobody_else():
    async def scenario(w):
        await w.store(w.delivery("any", w.credential(types=(PROVIDER,)), type=PROVIDER))
        assert len(w.held()) == 1
        await refusal(w, w.delivery("any", w.credential(key=w.stranger.key)), NotFound, party=w.stranger)
        pid = await w.ask_for(MEMBERSHIP)
        error = await refusal(w, w.delivery(pid, w.credential(types=(PROVIDER,)), type=PROVIDER))
        assert error.rule == "untrusted"
        w.metadata_of[w.stranger.did] = w.metadata(MEMBERSHIP, party=w.stranger)
        other = await w.ask_for(issuer=w.stranger.did)
        await refusal(w, w.delivery(other, w.credential()), NotFound)

    run(scenario, rules=WalletRules(require_request=False, issuers=frozenset({"did:web:issuer.example"})))


def test_naming_issuers_alone_opens_nothing():
    async def scenario(w):
        await refusal(w, w.delivery("any", w.credential()), NotFound)

    run(scenario, rules=WalletRules(issuers=frozenset({"did:web:issuer.example"})))


def test_an_unsigned_list_counts_for_a_kit_only():
    async def scenario(w):
        pid = await w.ask_for()
        body = opened(w.files[LIST_URL].decode())[1]
        w.files[LIST_URL] = json.dumps(body).encode()
        await w.store(w.delivery(pid, w.credential(statuses=w.entry())))
        assert len(w.held()) == 1

    async def prepared(w):
        w.publish()
        await scenario(w)

    run(prepared, rules=WalletRules(status=ListRules(signed=False)))

    async def strict(w):
        w.publish()
        with pytest.raises(Invalid):
            await scenario(w)

    run(strict)


# --- messages that are wrong before anybody looks into a credential


@pytest.mark.parametrize(
    "change",
    [
        {"status": "INVALID_STATUS"},
        {"holderPid": None},
        {"holderPid": "x" * 513},
        {"issuerPid": ""},
        {"credentials": [{"credentialType": "A", "payload": "x" * 65_537, "format": "f"}]},
        {"credentials": [{"credentialType": "A", "payload": {}, "format": "f"}]},
        {"credentials": [{"credentialType": "A", "payload": "x", "format": "f"}] * 257},
        {"rejectionReason": "x" * 2049},
        {"type": "CredentialOfferMessage"},
        {"@context": []},
    ],
)
def test_messages_out_of_shape(change):
    whole = {
        "@context": [DCP_CONTEXT],
        "type": "CredentialMessage",
        "issuerPid": "i",
        "holderPid": "h",
        "status": "ISSUED",
        "credentials": [],
    }
    assert read(CredentialMessage, json.dumps(whole).encode()).holder_pid == "h"
    with pytest.raises(CallerError):
        read(CredentialMessage, json.dumps(whole | change).encode())


# --- without the protocol, and for people


def test_what_is_kept_without_the_protocol_is_still_the_holders_and_the_issuers():
    async def scenario(w):
        await w.service.keep(T, w.holder.did, w.issuer.did, [w.credential()], "req_1")
        assert [(one.types, one.request) for one in w.held()] == [((MEMBERSHIP,), "req_1")]
        wrong = [w.credential(subject={"id": w.verifier.did}), w.credential(key=w.stranger.key), "rubbish"]
        for text in wrong:
            with pytest.raises(Invalid):
                await w.service.keep(T, w.holder.did, w.issuer.did, [w.credential(types=(PROVIDER,)), text])
        assert len(w.held()) == 1

    run(scenario)


def test_a_credential_is_removed_by_its_owner_alone():
    async def scenario(w):
        await w.hold(w.credential())
        (held,) = w.held()
        for tenant, id in (("zoo", held.id), (T, "vc_none")):
            for act in (w.service.remove, w.service.get):
                with pytest.raises(NotFound):
                    await act(tenant, id)
        await w.service.remove(T, held.id)
        assert w.held() == []
        assert await w.service.types_held(T) == ()

    run(scenario)


def test_another_look_notes_what_was_taken_back_and_given_back():
    async def scenario(w):
        w.publish()
        await w.hold(w.credential(statuses=w.entry()))
        (held,) = w.held()

        async def look():
            found = await w.service.recheck(T, w.holder.did, held.id)
            assert w.held() == [found]
            return found.invalid

        assert await look() == ""
        w.publish(bits=w.bits.with_bit(5, on=True))
        assert await look() == "revoked"  # at once: no list serves that was fetched before
        assert await w.service.types_held(T) == ()
        del w.files[LIST_URL]
        with pytest.raises(PeerUnreachable, match="could not be looked up") as fault:
            await look()
        assert "it is revoked" in fault.value.hint
        assert [one.invalid for one in w.held()] == ["revoked"]
        w.publish()
        assert await look() == ""
        with pytest.raises(NotFound):
            await w.service.recheck("zoo", w.holder.did, held.id)

    run(scenario)


def test_a_credential_whose_key_was_given_up_is_marked_and_one_whose_issuer_is_away_is_not():
    async def scenario(w):
        await w.hold(w.credential())
        document = w.documents[w.issuer.did]
        await w.service.recheck_all(T, w.holder.did)
        assert [one.invalid for one in w.held()] == [""]
        del w.documents[w.issuer.did]
        await w.service.recheck_all(T, w.holder.did)
        assert [one.invalid for one in w.held()] == [""]
        w.documents[w.issuer.did] = structs.replace(document, verification_method=[], assertion_method=[])
        await w.service.recheck_all(T, w.holder.did)
        assert [one.invalid for one in w.held()] == ["unproved"]
        assert await w.service.types_held(T) == ()
        w.documents[w.issuer.did] = document
        await w.service.recheck_all(T, w.holder.did)
        assert [one.invalid for one in w.held()] == [""]

    run(scenario)


def test_a_look_at_all_finds_what_was_taken_back_and_asks_for_the_list_once():
    async def scenario(w):
        w.publish(bits=w.bits.with_bit(5, on=True))
        await w.hold(w.credential(statuses=w.entry(index=6)), w.credential(types=(PROVIDER,), statuses=w.entry(index=5)))
        asked = len(w.asked)
        await w.service.recheck_all(T, w.holder.did)
        assert {one.types[0]: one.invalid for one in w.held()} == {MEMBERSHIP: "", PROVIDER: "revoked"}
        assert [one.url for one in w.asked[asked:] if isinstance(one, FetchStatusList)] == [LIST_URL]
        shown = await w.presents(w.query(MEMBERSHIP, PROVIDER), token=w.access(MEMBERSHIP, PROVIDER))
        assert [read_credential(text).credential.types for text in w.shown(shown)] == [(MEMBERSHIP,)]

    run(scenario)


def test_no_error_names_more_than_it_must():
    async def scenario(w):
        pid = await w.ask_for()
        for make, _ in FALSE.values():
            text = make(w)
            with pytest.raises(HanseError) as caught:
                await w.store(w.delivery(pid, text))
            assert len(str(caught.value)) < 1000
            assert "10.1.2.3" not in str(caught.value)

    run(scenario)
