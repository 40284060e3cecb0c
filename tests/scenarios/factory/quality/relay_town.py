"""A provider that has assessed its data and published what it found, and a factory that has acquired it."""

from __future__ import annotations

import time

from msgspec import structs

import hanse
from hanse.client.quality.assess import assess
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.factory.quality.report import read_report, write_report
from tests.scenarios.factory.acquire.towns import METEO, Towns

ROWS = "".join(f"2026-01-{day:02},{'' if day % 5 == 0 else day / 2}\n" for day in range(1, 31))
"""Thirty days, of which six have no rain: one cell in ten is empty."""


class Relay(Towns):
    """The two servers with a client each."""

    def begin(self) -> None:
        """Offer the data, assess and publish it, and acquire it."""
        self.folder_path = self.folder_of("rain", {"rain.csv": ("day,rain\n" + ROWS).encode()})
        self.asset = self.offer(self.folder_path, "members + forbid distribute")
        self.meteo = hanse.Client(self.provider.root, self.made.provider_token)
        self.client = hanse.Client(self.factory.root, self.made.consumer_token)
        self.honest = assess(self.folder_path).report

    def acquire(self, name: str) -> str:
        """Acquire the data as it is offered now; return the version's id."""
        order = f"ord_{name}"
        self.order(self.asset, id=order, names=(name,))
        self.until(ItemState.DONE, id=order)
        self.until_order(OrderState.DONE, id=order)
        return f"{name}@1"

    def close(self) -> None:
        self.meteo.close()
        self.client.close()
        super().close()

    def received(self, kind: str) -> list:
        """Return what the provider's log holds of a kind, once there is anything."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            page = self.provider.call(lambda server: server.evidence.ledger.page(METEO, before=None, limit=50))
            found = [entry.says for entry in page if entry.kind == kind]
            if found:
                return found
            time.sleep(0.05)
        return []

    def edit(self, text: str) -> None:
        """Change the data, and let the provider look at it again."""
        (self.folder_path / "rain.csv").write_text(text)
        self.provider.call(lambda server: server.front.services.offers.refresh(METEO, self.asset))


def embellished(report, metric: str, value: float) -> bytes:
    """Return a report that says something better of the same content."""
    better = [
        structs.replace(one, value=value) if one.metric == metric and not (one.table or one.column or one.group) else one
        for one in report.measurements
    ]
    return write_report(read_report(write_report(structs.replace(report, measurements=tuple(better)))))
