"""Does it stand for those whom it is about? Shares of values beside those of a population that is stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.inference import chi_square, distance
from hanse.factory.quality.measures.balance import all_counts
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.subject import Subject

CLOSE: Final = metric(
    "representativeness",
    "Closeness to the population",
    "representativeness",
    "One minus the total variation distance: one minus half the sum, over all values, of the difference between the share of records with"
    " the value and its stated share in the population. Of several columns, the least.",
)
CHI: Final = metric(
    "population-chi-square",
    "Chi-square against the population",
    "representativeness",
    "Sum, over the values of the population, of the squared difference between the records seen and those expected by its shares, divided"
    " by those expected (Pearson).",
    unit="statistic",
    better="",
)
P_VALUE: Final = metric(
    "population-p-value",
    "Chance of such a chi-square",
    "representativeness",
    "Probability that a sample drawn at random from the population would give a chi-square at least as large.",
    unit="probability",
    better="",
)
SHARE: Final = metric(
    "population-share",
    "Share of a value of the population",
    "representativeness",
    "Records with this value, divided by the records that have one.",
    better="",
)
SHARES: Final = metric(
    "population-difference",
    "Difference of a share to the population's",
    "representativeness",
    "Share of records with this value minus its stated share in the population.",
    better="",
)


class Representativeness(Measure):
    """Shares beside a population's."""

    name: ClassVar[str] = "representativeness"
    metrics: ClassVar[tuple[Metric, ...]] = (CLOSE, CHI, P_VALUE, SHARE, SHARES)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the distances per column; that of the version is the worst of them."""
        population = subject.stated.population
        if not population:
            for one in self.metrics:
                yield not_measured(one, "no population is stated")
            return
        values: list[tuple[float, int]] = []
        for column, shares in population.items():
            counts = all_counts(subject, column)
            if isinstance(counts, str):
                yield not_measured(CLOSE, counts, column=column)
                continue
            total = sum(counts.values())
            values.append((1 - distance(counts, shares), total))
            yield counted(CLOSE, values[-1][0], total, column=column)
            yield from _tests(column, counts, shares, total)
        yield counted(CLOSE, *min(values)) if values else not_measured(CLOSE, "no table has a column of the stated population")


def _tests(column: str, counts: Mapping[str, int], shares: Mapping[str, float], total: int) -> Iterator[Measurement]:
    tested = chi_square(counts, shares)
    if tested is None:
        yield not_measured(CHI, "the population has fewer than two values", column=column)
    else:
        outside = total - sum(counts.get(name, 0) for name, share in shares.items() if share)
        note = f"{outside:,} records have a value that the population has not; they are left out." if outside else ""
        yield counted(CHI, tested[0], total - outside, column=column, note=note)
        yield counted(P_VALUE, tested[1], total - outside, column=column, note=note)
    for name in sorted({*counts, *shares}):
        yield counted(SHARE, counts.get(name, 0) / total, total, column=column, group=name)
        yield counted(SHARES, counts.get(name, 0) / total - shares.get(name, 0.0), total, column=column, group=name)
