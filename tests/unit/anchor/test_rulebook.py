"""The rulebook's file: what a new space's says, what its conveniences mean, and what is refused, where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.anchor.joining.fit import needed
from hanse.anchor.rulebook.changes import changes
from hanse.anchor.rulebook.document import default, read, write
from hanse.anchor.rulebook.yamltree import MAX_BYTES
from hanse.identity.credentials.schema import check_schema
from hanse.identity.rulebook import Automatic, SpaceTrust, TrustedIssuer
from hanse.kernel.errors import Invalid, Malformed, TooLarge, Unauthenticated
from tests.unit.anchor.books import CHAMBER, LEGAL, PAPER, PORT, TERMS, TERMS_HASH, URL, book, needing, proof


def refused(text, kind=Invalid):
    with pytest.raises(kind) as fault:
        read(text)
    return fault.value


# A new space.


def test_a_new_space_knows_all_roles_of_the_field():
    rulebook = read(book())
    assert {name: role.credential for name, role in rulebook.roles.items()} == {
        "provider": "DataProviderCredential",
        "consumer": "DataConsumerCredential",
        "ai-factory": "AIFactoryCredential",
        "intermediary": "IntermediaryCredential",
        "data-subjects-representative": "DataSubjectsRepresentativeCredential",
        "auditor": "AuditorCredential",
        "federator": "FederatorCredential",
    }
    assert rulebook.roles["ai-factory"].claims == {"trustLevel": [1, 2, 3]}
    assert (rulebook.space, rulebook.anchor, rulebook.title, rulebook.terms) == (URL, PORT, "Baltic trade", None)
    assert (rulebook.joining.approvals, rulebook.joining.approvers, rulebook.joining.automatic) == (1, [], [])
    assert set(rulebook.own_types()) == set(rulebook.credentials)


def test_each_part_of_a_new_space_is_explained():
    lines = book().splitlines()
    for part in ("joining", "roles", "membership", "credentials", "# terms", "# evidence", "  # automatic", "  approvals", "  # approvers"):
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{part}:"))
        assert lines[at - 1].lstrip().startswith("#"), part


def test_what_a_new_space_shows_in_comments_works():
    """Each commented example, with its # taken away, is part of a rulebook that can be read."""
    text = book()
    start = text.index("# evidence:")
    text = text[:start] + text[start:].replace("# evidence", "evidence", 1).replace("#   registration", "  registration", 1)
    text = text.replace("#     title: Entry", "    title: Entry").replace("#     hint: The", "    hint: The")
    text = text.replace(
        "  # automatic:\n  #   - roles: [provider, consumer]\n  #     sponsored: true\n",
        "  automatic:\n    - {roles: [provider, consumer], sponsored: true}\n",
    )
    text = text.replace("  # approvers:", "  approvers:")
    text = text.replace(
        "# terms:\n#   title: Terms of use of the space\n#   text: |\n#     1. Data", "terms:\n  title: Terms\n  text: |\n    1. Data", 1
    )
    legal = text.split("ask for:\n")[1].split("credentials:\n")[0]
    text += legal.replace("#   Legal", "  Legal").replace("#     ", "    ").replace("#", " ")
    rulebook = read(text)
    assert rulebook.evidence["registration"].hint.startswith("The register and your number")
    assert rulebook.joining.automatic == [Automatic(roles=["provider", "consumer"], sponsored=True)]
    assert rulebook.joining.approvers == ["Ann Smith", "Bo Lindgren"]
    assert rulebook.terms.text == "1. Data is used for what was agreed, and for nothing else.\n"
    assert rulebook.credentials["LegalEntityCredential"].issuers == [TrustedIssuer(did="did:web:chamber.example.org", days=365)]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=50))
def test_any_title_survives(title):
    assert read(default(URL, PORT, title)).title == title


@pytest.mark.parametrize("space", ["https://a.example/spaces/x", "http://localhost:8400/spaces/no", "https://a.example:1/spaces/1-2"])
def test_any_address_survives(space):
    rulebook = read(book(space=space))
    assert rulebook.space == space
    assert rulebook.credentials["AuditorCredential"].issuers[0].claims == {"memberOf": [space], "role": ["auditor"]}


