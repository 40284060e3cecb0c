"""Acquiring from a real provider: the whole way, again, cancelled, refused, and with whatever can be wrong about data."""

from __future__ import annotations

import hashlib
import json
import time

import pytest

from hanse.connector.offers import Description
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.odrl.names import TRAIN
from hanse.odrl.price import read_price
from hanse.odrl.templates import parse_template
from tests.scenarios.factory.acquire.towns import METEO

RAIN = {
    "rain.csv": b"day,rain\n" + b"".join(b"%d,%d\n" % (day, day * 7 % 13) for day in range(3_000)),
    "sub/b.bin": bytes(range(256)) * 2_000,
    "README.md": b"# Rain\n",
}


def acquire(towns, name, files=RAIN, terms="members", order=None, **wish):
    """Offer a folder, order it; return (dataset, order's id)."""
    dataset = towns.offer(towns.folder_of(name, files), terms)
    order = order or f"ord_{name}"
    towns.order(dataset, id=order, names=(name,), **wish)
    return dataset, order


def test_the_whole_way(towns, name):
    dataset, order = acquire(towns, name)
    item = towns.until(ItemState.DONE, id=order)
    assert item.version == f"{name}@1"
    assert towns.contents(item.version) == RAIN
    size = sum(map(len, RAIN.values()))
    assert (item.size, item.files, item.done, item.verified) == (size, 3, size, True)
    assert item.moved >= size
    assert towns.until_order(OrderState.DONE, id=order).state is OrderState.DONE
    stated = [one for one in towns.ledger("acquired") if one.order == order]
    assert [(one.version, one.agreement, one.dataset, one.count, one.size, one.sums) for one in stated] == [
        (item.version, item.agreement, dataset, 3, size, "provider")
    ]
    assert [one.purpose for one in towns.ledger("use-stated") if one.agreement == item.agreement] == ["dpv:AcademicResearch"]
    assert [one.state for one in towns.transfers() if one.id == item.transfer] == ["COMPLETED"]
    assert [one.what for one in towns.ledger("ordered") if one.order == order] == ["finished"]


def test_once_more_under_the_agreement_that_stands(towns, name):
    dataset, order = acquire(towns, name)
    first = towns.until(ItemState.DONE, id=order)
    changed = RAIN | {"rain.csv": RAIN["rain.csv"] + b"3000,1\n"}
    towns.folder_of(name, changed)
    towns.order(dataset, id=order + "b", names=(name,))
    second = towns.until(ItemState.DONE, id=order + "b")
    assert (second.agreement, second.version) == (first.agreement, f"{name}@2")
    assert towns.contents(second.version) == changed
    assert second.moved < len(RAIN["sub/b.bin"])


def test_checksum_that_differs(towns, name):
    door = towns.provider.door
    door.spoil = lambda path, body: body.replace(b"5,9", b"5,8") if "rain.csv" in path else body
    try:
        _, order = acquire(towns, name)
        item = towns.until(ItemState.FAILED, id=order, seconds=60)
    finally:
        door.spoil = None
    assert "rain.csv" in item.why
    assert f"The agreement {item.agreement} stands" in item.why
    nothing_is_left(towns, name, order)


def test_manifest_that_lies_about_the_size(towns, name):
    def lie(path, body):
        return body.replace(b'"size":512000', b'"size":512001') if "manifest" in path else body

    door = towns.provider.door
    door.spoil = lie
    try:
        _, order = acquire(towns, name)
        item = towns.until(ItemState.FAILED, id=order, seconds=60)
    finally:
        door.spoil = None
    assert item.rule
    nothing_is_left(towns, name, order)


