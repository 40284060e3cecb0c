"""The one error of this room. Its text may reach the consumer: it names columns of the terms, never anything of the data."""

from __future__ import annotations

from hanse.kernel.errors import Forbidden


class Unkeepable(Forbidden):
    """The agreement's terms ask for a change that cannot be made of this data; nothing of it may be released."""

    rule = "transform"


class RecordTooLong(Unkeepable):
    """A record does not fit into the memory that was set aside for one."""


def no_column(name: str) -> Unkeepable:
    """Return the refusal for a column of the terms that the data does not have."""
    return Unkeepable(f"The terms name the column {name[:200]!r}, which this data does not have, or not once.")


def malformed(kind: str, why: str) -> Unkeepable:
    """Return the refusal for data that is not what its kind says."""
    return Unkeepable(f"The data is no well-formed {kind}: {why}.")


def too_much_memory() -> Unkeepable:
    """Return the refusal for data that would take more memory than there is for one change."""
    return Unkeepable("The data needs too much memory: values that are small in the file are larger than is allowed when they are read.")
