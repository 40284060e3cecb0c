"""`hanse.assess("weather@1", use="use.yaml", into="quality")`: one report, as data, as a page, and as a PDF."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hanse.client.factory.assessments import REPORT
from hanse.client.quality.neighbours import ports
from hanse.client.quality.stated_file import read_stated
from hanse.client.quality.target import of_path, of_version
from hanse.client.reading.opened import Data
from hanse.client.reading.opened import open as open_version
from hanse.factory.quality.assess import Task
from hanse.factory.quality.assess import assess as measure
from hanse.factory.quality.dqv import write_dqv
from hanse.factory.quality.page import write_page
from hanse.factory.quality.pdf import write_pdf
from hanse.factory.quality.ports import Progress
from hanse.factory.quality.report import Assessed, Report, digest_of_report, write_report
from hanse.factory.quality.stated import Stated
from hanse.kernel.clock import Clock, SystemClock
from hanse.kernel.errors import Misconfigured, StorageFailed

if TYPE_CHECKING:
    from hanse.client.client import Client

FILES: Final = (REPORT, "report.jsonld", "report.html", "report.pdf")
_ENDINGS: Final = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".arrow", ".feather", ".gz", ".txt", ".md", ".html")
UNTOLD: Final = "somebody who is not named"


class Assessment(Struct, frozen=True):
    """A report, its digest, and the folder into which it was written, if it was."""

    report: Report
    digest: str
    folder: Path | None = None

    def __repr__(self) -> str:
        return f"<quality of {self.report.assessed.version}: {len(self.report.measurements)} measurements>"


def assess(
    what: str | Path,
    *,
    use: str | Path | Mapping[str, object] | Stated | None = None,
    population: str | Path | None = None,
    into: str | Path | None = None,
    action: str | None = None,
    purpose: str | None = None,
    lease: str | Path | None = None,
    key: str | Path | None = None,
    facility: str | None = None,
    by: str | None = None,
    progress: Progress | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
) -> Assessment:
    """Measure the quality of a stored version (`name@number`), a folder or a file, and write the report into the folder `into`.

    `use` states what the data is for and what is known of it: a YAML file, or its plain values; `population` is a file of shares. A version
    is opened as `hanse.open` opens it: decided, counted and logged. Its files are in a private folder meanwhile.

    Raises what `hanse.open` raises, `Invalid` for what is stated wrongly, and `Misconfigured` if a package is missing.
    """
    if into is not None and find_spec("typst") is None:  # said now, not after hours of measuring
        raise Misconfigured("A PDF needs the package typst.", where="into", hint="pip install 'hanse[prepare]'")
    now = (clock or SystemClock()).now()
    stated = read_stated(use, population)
    with ExitStack() as stack:
        workshop = stack.enter_context(_workshop())
        data = None
        if not is_local(what):
            opened = open_version(str(what), action=action, purpose=purpose, lease=lease, key=key, facility=facility, client=client)
            data = stack.enter_context(opened)
        folder, paths, assessed = of_path(Path(what)) if data is None else _written(data, workshop / "data")
        task = Task(
            folder=folder,
            paths=paths,
            assessed=assessed,
            workshop=workshop / "work",
            by=by or (UNTOLD if data is None else _who(client)),
            at=now,
            software=_software(),
            stated=stated,
            held=None if data is None else data.version,
            ports=ports(workshop),
        )
        report = measure(task, progress=progress)
    return Assessment(report, digest_of_report(report), None if into is None else write(report, Path(into)))


def _written(data: Data, folder: Path) -> tuple[Path, list[str], Assessed]:
    return data.folder(folder), [one.path for one in data.files], of_version(data)


def is_local(what: str | Path) -> bool:
    """Tell whether a file or a folder is meant, and not a version."""
    path = Path(what)
    return isinstance(what, Path) or path.exists() or len(path.parts) > 1 or path.suffix.lower() in _ENDINGS


def write(report: Report, into: Path) -> Path:
    """Write a report as data, linked data, page and PDF into a folder; files of these names are replaced. Raises `StorageFailed`."""
    made = dict(zip(FILES, (write_report(report), write_dqv(report), write_page(report), write_pdf(report)), strict=True))
    try:
        into.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            part = into / f".{name}.part"
            part.write_bytes(content)
            part.replace(into / name)
    except OSError as error:
        raise StorageFailed(f"The report cannot be written: {error.strerror}.", where=str(into)) from None
    return into


@contextmanager
def _workshop() -> Iterator[Path]:
    """Yield a folder that nobody else can read."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="hanse-quality-"))
    except OSError as error:
        raise StorageFailed(f"There is no place to work in: {error.strerror}.", where=os.environ.get("TMPDIR", "")) from None
    try:
        (folder / "work").mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _who(client: Client | None) -> str:
    if client is None:
        return UNTOLD
    found = client.who_am_i()
    return found.participant.did if found.participant is not None else found.operator


def _software() -> str:
    from hanse import __version__

    return f"hanse {__version__}"
