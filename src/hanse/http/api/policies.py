"""`/policies`: what can be said, and what a policy means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hanse.connector.rules import decide_use
from hanse.http.api import structs as s
from hanse.http.api.routing import Call, Operation
from hanse.http.api.services import Services
from hanse.http.api.terms import read_many
from hanse.identity.rulebook import Rulebook
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Did, Tenant
from hanse.odrl.evaluate import proofs_named, unsupported
from hanse.odrl.model import Terms
from hanse.odrl.say import say_terms
from hanse.odrl.templates import TEMPLATES, Template
from hanse.odrl.write import write_terms
from hanse.participants.roles import Action

_SOMEBODY = Did("did:web:some-member.invalid")


class PolicyOperations:
    """Templates, and a look at a policy before it is offered."""

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._directory = services.directory

    def operations(self) -> list[Operation]:
        """Return the operations."""
        check = {"terms": ["members + until 2099-01-01"]}
        return [
            Operation("GET", "/policies", "List the policy templates", self._list, Action.READ, gives=s.Page[Template]),
            Operation(
                "POST",
                "/policies/check",
                "Say what policies mean, and what of them cannot be offered here",
                self._check,
                Action.READ,
                takes=s.CheckPolicy,
                gives=s.CheckedPolicies,
                example=check,
            ),
        ]

    async def _list(self, _call: Call, _said: Any) -> s.Page[Template]:
        return s.Page(items=list(TEMPLATES))

    async def _check(self, call: Call, said: s.CheckPolicy) -> s.CheckedPolicies:
        read = read_many(said.terms, self._clock.now())
        rulebook = await self._rulebook(call.named)
        return s.CheckedPolicies(items=[self._checked(one, Did(said.peer or _SOMEBODY), rulebook) for one in read])

    async def _rulebook(self, tenant: Tenant | None) -> Rulebook | None:
        try:
            return None if tenant is None else await self._directory.rulebook(tenant)
        except HanseError:  # it is in no space, or its anchor is not there: the policy can be looked at all the same
            return None

    def _checked(self, terms: Terms, peer: Did, rulebook: Rulebook | None) -> s.CheckedPolicy:
        # Asked of a member that has proved whatever the terms ask for.
        decision = decide_use(terms, peer, self._clock.now(), proofs_named(terms))
        return s.CheckedPolicy(
            sentences=say_terms(terms),
            terms=write_terms(terms),
            unsupported=[s.Unsupported(field=path, reason=why) for path, why in unsupported(terms)],
            permitted_now=decision.permitted,
            reasons=list(decision.reasons),
            unknown=list(decision.unknown),
            valid_until=decision.valid_until,
            warnings=[] if rulebook is None else [*_warnings(terms, rulebook)],
        )


def _warnings(terms: Terms, rulebook: Rulebook) -> Iterator[str]:
    """Yield what nobody can have now. That is no refusal: rulebooks change."""
    asked = proofs_named(terms)
    for word, names, known in (("role", asked.roles, rulebook.roles), ("credential", asked.credentials, rulebook.credentials)):
        for name in sorted(names - known.keys()):
            yield f"The space has no {word} {name!r}; its {word}s are {', '.join(known)}."
