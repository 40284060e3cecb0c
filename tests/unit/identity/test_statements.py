import json
from datetime import timedelta

import msgspec
import pytest

from hanse.identity.exchange import ResolveDid, drive
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import issue
from hanse.identity.statements import MAX_STATEMENT, REGISTER, Member, Register, open_statement, sign_statement
from hanse.kernel.errors import Invalid, PeerInvalid, PeerUnreachable

DAY = timedelta(days=1)


def some_members(sender):
    return Register("demo", [Member(sender.did, "Acme", ["provider"], sender.now), Member(sender.me, "City", [], sender.now)])


@pytest.fixture
def text(sender):
    return sign_statement(sender.key, REGISTER, some_members(sender), version=7, now=sender.now, lifetime=DAY)


@pytest.fixture
def opened(sender, resolver_of):
    def run(text, *answers, kind=REGISTER, issuer=sender.did, now=sender.now, **options):
        resolver = resolver_of(*(answers or (sender.document,)))
        return drive(open_statement(text, kind, Register, issuer, now, **options), resolver), resolver.asked

    return run


@pytest.fixture
def refused(opened):
    def run(*args, **options):
        with pytest.raises(PeerInvalid) as caught:
            opened(*args, **options)
        return caught.value.rule

    return run


def test_what_was_signed_is_opened(sender, opened, text):
    statement, asked = opened(text)
    assert (statement.issuer, statement.kind, statement.version) == (sender.did, REGISTER, 7)
    assert (statement.issued, statement.expires) == (sender.now, sender.now + DAY)
    assert statement.body == some_members(sender)
    assert asked == [ResolveDid(sender.did)]


def test_a_large_list_goes_through(sender, opened):
    members = [Member(f"did:web:example.com:participants:m{n}", f"Member {n}", ["consumer"], sender.now) for n in range(5000)]
    text = sign_statement(sender.key, REGISTER, Register("demo", members), version=1, now=sender.now, lifetime=DAY)
    assert len(opened(text)[0].body.members) == 5000


def test_every_part_is_under_the_signature(sender, refused, text):
    head, body, signature = text.split(".")
    other = sign_statement(sender.key, REGISTER, Register("demo", []), version=8, now=sender.now, lifetime=DAY).split(".")
    assert refused(f"{head}.{other[1]}.{signature}") == "signature"
    assert refused(f"{head}.{body}.{other[2]}") == "signature"
    assert refused(f"{head}.{body}.") == "signature"


def test_any_changed_character_is_noticed(refused, text):
    for place in range(0, len(text), 7):
        if text[place] != ".":
            changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
            assert refused(changed) in {"shape", "kind", "issuer", "signature", "algorithm", "kid", "key-unknown"}


def test_another_key_is_refused_after_one_fresh_look(sender, opened, resolver_of, text):
    stranger = SigningKey.generate(sender.kid)
    forged = sign_statement(stranger, REGISTER, some_members(sender), version=7, now=sender.now, lifetime=DAY)
    resolver = resolver_of(sender.document)
    with pytest.raises(PeerInvalid):
        drive(open_statement(forged, REGISTER, Register, sender.did, sender.now), resolver)
    assert [request.fresh for request in resolver.asked] == [False, True]


def test_only_the_expected_issuer_is_believed(sender, opened, text):
    with pytest.raises(PeerInvalid) as caught:
        opened(text, issuer=sender.me)
    assert caught.value.rule == "issuer"


def test_the_key_may_make_statements(sender, refused, text):
    assert refused(text, msgspec.structs.replace(sender.document, assertion_method=[])) == "key-purpose"


def test_the_document_is_the_issuers(sender, refused, text):
    assert refused(text, msgspec.structs.replace(sender.document, id=sender.me)) == "document"


def test_a_token_is_no_statement_and_one_kind_is_not_another(sender, refused, text):
    assert refused(issue(sender.key, sender.did, sender.me, sender.now, "jti_1")) == "kind"
    assert refused(text, kind="hanse-rulebook+jwt") == "kind"
    assert refused(sender.signed(b"{}")) == "kind"


def test_it_holds_from_when_it_was_made_until_it_expires(sender, opened, refused, text):
    assert opened(text, now=sender.now - timedelta(seconds=30))[0]
    assert refused(text, now=sender.now - timedelta(seconds=31)) == "not-yet"
    assert opened(text, now=sender.now + DAY + timedelta(seconds=29))[0]
    assert refused(text, now=sender.now + DAY + timedelta(seconds=30)) == "expired"


def test_an_old_version_does_not_come_back(opened, refused, text):
    assert opened(text, at_least=7)[0].version == 7
    assert refused(text, at_least=8) == "rollback"


def test_an_unreachable_issuer_is_no_verdict(opened, unreachable, text):
    with pytest.raises(PeerUnreachable):
        opened(text, unreachable)


def claims(sender, **changes):
    second = int(sender.now.timestamp())
    body = {"space": "demo", "members": [{"did": sender.did, "name": "Acme", "roles": [], "since": "2027-03-01T12:00:00Z"}]}
    full = {"iss": sender.did, "iat": second, "exp": second + 60, "version": 1, "body": body, **changes}
    return json.dumps({name: value for name, value in full.items() if value is not ...}).encode()


def test_the_test_claims_are_good_unless_changed(sender, opened):
    assert opened(sender.signed(claims(sender), header={"typ": REGISTER}))[0].version == 1


def test_it_does_not_end_before_it_begins(sender, refused):
    second = int(sender.now.timestamp())
    for end in (second, second - 1):
        assert refused(sender.signed(claims(sender, exp=end), header={"typ": REGISTER})) == "expired"


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": "1800000000"},
        {"iat": True},
        {"iat": 1800000000.5},
        {"exp": -1},
        {"exp": 10**18},
        {"exp": ...},
        {"version": 0},
        {"version": "1"},
        {"version": 2**60},
        {"version": ...},
        {"body": ...},
        {"body": []},
        {"body": {"space": "demo"}},
        {"body": {"space": "", "members": []}},
        {"body": {"space": "demo", "members": [{"did": "x"}]}},
        {"body": {"space": "demo", "members": [{"did": "", "name": "a", "roles": [], "since": "2027-03-01T12:00:00Z"}]}},
        {"body": {"space": "demo", "members": [{"did": "x", "name": "a", "roles": [], "since": "2027-03-01T12:00:00"}]}},
        {"body": {"space": "demo", "members": [{"did": "x", "name": "a", "roles": [], "since": "2027-03-01T12:00:00Z"}] * 2}},
        {"more": 1},
    ],
)
def test_claims_that_are_refused(sender, refused, changes):
    assert refused(sender.signed(claims(sender, **changes), header={"typ": REGISTER})) == "shape"


def test_bombs_and_rubbish_are_refused(sender, refused):
    for payload in (b"", b"[" * 100_000, b'{"body":' * 50_000, b"\xff"):
        assert refused(sender.signed(payload, header={"typ": REGISTER})) == "shape"
    for text in ("", "a.b.c", "A" * (MAX_STATEMENT + 1)):
        assert refused(text) == "shape"


def test_what_we_would_refuse_we_do_not_sign(sender):
    members = some_members(sender)
    for version, lifetime in ((0, DAY), (1, timedelta(0))):
        with pytest.raises(Invalid):
            sign_statement(sender.key, REGISTER, members, version=version, now=sender.now, lifetime=lifetime)
    with pytest.raises(ValueError, match="twice"):
        Register("demo", [members.members[0]] * 2)
