"""Statistical properties of each column: counts, distinct values, mean, deviation, quantiles, histogram."""

from hanse.factory.quality.profile.table import profile

__all__ = ["profile"]
