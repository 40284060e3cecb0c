"""The operations about policies without a server: a space with two members, in which nobody has proved anything."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec

from hanse.app.factory.custody import TermDeadlines
from hanse.factory.custody.retention import Retention
from hanse.http.api.policies.operations import PolicyOperations
from hanse.identity.statements import Member
from hanse.kernel.clock import ManualClock
from hanse.kernel.errors import NotFound
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.trust.directory import Listing
from hanse.usage.duties import Capabilities

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
ACME, ZOO = "did:web:acme.example", "did:web:zoo.example"


class Register:
    """A space with two members, or none at all."""

    def __init__(self, members=True):
        self._members = members

    async def listings(self, _tenant):
        if not self._members:
            raise NotFound("There is no space.", where="space")
        members = [
            Member(did=ACME, name="Acme", roles=["provider"], since=NOW - timedelta(days=9)),
            Member(did=ZOO, name="Zoo", roles=["consumer", "ai-factory"], since=NOW - timedelta(days=9)),
        ]
        return [Listing(space=SimpleNamespace(url="https://port.example/spaces/baltic"), members=members)]

    async def rulebooks(self, _tenant):
        raise NotFound("There is no rulebook.", where="space")


class Nobody:
    """Nobody has proved anything."""

    def known(self, _tenant, _peer, _spaces):
        return []


class Registry:
    """The participants of a server."""

    async def get(self, _caller, _name):
        return SimpleNamespace(did=ACME)


def ask(verb, members=True, capabilities=None, signs=None, **body):
    """Ask as the participant `acme`, as the interface would; return the answer as JSON."""

    async def listens(_tenant, _peer):
        return signs

    clock = ManualClock(NOW)
    services = SimpleNamespace(
        clock=clock,
        directory=Register(members),
        verifier=Nobody(),
        participants=Registry(),
        listens=listens,
        capabilities=capabilities or Capabilities(operands=BUILT_IN, ledger=True),
        factory=SimpleNamespace(retention=Retention(TermDeadlines(), 10, clock)),
    )
    operation = next(one for one in PolicyOperations(services).operations() if one.path.rpartition("/")[2] == verb)
    said = None if operation.takes is None else msgspec.convert(body, operation.takes)
    answer = asyncio.run(operation.handle(SimpleNamespace(named="acme", caller=None), said))
    return msgspec.to_builtins(answer)
