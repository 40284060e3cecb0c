"""Who has seen the log in an archive, and when: from then on its owner could change nothing in it any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hanse.evidence.archive import format as f
from hanse.evidence.archive.keys import KeyRing
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.checkpoint import SignedCheckpoint
from hanse.evidence.cosignature import cosignature_of


def witnessed(files: Mapping[str, bytes], signed: SignedCheckpoint, owner: str, ring: KeyRing, findings: Findings) -> datetime | None:
    """Check every witness's cosignature on a checkpoint; return the earliest moment of those who are not the log's owner."""
    moments: list[datetime] = []
    for number, witness in enumerate(f.decode(files, f.WITNESSES, f.Witnesses, [])):
        where = f"{f.WITNESSES}, [{number}] {witness.did}"
        check = ring.check(witness.jwk)
        moment = None
        if check is not None and witness.jwk.get("crv") == "Ed25519" and witness.name.startswith(witness.did + "/"):
            moment = cosignature_of(signed, witness.name, witness.jwk, check)
        if moment is None:
            findings.fault(f"{witness.did} did not cosign this checkpoint with that key.", where)
            continue
        ring.note_witness(witness.did, witness.jwk)
        size = signed.checkpoint.size
        findings.proved(f"{witness.did} has cosigned the log at {size} entries at {moment:%Y-%m-%d %H:%M:%S} UTC.", where)
        moments += [] if witness.did == owner else [moment]
    if not moments:
        findings.missing("No witness but its owner has signed for this log.", f.WITNESSED)
        return None
    bound = min(moments)
    findings.proved(
        f"What is in the log below entry {signed.checkpoint.size} was there on {bound:%Y-%m-%d at %H:%M:%S} UTC at the latest, and was not "
        "changed since.",
        f.WITNESSED,
    )
    return bound
