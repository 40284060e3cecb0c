"""How signatures are cut into bands, and how surely two alike texts are found: the S-curve, and the check that follows it."""

from __future__ import annotations

from math import comb
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_FOR_BANDS: Final = 0.1
"""The part of the pairs to be missed that bands may miss; the check of the signatures has the rest."""


class Banding(NamedTuple):
    """How signatures of `permutations` numbers are compared.

    Two texts are candidates if all `rows` numbers of one of the `bands` are the same, and alike if at least `enough` of all numbers are.
    Each number is the same with a probability that is the texts' similarity, independently (Broder 1997), so what is found how surely
    follows from these four figures.
    """

    permutations: int
    bands: int
    rows: int
    enough: int

    def candidate(self, similarity: float) -> float:
        """Return the probability that two texts are candidates: the S-curve `1 - (1 - s^rows)^bands`."""
        return 1 - float((1 - similarity**self.rows) ** self.bands)

    def found(self, similarity: float) -> float:
        """Return the probability that two texts are candidates and pass the check."""
        return float(_both(self, similarity)[self.enough :].sum())


def choose(similarity: float, permutations: int, recall: float) -> Banding:
    """Return the banding that finds a pair of just this similarity with probability `recall`, and dissimilar ones as rarely as it can.

    Bands get as many rows as they may while missing at most a tenth of what may be missed: few candidates. The check is as strict as the
    rest of it lets it be: few mistakes.
    """
    bands = [Banding(permutations, permutations // rows, rows, 0) for rows in range(permutations, 0, -1)]
    missed = _FOR_BANDS * (1 - recall)
    chosen = next((one for one in bands if 1 - one.candidate(similarity) <= missed), bands[-1])
    at_least = np.cumsum(_both(chosen, similarity)[::-1])[::-1]
    return chosen._replace(enough=int(np.flatnonzero(at_least >= recall).max(initial=0)))


def _both(banding: Banding, similarity: float) -> NDArray[np.float64]:
    """Return, for each count of equal numbers, the probability of that count and of a band that is wholly equal."""
    band = _binomial(banding.rows, similarity)
    broken = np.append(band[:-1], 0.0)
    rest = _binomial(banding.permutations - banding.bands * banding.rows, similarity)
    every = none = rest
    for _ in range(banding.bands):
        every, none = np.convolve(every, band), np.convolve(none, broken)
    return every - none


def _binomial(count: int, chance: float) -> NDArray[np.float64]:
    return np.array([comb(count, same) * chance**same * (1 - chance) ** (count - same) for same in range(count + 1)])
