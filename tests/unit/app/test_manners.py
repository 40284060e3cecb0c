"""What a member's wallet lets peers ask about: its roles anybody, all that the rulebook lists the members of the space only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

from msgspec import structs

from hanse.app.wallets import SpaceManners
from hanse.identity.credentials.issue import Draft, issue
from hanse.identity.credentials.model import VC20
from hanse.identity.dcp.access import grant
from hanse.identity.keys import SigningKey
from hanse.identity.rulebook import CredentialType, Role, Rulebook, SpaceTrust, TrustedIssuer
from hanse.kernel.errors import Forbidden
from hanse.trust.claims import Ruled
from hanse.wallet.ports import Release
from hanse.wallet.records import Held

NOW = datetime(2027, 3, 1, tzinfo=UTC)
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

    async def spaces_of(self, tenant):
        return [SimpleNamespace(url=BOOK.space, anchor=ANCHOR)] if tenant == "acme" else []

    async def ruled(self, tenant, space=""):
        if self.book is None:
            raise Forbidden("The anchor cannot be reached.")
        return Ruled(self.book, SpaceTrust(self.book), 1)

    async def naming(self, tenant, peer):
        return [BOOK.space] if peer == MEMBER else []


def released(audience, tenant="acme", book=BOOK):
    space = Space(book)
    manners = SpaceManners(SimpleNamespace(tenants=space))
    manners.spaces = space
    return asyncio.run(manners.released_to(tenant, audience)).scopes


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


# In several spaces.

NORTH = "https://north.example/spaces/north"
NORTHERN = "did:web:north.example"


class TwoSpaces:
    """Two spaces with a rulebook each; `listed` says where a peer is."""

    def __init__(self, listed):
        north = structs.replace(
            BOOK, space=NORTH, anchor=NORTHERN, credentials={"MembershipCredential": kind(NORTHERN), "Pilot": kind(NORTHERN)}, roles=PILOTS
        )
        self.books, self.listed = {BOOK.space: BOOK, NORTH: north}, listed

    async def spaces_of(self, tenant):
        return [SimpleNamespace(url=book.space, anchor=book.anchor) for book in self.books.values()]

    async def ruled(self, tenant, space=""):
        return Ruled(self.books[space], SpaceTrust(self.books[space]), 1)

    async def naming(self, tenant, peer):
        return self.listed


PILOTS = {"pilot": Role(title="Pilot", credential="Pilot")}


def manners_of(listed, proved=()):
    space = TwoSpaces(listed)
    manners = SpaceManners(SimpleNamespace(tenants=space))
    manners.spaces, manners.proved = space, lambda tenant, peer: proved
    return manners


def test_a_peer_is_shown_what_one_is_in_the_spaces_that_both_are_in():
    release = asyncio.run(manners_of([NORTH]).released_to("acme", MEMBER))
    assert ([scope.discriminator for scope in release.scopes], release.spaces) == (["MembershipCredential", "Pilot"], (NORTH,))
    release = asyncio.run(manners_of([], proved=[BOOK.space]).released_to("acme", MEMBER))
    assert ([scope.discriminator for scope in release.scopes], release.spaces) == (
        ["MembershipCredential", "AuditorCredential"],
        (BOOK.space,),
    )
    assert asyncio.run(manners_of([]).released_to("acme", STRANGER)) == Release()


def test_a_credential_of_another_space_is_not_shown_unless_the_rules_ask_for_it():
    key = SigningKey.generate(f"{ANCHOR}#key-1")

    def held(issuer, type="MembershipCredential", **claims):
        said = {"id": MEMBER, **claims}
        draft = Draft(profile=VC20, types=(type,), subject=said, valid_from=NOW, valid_until=NOW.replace(year=2028))
        own = SigningKey.generate(f"{issuer}#key-1") if issuer != ANCHOR else key
        text = issue(own, draft, NOW)
        return Held(id="vc_1", tenant="acme", issuer=issuer, types=(type,), profile=VC20, text=text, received=NOW)

    manners = manners_of([BOOK.space])
    shown = asyncio.run(manners.showing("acme", [BOOK.space]))
    assert shown(held(ANCHOR, memberOf=BOOK.space))
    assert shown(held("did:web:guild.example", "GuildCredential"))
    assert not shown(held(NORTHERN, memberOf=NORTH))
    assert not shown(held(NORTHERN, "Pilot"))
    assert not shown(held("did:web:else.example", "GuildCredential", memberOf=NORTH))
    assert shown(held("did:web:guild.example", "GuildCredential", memberOf=NORTH)), "the rules of the space name its issuer for it"
