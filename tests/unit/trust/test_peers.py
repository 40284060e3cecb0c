"""Who is admitted where we are in several spaces: by the rules of one of them, and asked about no other."""

from types import SimpleNamespace

import pytest
from msgspec import structs

from hanse.identity.rulebook import CredentialType, Role, Rulebook, SpaceTrust, TrustedIssuer
from hanse.kernel.errors import CallerError
from hanse.trust.claims import Ruled
from hanse.trust.peers import Peers
from hanse.trust.records import Presented
from tests.unit.trust.world import FACTORY, MEMBERSHIP, NOON, NORTH, SPACE, US, World, run

HARBOUR_MASTER = "HarbourMasterCredential"


class TwoSpaces(World):
    """We are in both spaces; `listed` says where a peer is on the register."""

    def __init__(self):
        super().__init__()
        anchor = TrustedIssuer(did=self.north.did, claims={"memberOf": [NORTH]})
        north = Rulebook(
            space=NORTH,
            anchor=self.north.did,
            title="North",
            credentials={name: CredentialType(title=name, issuers=[anchor]) for name in (MEMBERSHIP, HARBOUR_MASTER)},
            roles={"harbour-master": Role(title="Harbour master", credential=HARBOUR_MASTER)},
        )
        self.rules = {SPACE: self.current, NORTH: Ruled(north, SpaceTrust(north), 1)}
        self.urls = [SPACE, NORTH]
        self.listed = {self.acme.did: [SPACE, NORTH], self.bolt.did: [SPACE]}
        self.peers_of_us = Peers(self, self, self, self.verifier)

    async def spaces_of(self, tenant):
        return [SimpleNamespace(url=url) for url in self.urls]

    async def naming(self, tenant, peer):
        return [url for url in self.listed.get(peer, ()) if url in self.urls]

    async def ruled(self, tenant, space=""):
        found = self.rules[space or self.urls[0]]
        if isinstance(found, CallerError):
            raise found
        return found

    def north_member(self, peer):
        credential = self.north.issue(MEMBERSHIP, peer.did, name="North Ltd")
        peer.holds.append(credential)
        return credential

    def let_in(self, peer=None, wishes=None, token="access-1"):
        found = run(self.peers_of_us.admit(US, (peer or self.acme).caller(token), wishes))
        return {one.space: one for one in found}

    def stands(self, peer=None, spaces=()):
        return {one.space for one in run(self.peers_of_us.standing(US, (peer or self.acme).did, spaces))}

    def asked_for(self, holder):
        return {scope.split(":")[1] for _, who, scopes, _ in self.asked if who == holder.did for scope in scopes}


@pytest.fixture
def world():
    return TwoSpaces()


def test_a_member_of_one_of_our_spaces_is_admitted_by_its_rules(world):
    world.member(world.bolt)
    assert list(world.let_in(world.bolt)) == [SPACE]
    world.north_member(world.acme)
    assert list(world.let_in(world.acme)) == [NORTH]


def test_a_member_of_both_is_admitted_in_both_and_what_it_is_in_one_counts_there_only(world):
    world.member(world.acme)
    world.factory(world.acme)
    world.north_member(world.acme)
    found = world.let_in(wishes=lambda rulebook: [one.credential for one in rulebook.roles.values()])
    assert found[SPACE].roles == {"ai-factory"}
    assert found[NORTH].roles == frozenset()
    assert [one.credential.issuer for one in found[NORTH].credentials] == [world.north.did]


def test_who_is_a_member_of_none_is_refused(world, refused):
    assert refused(world.let_in, world.acme).rule in {"missing", "shape"}
    north = world.north.issue(MEMBERSHIP, world.bolt.did)
    world.bolt.holds = [north]
    assert refused(world.let_in, world.bolt).rule == "untrusted"  # it is listed in the other space, and judged by its rules alone


def test_of_several_refusals_the_one_about_what_was_shown_is_told(world, refused):
    world.listed = {}
    world.urls = [NORTH, SPACE]
    world.rules[NORTH] = structs.replace(
        world.rules[NORTH], rulebook=structs.replace(world.rules[NORTH].rulebook, membership=HARBOUR_MASTER)
    )
    credential = world.member(world.acme)
    world.port.flip(credential)
    assert refused(world.let_in).rule == "revoked"
    assert refused(world.stands).rule == "not-presented"


def test_a_peer_is_asked_nothing_that_tells_of_a_space_in_which_it_is_not(world):
    world.member(world.bolt)
    world.let_in(world.bolt, wishes=lambda rulebook: [one.credential for one in rulebook.roles.values()])
    assert HARBOUR_MASTER not in world.asked_for(world.bolt)
    assert FACTORY in world.asked_for(world.bolt)


def test_who_is_on_no_register_yet_may_prove_itself_in_any(world):
    world.listed = {}
    world.north_member(world.bolt)
    assert list(world.let_in(world.bolt)) == [NORTH]


def test_who_has_proved_itself_in_a_space_is_asked_there_again(world):
    world.member(world.bolt)
    world.let_in(world.bolt)
    world.listed = {world.bolt.did: [NORTH]}
    world.bolt.holds = [*world.bolt.holds, world.north.issue(MEMBERSHIP, world.bolt.did)]
    assert set(world.let_in(world.bolt, token="access-2")) == {SPACE, NORTH}


def test_revoked_in_one_space_it_stands_in_the_other_and_not_under_what_was_agreed_in_the_first(world, refused):
    first = world.member(world.acme)
    world.north_member(world.acme)
    world.let_in()
    assert world.stands() == {SPACE, NORTH}
    world.port.flip(first)
    world.verifier.forget_list(SPACE)
    assert world.stands() == {NORTH}
    assert refused(world.stands, world.acme, [SPACE]).rule == "revoked"
    assert world.stands(spaces=[NORTH, SPACE]) == {NORTH}
    assert list(world.let_in(token="access-2")) == [NORTH]


def test_a_space_that_was_left_gives_nobody_any_standing(world, refused):
    world.member(world.acme)
    world.north_member(world.acme)
    world.let_in()
    world.urls = [NORTH]
    world.verifier.forget_tenant(US)
    assert world.stands() == {NORTH}
    assert refused(world.stands, world.acme, [SPACE]).rule == "no-space"


def test_known_is_asked_space_by_space(world):
    world.member(world.acme)
    world.north_member(world.acme)
    world.let_in()
    assert {one.space for one in world.verifier.known(US, world.acme.did, [SPACE, NORTH])} == {SPACE, NORTH}
    assert [one.space for one in world.verifier.known(US, world.acme.did, [NORTH])] == [NORTH]


def test_credentials_kept_before_there_were_several_spaces_count_by_the_rules_of_each(world, refused):
    credential = world.member(world.acme)
    world.db.tx.presented.put(Presented(tenant=US, holder=world.acme.did, credentials=(credential,), at=NOON))
    assert world.stands() == {SPACE}
    world.urls = [NORTH]
    assert refused(world.stands).rule == "untrusted"


def test_a_fault_of_our_own_is_no_refusal(world):
    world.member(world.acme)
    world.north_member(world.acme)
    world.rules[NORTH] = structs.replace(world.rules[NORTH])
    broken = RuntimeError("a fault of our own")

    async def ruled(tenant, space=""):
        if space == NORTH:
            raise broken
        return world.rules[space]

    world.ruled = ruled
    with pytest.raises(RuntimeError):
        world.let_in()
