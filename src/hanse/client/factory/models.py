"""Models and the risk of what they were trained on, as steps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from hanse.client.core import Steps, get, listed, post, said
from hanse.client.factory import models_model as mm
from hanse.client.shells import Method, Mode, Noun
from hanse.kernel.errors import Invalid
from hanse.odrl.names import HANSE

WAYS = ("train", "fineTune", "evaluate", "embed")
"""Ways to make a model of data that go by a word; any other goes by its IRI."""
_PIECE = 1 << 20


def record(
    name: str,
    file: str | Path | None = None,
    *,
    digest: str | None = None,
    inputs: Sequence[str],
    action: str = "train",
    code: str | None = None,
    parameters: Mapping[str, object] | None = None,
) -> Steps[mm.RecordedTraining]:
    """Record that a model was made of these versions: one line at the end of a training script.

    `file` is the model's file, whose SHA-256 is taken here; or give the `digest`. What is recorded can never be deleted, so it must not
    tell of a person. Raises `Invalid`.
    """
    if (file is None) == (digest is None):
        raise Invalid("Give either the model's file or its digest.", where="file", rule="required")
    found = (digest or "").lower() if file is None else sha256_of(Path(file))
    shown = {key: str(value) for key, value in (parameters or {}).items()}
    iri = HANSE + action if action in WAYS else action
    body = said(model=name, digest=found, inputs=list(inputs), action=iri, code=code, parameters=shown or None)
    return (yield from post("/models/trainings", body, mm.RecordedTraining))


def list_models(*, most: int | None = None) -> Steps[list[mm.Model]]:
    """Return models, the one trained last first."""
    return (yield from listed("/models", mm.Model, most))


def get_model(name: str) -> Steps[mm.Model]:
    """Return a model by its name, or by the SHA-256 of its bytes. Raises `NotFound`."""
    found = yield from listed("/models", mm.Model, 1, name=name)
    return found[0]


def risk(model: str) -> Steps[list[mm.Risk]]:
    """Return the risk of each training of a model, newest first. Raises `NotFound`."""
    return (yield from get("/risk", list[mm.Risk], model=model))


def risk_of(versions: Sequence[str]) -> Steps[mm.Risk]:
    """Return the risk of versions together. Raises `NotFound`."""
    found = yield from get("/risk", list[mm.Risk], versions=",".join(versions))
    return found[0]


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raises `Invalid`."""
    sha256 = hashlib.sha256()
    try:
        with file.open("rb") as data:
            while piece := data.read(_PIECE):
                sha256.update(piece)
    except OSError as error:
        raise Invalid(f"The file cannot be read: {error.strerror}.", where="file") from None
    return sha256.hexdigest()


class Models(Noun[Mode]):
    """Models, and which data they were trained on."""

    record = Method(record)
    list = Method(list_models)
    get = Method(get_model)
    risk = Method(risk)
    risk_of = Method(risk_of)
