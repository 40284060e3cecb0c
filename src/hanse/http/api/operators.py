"""`/operators`: who acts for the participant."""

from __future__ import annotations

from typing import Any

from hanse.http.api import show
from hanse.http.api import structs as s
from hanse.http.api.routing import Call, Operation
from hanse.http.api.services import Services
from hanse.participants.roles import Action


class OperatorOperations:
    """Operators and their tokens; without a participant named, the host's own."""

    def __init__(self, services: Services) -> None:
        self._operators = services.operators

    def operations(self) -> list[Operation]:
        """Return the operations."""
        manage = Action.MANAGE_OPERATORS
        new = {"name": "night shift", "role": "operate"}
        return [
            Operation("GET", "/operators", "List the operators", self._list, manage, gives=s.Page[s.Operator]),
            Operation(
                "POST",
                "/operators",
                "Add an operator",
                self._add,
                manage,
                takes=s.NewOperator,
                gives=s.IssuedOperator,
                status=201,
                example=new,
            ),
            Operation("DELETE", "/operators/{id}", "Remove an operator; its token is void at once", self._remove, manage, status=204),
            Operation(
                "POST",
                "/operators/{id}/rotate",
                "Give an operator a new token; everybody may rotate their own",
                self._rotate,
                gives=s.IssuedOperator,
            ),
        ]

    async def _list(self, call: Call, _said: Any) -> s.Page[s.Operator]:
        return s.Page(items=[show.operator(one) for one in await self._operators.page(call.caller, call.named)])

    async def _add(self, call: Call, said: s.NewOperator) -> s.IssuedOperator:
        return show.issued(await self._operators.add(call.caller, call.named, said.name, said.role, expires=said.expires))

    async def _remove(self, call: Call, _said: Any) -> None:
        await self._operators.remove(call.caller, call.named, call.path("id"))

    async def _rotate(self, call: Call, _said: Any) -> s.IssuedOperator:
        return show.issued(await self._operators.rotate(call.caller, call.named, call.path("id")))
