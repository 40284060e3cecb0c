import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.identity.credentials.model import Credential
from hanse.identity.dcp.scopes import ID, TYPE, Scope, parse_scope, parse_scopes, released
from hanse.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{TYPE}:MembershipCredential", Scope(TYPE, "MembershipCredential")),
        (f"{TYPE}:MembershipCredential:read", Scope(TYPE, "MembershipCredential", "read")),
        (f"{TYPE}:MembershipCredential:*", Scope(TYPE, "MembershipCredential", "*")),
        (f"{ID}:urn:uuid:1", Scope(ID, "urn:uuid:1")),
        (f"{ID}:urn:uuid:1:read", Scope(ID, "urn:uuid:1", "read")),
        (f"{TYPE}:MembershipCredential:write", Scope(TYPE, "MembershipCredential:write")),
        (f"{TYPE}:read", Scope(TYPE, "read")),
    ],
)
def test_scopes_are_read(text, expected):
    assert parse_scope(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize("text", ["", ":", "alias", "alias:", ":x", "a:b c", "a:b\n", "a:" + "x" * 600])
def test_what_is_no_scope(text):
    with pytest.raises(Invalid):
        parse_scope(text)


def credential(*types, id=None):
    return Credential(profile="vc20-bssl/jwt", issuer="did:web:a.example", types=types, subjects=({"id": "did:web:b"},), id=id)


def test_scopes_match_whole_names():
    scope = parse_scope(f"{TYPE}:MembershipCredential:read")
    assert scope.matches(credential("MembershipCredential"))
    assert scope.matches(credential("Other", "MembershipCredential"))
    for types in (("Membership",), ("MembershipCredential2",), ("membershipcredential",), ("MembershipCredential:read",)):
        assert not scope.matches(credential(*types))
    assert parse_scope(f"{ID}:urn:uuid:1").matches(credential("A", id="urn:uuid:1"))
    assert not parse_scope(f"{ID}:urn:uuid:1").matches(credential("A"))
    assert not parse_scope("other.alias:A").matches(credential("A", id="A"))
    assert not parse_scope(f"{TYPE}:*").matches(credential("A"))


def test_what_is_released_is_what_was_granted():
    granted = parse_scopes([f"{TYPE}:A:read", f"{TYPE}:B:*"])
    asked = parse_scopes([f"{TYPE}:A", f"{TYPE}:B:read", f"{TYPE}:C:read", f"{TYPE}:A:*", f"{ID}:A"])
    assert [str(scope) for scope in released(asked, granted)] == [f"{TYPE}:A", f"{TYPE}:B:read"]
    assert released(asked, ()) == ()


def test_lists_of_scopes_are_bounded_and_unique():
    assert len(parse_scopes([f"{TYPE}:A", f"{TYPE}:A"])) == 1
    with pytest.raises(Invalid):
        parse_scopes(f"{TYPE}:A{n}" for n in range(65))


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_any_scope_reads_back(alias, rest):
    try:
        scope = parse_scope(f"{alias}:{rest}")
    except Invalid:
        return
    assert parse_scope(str(scope)) == scope
    assert scope.covers(scope)
