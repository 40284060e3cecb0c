"""What a step raises becomes an error that names the step, and goes unchanged through process boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from msgspec import Struct

from hanse.kernel import errors
from hanse.kernel.errors import HanseError, OwnError

_LONGEST: Final = 500


class Failure(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as it travels: the name of its type in `kernel.errors`, and what it says."""

    type: str
    message: str
    where: str | None = None
    hint: str | None = None
    rule: str = ""


@contextmanager
def failing(where: str) -> Iterator[None]:
    """Name the step in whatever it raises that is no error of ours."""
    try:
        yield
    except HanseError:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        hint = "Run it again with the same workshop once the step is mended: what is done stays done."
        raise OwnError(f"The step failed: {said}", where=where, rule="step-failed", hint=hint) from error


def packed(error: HanseError) -> str:
    """Return an error as text."""
    failure = Failure(type=type(error).__name__, message=error.message, where=error.where, hint=error.hint, rule=error.rule)
    return msgspec.json.encode(failure).decode()


def unpacked(text: str) -> HanseError:
    """Return the error that `packed` packed."""
    failure = msgspec.json.decode(text, type=Failure)
    found = getattr(errors, failure.type, OwnError)
    cls = found if isinstance(found, type) and issubclass(found, errors.CallerError | OwnError) else OwnError
    return cls(failure.message, where=failure.where, hint=failure.hint, rule=failure.rule)