KINDS = list(read(book()).credentials)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_anchor_issues_keeps_to_schema_and_bounds(kind):
    rulebook = read(book())
    said = {"memberOf": URL, "name": "Acme", "since": "2025-01-01T00:00:00Z"}
    if (role := rulebook.role_of(kind)) is not None:
        said = {"memberOf": URL, "role": role, **{claim: values[0] for claim, values in rulebook.roles[role].claims.items()}}
    schema = json.dumps(rulebook.credentials[kind].schema).encode()
    check_schema(schema, [{"id": "did:web:acme.example", **said}])
    assert SpaceTrust(rulebook).objection(proof(kind, issuer=PORT, **said).credential) is None
    for name in {"memberOf", "role", "trustLevel"} & set(said):
        with pytest.raises(Unauthenticated):
            check_schema(schema, [{"id": "did:web:acme.example", **said, name: "other"}])
        assert SpaceTrust(rulebook).objection(proof(kind, issuer=PORT, **{**said, name: "other"}).credential)


# Conveniences.


def test_terms_get_the_hash_of_their_text():
    assert read(book(more=TERMS)).terms.sha256 == TERMS_HASH
    given_too = TERMS.replace("}", f", sha256: {TERMS_HASH}}}")
    assert read(book(more=given_too)).terms == read(book(more=TERMS)).terms
    elsewhere = read(book(more=f"terms: {{title: Terms, sha256: {TERMS_HASH}, url: 'https://a.example/t'}}\n")).terms
    assert (elsewhere.text, elsewhere.url, elsewhere.sha256) == ("", "https://a.example/t", TERMS_HASH)


def test_lifetimes_and_the_anchors_name():
    rulebook = read(
        book(("    lifetime: 90 days", "    lifetime: 1 day"), more=LEGAL.replace("claims", "lifetime: 365 days\n        claims"))
    )
    assert rulebook.credentials["MembershipCredential"].days == 1
    assert rulebook.credentials["MembershipCredential"].issuers[0].did == PORT
    assert rulebook.credentials["LegalEntityCredential"].issuers == [TrustedIssuer(did=CHAMBER, claims={"country": ["DE", "FI"]}, days=365)]


def test_space_stands_for_the_address_in_bounds_only():
    rule = "  automatic: [{roles: [consumer], needs: [AuditorCredential], claims: {memberOf: [space, x]}}]"
    rulebook = read(book(("title: Auditor", "title: space"), joining=rule))
    assert rulebook.joining.automatic[0].claims == {"memberOf": [URL, "x"]}
    assert rulebook.credentials["AuditorCredential"].title == "space"


def test_a_schema_is_of_the_newest_draft_unless_it_says_otherwise():
    draft = "http://json-schema.org/draft-07/schema#"
    rulebook = read(book(("    schema:\n      type: object", f"    schema:\n      $schema: {draft}\n      type: object")))
    assert rulebook.credentials["MembershipCredential"].schema["$schema"] == draft
    assert rulebook.credentials["AuditorCredential"].schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def full():
    rule = (
        "  automatic: [{roles: [consumer], needs: [LegalEntityCredential], claims: {country: [FI]}}, {roles: [provider], sponsored: true}]"
    )
    joining = f"  approvals: 2\n  approvers: [Ann, Bo]\n{rule}"
    change = needing(needs="[LegalEntityCredential]", evidence="[registration]")
    return book(change, joining=joining, more=LEGAL + PAPER + TERMS.replace("Be kind.", '"Be kind.\\n  Pay.\\n"'))


def test_what_is_written_is_read_again():
    for text in (book(), full()):
        written = write(read(text))
        assert read(written) == read(text)
        assert "did: anchor" in written
        assert "memberOf: [space]" in written


# Refusals: the place, the line, and what would help.


M = "credentials.MembershipCredential"


