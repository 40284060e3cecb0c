"""`hanse.prepare(steps, inputs=["web@1"], name="web-ready")`: versions in, a derived version out, with an account of every record."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hanse.client.preparing.pipeline_file import read_pipeline
from hanse.client.preparing.sources import of_folder, of_version
from hanse.client.reading.opened import action_of
from hanse.client.reading.opened import open as open_version
from hanse.factory.prepare.engine import Product
from hanse.factory.prepare.engine import prepare as run
from hanse.factory.prepare.limits import Limits
from hanse.factory.prepare.pipeline import Pipeline, pipeline_of
from hanse.factory.prepare.ports import Input, Progress
from hanse.factory.prepare.report import Report, account_of
from hanse.factory.prepare.runner import DaftRunner
from hanse.kernel.errors import Conflict, HanseError, Invalid, StorageFailed

if TYPE_CHECKING:
    from hanse.client.client import Client
    from hanse.client.factory.facility_model import StoredVersion

GO_ON: Final = "What is done so far is in the workshop, {}: the same goes on there. It holds plain data: remove it if nothing is to go on."
_NOT_OURS: Final = ("workshop", "busy")
"""Rules of errors about folders that are not this run's."""
_HOPELESS: Final = "nothing-left"
"""The rule of the error after which going on could only end in the same."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


class Prepared(Struct, frozen=True, kw_only=True):
    """What was made: the derived `version`, or, of data that is in no facility, the `folder`; and the report of how it was made."""

    report: Report
    version: StoredVersion | None = None
    folder: Path | None = None


def prepare(
    steps: str | Path | Sequence[object] | Pipeline,
    *,
    inputs: Sequence[str | Path],
    name: str = "",
    action: str | None = None,
    purpose: str | None = None,
    on: str | None = None,
    workers: int | None = None,
    workshop: str | Path | None = None,
    into: str | Path | None = None,
    progress: Progress | None = None,
    client: Client | None = None,
    facility: str | None = None,
    limits: Limits | None = None,
) -> Prepared:
    """Make data ready for training: take versions through the steps, and store what comes out as a derived version `name`.

    `steps` is a list of names, `{name: {parameter: value}}` and steps, or the path of a YAML file with such a list. `inputs` are versions,
    `name@number` (each is opened for `action` and `purpose` as by `hanse.open`), or, all of them, folders (`Path`) that are in no facility:
    then the product becomes the new folder `into`. `on` is nothing for this machine, `ray` or `ray://HOST:PORT` for a Ray cluster, which
    must see the `workshop`: a folder with plain data while the work goes on, readable by nobody else, and removed at the end. After an
    interruption the same call goes on where it stopped. `progress` hears of each task.

    Raises `Invalid` for a pipeline that makes no sense, `Forbidden` if an input may not be used so, `Conflict` for a workshop of other
    work, `OwnError` for a step that fails, and what storing raises.
    """
    pipeline = steps if isinstance(steps, Pipeline) else read_pipeline(steps) if isinstance(steps, str | Path) else pipeline_of(steps)
    runner = DaftRunner(on=on, workers=workers)
    folders = _check(inputs, name, into)
    place = Path(workshop) if workshop is not None else Path(f".{name or Path(str(into)).name}.workshop")
    word = action or "use"
    with ExitStack() as stack:
        stack.enter_context(_telling(place))
        sources: list[Input] = []
        using = None if folders else client or stack.enter_context(_own_client())
        for one in inputs:
            if using is None:
                sources.append(of_folder(Path(one)))
            else:
                data = open_version(str(one), action=word, purpose=purpose, facility=facility, client=using)
                sources.append(of_version(stack.enter_context(data)))
        product = run(pipeline, sources, place, runner, limits=limits, progress=progress)
        made = _kept(product, Path(str(into))) if using is None else _stored(product, name, action_of(word), using)
    _remove(place)
    return made


def _check(inputs: Sequence[str | Path], name: str, into: str | Path | None) -> bool:
    """Tell whether the inputs are folders. Raises `Invalid`, `Conflict`."""
    folders = {isinstance(one, Path) for one in inputs}
    if len(folders) != 1:
        raise Invalid("The inputs are versions, or folders, and at least one.", where="inputs", rule="inputs")
    if folders == {False}:
        if into is not None:
            hint = "What is made of versions is stored under their terms; open it, once it is there."
            raise Invalid("Only what is made of folders becomes a folder.", where="into", rule="inputs", hint=hint)
        if not _NAME.fullmatch(name):
            hint = "Small letters, digits and dashes, e.g. web-ready."
            raise Invalid("The derived version needs a name.", where="name", rule="name", hint=hint)
        return False
    if into is None:
        raise Invalid("Name the new folder for what is made of folders.", where="into", rule="inputs")
    if Path(into).exists() or Path(into).is_symlink():
        raise Conflict("There is something in that place.", where=str(into), hint="Name a folder that does not exist yet.")
    return True


def _kept(product: Product, into: Path) -> Prepared:
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(product.folder, into)
    except OSError as error:
        raise StorageFailed(f"The product cannot be moved: {error.strerror}.", where=str(into)) from None
    return Prepared(report=product.report, folder=into)


def _stored(product: Product, name: str, action: str, client: Client) -> Prepared:
    account = account_of(product.report, action, product.root)
    return Prepared(report=product.report, version=client.preparations.store(product.folder, name, account))


def _own_client() -> Client:
    from hanse.client.client import Client as PlainClient

    return PlainClient()


@contextmanager
def _telling(place: Path) -> Iterator[None]:
    """Add to whatever ends the work early that the workshop is still there."""
    try:
        yield
    except HanseError as error:
        if error.rule == _HOPELESS:
            _remove(place)
        elif place.exists() and error.rule not in _NOT_OURS:
            error.hint = " ".join(text for text in (error.hint, GO_ON.format(place)) if text)
        raise
    except BaseException as error:
        if place.exists():
            error.add_note(GO_ON.format(place))
        raise


def _remove(place: Path) -> None:
    """Remove the workshop: there is plain data in it. Raises `StorageFailed`."""
    try:
        shutil.rmtree(place)
    except OSError as error:
        hint = "Remove it yourself: it holds plain data."
        raise StorageFailed(f"The workshop cannot be removed: {error.strerror}.", where=str(place), hint=hint) from None