def test_a_file_that_is_cut_off_is_fetched_to_its_end(towns, name):
    cut = []

    def spoil(path, body):
        if "b.bin" not in path or len(cut) >= 3 or not body:
            return body
        cut.append(path)
        return body[: len(body) // 2]

    door = towns.provider.door
    door.spoil = spoil
    try:
        _, order = acquire(towns, name)
        item = towns.until(ItemState.DONE, id=order, seconds=60)
    finally:
        door.spoil = None
    assert len(cut) == 3
    assert towns.contents(item.version) == RAIN


def nothing_is_left(towns, name, order):
    assert not [one for one in towns.versions() if one.name == name]
    assert towns.staged() == 0
    assert not [one for one in towns.ledger("acquired") if one.order == order]
    assert towns.until_order(OrderState.FAILED, OrderState.DONE, OrderState.CANCELLED, id=order)
    item = towns.item(id=order)
    assert not item.loose
    if item.transfer is not None:
        eventually(lambda: [one.final for one in towns.transfers() if one.id == item.transfer] == [True])
        eventually(lambda: all(one.final for one in towns.transfers(towns.provider) if one.agreement_id == item.agreement))


def eventually(ready, seconds=10):
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_agreement_that_ends_while_data_is_fetched(towns, name):
    towns.provider.call(close_door(towns))
    _, order = acquire(towns, name)
    item = towns.until(ItemState.TRANSFERRING, id=order)
    eventually(lambda: towns.provider.door.served)
    towns.end_contract(item.agreement)
    towns.provider.call(open_door(towns))
    # Which of the two arrives first, the end of the agreement or that of the transfer, is left to chance.
    item = towns.until(ItemState.FAILED, ItemState.REFUSED, id=order)
    assert item.rule in ("ended", "refused")
    assert "It was ended because it was broken: Not kept." in item.why
    nothing_is_left(towns, name, order)


def close_door(towns):
    async def work(_server):
        towns.provider.door.served = 0
        towns.provider.door.open.clear()

    return work


def open_door(towns):
    async def work(_server):
        towns.provider.door.open.set()

    return work


def test_cancelled_while_data_is_fetched(towns, name):
    towns.provider.call(close_door(towns))
    _, order = acquire(towns, name)
    try:
        towns.until(ItemState.TRANSFERRING, id=order)
        eventually(lambda: towns.provider.door.served)
        towns.cancel(order)
        item = towns.until(ItemState.CANCELLED, id=order)
    finally:
        towns.provider.call(open_door(towns))
    assert f"The agreement {item.agreement} stands" in item.why
    nothing_is_left(towns, name, order)
    assert towns.until_order(OrderState.CANCELLED, id=order).cancelled
    assert [one.what for one in towns.ledger("ordered") if one.order == order][-1] == "cancelled"


def test_a_price_that_changed_between_plan_and_agreement(towns, name):
    path = towns.folder_of(name, RAIN)
    dataset = towns.offer(path, "members + pay 10 EUR")
    order = f"ord_{name}"
    planned = towns.planned(dataset, order, price=read_price("10 EUR"), names=(name,))
    dearer(towns, dataset, "members + pay 50 EUR")
    towns.place(towns.an_order(order), [planned])
    item = towns.until(ItemState.REFUSED, id=order)
    assert item.rule == "price", item
    assert "50 EUR" in item.why
    assert item.agreement is None
    eventually(lambda: not [one for one in towns.contracts() if one.dataset == dataset])


def test_data_that_has_to_be_paid_for(towns, name):
    _, order = acquire(towns, name, terms="members + pay 10 EUR", price=read_price("10 EUR"))
    item = towns.until(ItemState.ASKING, id=order)
    assert [one.about for one in item.questions] == ["payment"]
    assert "10 EUR are to be paid" in item.why
    towns.answer(True, id=order)  # it is not true
    eventually(lambda: towns.item(id=order).state is ItemState.ASKING and len(towns.item(id=order).story) > len(item.story) + 2)
    paid(towns, item.agreement)
    towns.answer(True, id=order)
    item = towns.until(ItemState.DONE, id=order)
    assert len([one for one in towns.contracts() if one.dataset == item.dataset]) == 1


def paid(towns, agreement):
    telling = towns.provider.server.front.services.telling
    towns.provider.call(lambda _: telling.tell(METEO, agreement, "payAmount", "10 EUR", source="the bank"))


def dearer(towns, dataset, text):
    async def work(server):
        terms = parse_template(text, server.ground.clock.now())
        await server.front.services.offers.edit(METEO, dataset, Description(terms=(terms,)))

    towns.provider.call(work)


def test_a_full_disk_waits_for_a_person(towns, name):
    towns.disk.full = True
    try:
        _, order = acquire(towns, name)
        item = towns.until(ItemState.ASKING, id=order, seconds=30)
    finally:
        towns.disk.full = False
    assert [one.about for one in item.questions] == ["disk"]
    assert towns.until_order(OrderState.ASKING, id=order)
    assert not [one for one in towns.versions() if one.name == name]
    towns.answer(True, id=order)
    assert towns.contents(towns.until(ItemState.DONE, id=order).version) == RAIN


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        ("LICENSE", b"Creative Commons Attribution-NonCommercial 4.0 International", "forbids commercial use"),
        ("part/tdmrep.json", json.dumps([{"location": "/", "tdm-reservation": 1}]).encode(), "reserves it"),
        ("part/LICENSE.txt", b"This data may not be used to train AI models.", "forbids training"),
    ],
)
def test_what_lies_in_the_data_forbids_the_purpose(towns, name, path, content, said):
    _, order = acquire(towns, name, RAIN | {path: content}, terms="train", purpose="dpv:Marketing")
    item = towns.until(ItemState.FAILED, id=order)
    assert item.rule == "forbidden-inside"
    assert said in item.why
    nothing_is_left(towns, name, order)


