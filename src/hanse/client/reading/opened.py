"""`hanse.open("name@version")`: one line opens a stored version, under its contract or by a lease.

with hanse.open("weather@1", action="train", purpose="dpv:ResearchAndDevelopment") as data:
frame = data.polars()
"""

from __future__ import annotations

import io
import shutil
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hanse.client.reading import forms
from hanse.client.reading.content import Content
from hanse.client.reading.node import open_leased
from hanse.client.reading.places import open_place
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.factory.facility.paths import Names
from hanse.kernel.clock import Clock, SystemClock
from hanse.kernel.errors import Conflict, HanseError, Invalid, StorageFailed
from hanse.odrl.names import HANSE

if TYPE_CHECKING:
    import pyarrow as pa

    from hanse.client.client import Client

AI_ACTIONS = ("train", "fineTune", "evaluate", "embed", "retrieve", "mine")
"""Actions that go by a word; any other goes by its name or IRI."""


class Data:
    """An open version. What it gives is read from the facility, decrypted and checked in this process.

    Close it, or use it in a `with`: then the use is over, and the server notes until when the data was open.
    """

    def __init__(self, content: Content, over: Callable[[], None]) -> None:
        self._content = content
        self._over: Callable[[], None] | None = over

    @property
    def version(self) -> DatasetVersion:
        """The version, with where it came from and under which agreement."""
        return self._content.version

    @property
    def files(self) -> list[HeldFile]:
        """Its files, by path."""
        return self._content.files

    def read(self, path: str) -> bytes:
        """Return the whole content of a file. Raises `NotFound`, `StorageFailed`."""
        return self._content.read(path)

    def open(self, path: str) -> io.BufferedReader:
        """Return a file to read and seek in. Raises `NotFound`; reading raises `StorageFailed`."""
        return self._content.open(path)

    def batches(self, paths: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield Arrow batches of the tables (or texts) in the version, or of the named files, in bounded memory."""
        return forms.batches(self._content, paths)

    def table(self, paths: Sequence[str] | None = None) -> pa.Table:
        """Return all rows as one Arrow table."""
        return forms.table(self._content, paths)

    def pandas(self, paths: Sequence[str] | None = None) -> Any:
        """Return all rows as a pandas frame."""
        return forms.pandas(self._content, paths)

    def polars(self, paths: Sequence[str] | None = None) -> Any:
        """Return all rows as a Polars frame."""
        return forms.polars(self._content, paths)

    def dataset(self, paths: Sequence[str] | None = None) -> Any:
        """Return all rows as a `datasets.Dataset` of Hugging Face."""
        return forms.dataset(self._content, paths)

    def folder(self, into: str | Path) -> Path:
        """Write all files into a new folder, as plain files; return it. Raises `Conflict` if there is one, `StorageFailed`."""
        return write_folder(self._content, Path(into))

    def close(self) -> None:
        """End the use."""
        over, self._over = self._over, None
        if over is not None:
            self._content.close()
            over()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.version.id}: {self.version.count} files, {self.version.size} bytes>"


def open(  # noqa: A001 - `hanse.open` is the word for it
    version: str,
    *,
    action: str | None = None,
    purpose: str | None = None,
    stated: Mapping[str, str] | None = None,
    lease: str | Path | None = None,
    key: str | Path | None = None,
    facility: str | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
) -> Data:
    """Open a stored version, `name@number` or the newest of `name`, for an action such as `train` and a purpose.

    The server decides, counts and logs it before any key is handed out. On a node without network name the `lease` (a file) and the
    node's `key`: then it is written into the lease's own log. `facility` says where the facility's folder is on this machine, if it is
    mounted elsewhere than on the server's. Without `client` it acts as the command line does.

    Raises `Forbidden` with the reasons if the agreement or the lease does not permit it, `NotFound`, `Conflict`, `StorageFailed`.
    """
    if lease is not None:
        return _by_lease(version, Path(lease), key, action, purpose or "", facility, clock or SystemClock())
    said = dict(stated or {}) | ({"purpose": purpose} if purpose else {})
    return _by_server(version, action_of(action or "use"), said, facility, client)


def action_of(word: str) -> str:
    """Return an action as the terms name it, from the word that people type."""
    return HANSE + word if word in AI_ACTIONS else word


def write_folder(content: Content, into: Path) -> Path:
    """Write all files of a version into a new folder. Nothing is left of it if that fails. Raises `Conflict`, `StorageFailed`."""
    names = Names()
    for file in content.files:
        names.check(file.path)
        names.add(file.path)  # nothing that leads out of the folder, and no two files that are one on some systems
    work = into.with_name(f".{into.name}.part")
    if into.exists():
        raise Conflict("There is something of that name already.", where=str(into), hint="Name a folder that does not exist yet.")
    try:
        for file in content.files:
            target = work / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                out.writelines(content.parts(file.path))
        work.mkdir(parents=True, exist_ok=True)
        work.rename(into)
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise StorageFailed(f"The folder cannot be written: {error.strerror}.", where=str(into)) from None
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return into


def _by_server(version: str, action: str, stated: Mapping[str, str], facility: str | None, client: Client | None) -> Data:
    with ExitStack() as stack:
        using = client or stack.enter_context(_own_client())
        opened = using.versions.open(version, action, stated=stated or None)
        for use in opened.uses or filter(None, [opened.use]):
            stack.callback(_end, using, use)
        content = _content(facility or opened.hot, opened.cold, opened.manifest, opened.key)
        return Data(content, stack.pop_all().close)


def _own_client() -> Client:
    from hanse.client.client import Client as PlainClient

    return PlainClient()


def _end(client: Client, use: str) -> None:
    with suppress(HanseError):  # the server ends it when the permission does: what was read has been read
        client.uses.end(use)


def _by_lease(
    version: str, lease: Path, key: str | Path | None, action: str | None, purpose: str, facility: str | None, clock: Clock
) -> Data:
    if key is None:
        raise Invalid("A lease is opened with the node's key.", where="key", hint="hanse.open(..., lease=..., key='node.key')")
    named = None if action is None else action_of(action)
    _, keys = open_leased(version, lease, Path(key), action=named, purpose=purpose, clock=clock)
    return Data(_content(facility or keys.hot, keys.cold, keys.manifest, keys.key), lambda: None)


def _content(hot: str, cold: str, manifest: str, key: str) -> Content:
    return Content(open_place(hot), open_place(cold), manifest, urlsafe_b64decode(key))
