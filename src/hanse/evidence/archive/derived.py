"""Versions that were made of others: whether the signed steps lead from the roots of the inputs to the root of the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.log import Log, Seen
from hanse.evidence.archive.verdict import Findings

_SHOWN = 20
_WORD = (
    "What the steps that made {} did, and that each gave out what follows from what it took in, is their maker's word: proved is that its"
    " account has not changed since."
)


def check_derived(files: Mapping[str, bytes], log: Log, findings: Findings) -> None:
    """Check every derived version in the archive: who signed how it was made, and that the steps hang together."""
    records = {one.id: one for one in f.decode(files, f.VERSIONS, list[f.VersionRecord], [])}
    made = {one.says.version: one for one in log.entries.values() if isinstance(one.says, k.Derived) and one.says.version in records}
    for record in records.values():
        if record.made_of and record.id not in made:
            findings.missing(f"No statement in the log says how {record.id} was made.", f.VERSIONS)
    for seen in made.values():
        assert isinstance(seen.says, k.Derived)
        _check(seen, seen.says, records, _steps(log, seen, seen.says), findings)


def _steps(log: Log, made: Seen, says: k.Derived) -> list[Seen]:
    """Return what the same signer stated of the steps, in their order."""
    found = {
        one.says.number: one
        for one in log.entries.values()
        if isinstance(one.says, k.Prepared) and one.signer == made.signer and (one.says.version, one.says.root) == (says.version, says.root)
    }
    return [found[number] for number in sorted(found)]


def _check(seen: Seen, says: k.Derived, records: Mapping[str, f.VersionRecord], steps: Sequence[Seen], findings: Findings) -> None:
    if not _inputs(seen, says, records, findings):
        return
    numbers = [one.says.number for one in steps if isinstance(one.says, k.Prepared)]
    if numbers != list(range(1, says.steps + 1)):
        findings.missing(
            f"Of the {says.steps} steps that made {says.version} the archive has {len(numbers)}: they prove nothing.", seen.where
        )
        return
    broken = _broken(says, steps)
    if broken is not None:
        findings.fault(f"The steps that made {says.version} do not hang together: {broken[1]}.", f"{broken[0]}, predicate")
        return
    names = ", ".join(one.says.step for one in steps[:_SHOWN] if isinstance(one.says, k.Prepared)) + (" …" if says.steps > _SHOWN else "")
    sources = ", ".join(one.version for one in says.inputs[:_SHOWN]) + (" …" if len(says.inputs) > _SHOWN else "")
    findings.proved(
        f"{seen.signer} signed, as entry {seen.index}, that {says.version} was made of {sources} in {says.steps} steps ({names}); the"
        " hashes that they name lead, without a gap, from the roots of those to its root.",
        seen.where,
    )
    findings.told(_WORD.format(says.version), seen.where)


def _inputs(seen: Seen, says: k.Derived, records: Mapping[str, f.VersionRecord], findings: Findings) -> bool:
    """Compare what the statement says of the product and its inputs with the archive; tell whether they agree."""
    record, faults = records[says.version], findings.faults
    told = (says.count, says.size, says.under, tuple((one.version, one.root) for one in says.inputs))
    if told != (record.count, record.size, record.under, tuple((one.version, one.root) for one in record.made_of)):
        findings.fault(
            f"What was signed of the making of {says.version} differs from what the archive says of it.", f"{seen.where}, predicate"
        )
    for one in says.inputs:
        there = records.get(one.version)
        if there is None:
            findings.missing(f"{one.version} went into {says.version}, and is not in the archive.", f.VERSIONS)
        elif one.agreement != (there.agreement or ""):
            findings.fault(f"{one.version} came under another agreement than the statement says.", f"{seen.where}, predicate.inputs")
    return findings.faults == faults


def _broken(says: k.Derived, steps: Sequence[Seen]) -> tuple[str, str] | None:
    """Return where the chain of hashes breaks, and how."""
    expected, records = tuple(one.root for one in says.inputs), 0
    for one in steps:
        step = one.says
        assert isinstance(step, k.Prepared)
        if step.inputs != expected:
            return one.where, f"step {step.number} did not take in what it was given"
        if step.records_in != records or step.records_in + step.added != step.records_out + sum(step.dropped.values()):
            return one.where, f"the records of step {step.number} do not add up"
        expected, records = (step.output,), step.records_out
    return None if expected == (says.root,) else (steps[-1].where, "the last did not give out the version")
