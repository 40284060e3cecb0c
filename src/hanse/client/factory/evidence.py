"""Evidence archives, as steps."""

from __future__ import annotations

from hanse.client.core import Steps, post
from hanse.client.factory.evidence_model import EvidenceArchive


def export_evidence(about: str) -> Steps[EvidenceArchive]:
    """Return everything that proves what was agreed, received, used and made, as one archive.

    `about` names a version (`name@number`), a contract by its id, or a model. Raises `NotFound`. Verify it with
    `hanse.client.factory.evidence_check.verify_archive`, which needs no server.
    """
    return (yield from post("/evidence/archives", {"about": about}, EvidenceArchive))
