"""The demo's data: real, public, and on the machine already. Each provider's folder is filled from installed packages."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

from msgspec import Struct

from hanse.kernel.errors import Misconfigured

PUBLIC_DOMAIN = "https://creativecommons.org/publicdomain/mark/1.0/"
PSF = "https://spdx.org/licenses/PSF-2.0.html"
APACHE = "https://spdx.org/licenses/Apache-2.0.html"
GPL = "https://spdx.org/licenses/GPL-2.0-or-later.html"
MANUALS = Path("/usr/share/man")
PAGES_PER_LANGUAGE = 40
_PAGE_LIMIT = 1 << 20


class Good(Struct, frozen=True, kw_only=True):
    """One dataset of the demo: where it lies, what is said of it, under which policy it is offered."""

    path: Path
    title: str
    description: str
    keywords: tuple[str, ...]
    licence: str
    language: tuple[str, ...]
    policy: str
    places: tuple[str, ...] = ()
    persons: str = "none"


def tables(folder: Path) -> list[Good]:
    """Lay the tables of the package vega_datasets into `folder`. Raises `Misconfigured` if it is not installed."""
    _copy("seattle-weather.csv", folder)
    _copy("airports.csv", folder)
    _copy("us-employment.csv", folder)
    return [
        Good(
            path=folder / "seattle-weather.csv",
            title="Daily weather in Seattle, 2012 to 2015",
            description="Precipitation, temperatures, wind and weather of each day. From public-domain data of NOAA.",
            keywords=("weather", "climate"),
            licence=PUBLIC_DOMAIN,
            language=("en",),
            policy="members",
            places=("US",),
        ),
        Good(
            path=folder / "airports.csv",
            title="Airports of the United States",
            description="Code, name, city, state and position of each airport. A subset of the public-domain list of ourairports.com.",
            keywords=("transport", "airports"),
            licence=PUBLIC_DOMAIN,
            language=("en",),
            policy="members",
            places=("US",),
        ),
        Good(
            path=folder / "us-employment.csv",
            title="Employment in the United States by sector, 2006 to 2015",
            description="Monthly totals of 22 sectors, in thousands. Published by the Bureau of Labor Statistics; public domain.",
            keywords=("economy", "employment"),
            licence=PUBLIC_DOMAIN,
            language=("en",),
            policy="members + until 2030-01-01",
            places=("US",),
        ),
    ]


def _copy(name: str, folder: Path) -> None:
    try:
        source = files("vega_datasets") / "_data"
    except ModuleNotFoundError:
        raise Misconfigured(
            "The demo's tables come from the package vega_datasets.", hint="Install it: pip install 'hanse[demo]'."
        ) from None
    with as_file(source / name) as path:
        shutil.copyfile(path, folder / name)


def energy(folder: Path) -> list[Good]:
    """Lay a table about energy into `folder`, which is offered for one purpose alone. Raises as `tables` does."""
    _copy("iowa-electricity.csv", folder)
    return [
        Good(
            path=folder / "iowa-electricity.csv",
            title="Electricity in Iowa by source, 2001 to 2017",
            description="Net generation of each year from fossil fuels, nuclear energy and renewables, by the US energy administration.",
            keywords=("energy", "electricity"),
            licence=PUBLIC_DOMAIN,
            language=("en",),
            policy="members + purpose dpv:ResearchAndDevelopment",
            places=("US",),
        )
    ]


def texts(folder: Path) -> list[Good]:
    """Lay a collection of texts into `folder`: the documentation topics of CPython, and manual pages where there are any."""
    from pydoc_data.topics import topics

    python = folder / "python-topics"
    python.mkdir()
    for name, text in topics.items():
        (python / f"{name}.txt").write_text(text, "utf-8")
    goods = [
        Good(
            path=python,
            title="Documentation topics of the Python language",
            description=f"{len(topics)} articles of the language reference that come with CPython.",
            keywords=("text", "programming", "documentation"),
            licence=PSF,
            language=("en",),
            policy="members",
        )
    ]
    languages = _manuals(folder / "manual-pages")
    goods.append(_manual_pages(folder / "manual-pages", languages) if languages else _places(folder / "places"))
    return goods


def _places(folder: Path) -> Good:
    """Lay down what a machine without manual pages has in many languages, too: the names of places by their telephone prefix."""
    from phonenumbers.geodata import GEOCODE_DATA

    texts: dict[str, list[str]] = {}
    for prefix, names in sorted(GEOCODE_DATA.items()):
        for language, name in names.items():
            texts.setdefault(language, []).append(f"+{prefix} {name}")
    for language, lines in texts.items():
        (folder / language).mkdir(parents=True)
        (folder / language / "places.txt").write_text("\n".join(lines), "utf-8")
    return Good(
        path=folder,
        title=f"Places by telephone prefix in {len(texts)} languages",
        description="Names of places all over the world. From the package phonenumbers, a port of Google's libphonenumber.",
        keywords=("text", "places", "multilingual"),
        licence=APACHE,
        language=tuple(sorted(texts)),
        policy="members",
    )


def _manual_pages(folder: Path, languages: tuple[str, ...]) -> Good:
    return Good(
        path=folder,
        title=f"Manual pages in {len(languages)} languages",
        description="Manual pages of this system, by language. Each names its authors; most are under the GPL.",
        keywords=("text", "documentation", "multilingual"),
        licence=GPL,
        language=languages,
        policy="members",
        persons="names and mail addresses of authors",
    )


def _manuals(folder: Path) -> tuple[str, ...]:
    """Copy some manual pages of every language that is installed; return the languages."""
    found = []
    for language in sorted(path for path in MANUALS.glob("[a-z][a-z]") if path.is_dir()):
        pages = list(_pages(language))[:PAGES_PER_LANGUAGE]
        for name, text in pages:
            target = folder / language.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text)
        if pages:
            found.append(language.name)
    return tuple(found)


def _pages(language: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(language.glob("man*/*.gz")):
        if path.is_file() and path.stat().st_size < _PAGE_LIMIT:
            try:
                yield path.name.removesuffix(".gz"), gzip.decompress(path.read_bytes())
            except (OSError, EOFError):
                continue  # a broken page of the system is no matter of the demo's


def look_inside(folder: Path) -> list[str]:
    """Say in three lines what the fetched data contains, from the data itself."""
    lines = []
    weather = next(folder.rglob("seattle-weather.csv"), None)
    if weather is not None:
        days = [line.split(",") for line in weather.read_text("utf-8").splitlines()[1:]]
        wet = sum(float(day[1]) > 0 for day in days)
        lines.append(f"{len(days):,} days of weather from {days[0][0]} to {days[-1][0]}; it rained or snowed on {wet}.")
    airports = next(folder.rglob("airports.csv"), None)
    if airports is not None:
        with airports.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        lines.append(f"{len(rows):,} airports in {len({row['state'] for row in rows})} states and territories.")
    written = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv"]
    words = sum(len(path.read_bytes().split()) for path in written)
    lines.append(f"{len(written):,} texts with {words:,} words.")
    return lines
