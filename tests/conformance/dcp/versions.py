"""The two versions of the kit, and where they contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tests.conformance.kit.kits import DCP_1_0_2, DCP_1_2_1, Kit

Role = Literal["credential service", "issuer", "verifier"]
ROLES: Final[tuple[Role, ...]] = ("credential service", "issuer", "verifier")


@dataclass(frozen=True)
class Version:
    """One version of the kit."""

    kit: Kit
    unknown_sparse_offers: bool
    """An offer of nothing but ids that its issuer does not know: taken (DCP 1.0 leaves it open), else refused."""
    repeated_requests: bool
    """All requests to the issuer carry one `holderPid`, and each is to be filled; else the second of one is not."""

    @property
    def name(self) -> str:
        """Such as `1.0.2`."""
        return self.kit.version


V1_0_2: Final = Version(DCP_1_0_2, unknown_sparse_offers=True, repeated_requests=True)
V1_2_1: Final = Version(DCP_1_2_1, unknown_sparse_offers=False, repeated_requests=False)
VERSIONS: Final = (V1_0_2, V1_2_1)
