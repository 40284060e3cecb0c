"""Where, how and for what was it made? What is declared of that, marked as declared, and the places that a column covers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

from hanse.dcat.holding import DatasetVersion
from hanse.factory.quality.base import Measure, counted, metric, not_measured
from hanse.factory.quality.measures.balance import all_counts
from hanse.factory.quality.report import Declared, Measurement, Metric
from hanse.factory.quality.stated import Setting
from hanse.factory.quality.subject import Subject

PLACES: Final = metric(
    "place-coverage",
    "Covered places",
    "representativeness",
    "Stated places that at least one record is about, divided by the stated places.",
)
PLACE: Final = metric(
    "place-share",
    "Share of a place",
    "diversity",
    "Records that are about this place, divided by the records that name one.",
    better="",
)
DECLARED: Final = metric(
    "setting-declared",
    "Declared setting",
    "understandability",
    "Of the geographical, contextual, behavioural and functional setting, those about which something is declared, divided by four.",
)
_ASPECTS: Final = ("geographical", "contextual", "behavioural", "functional")


class SettingMeasure(Measure):
    """Places, and what is declared."""

    name: ClassVar[str] = "setting"
    metrics: ClassVar[tuple[Metric, ...]] = (PLACES, PLACE, DECLARED)

    def measure(self, subject: Subject) -> Iterator[Measurement]:
        """Yield the coverage, and how much is declared."""
        setting = subject.stated.setting
        told = {one.about for one in declared(subject)}
        there = [aspect for aspect in _ASPECTS if f"{aspect} setting" in told]
        missing = [aspect for aspect in _ASPECTS if aspect not in there]
        yield counted(DECLARED, len(there) / 4, 4, note=f"Not declared: {', '.join(missing)}." if missing else "")
        if not setting.place_column:
            for one in (PLACES, PLACE):
                yield not_measured(one, "no column is stated to tell places")
        else:
            yield from _places(subject, setting)


def _places(subject: Subject, setting: Setting) -> Iterator[Measurement]:
    counts = all_counts(subject, setting.place_column)
    if isinstance(counts, str):
        yield not_measured(PLACES, counts)
        yield not_measured(PLACE, counts)
        return
    if setting.places:
        missing = [one for one in setting.places if one not in counts]
        note = f"Not covered: {', '.join(missing)}"[:1000] if missing else ""
        yield counted(PLACES, 1 - len(missing) / len(setting.places), len(setting.places), note=note)
    else:
        yield not_measured(PLACES, "no places are stated that should be covered")
    total = sum(counts.values())
    for place, count in counts.items():
        yield counted(PLACE, count / total, total, column=setting.place_column, group=place)


def declared(subject: Subject) -> list[Declared]:
    """Return what was declared of the setting: by who assesses, and by the provider."""
    setting = subject.stated.setting
    said = [(f"{aspect} setting", getattr(setting, aspect)) for aspect in _ASPECTS]
    found = [Declared(about, text, "stated for the assessment") for about, text in said if text]
    return found + (_by_provider(subject.held) if subject.held else [])


def _by_provider(held: DatasetVersion) -> list[Declared]:
    source = held.provider or "held with the version"
    origin, offered, found = held.origin, held.offered, list[Declared]()
    if origin.places:
        found.append(Declared("geographical setting", f"Collected in {', '.join(origin.places)}", origin.source or source))
    if origin.collection:
        found.append(Declared("collection", origin.collection[:4000], origin.source or source))
    if offered is None:
        return found
    if offered.spatial:
        found.append(Declared("geographical setting", f"About {', '.join(offered.spatial)}"[:4000], source))
    if offered.temporal:
        start, end = (f"{one:%Y-%m-%d}" if one else "open" for one in (offered.temporal.start, offered.temporal.end))
        found.append(Declared("period", f"{start} to {end}", source))
    return found + [Declared(f"rai:{one.term}", " ".join(one.texts)[:4000], source) for one in offered.rai]
