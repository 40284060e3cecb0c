"""Are groups treated alike? How often what is favourable befalls each group of stated attributes, and how far they are from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import polars as pl

from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.inference import difference, katz, wilson
from hanse.factory.quality.report import Measurement, Metric
from hanse.factory.quality.stated import Bias
from hanse.factory.quality.subject import MOST_VALUES, Subject, word, worded

RATE: Final = metric(
    "selection-rate",
    "Selection rate",
    "balance",
    "Records of the group with a favourable outcome, divided by the records of the group with any.",
    better="",
)
IMPACT: Final = metric(
    "disparate-impact",
    "Disparate impact ratio",
    "balance",
    "Selection rate of the group, divided by that of the reference group. Of several groups and attributes the least. Below 0.8 is what"
    " the four-fifths rule looks at.",
    unit="ratio",
)
PARITY: Final = metric(
    "parity-difference",
    "Statistical parity difference",
    "balance",
    "Selection rate of the group minus that of the reference group. Of several the one that is farthest from nothing.",
    unit="difference",
    better="",
)


class BiasMeasure(Measure):
    """Rates per group."""

    name: ClassVar[str] = "bias"
    metrics: ClassVar[tuple[Metric, ...]] = (RATE, IMPACT, PARITY)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield rates and ratios per attribute and group, and the worst of them."""
        bias = subject.stated.bias
        if bias is None:
            for one in self.metrics:
                yield not_measured(one, "no attributes of groups and no outcome are stated")
            return
        worst: list[Measurement] = []
        for attribute in bias.attributes:
            rates = _rates(subject, bias, attribute)
            if isinstance(rates, str):
                for one in self.metrics:
                    yield not_measured(one, rates, column=attribute)
                continue
            for found in _attribute(attribute, rates, _reference(bias, attribute, rates)):
                worst += [found] if found.value is not None else []
                yield found
        yield _worst(IMPACT, [one for one in worst if one.metric == IMPACT.name])
        yield _worst(PARITY, [one for one in worst if one.metric == PARITY.name])


def _rates(subject: Subject, bias: Bias, attribute: str) -> dict[str, tuple[int, int]] | str:
    """Return for each group how many have a favourable outcome, and how many any; or why not."""
    tables = subject.having(attribute, bias.outcome)
    if not tables:
        return f"no table has the columns {attribute} and {bias.outcome}"
    good = worded(bias.outcome).is_in([word(one) for one in bias.favourable])
    found: dict[str, tuple[int, int]] = {}
    for table in tables:
        pairs = table.raw.select(worded(attribute).alias("group"), good.alias("good")).drop_nulls()
        if int(table.row({"n": worded(attribute).approx_n_unique()}, raw=True)["n"]) > 2 * MOST_VALUES:
            return f"{attribute} has more than {MOST_VALUES} groups"
        for group, hits, count in table.frame(pairs.group_by("group").agg(pl.col("good").sum(), pl.len())).iter_rows():
            before = found.get(group, (0, 0))
            found[group] = before[0] + int(hits), before[1] + int(count)
    if len(found) < 2:
        return f"{attribute} has fewer than two groups with an outcome"
    return dict(sorted(found.items()))


def _reference(bias: Bias, attribute: str, rates: dict[str, tuple[int, int]]) -> str:
    stated = bias.reference.get(attribute)
    if stated is not None:
        return word(stated)
    return min(rates, key=lambda group: (-rates[group][0] / rates[group][1], group))


def _attribute(attribute: str, rates: dict[str, tuple[int, int]], reference: str) -> Iterator[Measurement]:
    for group, (hits, count) in rates.items():
        yield counted(RATE, hits / count, count, column=attribute, group=group, interval=wilson(hits, count))
    base = rates.get(reference)
    if base is None:
        for one in (IMPACT, PARITY):
            yield not_measured(one, f"no record is of the reference group {reference}", column=attribute)
        return
    note = f"Beside {reference}."
    for group, (hits, count) in rates.items():
        if group == reference:
            continue
        of = count + base[1]
        apart = hits / count - base[0] / base[1]
        yield counted(PARITY, apart, of, column=attribute, group=group, note=note, interval=difference(hits, count, *base))
        if base[0]:
            ratio = (hits / count) / (base[0] / base[1])
            yield counted(IMPACT, ratio, of, column=attribute, group=group, note=note, interval=katz(hits, count, *base))
        else:
            yield not_measured(IMPACT, "nobody of the reference group has a favourable outcome", column=attribute, group=group)


def _worst(metric: Metric, found: list[Measurement]) -> Measurement:
    if not found:
        return not_measured(metric, "no attribute has two groups to compare")
    one = min(found, key=lambda one: (one.value or 0) if metric is IMPACT else -abs(one.value or 0))
    of = one.sample.of if one.sample else 0
    return counted(metric, one.value or 0.0, of, note=f"{one.column}: {one.group}. {one.note}", interval=one.interval)
