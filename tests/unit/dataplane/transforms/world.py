"""Files in memory, for the transforms."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field

from hanse.dataplane.transforms.engine import run_here
from hanse.dataplane.transforms.tables import Tools
from hanse.dataplane.transforms.values import Pseudonyms
from hanse.odrl.changes import Step

KEY = bytes(range(32))


class Kept(io.BytesIO):
    """A file whose content outlives it."""

    def close(self) -> None:
        pass


@dataclass
class Job:
    content: bytes
    media_type: str
    written: Kept = field(default_factory=Kept)

    @contextmanager
    def source(self):
        yield io.BytesIO(self.content)

    @contextmanager
    def sink(self):
        self.written = Kept()
        yield self.written


def tools(advance=lambda count: None, key=KEY) -> Tools:
    return Tools(Pseudonyms(key), advance)


def changed(content: bytes, media_type: str, *steps: Step, key=KEY) -> bytes:
    job = Job(content, media_type)
    run_here([job], steps, tools(key=key))
    return job.written.getvalue()
