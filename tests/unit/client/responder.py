"""A management API of plain functions: answers the requests that steps yield, and remembers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from hanse.client.core import Fetch, Request, Response, Steps
from hanse.client.fetch import FetchReport
from hanse.kernel.errors import HanseError

T = TypeVar("T")
Answer = Mapping[str, Any] | list[Any] | HanseError | Response | Callable[[Request], Any] | None

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Responder:
    """Answers by `METHOD /path`. A list of answers is given one after the other, the last one for ever."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = {key: list(value) if isinstance(value, tuple) else [value] for key, value in answers.items()}
        self.requests: list[Request] = []
        self.fetched: list[Fetch] = []
        self.fault: HanseError | None = None

    def drive(self, steps: Steps[T]) -> T:
        """Run steps to their end."""
        try:
            wish = next(steps)
            while True:
                try:
                    answer = self.fetch(wish) if isinstance(wish, Fetch) else self.respond(wish)
                except HanseError as error:
                    wish = steps.throw(error)
                else:
                    wish = steps.send(answer)
        except StopIteration as end:
            return end.value

    def fetch(self, wish: Fetch) -> FetchReport:
        """Report one file, or raise `fault`."""
        self.fetched.append(wish)
        if self.fault is not None:
            raise self.fault
        return FetchReport(folder=wish.into, files=(wish.into / "a.csv",), size=3, verified=True, fetched=1)

    def respond(self, request: Request) -> Response:
        """Return the next answer for a request."""
        self.requests.append(request)
        queue = self.answers.get(f"{request.method} {request.path}")
        if queue is None:
            return Response(status=404, body=b'{"type": "urn:hanse:problem:not-found", "detail": "Not there."}')
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, HanseError):
            raise answer
        return answer if isinstance(answer, Response) else Response(status=200, body=msgspec.json.encode(answer))

    def asked(self) -> list[str]:
        """Return what was asked for, as `METHOD /path`."""
        return [f"{one.method} {one.path}" for one in self.requests]


def page(*items: object, then: str | None = None) -> dict[str, Any]:
    """Return a page of a list."""
    return {"items": list(items), "next": then}


def process(id: str, state: str | None, **more: Any) -> dict[str, Any]:
    """Return a negotiation or a transfer."""
    common = {"id": id, "role": "consumer", "peer": "did:web:acme", "state": state, "dataset": "ds_1", "created": NOW, "updated": NOW}
    return common | {"final": state in ("FINALIZED", "TERMINATED", "COMPLETED")} | more


def negotiation(state: str | None, **more: Any) -> dict[str, Any]:
    """Return a negotiation."""
    return process("neg_1", state, offer={"id": "off_1", "sentences": ["Permitted."]}, offered_by="provider") | more


def transfer(state: str | None, **more: Any) -> dict[str, Any]:
    """Return a transfer of contract agr_1."""
    return process("trf_1", state, contract="agr_1", format="HttpData-PULL") | more


def contract(**more: Any) -> dict[str, Any]:
    """Return a contract in force."""
    common = {"id": "agr_1", "role": "consumer", "peer": "did:web:acme", "dataset": "ds_1", "negotiation": "neg_1", "finalized": NOW}
    return common | more
