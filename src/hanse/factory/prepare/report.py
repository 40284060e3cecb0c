"""What a product tells of how it was made: `_account/report.json`, for people and programs, and the account that the server signs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.dcat.holding import Source
from hanse.dcat.preparation import Account, StepAccount

FORMAT: Final = "hanse-preparation/1"
"""Names this shape of a report, for whoever reads it in some years."""
REPORT_FILE: Final = "_account/report.json"
"""In the folder of a product that tells about it: no part of the data, and not read with it."""
DROPPED_FILE: Final = "_account/dropped.parquet"
"""Every dropped record: its `id`, `number` and name of the `step` that dropped it, and the `reason`."""
_MOST_WORDS: Final = 1_000
_MOST_PARAMETERS: Final = 64
_LONGEST: Final = 4_096
_OTHER: Final = "other"


class StepReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one step did with all records. Always `records_in + made = records_out + dropped`.

    `number` counts from 1; `version` is the step's own, `parameters` are all that it had, `files` the SHA-256 of those that they name.
    Bytes are those of the records as an Arrow stream; of the first step `bytes_in` are those of the files that it read, of the last
    `bytes_out` those that it wrote. `input` and `output` are SHA-256 over the SHA-256 of each part, in the parts' order (of files: in the
    order in which they are read, and by name). `made` counts records beyond those that came in, e.g. sections.
    """

    number: int
    name: str
    version: str
    parameters: Mapping[str, Any] = {}
    files: Mapping[str, str] = {}
    records_in: int
    records_out: int
    made: int = 0
    dropped: int = 0
    bytes_in: int
    bytes_out: int
    input: str
    output: str
    reasons: Mapping[str, int] = {}
    counts: Mapping[str, int] = {}


class InputReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version that went in: `name@number`, its root, and how many files and bytes it has. A plain folder has the number 0."""

    version: str
    root: str
    count: int
    size: int


class DroppedSample(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A dropped record that stands for others: by which step, why, and the beginning of it, if the step shows any."""

    number: int
    step: str
    reason: str
    id: str
    excerpt: str = ""


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of which inputs, by which steps and which code, with at most 20 samples for each reason of each step.

    It tells no time and no place: the same pipeline over the same inputs gives the same report.
    """

    format: str = FORMAT
    pipeline: str
    inputs: tuple[InputReport, ...]
    code: Mapping[str, str]
    steps: tuple[StepReport, ...]
    samples: tuple[DroppedSample, ...] = ()


def account_of(report: Report, action: str, root: str) -> Account:
    """Return the account that the server signs; `root` is that of the whole product."""
    code = ", ".join(f"{name} {version}" for name, version in sorted(report.code.items()))[:_LONGEST]
    steps = []
    before = tuple(one.root for one in report.inputs)
    for step in report.steps:
        last = step is report.steps[-1]
        first = step is report.steps[0]
        steps.append(
            StepAccount(
                step=step.name,
                version=step.version,
                code=code,
                parameters=_said(step),
                inputs=before,
                output=root if last else step.output,
                records_in=0 if first else step.records_in,
                records_out=step.records_out,
                added=step.records_in if first else step.made,
                dropped=_few(step.reasons),
                counts=_few(step.counts),
            )
        )
        before = (step.output,)
    inputs = tuple(Source(version=one.version, root=one.root) for one in report.inputs)
    return Account(inputs=inputs, action=action, pipeline=report.pipeline, steps=tuple(steps))


def root_of(digests: Sequence[str]) -> str:
    """Return the SHA-256 over SHA-256 in their order: what a step was given, or gave, as a whole."""
    return hashlib.sha256(b"".join(bytes.fromhex(one) for one in digests)).hexdigest()


def _said(step: StepReport) -> dict[str, str]:
    said = {name: _short(msgspec.json.encode(value, order="deterministic").decode()) for name, value in step.parameters.items()}
    return dict(list((said | {f"{name}.sha256": digest for name, digest in step.files.items()}).items())[:_MOST_PARAMETERS])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _few(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts with few names: the smallest are added up."""
    if len(counts) <= _MOST_WORDS:
        return dict(counts)
    by_size = sorted(counts, key=lambda name: (-counts[name], name))
    kept = {name: counts[name] for name in by_size[: _MOST_WORDS - 1] if name != _OTHER}
    return kept | {_OTHER: sum(counts.values()) - sum(kept.values())}
