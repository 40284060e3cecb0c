"""Data flows, told in the transaction of the protocol step (after Data Plane Signaling, section 2).

A token's row commits with the state that allows it, and is gone with the state that ends it. What may not happen
inside a transaction (cutting streams, sending) follows as an event after the commit.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import msgspec

from hanse.dataplane.addresses import pull_address, sink_address
from hanse.dataplane.ports import DataTx, Sealer, Sources
from hanse.dataplane.records import Grant, Halted, Place, Purpose, Push, PushQueued
from hanse.dataplane.tokens import Tokens
from hanse.dsp.messages import DataAddress
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Invalid
from hanse.kernel.tenant import Tenant


class Flows:
    """Begins and ends data flows.

    `base` is the public address of this server without a slash at the end; `push_deadline` is how long a push is tried
    before it is given up; `range_size` see `addresses.pull_address`.
    """

    def __init__(
        self,
        tokens: Tokens,
        sources: Sources,
        sealer: Sealer,
        clock: Clock,
        *,
        base: str,
        push_deadline: timedelta = timedelta(hours=24),
        range_size: int | None = None,
    ) -> None:
        self._tokens = tokens
        self._sources = sources
        self._sealer = sealer
        self._clock = clock
        self._base = base
        self._push_deadline = push_deadline
        self._range_size = range_size

    def check(self, tenant: Tenant, place: Place) -> None:
        """Raise `Forbidden` or `SourceVanished` unless the place is allowed and there."""
        self._sources.check(tenant, place)

    def start_pull(self, tx: DataTx, grant: Grant) -> DataAddress:
        """Provider: begin, or begin again, to serve. Earlier tokens of the transfer end here."""
        self._tokens.revoke(tx, grant.tenant, grant.transfer)
        return pull_address(self.endpoint(grant.tenant, grant.transfer), self._tokens.issue(tx, grant), self._range_size)

    def start_push(self, tx: DataTx, grant: Grant, sink: DataAddress) -> None:
        """Provider: queue a push to the consumer's sink. Raises `Invalid` when the address cannot be pushed to."""
        check_sink(sink)
        now = self._clock.now()
        sealed = self._sealer.seal(msgspec.json.encode(sink), sink_context(grant))
        known = tx.pushes.get(grant.tenant, grant.transfer)
        push = Push(grant=grant, sink=sealed, created=now, deadline=now + self._push_deadline)
        if known is not None:  # resumed: go on after the files that have arrived
            push.manifest, push.done = known.manifest, known.done
        tx.pushes.put(push)
        tx.emit(PushQueued(grant.tenant, grant.transfer))

    def prepare_sink(self, tx: DataTx, grant: Grant) -> DataAddress:
        """Consumer: be ready to receive a push, and return the address for the transfer request."""
        self._tokens.revoke(tx, grant.tenant, grant.transfer)
        issued = self._tokens.issue(tx, msgspec.structs.replace(grant, purpose=Purpose.SINK))
        return sink_address(f"{self._base}/participants/{grant.tenant}/data/in/{quote(grant.transfer, safe='')}", issued)

    def halt(self, tx: DataTx, tenant: Tenant, transfer: str, *, final: bool = True) -> None:
        """Either side: revoke the tokens, and cut what runs as soon as this commits.

        A suspension (`final` false) keeps how far a push has come.
        """
        self._tokens.revoke(tx, tenant, transfer)
        if final:
            tx.pushes.delete(tenant, transfer)
        tx.emit(Halted(tenant, transfer))

    def endpoint(self, tenant: Tenant, transfer: str) -> str:
        """Return the address from which a transfer is pulled."""
        return f"{self._base}/participants/{tenant}/data/{quote(transfer, safe='')}"


def sink_context(grant: Grant) -> str:
    """Return the context under which a sink's address is sealed: it opens for its own transfer only."""
    return f"sink:{grant.tenant}:{grant.transfer}"


def check_sink(sink: DataAddress) -> None:
    """Raise `Invalid` unless the address can be pushed to. Names of secrets are never looked up for a counterpart."""
    if not sink.endpoint or not sink.endpoint.startswith(("https://", "http://")):
        raise Invalid("A push needs an HTTP address.", where="dataAddress.endpoint", rule="sink")
    if sink.properties.get("authType", "bearer").lower() != "bearer":
        raise Invalid("A sink is authorised by a bearer token only.", where="dataAddress.endpointProperties.authType", rule="sink")
    token = sink.properties.get("authorization", "")
    if len(token) > 8192 or not all(" " <= character <= "~" for character in token):
        raise Invalid("The sink's token is no header value.", where="dataAddress.endpointProperties.authorization", rule="sink")
