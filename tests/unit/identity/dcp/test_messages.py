import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.identity.dcp.messages import (
    CredentialContainer,
    CredentialId,
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    CredentialRequestMessage,
    CredentialStatus,
    IssuerMetadata,
    PresentationQueryMessage,
    PresentationResponseMessage,
    credential_object,
    read,
    write,
)
from hanse.identity.did import DCP_CONTEXT
from hanse.kernel.errors import CallerError, Invalid, Malformed
from tests.unit.identity.dcp.schemas import examples, validate

FULL = credential_object("urn:uuid:1", "MembershipCredential", "vc20-bssl/jwt", "https://anchor.example/membership.json")
SCOPE = "org.eclipse.dspace.dcp.vc.type:MembershipCredential:read"
CONTAINER = CredentialContainer("MembershipCredential", "a.b.c", "vc20-bssl/jwt")
MESSAGES = [
    ("presentation-query-message", PresentationQueryMessage(scope=[SCOPE])),
    ("presentation-query-message", PresentationQueryMessage(presentation_definition={"id": "x"})),
    ("presentation-response-message", PresentationResponseMessage(presentation=["a.b.c"])),
    ("presentation-response-message", PresentationResponseMessage(presentation=[])),
    ("credential-request-message", CredentialRequestMessage(holder_pid="req_1", credentials=[CredentialId("urn:uuid:1")])),
    ("credential-message", CredentialMessage(issuer_pid="i", holder_pid="h", status="ISSUED", credentials=[CONTAINER])),
    ("credential-message", CredentialMessage(issuer_pid="i", holder_pid="h", status="REJECTED", rejection_reason="no")),
    ("credential-offer-message", CredentialOfferMessage(issuer="did:web:a.example", credentials=[FULL])),
    ("issuer-metadata", IssuerMetadata(issuer="did:web:a.example", credentials_supported=[FULL])),
    ("credential-status", CredentialStatus(issuer_pid="i", holder_pid="h", status="RECEIVED")),
]
KINDS = {type(message) for _, message in MESSAGES}


@pytest.mark.parametrize(("schema", "message"), MESSAGES)
def test_what_we_write_is_valid_and_comes_back(schema, message):
    raw = write(message)
    value = json.loads(raw)
    validate(schema, value)
    assert value["@context"] == [DCP_CONTEXT]
    assert value["type"] == type(message).__name__
    assert None not in value.values()
    assert read(type(message), raw) == message


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        ("credential-message", CredentialMessage),
        ("credential-message-rejected", CredentialMessage),
        ("credential-offer-message", CredentialOfferMessage),
        ("credential-request-message", CredentialRequestMessage),
        ("credential-status", CredentialStatus),
        ("issuer-metadata", IssuerMetadata),
        ("presentation-query-message", PresentationQueryMessage),
        ("presentation-query-message-w-presentation-definition", PresentationQueryMessage),
        ("presentation-response-message", PresentationResponseMessage),
        ("presentation-response-message-w-presentation-submission", PresentationResponseMessage),
    ],
)
def test_the_published_examples_lose_nothing(example, kind):
    raw = examples()[example]
    assert json.loads(write(read(kind, raw))) == json.loads(raw)


@pytest.mark.parametrize(("schema", "message"), MESSAGES)
def test_every_message_names_its_type_and_context(schema, message):
    value = json.loads(write(message))
    for change in (
        {"type": "Other"},
        {"type": None},
        {"type": [type(message).__name__]},
        {"@context": DCP_CONTEXT},
        {"@context": []},
        {"@context": ["https://example.com"]},
        {"@context": None},
        {"@context": [DCP_CONTEXT, {"a": "b"}]},
    ):
        with pytest.raises(Invalid):
            read(type(message), json.dumps({**value, **change}).encode())
    for name in ("type", "@context"):
        with pytest.raises(Invalid):
            read(type(message), json.dumps({k: v for k, v in value.items() if k != name}).encode())
    other = ["https://example.com", DCP_CONTEXT]
    assert read(type(message), json.dumps({**value, "@context": other, "strange": {"a": 1}}).encode()).context == other


