"""Versions of a space's rulebook: publishing, what would change, what is refused, and what is signed."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from hanse.anchor.joining.members import Members
from hanse.anchor.records import Applicant, Approval, MembersChanged, Proposal, RulebookPublished
from hanse.anchor.rulebook.changes import changes
from hanse.anchor.rulebook.document import read
from hanse.anchor.rulebooks import Rulebooks, renew
from hanse.anchor.spaces import Spaces
from hanse.identity.rulebook import RULEBOOK, Rulebook
from hanse.identity.statements import open_statement
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from hanse.kernel.ids import CountedIds
from tests.unit.anchor.books import CHAMBER, LEGAL, PAPER, PORT, TERMS, URL, book, needing
from tests.unit.anchor.memory import Keyring, Memory

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
ROOT = "http://localhost:8400"
ACME = "did:web:acme.example"
AUDITOR = "  auditor:\n    title: Looks at whether the rules are kept\n    credential: AuditorCredential\n"


def run(awaitable):
    return asyncio.run(awaitable)


def operator(name, id=None):
    return Approval(operator=id or f"op_{name.lower()}", name=name, at=datetime(2000, 1, 1, tzinfo=UTC))


class House:
    def __init__(self):
        self.clock, self.db = ManualClock(NOON), Memory()
        self.keyring = Keyring(self.clock)
        self.spaces = Spaces(self.db, self.clock, self.keyring, root=ROOT)
        self.rulebooks = Rulebooks(self.db, self.clock, self.keyring, root=ROOT)
        self.members = Members(self.db, self.clock, CountedIds())
        self.space = run(self.spaces.found("port", self.keyring.did("port"), "baltic", "Baltic trade"))

    def publish(self, text, by="Ann"):
        return run(self.rulebooks.publish("port", "baltic", text, operator(by)))

    def check(self, text):
        return run(self.rulebooks.check("port", "baltic", text))

    def register(self):
        return run(self.spaces.register_of(URL))

    def signed(self):
        return run(
            self.keyring.drive(
                open_statement(run(self.rulebooks.signed("baltic")), RULEBOOK, Rulebook, self.space.anchor, self.clock.now())
            )
        )


@pytest.fixture
def house():
    return House()


def test_a_space_is_founded_with_a_first_version(house):
    (first,) = run(house.rulebooks.page("port", "baltic"))
    assert (first.version, first.text, first.by, first.published) == (1, book(), "hanse", NOON)
    assert first.sha256 == hashlib.sha256(book().encode()).hexdigest()
    assert run(house.rulebooks.current("baltic")) == read(book())
    assert house.register().body.rulebook == 1


def test_a_version_is_published(house):
    before = house.register().version
    published = house.publish(book(more=TERMS))
    assert (published.version, published.by, published.text) == (2, "Ann", book(more=TERMS))
    assert run(house.rulebooks.current("baltic")).terms.title == "Terms of use"
    register = house.register()
    assert (register.body.rulebook, register.version > before) == (2, True)
    assert house.db.tx.events[-2:] == [MembersChanged("port", "baltic", URL, register.version), RulebookPublished("port", "baltic", URL, 2)]
    assert [one.version for one in run(house.rulebooks.page("port", "baltic"))] == [2, 1]
    assert [one.version for one in run(house.rulebooks.page("port", "baltic", before=2))] == [1]
    assert run(house.rulebooks.published("baltic", 1)).text == book()
    assert run(house.rulebooks.published("baltic")).version == 2
    for number in (0, 3, -1):
        with pytest.raises(NotFound):
            run(house.rulebooks.published("baltic", number))


def test_what_holds_already_is_not_published_again(house):
    version = house.register().version
    assert house.publish(book()).version == 1
    assert house.register().version == version
    assert not any(isinstance(event, RulebookPublished) for event in house.db.tx.events)
    # A comment more is another text, and another version.
    assert house.publish(book() + "# a remark\n").version == 2


def test_the_title_of_the_space_is_that_of_its_rulebook(house):
    house.publish(book(title="Baltic trade and more"))
    assert run(house.spaces.get("baltic")).title == "Baltic trade and more"
    with pytest.raises(Invalid):
        house.publish(book(title="x" * 201))


def test_a_rulebook_belongs_to_its_space(house):
    for other in ({"space": URL + "2"}, {"space": URL.upper()}, {"anchor": house.space.anchor + "x"}):
        for attempt in (house.publish, house.check):
            with pytest.raises(Conflict) as fault:
                attempt(book(**other))
            assert fault.value.where == next(iter(other))
    assert len(run(house.rulebooks.page("port", "baltic"))) == 1


def test_a_role_that_somebody_has_cannot_disappear(house):
    house.members._ids.new("jti")
    for number, roles in enumerate((("auditor",), ("consumer",), ("auditor", "provider"))):
        code = run(house.members.invite("port", "baltic", roles=roles)).code
        run(house.members.apply("baltic", Applicant(f"did:web:m{number}.example", f"j{number}", NOON), f"M{number}", invitation=code))
    run(house.members.suspend("port", "baltic", "did:web:m2.example", ""))
    without = book((AUDITOR, ""))
    for attempt in (house.publish, house.check):
        with pytest.raises(Conflict) as fault:
            attempt(without)
        assert (fault.value.rule, fault.value.where) == ("role-in-use", "roles.auditor")
        assert "M0 (did:web:m0.example), M2 (did:web:m2.example)" in fault.value.message
    for number in (0, 2):
        run(house.members.remove("port", "baltic", f"did:web:m{number}.example", ""))
    assert house.publish(without).version == 2


def test_an_application_holds_a_role_too_and_many_are_counted(house):
    for number in range(7):
        run(house.members.apply("baltic", Applicant(f"did:web:m{number}.example", f"j{number}", NOON), "M", roles=("auditor",)))
    with pytest.raises(Conflict) as fault:
        house.publish(book((AUDITOR, "")))
    assert "and 2 more" in fault.value.message


def test_another_tenant_finds_nothing(house):
    for attempt in (
        house.rulebooks.publish("other", "baltic", book(), operator("Eve")),
        house.rulebooks.check("other", "baltic", book()),
        house.rulebooks.page("other", "baltic"),
        house.rulebooks.current("none"),
        house.rulebooks.published("none"),
        house.rulebooks.signed("none"),
    ):
        with pytest.raises(NotFound):
            run(attempt)


def test_a_text_that_cannot_be_read_changes_nothing(house):
    with pytest.raises(Invalid):
        house.publish(book(("    credential: AuditorCredential", "    credential: X")))
    assert run(house.rulebooks.published("baltic")).version == 1


# By two, where the rulebook in force asks for two.

TWO = book(joining="  approvals: 2")
NAMED = book(joining="  approvals: 2\n  approvers: [Bo, Cy]")


def proposed(house):
    return run(house.rulebooks.proposal("port", "baltic"))


def version(house):
    return run(house.rulebooks.published("baltic")).version


def test_one_person_cannot_do_away_with_the_second(house):
    assert house.publish(TWO).version == 2
    before, events = house.register().version, len(house.db.tx.events)
    proposal = house.publish(book())
    assert isinstance(proposal, Proposal)
    assert (proposal.sha256, proposal.by.name, proposal.by.at, proposal.needs) == (
        hashlib.sha256(book().encode()).hexdigest(),
        "Ann",
        NOON,
        2,
    )
    for again in (operator("Ann"), operator(" ann ", "op_other"), operator("Bo", "op_ann")):
        with pytest.raises(Conflict) as fault:
            run(house.rulebooks.publish("port", "baltic", book(), again))
        assert fault.value.rule == "same-operator"
    assert (version(house), proposed(house), house.register().version, len(house.db.tx.events)) == (2, proposal, before, events)
    made = house.publish(book(), "Bo")
    assert (made.version, made.by, proposed(house)) == (3, "Ann and Bo", None)
    assert house.publish(book(more=TERMS)).version == 4  # one is enough again


def test_another_text_takes_the_place_of_a_proposal(house):
    house.publish(TWO)
    house.publish(book())
    assert isinstance(house.publish(book() + "# a remark\n", "Bo"), Proposal)
    assert [one.name for one in proposed(house).approvals] == ["Bo"]
    # Nobody's yes to the text before counts any more, and it is proposed again.
    assert isinstance(house.publish(book(), "Cy"), Proposal)
    assert version(house) == 2
    assert house.publish(book()).by == "Cy and Ann"


def test_what_is_proposed_goes_through_the_same_checks(house):
    house.publish(TWO)
    with pytest.raises(Conflict):
        house.publish(book(space=URL + "2"))
    assert proposed(house) is None
    house.publish(book((AUDITOR, "")))
    run(house.members.apply("baltic", Applicant(ACME, "j1", NOON), "M", roles=("auditor",)))
    with pytest.raises(Conflict) as fault:
        house.publish(book((AUDITOR, "")), "Bo")
    assert (fault.value.rule, version(house)) == ("role-in-use", 2)


def test_only_those_whom_the_rulebook_names_put_another_in_force(house):
    house.publish(NAMED)
    # An administrator who is not named may propose, and that is no yes.
    assert house.publish(book()).approvals == ()
    for name in ("Ann", "Eve"):
        with pytest.raises(Forbidden):
            house.publish(book(), name)
    assert [one.name for one in house.publish(book(), "Bo").approvals] == ["Bo"]
    assert house.publish(book(), "Cy").by == "Bo and Cy"


def test_who_may_not_begin_may_be_the_second(house):
    attempt = {"begins": False}
    for rules in (book(more=TERMS), TWO):
        with pytest.raises(Forbidden):
            run(house.rulebooks.publish("port", "baltic", rules, operator("Bo"), **attempt))
    house.publish(TWO)
    house.publish(book())
    with pytest.raises(Forbidden):
        run(house.rulebooks.publish("port", "baltic", book(more=TERMS), operator("Bo"), **attempt))
    assert run(house.rulebooks.publish("port", "baltic", book(), operator("Bo"), **attempt)).version == 3


# Signed.


def test_the_rulebook_is_signed_by_the_anchor(house):
    house.publish(book(more=LEGAL + TERMS))
    statement = house.signed()
    assert (statement.version, statement.issuer, statement.body) == (2, house.space.anchor, read(book(more=LEGAL + TERMS)))
    assert statement.expires - statement.issued == timedelta(hours=24)


def test_it_is_signed_anew_on_change_and_after_a_minute(house):
    first = run(house.rulebooks.signed("baltic"))
    house.clock.advance(seconds=59)
    assert run(house.rulebooks.signed("baltic")) == first
    house.publish(book(more=TERMS))
    second = run(house.rulebooks.signed("baltic"))
    assert (second != first, house.signed().version) == (True, 2)
    house.clock.advance(seconds=60)
    assert run(house.rulebooks.signed("baltic")) != second


@pytest.mark.parametrize("again", ["port", "dock"])
def test_another_space_of_the_same_name_has_its_own(house, again):
    run(house.rulebooks.signed("baltic"))
    house.db.tx.spaces.rows.clear()
    house.db.tx.rulebooks.rows.clear()
    house.clock.advance(seconds=1)
    house.space = run(house.spaces.found(again, house.keyring.did(again), "baltic", "Dock"))
    assert (house.signed().issuer, house.signed().body.title) == (house.keyring.did(again), "Dock")


def test_it_is_read_on_this_server_without_a_signature(house):
    statement = run(house.rulebooks.rulebook_of(URL))
    assert (statement.issuer, statement.version, statement.body) == (house.space.anchor, 1, read(book()))
    for url in (f"{ROOT}/spaces/none", "https://elsewhere.example/spaces/baltic", "", "baltic"):
        assert run(house.rulebooks.rulebook_of(url)) is None


def test_a_space_from_before_gets_the_first_version_when_it_is_needed(house):
    house.db.tx.rulebooks.rows.clear()
    assert run(house.rulebooks.current("baltic")) == read(book())
    assert run(house.rulebooks.published("baltic")).version == 1
    assert [one.version for one in run(house.rulebooks.page("port", "baltic"))] == [1]
    assert house.register().body.rulebook == 1
    assert house.db.tx.rulebooks.rows == {}
    assert house.signed().version == 1
    assert house.db.tx.rulebooks.newest("baltic").text == book()
    house.db.tx.rulebooks.rows.clear()
    assert house.publish(book(more=TERMS)).version == 2
    assert [one.version for one in run(house.rulebooks.page("port", "baltic"))] == [2, 1]


def test_after_a_restore_the_rulebook_is_newer_than_all_that_was_lost(house):
    seen = house.publish(book(more=TERMS)).version
    house.db.tx.rulebooks.rows.pop(("baltic", 2))
    house.clock.advance(days=1)
    renewed = run(house.db.run(lambda tx: renew(tx, tx.spaces.get("baltic"), house.clock.now())))
    assert renewed.version > seen
    assert renewed.text == book()
    assert house.signed().version == house.register().body.rulebook == renewed.version
    assert house.publish(book(more=TERMS)).version == renewed.version + 1


# The register.


def test_the_register_names_the_issuers(house):
    house.publish(book(more=LEGAL + "  OtherCredential:\n    title: x\n    issuers: [{did: anchor}, {did: did:web:chamber.example}]\n"))
    issuers = {issuer.did: issuer.types for issuer in house.register().body.issuers}
    assert issuers[CHAMBER] == ["LegalEntityCredential", "OtherCredential"]
    assert issuers[house.space.anchor] == [*(kind for kind in read(book()).credentials), "OtherCredential"]


# What would change.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (book(), []),
        (book(title="North"), ["The space is called North (was Baltic trade)."]),
        (book(more=TERMS), ["The terms are new: members have to accept them anew."]),
        (
            book(joining="  approvals: 2\n  approvers: [Ann, Bo]"),
            ["Who applies needs the yes of 2 operators (was one operator).", "From now on only these may say yes: Ann, Bo."],
        ),
        (
            book(joining="  automatic: [{roles: [consumer], sponsored: true}]"),
            ["New: nobody decides about an applicant for consumer that an intermediary vouches for."],
        ),
        (book((AUDITOR, "")), ["The role auditor is gone."]),
        (book(more=LEGAL), ["The credential LegalEntityCredential is new."]),
        (book(more=PAPER), ["The evidence registration is new."]),
        (
            book(needing(needs="[LegalEntityCredential]", evidence="[registration]"), more=LEGAL + PAPER),
            [
                "The role consumer asks for the credentials LegalEntityCredential (was none).",
                "The role consumer asks for the evidence registration (was none).",
                "The evidence registration is new.",
                "The credential LegalEntityCredential is new.",
            ],
        ),
        (book(("    lifetime: 90 days", "    lifetime: 30 days")), ["The credential MembershipCredential lives for 30 days (was 90)."]),
        (book(("title: Auditor\n", "title: Examiner\n")), ["The credential AuditorCredential is called 'Examiner'."]),
        (
            book(
                (
                    "      - did: anchor\n        claims:\n          memberOf: [space]\n",
                    "      - did: anchor\n      - did: did:web:b.example\n",
                )
            ),
            [
                f"The credential MembershipCredential may be issued by {PORT} within other bounds.",
                "The credential MembershipCredential may be issued by did:web:b.example from now on.",
            ],
        ),
        (
            book(("      trustLevel: [1, 2, 3]", "      trustLevel: [2, 3]")),
            ["The role ai-factory says trustLevel: 2 or 3 (was 1 or 2 or 3).", "Members get new credentials: AIFactoryCredential."],
        ),
        (
            book(("    title: Auditor\n", "    profiles: [vc11-sl2021/jwt]\n    title: Auditor\n")),
            ["The credential AuditorCredential is written as vc11-sl2021/jwt (was vc20-bssl/jwt)."],
        ),
    ],
)
def test_changes_are_said_in_words(house, text, words):
    assert list(house.check(text).words) == words
    assert len(run(house.rulebooks.page("port", "baltic"))) == 1


def test_changes_and_their_reverse():
    new = book(
        joining="  approvals: 2\n  approvers: [Ann, Bo]\n  automatic: [{roles: [consumer], sponsored: true}]", more=LEGAL + PAPER + TERMS
    )
    forth, back = changes(read(book()), read(new)), changes(read(new), read(book()))
    assert (forth.accept_anew, back.accept_anew) == (True, False)
    assert len(forth.words) == len(back.words) == 6
    assert "There are no terms any more." in back.words
    assert "From now on any operator of the anchor may say yes." in back.words


def test_another_membership_credential_is_a_warning():
    new = book(("membership: Member", "membership: New"), ("  MembershipCredential:", "  NewshipCredential:"))
    found = changes(read(book()), read(new))
    assert found.reissued == ("NewshipCredential",)
    assert "who has only the old one is refused" in found.words[0]


def test_a_new_role_reissues_nothing():
    pilot = "  pilot: {title: Pilots ships, credential: PilotCredential}\n"
    kind = "  PilotCredential: {title: Pilot, issuers: [{did: anchor}]}\n"
    found = changes(read(book()), read(book(("roles:\n", "roles:\n" + pilot), more=kind)))
    assert found.words == ("The role pilot is new.", "The credential PilotCredential is new.")
    assert found.reissued == ()
