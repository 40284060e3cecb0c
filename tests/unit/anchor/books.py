"""Rulebooks for tests: the one of a new space, with parts of it replaced."""

from datetime import UTC, datetime

from hanse.anchor.rulebook.document import default
from hanse.identity.credentials.model import VC20, Credential, Verified

URL = "http://localhost:8400/spaces/baltic"
PORT = "did:web:port.example%3A443:participants:port"
CHAMBER = "did:web:chamber.example"
TERMS = "terms: {title: Terms of use, text: Be kind.}\n"
TERMS_HASH = "5499befb38dbf3fcc08107141cb2a9e7f42a6aae403361dc3601b8296d7967ea"
LEGAL = """\
  LegalEntityCredential:
    title: Registered legal entity
    issuers:
      - did: did:web:chamber.example
        claims: {country: [DE, FI]}
"""
PAPER = "evidence:\n  registration:\n    title: Entry in a public register\n    hint: Name the register and your number in it.\n"


def book(*changes, more="", joining="  approvals: 1", space=URL, anchor=PORT, title="Baltic trade"):
    """Return the YAML of a new space's rulebook with each (old, new) replaced, another `joining`, and `more` behind it."""
    text = default(space, anchor, title)
    for old, new in (("  approvals: 1", joining), *changes):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text + more


def needing(role="consumer", **parts):
    """Return the change that lets a role ask for more: `needing(needs="[LegalEntityCredential]")`."""
    line = f"  {role}:\n"
    title = book().split(line, 1)[1].split("\n", 1)[0]
    return line + title, line + title + "".join(f"\n    {name}: {value}" for name, value in parts.items())


def proof(kind="LegalEntityCredential", holder="did:web:acme.example", issuer=CHAMBER, **claims):
    """Return a credential as a verifier returns it."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    subject = {"id": holder, **(claims or {"country": "FI"})}
    end = datetime(2025, 12, 1, tzinfo=UTC)
    return Verified(Credential(profile=VC20, issuer=issuer, types=(kind,), subjects=(subject,), valid_from=start, valid_until=end))
