"""Takes the steps of a chain with the files of some data: here, or in a process of its own where the format asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.dataplane.transforms.apart import run_apart
from hanse.dataplane.transforms.engine import Job, Outcome, run_here
from hanse.dataplane.transforms.kinds import is_apart
from hanse.dataplane.transforms.tables import Tools
from hanse.odrl import names
from hanse.odrl.changes import Step


def run(jobs: Sequence[Job], chain: Sequence[Step], tools: Tools) -> Outcome:
    """Change all files. Raises `Unkeepable`, `SourceVanished`, and whatever `tools.advance` raises to stop it."""
    is_read = any(step.action != names.ENCRYPT for step in chain)
    apart = is_read and any(is_apart(job.media_type) for job in jobs)
    return (run_apart if apart else run_here)(jobs, chain, tools)
