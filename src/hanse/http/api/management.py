"""All operations of the management interface, behind one gate."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hanse.http.api.anchor.credentials import IssuedOperations
from hanse.http.api.anchor.members import MemberOperations
from hanse.http.api.anchor.rulebook import RulebookOperations
from hanse.http.api.anchor.space import AnchorOperations
from hanse.http.api.anchor.which import Anchored
from hanse.http.api.assets import AssetOperations
from hanse.http.api.catalog import CatalogOperations
from hanse.http.api.contracts import ContractOperations
from hanse.http.api.evidence.ledger import LedgerOperations
from hanse.http.api.evidence.stating import StatingOperations
from hanse.http.api.evidence.witnesses import WitnessOperations
from hanse.http.api.explaining.explainer import Explainer
from hanse.http.api.factory.nouns import factory_nouns
from hanse.http.api.negotiations import NegotiationOperations
from hanse.http.api.openapi import encode_document
from hanse.http.api.operators import OperatorOperations
from hanse.http.api.participants import ParticipantOperations
from hanse.http.api.policies.operations import PolicyOperations
from hanse.http.api.routing import BASE, METHODS, Gate, OfNoun, Operation, routes, unknown
from hanse.http.api.server import ServerOperations
from hanse.http.api.services import Services
from hanse.http.api.space import SpaceOperations
from hanse.http.api.transfers import TransferOperations
from hanse.http.api.uses import UseOperations
from hanse.http.api.wallet.credentials import WalletOperations
from hanse.http.api.wallet.keys import KeyOperations
from hanse.http.limits import RateLimiter


class ManagementApi:
    """The interface for operators: `routes()` goes into the server's router as it is."""

    def __init__(self, services: Services, limiter: RateLimiter) -> None:
        space, wallet, anchored = SpaceOperations(services), WalletOperations(services), Anchored(services)
        nouns: tuple[OfNoun, ...] = (
            ServerOperations(services, space, wallet),
            ParticipantOperations(services),
            OperatorOperations(services),
            AssetOperations(services),
            PolicyOperations(services),
            CatalogOperations(services),
            NegotiationOperations(services),
            StatingOperations(services, space),
            WitnessOperations(services),
            LedgerOperations(services),
            ContractOperations(services, space, Explainer(services, anchored)),
            TransferOperations(services),
            UseOperations(services),
            wallet,
            KeyOperations(services),
            space,
            AnchorOperations(services, anchored),
            MemberOperations(services, anchored),
            RulebookOperations(services, anchored),
            IssuedOperations(services, anchored),
            *factory_nouns(services),
        )
        self.operations: list[Operation] = [operation for noun in nouns for operation in noun.operations()]
        self._gate = Gate(services.operators, limiter)
        self._document: bytes | None = None

    def routes(self) -> list[Route]:
        """Return the routes, all below `/api/v1`."""
        return [
            *routes(self.operations, self._gate),
            Route(f"{BASE}/openapi.json", self._openapi, methods=["GET"]),
            Route(f"{BASE}/{{rest:path}}", unknown, methods=list(METHODS)),
        ]

    async def _openapi(self, _request: Request) -> Response:
        if self._document is None:
            self._document = encode_document(self.operations)
        return Response(self._document, media_type="application/json")
