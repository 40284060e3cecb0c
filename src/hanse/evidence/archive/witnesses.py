"""Who has seen the log in an archive, and when: from then on its owner could change nothing in it unseen.

A witness proves something only if it is somebody else. One on the same server (`did:web` names it) is run by whoever runs the owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hanse.evidence.archive import format as f
from hanse.evidence.archive.keys import KeyRing
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.checkpoint import SignedCheckpoint
from hanse.evidence.cosignature import cosignature_of


def witnessed(files: Mapping[str, bytes], signed: SignedCheckpoint, owner: str, ring: KeyRing, findings: Findings) -> datetime | None:
    """Check every witness's cosignature on a checkpoint; return the earliest moment of those on other servers than the log's owner."""
    moments: list[datetime] = []
    near: list[datetime] = []
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
        findings.proved(f"{witness.did} has cosigned the log at {size} entries, by its clock at {moment:%Y-%m-%d %H:%M:%S} UTC.", where)
        if witness.did == owner:
            continue
        alone = _server(witness.did) != _server(owner)
        (moments if alone else near).append(moment)
        if not alone:
            findings.told(
                f"The witness {witness.did} is on the same server as the log's owner: whoever runs it could have made both signatures, at "
                "any time.",
                where,
            )
    return _bound(signed.checkpoint.size, moments, near, findings)


def _bound(size: int, moments: list[datetime], near: list[datetime], findings: Findings) -> datetime | None:
    """Say since when the log is known to be as it is; return that moment, if an independent witness tells it."""
    if not size or not (moments or near):
        findings.missing("No witness but its owner has signed for an entry of this log.", f.WITNESSED)
        return None
    bound = min(moments or near)
    since = f"What is in the log below entry {size} was there on {bound:%Y-%m-%d at %H:%M:%S} UTC at the latest, and was not changed since"
    if not moments:
        findings.told(f"{since}: so say only witnesses on the owner's own server.", f.WITNESSED)
        return None
    findings.proved(f"{since}.", f.WITNESSED)
    return bound


def _server(did: str) -> str:
    """Return the server of a DID: the host of `did:web`, whatever its port; for other methods the DID itself."""
    parts = did.split(":")
    return parts[2].lower().partition("%3a")[0] if parts[:2] == ["did", "web"] and len(parts) > 2 else did