REQUIRED = {
    PresentationResponseMessage: ["presentation"],
    CredentialRequestMessage: ["holderPid", "credentials"],
    CredentialMessage: ["issuerPid", "holderPid", "status"],
    CredentialOfferMessage: ["issuer", "credentials"],
    IssuerMetadata: ["issuer", "credentialsSupported"],
    CredentialStatus: ["issuerPid", "holderPid", "status"],
}


@pytest.mark.parametrize(("schema", "message"), MESSAGES)
def test_required_members(schema, message):
    value = json.loads(write(message))
    for name in REQUIRED.get(type(message), []):
        for wrong in ({k: v for k, v in value.items() if k != name}, {**value, name: None}, {**value, name: 5}, {**value, name: ""}):
            with pytest.raises(Invalid) as caught:
                read(type(message), json.dumps(wrong).encode())
            assert caught.value.where == "body"


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"scope": []},
        {"scope": None},
        {"scope": SCOPE},
        {"scope": [""]},
        {"scope": [5]},
        {"presentationDefinition": {}},
        {"presentationDefinition": None},
        {"presentationDefinition": "x"},
        {"scope": [SCOPE], "presentationDefinition": {"id": "x"}},
        {"scope": [SCOPE], "presentationDefinition": {}},
        {"scope": [], "presentationDefinition": {"id": "x"}},
        {"scope": [SCOPE] * 65},
    ],
)
def test_a_query_asks_for_one_thing(members):
    with pytest.raises(Invalid):
        read(PresentationQueryMessage, json.dumps({"@context": [DCP_CONTEXT], "type": "PresentationQueryMessage", **members}).encode())


@pytest.mark.parametrize("status", ["INVALID_STATUS", "issued", "", "RECEIVED", 5])
def test_a_delivery_has_one_of_two_states(status):
    value = json.loads(write(CredentialMessage(issuer_pid="i", holder_pid="h", status="ISSUED")))
    with pytest.raises(Invalid):
        read(CredentialMessage, json.dumps({**value, "status": status}).encode())


def test_nothing_requested_or_offered_is_refused():
    for message in (CredentialRequestMessage(holder_pid="h", credentials=[]), CredentialOfferMessage(issuer="i", credentials=[])):
        with pytest.raises(Invalid):
            read(type(message), write(message))


def test_an_offer_may_hold_ids_alone():
    message = read(CredentialOfferMessage, write(CredentialOfferMessage(issuer="i", credentials=[CredentialObject(id="d5c7"), FULL])))
    assert [one.is_sparse for one in message.credentials] == [True, False]


def test_rejections_may_say_null():
    value = json.loads(write(CredentialMessage(issuer_pid="i", holder_pid="h", status="ISSUED", credentials=[CONTAINER])))
    assert read(CredentialMessage, json.dumps({**value, "rejectionReason": None}).encode()).credentials == [CONTAINER]


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"a":' * 5000, b'{"@context": ['])
def test_what_is_no_json(raw):
    for kind in KINDS:
        with pytest.raises(Malformed):
            read(kind, raw)


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(KINDS, key=lambda kind: kind.__name__)),
    st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())),
)
def test_any_json_is_read_or_refused(kind, members):
    raw = json.dumps({"@context": [DCP_CONTEXT], "type": kind.__name__, **members}).encode()
    try:
        message = read(kind, raw)
    except CallerError:
        return
    assert read(kind, write(message)) == message


_TEXT = st.text(min_size=1, max_size=40)


@given(_TEXT, _TEXT, st.lists(st.builds(CredentialContainer, _TEXT, _TEXT, _TEXT), max_size=3), st.none() | _TEXT)
def test_deliveries_round_trip(issuer, holder, credentials, reason):
    message = CredentialMessage(issuer_pid=issuer, holder_pid=holder, status="ISSUED", credentials=credentials, rejection_reason=reason)
    assert read(CredentialMessage, write(message)) == message