@pytest.mark.parametrize(
    ("old", "new", "where", "hint"),
    [
        ("roles:\n", "rolls: 1\nroles:\n", "rolls", "Did you mean `roles`?"),
        ("    credential: AuditorCredential", "    credentials: X", "roles.auditor.credentials", "Did you mean `credential`?"),
        ("    credential: AuditorCredential\n", "", "roles.auditor.credential", "Write it below"),
        ("credential: AuditorCredential", "credential: AuditCredential", "roles.auditor.credential", "Did you mean AuditorCredential?"),
        ("credential: AuditorCredential", "credential: [1]", "roles.auditor.credential", None),
        ("  auditor:\n", "  Auditor:\n", "roles.Auditor", "starting with a letter"),
        ("  auditor:\n", "  anchor:\n", "roles.anchor", "another name"),
        ("membership: MembershipCredential", "membership: MemberCredential", "membership", "Did you mean MembershipCredential?"),
        ("membership: MembershipCredential", "membership: AuditorCredential", "roles.auditor.credential", "a credential of its own"),
        ("membership: MembershipCredential", "membership: [x]", "membership", None),
        ("credential: AuditorCredential", "credential: FederatorCredential", "roles.federator.credential", "a credential of its own"),
        ("  MembershipCredential:\n", "  Membership-Credential:\n", "credentials.Membership-Credential", "letters and digits"),
        ("    lifetime: 90 days", "    lifetime: 90", f"{M}.lifetime", "`90 days`"),
        ("    lifetime: 90 days", "    lifetime: 99999999 days", f"{M}.lifetime", "at most `3660 days`"),
        ("    lifetime: 90 days", "    lifetime: 0 days", f"{M}.lifetime", "`90 days`"),
        ("    lifetime: 90 days", "    days: 90", f"{M}.days", "Known here"),
        ("      - did: anchor\n", "      - did: ancor\n", f"{M}.issuers[0].did", "`anchor`"),
        ("      - did: anchor\n", "      - did: did:web:x.example\n", f"{M}.issuers", "Add `- did: anchor`."),
        ("      - did: anchor\n", "      - id: anchor\n", f"{M}.issuers[0].id", "Did you mean `did`?"),
        ("      - did: anchor\n", "      - lifetime: 1 day\n", f"{M}.issuers[0].did", "Write it below"),
        ("      - did: anchor\n", "      - did: anchor\n        lifetime: 9 days\n", f"{M}.lifetime", "bound higher"),
        ("          memberOf: [space]", "          memberOf: space", f"{M}.issuers[0].claims", None),
        ("          memberOf: [space]", "          memberOf: [[x]]", f"{M}.issuers[0].claims", None),
        ("      type: object\n", "      type: objekt\n", f"{M}.schema", "JSON schema"),
        ("        name: {type: string}", '        name: {pattern: "(a+)+"}', f"{M}.schema", "JSON schema"),
        ("        name: {type: string}", "        name: {$ref: 'https://x.example/s'}", f"{M}.schema", "JSON schema"),
        ("    title: Auditor\n", "    profiles: [ldp]\n    title: Auditor\n", "credentials.AuditorCredential.profiles[0]", None),
        ("      trustLevel: [1, 2, 3]", "      trustLevel: []", "roles.ai-factory.claims", None),
        ("title: Baltic", "title: &t Baltic", "title", "quotes"),
    ],
)  # fmt: skip
def test_what_is_wrong_says_where(old, new, where, hint):
    text = book(title="Baltic").replace('"Baltic"', "Baltic")
    assert old in text
    text = text.replace(old, new, 1)
    fault = refused(text)
    assert (fault.where, hint is None or hint in (fault.hint or "")) == (where, True), str(fault)
    line = int(fault.message.split(":")[0].removeprefix("Line "))
    assert 0 < line <= text.count("\n")


def test_the_line_is_that_of_the_place_or_of_what_is_around_it():
    head = f"space: {URL}\nanchor: {PORT}\ntitle: x\n"
    for part, line in (
        ("roles: {}\ncredentials: {}\n", 1),
        ("credentials: []\nroles:\n", 4),
        ("joining:\nroles: []\ncredentials: {}\n", 4),
        ("credentials:\n  A:\n    title: x\n    issuers:\n    - did: anchor\n    -\nroles: {}\n", 9),
        ("credentials:\n  A:\n    title: x\n    issuers: [{did: anchor, lifetime: 5}]\nroles: {}\n", 7),
        ("credentials:\n  A:\n    issuers: [{did: anchor}]\nroles: {}\n", 5),
    ):
        assert refused(head + part).message.startswith(f"Line {line}: "), part


@pytest.mark.parametrize(
    ("joining", "where"),
    [
        ("  approvals: 3", "joining.approvals"),
        ("  approvals: true", "joining.approvals"),
        ("  approvals: 2\n  approvers: [Ann]", "joining.approvers"),
        ("  approvals: 2\n  approvers: [Ann, ' ann ']", "joining.approvers"),
        ("  automatic: {}", "joining.automatic"),
        ("  automatic: [x]", "joining.automatic[0]"),
        ("  automatic: [{roles: []}]", "joining.automatic[0].roles"),
        ("  automatic: [{roles: [consumer], sponsored: yes}]", "joining.automatic[0].sponsored"),
        ("  automatic: [{roles: [consumer]}, {roles: [consumer, pilot]}]", "joining.automatic[1].roles[1]"),
        ("  automatic: [{roles: [consumer], needs: [LegalCredential]}]", "joining.automatic[0].needs[0]"),
        ("  automatic: [{roles: [consumer], claims: {country: [FI]}}]", "joining.automatic[0].claims"),
    ],
)
def test_what_is_wrong_with_joining_says_where(joining, where):
    assert refused(book(joining=joining)).where == where


