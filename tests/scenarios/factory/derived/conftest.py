"""A provider, and a factory that has acquired three datasets under terms of their own, and makes something of them."""

from __future__ import annotations

import hashlib

import pytest
from msgspec import structs

import hanse
from hanse.connector.offers import Description
from hanse.connector.records import FolderSource, StoredSource
from hanse.dcat.holding import Source
from hanse.dcat.preparation import Account, StepAccount
from hanse.evidence.kinds import Object
from hanse.evidence.statement import root_of_files
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.odrl.model import Rule
from hanse.odrl.names import TRAIN
from hanse.odrl.templates import parse_template
from tests.scenarios.factory.acquire.towns import FACTORY, METEO, Towns

TERMS = {"rain": "members + forbid distribute", "snow": "members + count 5", "fog": "members", "hail": "members"}
"""How each is offered. Each acquisition is one use."""
FORBIDDEN = {"fog": "derive", "hail": "aggregate"}
"""What else their terms forbid: of `fog` nothing may be made, and `hail` may not be mixed with other data."""
MIDDLE = "5" * 64


class Workshop(Towns):
    """The two servers, and a client of the factory's."""

    def acquire(self):
        """Acquire all of them; remember their agreements."""
        datasets = [self._offered(name, terms) for name, terms in TERMS.items()]
        self.order(*datasets, id="ord_all", names=tuple(TERMS))
        for number in range(1, 1 + len(TERMS)):
            self.until(ItemState.DONE, id="ord_all", number=number)
        self.until_order(OrderState.DONE, id="ord_all")
        self.agreements = {one.name: one.agreement for one in self.items("ord_all")}
        self.client = hanse.Client(self.factory.root, self.made.consumer_token)

    def close(self):
        self.client.close()
        super().close()

    def _offered(self, name, text):
        path = self.folder_of(name, {f"{name}.txt": f"It will {name}.\n".encode() * 500})

        async def work(server):
            terms = parse_template(text, server.ground.clock.now())
            if name in FORBIDDEN:
                terms = structs.replace(terms, prohibitions=(Rule(FORBIDDEN[name]),))
            return (await server.front.services.offers.create(METEO, FolderSource(str(path)), Description(title=name, terms=(terms,)))).id

        return str(self.provider.call(work))

    def opened(self, *names):
        """Open versions to train, and close them."""
        for name in names:
            with hanse.open(name, action="train", purpose="dpv:AcademicResearch", client=self.client):
                pass

    def account(self, folder, *ids, action=TRAIN):
        """Return an account of two steps that made the files of a folder of versions."""
        inputs = tuple(Source(one, self.client.facility.get(one).root) for one in ids)
        reading = StepAccount(step="decode", code="hanse", inputs=tuple(one.root for one in inputs), output=MIDDLE, records_out=7, added=7)
        kept = {"records_in": 7, "records_out": 5, "dropped": {"gopher-too-short": 2}, "counts": {"tokens": 1234}}
        writing = StepAccount(step="pack", code="hanse", parameters={"length": "128"}, inputs=(MIDDLE,), output=root_of(folder), **kept)
        return Account(inputs=inputs, action=action, pipeline="c" * 64, steps=(reading, writing))

    def offered_onward(self, version):
        """Offer a stored version to others."""

        async def work(server):
            said = Description(title="Onward", terms=(parse_template("members", server.ground.clock.now()),))
            return await server.front.services.offers.create(FACTORY, StoredSource(version), said)

        return self.factory.call(work)

    def uses(self, name):
        """Return how many uses there are under the agreement of a dataset."""
        return len(self.client.uses.list(contract=self.agreements[name]))


def root_of(folder):
    """Return the root of the files of a folder."""
    files = sorted((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    return root_of_files([Object(name, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size) for name, path in files])


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """Yield the workshop."""
    towns = Workshop(tmp_path_factory.mktemp("derived").resolve())
    try:
        towns.acquire()
        yield towns
    finally:
        towns.close()


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """Return a folder as preparing leaves it."""
    folder = tmp_path_factory.mktemp("product")
    (folder / "shards").mkdir()
    (folder / "shards" / "0.bin").write_bytes(bytes(range(256)) * 40_000)
    (folder / "index.json").write_text("{}")
    return folder
