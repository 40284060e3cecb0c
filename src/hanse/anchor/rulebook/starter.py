"""The rulebook of a new space: all roles of the field, and comments that explain each part to whoever changes it."""

from __future__ import annotations

import json
import re
from typing import Final

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9:/._%-]*[A-Za-z0-9]")

_HEAD: Final = """\
# The rulebook of this space: who may join, which credentials exist, who may issue them, and what each role needs.
# The anchor signs it, and every member goes by it. Publish a changed file with: hanse anchor rulebook publish FILE
# What stands after a # is a comment, for people.
#
# The first two lines stay as they are: a rulebook belongs to its space.
space: <space>
anchor: <anchor>
title: <title>

# What members agree to. With `text`, its SHA-256 is computed; whoever applies names it, and so accepts the terms.
# When the terms change, members have to accept them anew. A space without this part has no terms.
#
# terms:
#   title: Terms of use of the space
#   text: |
#     1. Data is used for what was agreed, and for nothing else.
#     2. Whoever leaves the space deletes what it has received.
#
# Or, if the text lies elsewhere:
#
# terms:
#   title: Terms of use of the space
#   sha256: <64 hexadecimal digits>
#   url: https://example.org/terms.pdf

# How one becomes a member.
joining:
  # How many operators of the anchor have to say yes: 1, or 2 (then two different people).
  approvals: 1
  # If people are named here, only they can say yes. These are the names of operators.
  # approvers: [Ann Smith, Bo Lindgren]
  #
  # When nobody has to decide. This rule lets in whoever an intermediary of the space vouches for and hosts:
  # automatic:
  #   - roles: [provider, consumer]
  #     sponsored: true
  # And this one whoever presents a credential of a trusted issuer, with one of these values (describe it below):
  #   - roles: [consumer]
  #     needs: [LegalEntityCredential]
  #     claims:
  #       country: [DE, FI, SE]

# What members are in the space, and the credential that says so. A role may ask for more before somebody gets it:
#     needs: [LegalEntityCredential]     credentials to present; each is described below, with its issuers
#     evidence: [registration]           something to hand in for a person to look at; described under `evidence`
#     trust: [mirror, replicate]         what it may do besides: keep mirrors under one agreement, copy the space's catalogues
roles:
"""

_EVIDENCE: Final = """
# What applicants can be asked to hand in, as a text or an address.
# evidence:
#   registration:
#     title: Entry in a public register
#     hint: The register and your number in it, such as "Handelsregister Kiel, HRB 1234".

# The credential by which a member proves that it is one.
membership: MembershipCredential

# All credentials that count in this space. A type that is not here counts for nothing.
#     issuers     who may issue it. `anchor` is the anchor above; others are named by their DIDs.
#     claims      the bounds of an issuer: what it issues counts only with these claims, each with one of these values.
#                 `space` is the address of this space.
#     lifetime    how long a credential lives; below an issuer, how long one may live at most.
#     schema      what it says about its holder, as a JSON schema (draft 2020-12). The anchor's credentials follow it.
#     profiles    how the anchor writes it: vc20-bssl/jwt (the default), vc11-sl2021/jwt, or both. The older one has no
#                 suspension: suspending its holder revokes it for good, and lifting the suspension offers a new one.
#
# A type that others issue, for a role or an automatic rule to ask for:
#   LegalEntityCredential:
#     title: Registered legal entity
#     issuers:
#       - did: did:web:chamber.example.org
#         lifetime: 365 days
credentials:
  MembershipCredential:
    title: Member of the space
    issuers:
      - did: anchor
        claims:
          memberOf: [space]
    lifetime: 90 days
    schema:
      type: object
      required: [id, memberOf, name, since]
      properties:
        id: {type: string}
        memberOf: {const: <space>}
        name: {type: string}
        since: {type: string}
        termsHash: {type: string}
"""

# Name, what it means, its credential, and what that says.
_ROLES: Final = (
    ("provider", "Offers data to the space", "DataProvider", "Data provider"),
    ("consumer", "Uses data of the space", "DataConsumer", "Data consumer"),
    ("ai-factory", "Trains and runs models with data of the space", "AIFactory", "AI factory"),
    ("intermediary", "Onboards and hosts others", "Intermediary", "Intermediary"),
    (
        "data-subjects-representative",
        "Speaks for those whom data is about",
        "DataSubjectsRepresentative",
        "Data subjects' representative",
    ),
    ("auditor", "Looks at whether the rules are kept", "Auditor", "Auditor"),
    ("federator", "Connects this space with others", "Federator", "Federator"),
)

_ROLE: Final = """\
  <role>:
    title: <means>
    credential: <type>Credential
"""

_LEVELS: Final = """\
    # How far it is trusted. The first value is what a new member gets, unless an operator gives it another.
    claims:
      trustLevel: [1, 2, 3]
"""

_TYPE: Final = """\
  <type>Credential:
    title: <says>
    issuers:
      - did: anchor
        claims:
          memberOf: [space]
          role: [<role>]<bound>
    lifetime: 90 days
    schema:
      type: object
      required: [id, memberOf, role<more>]
      properties:
        id: {type: string}
        memberOf: {const: <space>}
        role: {const: <role>}<property>
"""


def default(space_url: str, anchor_did: str, title: str) -> str:
    """Return the rulebook (YAML) of a new space: all roles of the field, one operator decides, no terms."""
    roles = "".join(_role(role, means, type_) for role, means, type_, _ in _ROLES)
    types = "".join(_type(role, type_, says) for role, _, type_, says in _ROLES)
    text = _HEAD + roles + _EVIDENCE + types
    # The title last, so that nothing in it is taken for a gap to fill.
    return text.replace("<space>", _word(space_url)).replace("<anchor>", _word(anchor_did)).replace("<title>", _quoted(title), 1)


def _role(role: str, means: str, type_: str) -> str:
    text = _ROLE.replace("<role>", role).replace("<means>", means).replace("<type>", type_)
    return text + (_LEVELS if role == "ai-factory" else "")


def _type(role: str, type_: str, says: str) -> str:
    levels = role == "ai-factory"
    gaps = {
        "<type>": type_,
        "<says>": says,
        "<role>": role,
        "<bound>": "\n          trustLevel: [1, 2, 3]" if levels else "",
        "<more>": ", trustLevel" if levels else "",
        "<property>": "\n        trustLevel: {enum: [1, 2, 3]}" if levels else "",
    }
    text = _TYPE
    for gap, filling in gaps.items():
        text = text.replace(gap, filling)
    return text


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
