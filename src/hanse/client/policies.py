"""Policies, as steps: what can be said, what a policy means, who could do what under it, how two of them compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from hanse.client import policy_model as m
from hanse.client.core import Steps, listed, post, said
from hanse.client.offers import Terms


def list_policies() -> Steps[list[m.Template]]:
    """Return the policies that can be named instead of written."""
    return (yield from listed("/policies", m.Template))


def check_policies(
    terms: Terms | Sequence[Terms], *, peer: str | None = None, parents: Sequence[Terms] = (), language: str | None = None
) -> Steps[list[m.CheckedPolicy]]:
    """Return what one policy or several say, how far each term is kept, what is wrong, and whether they permit a use now.

    It is decided for `peer` (absent: some active member), and said in `language` (`en`, `de`, `fr`, `nl`). `parents` are policies
    from which the others inherit.
    """
    several = [terms] if isinstance(terms, str | Mapping) else list(terms)
    body = said(terms=several, peer=peer, parents=list(parents) or None, language=language)
    answer = yield from post("/policies/check", body, _Checked)
    return answer.items


def simulate_policy(
    terms: Terms,
    *,
    participants: Sequence[str] = (),
    roles: Sequence[str] = (),
    credentials: Sequence[str] = (),
    at: datetime | None = None,
    action: str | None = None,
    target: str | None = None,
    facts: Mapping[str, str | Sequence[str]] | None = None,
    parents: Sequence[Terms] = (),
    language: str | None = None,
) -> Steps[m.Simulation]:
    """Return who could do something under a policy at a moment (absent: now): each participant, or every member of the space.

    With `roles` or `credentials` somebody is asked about who has these. `facts` are further facts by left operand. Nothing is used,
    counted or written.
    """
    body = said(
        terms=terms,
        participants=list(participants) or None,
        roles=list(roles) or None,
        credentials=list(credentials) or None,
        at=at,
        action=action,
        target=target,
        facts=dict(facts) if facts else None,
        parents=list(parents) or None,
        language=language,
    )
    return (yield from post("/policies/simulate", body, m.Simulation))


def diff_policies(first: Terms, second: Terms, *, language: str | None = None) -> Steps[m.Difference]:
    """Return what one policy permits and the other does not, with a request as proof, and the terms that differ."""
    return (yield from post("/policies/diff", said(first=first, second=second, language=language), m.Difference))


def match_policies(wanted: Terms, offer: Terms) -> Steps[m.PolicyMatch]:
    """Return whether an intended use is covered by an offer, with a request as proof and terms that both would do with."""
    return (yield from post("/policies/match", said(wanted=wanted, offer=offer), m.PolicyMatch))


def translate_policy(terms: Terms | None = None, *, language: str | None = None, english: str | None = None) -> Steps[m.Translation]:
    """Return a policy in the sentences of a language; or, from `english` sentences, the policy that they say. Raises `Invalid`."""
    return (yield from post("/policies/translate", said(terms=terms, language=language, english=english), m.Translation))


class _Checked(Struct):
    items: list[m.CheckedPolicy]