@pytest.mark.parametrize("yes", [True, False])
def test_columns_that_changed(towns, name, yes):
    dataset, order = acquire(towns, name)
    towns.until(ItemState.DONE, id=order)
    towns.folder_of(name, {"rain.csv": b"day,wind\n1,strong\n"})
    towns.order(dataset, id=order + "b", names=(name,))
    item = towns.until(ItemState.ASKING, id=order + "b")
    assert "the column 'rain' vanished" in item.questions[0].said
    assert [one.id for one in towns.versions() if one.name == name] == [f"{name}@1"]
    towns.answer(yes, id=order + "b")
    if yes:
        item = towns.until(ItemState.DONE, id=order + "b")
        assert next(one.changes for one in towns.ledger("acquired") if one.order == order + "b")
    else:
        towns.until(ItemState.REFUSED, id=order + "b")
        eventually(lambda: not towns.item(id=order + "b").loose)
        assert towns.staged() == 0


def test_many_small_files(towns, name):
    files = {f"d{number % 10}/{number}.txt": hashlib.sha256(b"%d" % number).digest() for number in range(1_000)}
    _, order = acquire(towns, name, files)
    item = towns.until(ItemState.DONE, id=order, seconds=60)
    assert item.files == 1_000


def test_a_provider_that_goes_away_and_comes_back(towns, name):
    towns.provider.call(close_door(towns))
    _, order = acquire(towns, name)
    towns.until(ItemState.TRANSFERRING, id=order)
    eventually(lambda: towns.provider.door.served)
    towns.provider.stop()
    eventually(lambda: towns.item(id=order).attempts > 0, 60)
    towns.provider = towns.start_provider()
    assert towns.contents(towns.until(ItemState.DONE, id=order, seconds=60).version) == RAIN


def test_from_the_words_to_the_version(towns):
    """The whole order as a person places it: search, plan, approval, and all that follows."""
    towns.offer(towns.folder_of("tidal-gauge", RAIN), "train + purpose dpv:ResearchAndDevelopment")
    wish = {"query": "tidal-gauge", "action": TRAIN, "purpose": "dpv:ResearchAndDevelopment", "licences": []}
    order = towns.ann("POST", "/orders", wish)["id"]
    towns.until_order(OrderState.ASKING, id=order)
    towns.ann("POST", f"/orders/{order}/approve", {"items": [1]})
    shown = towns.ann("GET", f"/orders/{order}?wait=20")
    item = towns.until(ItemState.DONE, id=order)
    assert towns.contents(item.version) == RAIN
    assert towns.until_order(OrderState.DONE, id=order), shown
    whats = [one.what for one in towns.ledger("ordered") if one.order == order]
    assert whats == ["placed", "searched", "approved", "finished"]
