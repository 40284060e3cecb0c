"""What a member's wallet lets peers ask about: its roles anybody, all that the rulebook lists the members of the space only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

from msgspec import structs

from hanse.app.wallets import SpaceManners
from hanse.identity.dcp.access import grant
from hanse.identity.keys import SigningKey
from hanse.identity.rulebook import CredentialType, Role, Rulebook, TrustedIssuer
from hanse.kernel.errors import Forbidden

ANCHOR, MEMBER, STRANGER = "did:web:port.example", "did:web:mill.example", "did:web:nobody.example"


def kind(issuer):
    return CredentialType(title="Some", issuers=[TrustedIssuer(did=issuer)])


BOOK = Rulebook(
    space="https://port.example/spaces/baltic",
    anchor=ANCHOR,
    title="Baltic",
    credentials={"GuildCredential": kind("did:web:guild.example"), "MembershipCredential": kind(ANCHOR), "AuditorCredential": kind(ANCHOR)},
    roles={"auditor": Role(title="Auditor", credential="AuditorCredential")},
)


class Space:
    """The rulebook, a register with one member, and a participant that has joined."""

    def __init__(self, book=BOOK):
        self.book = book

    async def space_of(self, tenant):
        return SimpleNamespace(url=BOOK.space, anchor=ANCHOR) if tenant == "acme" else None

    async def rulebook(self, tenant):
        if self.book is None:
            raise Forbidden("The anchor cannot be reached.")
        return self.book

    async def require(self, tenant, peer):
        if peer != MEMBER:
            raise Forbidden("It is not a member.")
        return object()


def released(audience, tenant="acme", book=BOOK):
    space = Space(book)
    manners = SpaceManners(SimpleNamespace(tenants=space))
    manners.rulebooks = space
    return asyncio.run(manners.scopes_for(tenant, audience))


def types(*arguments, **options):
    return [scope.discriminator for scope in released(*arguments, **options)]


def test_a_member_may_ask_about_all_that_the_rulebook_lists_and_others_about_what_one_is():
    assert types(MEMBER) == ["MembershipCredential", "AuditorCredential", "GuildCredential"]
    assert types(STRANGER) == ["MembershipCredential", "AuditorCredential"]


def test_without_a_space_or_its_rules_nothing_is_shown():
    assert types(MEMBER, tenant="zoo") == []
    assert types(MEMBER, book=None) == []


def test_of_a_rulebook_that_is_too_long_what_says_what_one_is_comes_first_and_the_token_stays_short_enough():
    many = {f"Credential{number:02}{'x' * 100}": kind("did:web:guild.example") for number in range(60)}
    scopes = released(MEMBER, book=structs.replace(BOOK, credentials={**many, **BOOK.credentials}))
    assert [scope.discriminator for scope in scopes[:2]] == ["MembershipCredential", "AuditorCredential"]
    assert 10 < len(scopes) < 62
    grant(SigningKey.generate("did:web:mill.example#key-1"), "did:web:" + "a" * 200, scopes, datetime(2027, 3, 1, tzinfo=UTC), "tok_1")
