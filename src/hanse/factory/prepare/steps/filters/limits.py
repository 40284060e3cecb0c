"""Limits of filters: none where a rule is switched off."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hanse.factory.prepare.base import Step
from hanse.kernel.errors import Invalid

Values = NDArray[np.int64] | NDArray[np.float64]


def below(values: Values, limit: float | None) -> NDArray[np.bool_]:
    """Tell which values are below a limit; none if there is no limit."""
    return np.zeros(len(values), np.bool_) if limit is None else values < limit


def above(values: Values, limit: float | None) -> NDArray[np.bool_]:
    """Tell which values are above a limit; none if there is no limit."""
    return np.zeros(len(values), np.bool_) if limit is None else values > limit


def exceeds(value: float, limit: float | None) -> bool:
    """Tell whether a value is above a limit, if there is one."""
    return limit is not None and value > limit


def share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide, with 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(len(part), np.float64), where=whole > 0)


def check_numbers(step: Step) -> None:
    """Raise `Invalid` for a parameter that is a negative number or none at all, also inside a mapping."""
    for name in step.__struct_fields__:
        value = getattr(step, name)
        numbers = value.values() if isinstance(value, Mapping) else (value,)
        for number in numbers:
            if isinstance(number, int | float) and not (math.isfinite(number) and number >= 0):
                raise Invalid(f"{name} must be at least 0, not {number}.", where=name, rule="step")