@pytest.mark.parametrize(
    ("parts", "more", "where"),
    [
        ({"needs": "[NoCredential]"}, "", "roles.consumer.needs[0]"),
        ({"needs": "[LegalEntityCredential, Other]"}, LEGAL, "roles.consumer.needs[1]"),
        ({"needs": "[no-type]"}, LEGAL, "roles.consumer.needs[0]"),
        ({"evidence": "[registration]"}, "", "roles.consumer.evidence[0]"),
        ({"evidence": "[registration, vat]"}, PAPER, "roles.consumer.evidence[1]"),
        ({"evidence": "registration"}, PAPER, "roles.consumer.evidence"),
    ],
)
def test_what_a_role_asks_for_is_described(parts, more, where):
    assert refused(book(needing(**parts), more=more)).where == where


@pytest.mark.parametrize(
    ("terms", "where"),
    [
        ("terms:\n", "terms"),
        ("terms: {title: x}\n", "terms"),
        ("terms: {title: x, url: 'https://a.example'}\n", "terms"),
        (f"terms: {{title: x, text: y, sha256: {TERMS_HASH}}}\n", "terms.sha256"),
        ("terms: {title: x, text: y, sha256: [1]}\n", "terms.sha256"),
        ("terms: {title: x, sha256: abc}\n", "terms.sha256"),
        ("terms: {title: x, text: 5, sha256: 5}\n", "terms.text"),
        ("terms: {text: y}\n", "terms.title"),
    ],
)
def test_terms_are_whole(terms, where):
    assert refused(book(more=terms)).where == where


def test_parts_that_must_be_there():
    for name in ("space", "anchor", "title"):
        line = next(line for line in book().splitlines() if line.startswith(f"{name}:"))
        assert refused(book((line + "\n", ""))).where == name
    for text in ("a list: 1", "[1]", "text", "1"):
        assert refused(text, Invalid).where in {"a list", "file"}
    assert refused("# nothing", Malformed).where == "file"


def test_what_does_not_fit_into_a_statement_is_too_large():
    bounds = "[" + ", ".join(["space"] * 200) + "]"
    many = "".join(LEGAL.replace("LegalEntity", f"Legal{'x' * n}").replace("[DE, FI]", bounds) for n in range(40))
    assert len(book(more=many)) < MAX_BYTES
    refused(book(more=many), TooLarge)


def test_a_register_has_room_for_all_issuers():
    many = "".join(f"      - did: did:web:c{number}.example\n" for number in range(60))
    types = "".join(
        f"  Kind{letter}Credential:\n    title: x\n    issuers:\n{many.replace('web:c', f'web:{letter}')}" for letter in "abcde"
    )
    assert refused(book(more=types)).where == "credentials"


def test_the_same_text_is_the_same_value():
    assert read(book()) is read(book())


def test_what_a_role_is_trusted_with_is_read_written_and_told_apart():
    text = book().replace("    credential: AIFactoryCredential\n", "    credential: AIFactoryCredential\n    trust: [mirror, replicate]\n")
    trusting, plain = read(text), read(book())
    assert (trusting.trusted_with(["ai-factory"]), trusting.trusting("mirror")) == ({"mirror", "replicate"}, ("ai-factory",))
    assert (plain.trusted_with(["ai-factory", "nobody"]), plain.trusting("mirror")) == (frozenset(), ())
    assert read(write(trusting)) == trusting
    told = " ".join(changes(plain, trusting).words)
    assert "The role ai-factory is trusted to mirror from now on." in told
    assert changes(plain, trusting).reissued == ()
    assert "is not trusted to replicate any more: what was kept by that trust has to go" in " ".join(changes(trusting, plain).words)
    with pytest.raises(Invalid) as fault:
        read(text.replace("[mirror, replicate]", "[mirror, everything]"))
    assert fault.value.where == "roles.ai-factory.trust[1]"
    (role, *_) = needed(trusting, ["ai-factory"], [], [], "")
    assert "trusts it to mirror and replicate" in role.why
