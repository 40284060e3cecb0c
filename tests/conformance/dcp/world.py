"""What a case has at hand: the system under test, its peer, and the version of the kit that is replayed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.conformance.dcp.peer import Peer
from tests.conformance.dcp.versions import Role, Version


@dataclass(frozen=True)
class UnderTest:
    """The running system under test: where it lies, and what it was told beforehand."""

    holder: str
    """The DID of the participant with the credential service."""
    issuer: str
    """The DID of the participant with the issuer service."""
    verifier: str
    """The DID of the participant that verifies."""
    trigger: str
    """A DSP call that needs a membership: the catalogue request of the verifier."""
    kit_trigger: str
    """The same, for the body that the kits send."""
    sts: str
    """The holder's token service; `/token` is appended."""
    client_id: str
    client_secret: str
    holder_pid: str
    """The name of a request of the holder, at the peer's issuer, that is open however often it is answered."""
    rejected_pid: str
    """The name of another one."""

    def of(self, role: Role) -> str:
        """Return the DID of the participant that is tested in that role."""
        dids: dict[Role, str] = {"credential service": self.holder, "issuer": self.issuer, "verifier": self.verifier}
        return dids[role]


@dataclass(frozen=True)
class World:
    """See above. `peer` speaks with the participant whose role is tested."""

    peer: Peer
    under: UnderTest
    version: Version


Case = Callable[[World], Awaitable[None]]
"""Plays one exchange; raises `Wrong` or `jsonschema.ValidationError` if something else comes than is due."""
