"""Carrying items out: the whole way, what stops it, and that a kill at any call changes nothing."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from hanse.factory.acquire.running.faults import Rules
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.kernel.errors import NotFound, PeerInvalid
from hanse.odrl.price import read_price
from tests.unit.factory.acquire.running.fakes import terms
from tests.unit.factory.acquire.running.world import World, unreachable


def run(scenario):
    async def main():
        world = await World.open()
        try:
            async with asyncio.timeout(20):
                await scenario(world)
        finally:
            await world.database.close()

    asyncio.run(main())


def test_the_whole_way():
    async def scenario(world):
        await world.order()
        await world.item()
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert item.state is ItemState.DONE, item
        assert (item.version, item.agreement, item.transfer) == ("ds-1@1", "agr_1", "trf_1")
        assert (item.size, item.files, item.done, item.moved) == (20, 2, 20, 20)
        assert world.provider.stated == [{"purpose": "dpv:AcademicResearch"}]
        assert world.provider.flows["trf_1"]["state"] == "COMPLETED"
        assert world.documents.made == ["ds-1@1"]
        assert await world.log.acquisitions(world.database) == ["ds-1@1"]
        assert await world.order_state() is OrderState.DONE
        assert [line.what for line in item.story] == ["negotiate", "agree", "transfer", "store", "document", "finish"]

    run(scenario)


def test_what_is_ordered_into_the_cold_place_lies_there():
    async def scenario(world):
        await world.order(into="cold")
        await world.item()
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert item.state is ItemState.DONE, item
        assert world.shelf.versions["ds-1@1"].tier == "cold"

    run(scenario)


def test_killed_at_every_call_it_ends_in_the_same_result():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        await world.run_to_idle(runner)
        expected, calls = await world.summary(), runner.taps.count
        assert calls > 20
        for deadly in range(1, calls + 1):
            other = await World.open()
            await other.order()
            await other.item()
            await one_life(other, deadly)
            await other.run_to_idle(other.runner())
            assert await other.summary() == expected, deadly
            await other.database.close()

    run(scenario)


def test_killed_again_and_again():
    async def scenario(world):
        await world.order()
        for number in range(1, 4):
            await world.item(number=number, dataset=f"ds_{number}")
        for deadly in (7, 3, 11, 5, 9, 4, 13, 2, 6, 8) * 6:
            await one_life(world, deadly)
            if await world.order_state() is OrderState.DONE:
                break
        await world.run_to_idle(world.runner())
        found = await world.summary()
        assert found["states"] == [ItemState.DONE] * 3
        assert found["logged"] == ["ds-1@1", "ds-2@1", "ds-3@1"]
        assert (found["deals"], found["open talks"], found["open flows"], found["staged"]) == (3, 0, 0, {})

    run(scenario)


async def one_life(world, deadly):
    """A process that dies at its n-th call, or that comes to its end before."""
    runner = world.runner(deadly)
    starting = asyncio.gather(runner.start(), return_exceptions=True)
    died = asyncio.ensure_future(runner.taps.died.wait())
    await starting
    idle = asyncio.ensure_future(runner.idle())
    await asyncio.wait((died, idle), return_when=asyncio.FIRST_COMPLETED)
    tasks = [died, idle, *runner._tasks, *(task for job in runner._jobs.values() for task in job.tasks.values())]
    runner._open = False
    for task in [*tasks, *([runner._beat] if runner._beat else [])]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("kill_at", [0, 3, 8, 14, 20, 25])
def test_cancelled_nothing_is_left_and_what_stands_is_named(kill_at):
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.transport.gate = asyncio.Event()
        await runner.start()
        await world.until(lambda: is_in(world, ItemState.TRANSFERRING))
        await world.until(lambda: truth(world.transport.at_once))
        await runner.stop()
        await world.cancel()
        await one_life(world, kill_at)
        await world.run_to_idle(world.runner())
        item, found = await world.look(), await world.summary()
        assert item.state is ItemState.CANCELLED
        assert "agr_1 stands" in item.why
        assert (found["versions"], found["open flows"], found["staged"], found["order"]) == ([], 0, {}, OrderState.CANCELLED)

    run(scenario)


async def is_in(world, state, number=1):
    return (await world.look(number)).state is state


async def truth(value):
    return value


def test_cancelled_while_it_runs():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.transport.gate = asyncio.Event()
        await runner.start()
        await world.until(lambda: truth(world.transport.at_once))
        await world.cancel()
        await world.until(lambda: is_in(world, ItemState.CANCELLED))
        await runner.idle()
        assert world.provider.flows["trf_1"]["said"] == "The order was cancelled."
        assert await world.order_state() is OrderState.CANCELLED
        await runner.stop()

    run(scenario)


def test_a_negotiation_is_ended_when_the_order_is_cancelled():
    async def scenario(world):
        await world.order()
        await world.item()
        world.provider.silent = True
        runner = world.runner()
        await runner.start()
        await world.until(lambda: is_in(world, ItemState.NEGOTIATING))
        await world.cancel()
        await world.until(lambda: is_in(world, ItemState.CANCELLED))
        assert world.provider.talks["neg_1"]["state"] == "TERMINATED"
        assert (await world.look()).agreement is None
        await runner.stop()

    run(scenario)


def test_an_agreement_that_stands_is_used():
    async def scenario(world):
        await world.order()
        await world.item()
        world.provider.deals["agr_old"] = {"terms": terms(), "dataset": "ds_1", "ended": ""}
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert (item.state, item.agreement) == (ItemState.DONE, "agr_old")
        assert world.provider.requests["negotiate"] == 0

    run(scenario)


def test_an_agreement_that_gives_no_more_is_followed_by_another():
    async def scenario(world):
        await world.order()
        await world.item()
        world.provider.deals["agr_old"] = {"terms": terms(), "dataset": "ds_1", "ended": "", "spent": True}
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert (item.state, item.agreement, item.spent) == (ItemState.DONE, "agr_2", ("agr_old",))

    run(scenario)


def test_two_items_of_one_dataset_make_one_agreement():
    async def scenario(world):
        await world.order()
        await world.item(number=1)
        await world.item(number=2, name="other")
        await world.run_to_idle(world.runner())
        found = await world.summary()
        assert found["states"] == [ItemState.DONE] * 2
        assert found["deals"] == 1

    run(scenario)


def test_a_provider_that_says_no():
    async def scenario(world):
        await world.order()
        await world.item()
        world.provider.refuses = "Not to you."
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert (item.state, item.why, item.rule) == (ItemState.REFUSED, "The provider refused: Not to you.", "refused")
        assert world.provider.requests["negotiate"] == 1

    run(scenario)


def test_a_dearer_counter_offer_is_refused():
    async def scenario(world):
        await world.order()
        world.provider.terms = terms("members + pay 10 EUR")
        world.provider.counter = terms("members + pay 50 EUR")
        await world.item(price=read_price("10 EUR"))
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert (item.state, item.rule) == (ItemState.REFUSED, "price")
        assert "the price is 50 EUR now, and 10 EUR was approved" in item.why
        assert world.provider.talks["neg_1"]["state"] == "TERMINATED"
        assert world.provider.deals == {}

    run(scenario)


def test_a_cheaper_counter_offer_is_taken():
    async def scenario(world):
        await world.order()
        world.provider.terms = terms("members + pay 10 EUR")
        world.provider.counter = terms("members + pay 8 EUR")
        await world.item(price=read_price("10 EUR"))
        await world.run_to_idle(world.runner())
        assert (await world.look()).state is ItemState.DONE

    run(scenario)


def test_other_terms_at_the_planned_price_are_left_to_a_person():
    async def scenario(world):
        await world.order()
        world.provider.terms = terms("members + pay 10 EUR")
        world.provider.counter = terms("members + purpose dpv:AcademicResearch + pay 10 EUR")
        await world.item(price=read_price("10 EUR"))
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert item.state is ItemState.ASKING
        assert "the terms are others" in item.why

    run(scenario)


@pytest.mark.parametrize(("yes", "state"), [(True, ItemState.DONE), (False, ItemState.REFUSED)])
def test_other_terms_are_left_to_a_person(yes, state):
    async def scenario(world):
        await world.order()
        world.provider.counter = terms("members + purpose dpv:AcademicResearch")
        await world.item()
        runner = world.runner()
        await runner.start()
        await world.until(lambda: is_in(world, ItemState.ASKING))
        await runner.idle()
        item = await world.look()
        assert item.questions[0].about.startswith("terms:sha-256:")
        assert await world.order_state() is OrderState.ASKING
        await world.answer(yes)
        await world.until(lambda: is_in(world, state))
        await runner.idle()
        assert world.provider.talks["neg_1"]["state"] == ("FINALIZED" if yes else "TERMINATED")
        assert (await world.look()).loose is False
        await runner.stop()

    run(scenario)


def test_what_may_pass_is_tried_again():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.transport.faults = [unreachable() for _ in range(6)]
        await world.run_to_idle(runner)
        assert (await world.look()).state is ItemState.DONE
        assert len(world.pauses) == 6
        assert world.pauses[-1] > 4 * world.pauses[0]

    run(scenario)


def test_what_may_not_pass_ends_clearly():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.transport.faults = [PeerInvalid("rain.csv does not have the digest.", where="sha256", rule="digest") for _ in range(9)]
        await world.run_to_idle(runner)
        item, found = await world.look(), await world.summary()
        assert (item.state, item.rule) == (ItemState.FAILED, "digest")
        assert item.why.startswith("rain.csv does not have the digest. The agreement agr_1 stands")
        assert (found["versions"], found["staged"], found["order"]) == ([], {}, OrderState.FAILED)
        assert world.provider.flows["trf_1"]["by"] == "us"

    run(scenario)


def test_what_leads_round_in_a_circle_comes_to_an_end():
    async def scenario(world):
        await world.order()
        await world.item()
        world.provider.lost = True
        await world.run_to_idle(world.runner())
        item = await world.look()
        assert (item.state, item.rule) == (ItemState.FAILED, "peer-unreachable")
        assert 200 < world.provider.requests["negotiate"] < 400
        assert max(world.pauses) > 200

    run(scenario)


def test_a_facility_that_loses_what_was_staged_asks_a_person():
    async def scenario(world):
        await world.order()
        await world.item()
        world.shelf.forgetful = True
        await world.run_to_idle(world.runner())
        item, found = await world.look(), await world.summary()
        assert (item.state, item.questions[0].about) == (ItemState.ASKING, "disk")
        assert (found["versions"], found["logged"]) == ([], [])

    run(scenario)


def test_a_provider_that_sends_again_is_no_longer_away():
    async def scenario(world):
        await world.order()
        item = await world.item()
        await world.database.run(lambda tx: tx.orders.put_item(structs.replace(item, attempts=299, rule="peer-unreachable")))
        world.provider.deals["agr_1"] = {"terms": terms(), "dataset": "ds_1", "ended": ""}
        world.provider.data["ds_1"] = {f"{number}.bin": b"x" * 100 for number in range(20)}
        runner = world.runner(rules=Rules(watch=5.0, tell=0.001))
        world.transport.slow = 0.01
        await runner.start()
        await world.until(lambda: is_fetching_without_trouble(world))
        await runner.stop()

    run(scenario)


async def is_fetching_without_trouble(world):
    item = await world.look()
    return (item.state, item.attempts, item.rule) == (ItemState.TRANSFERRING, 0, "")


def test_a_fault_of_ours_leaves_a_reason():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.transport.faults = [ZeroDivisionError()]
        await world.run_to_idle(runner)
        item = await world.look()
        assert (item.state, item.rule) == (ItemState.FAILED, "unexpected")

    run(scenario)


def test_a_full_disk_asks_a_person():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.shelf.full = True
        await runner.start()
        await world.until(lambda: is_in(world, ItemState.ASKING))
        await runner.idle()
        assert (await world.look()).questions[0].about == "disk"
        world.shelf.full = False
        await world.answer(True)
        await world.until(lambda: is_in(world, ItemState.DONE))
        await runner.stop()

    run(scenario)


def test_an_agreement_that_ends_while_data_is_fetched():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.transport.gate = asyncio.Event()
        await runner.start()
        await world.until(lambda: truth(world.transport.at_once))
        world.provider.deals["agr_1"]["ended"] = "Its provider ended it."
        world.provider.flows["trf_1"] |= {"state": "TERMINATED", "by": "peer"}
        world.provider.changes.touch("trf_1")
        await runner.idle()
        item, found = await world.look(), await world.summary()
        assert (item.state, item.rule) == (ItemState.FAILED, "ended")
        assert (found["versions"], found["staged"], found["logged"]) == ([], {}, [])
        await runner.stop()

    run(scenario)


def test_an_agreement_that_ends_before_the_version_is_made():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.provider.data["ds_1"]["terms.txt"] = b"x"

        whole = world.transport._fetch

        async def fetch(*args):
            found = await whole(*args)
            world.provider.deals["agr_1"]["ended"] = "It is over."
            return found

        world.transport._fetch = fetch
        await world.run_to_idle(runner)
        assert (await world.look()).state is ItemState.FAILED
        assert world.shelf.versions == {}

    run(scenario)


def test_what_lies_in_the_data_forbids_it():
    async def scenario(world):
        await world.order(purpose="dpv:Marketing")
        await world.item(content={"a.csv": b"x\n1\n", "LICENSE": b"Creative Commons Attribution-NonCommercial 4.0 International"})
        await world.run_to_idle(world.runner())
        item, found = await world.look(), await world.summary()
        assert (item.state, item.rule) == (ItemState.FAILED, "forbidden-inside")
        assert "LICENSE: CC-BY-NC-4.0 forbids commercial use" in item.why
        assert (found["versions"], found["staged"], found["logged"]) == ([], {}, [])

    run(scenario)


async def second_version(world, runner, content, **wish):
    await world.order(**wish)
    await world.item()
    await world.run_to_idle(runner)
    world.provider.data["ds_1"] = content
    await world.order("ord_2", **wish)
    await world.item("ord_2")


def test_columns_that_changed_are_asked_about():
    async def scenario(world):
        await second_version(world, world.runner(), {"rain.csv": b"day,wind\n1,2\n"})
        runner = world.runner()
        await runner.start()
        await runner.idle()
        item = await world.look(order="ord_2")
        assert item.state is ItemState.ASKING
        assert item.questions[0].about == "drift"
        assert "the column 'rain' vanished" in item.why
        assert sorted(world.shelf.versions) == ["ds-1@1"]
        await world.answer(True, order="ord_2")
        await runner.idle()
        assert (await world.look(order="ord_2")).state is ItemState.DONE
        assert sorted(world.shelf.versions) == ["ds-1@1", "ds-1@2"]
        await runner.stop()

    run(scenario)


def test_columns_that_changed_are_recorded_where_that_is_accepted():
    async def scenario(world):
        await second_version(world, world.runner(), {"rain.csv": b"day,wind\n1,2\n"}, drift="accept")
        await world.run_to_idle(world.runner())
        item = await world.look(order="ord_2")
        assert item.state is ItemState.DONE
        assert "Changed since the version before: rain.csv: the column 'wind' is new." in item.notes

    run(scenario)


def test_missing_documents_are_no_secret():
    async def scenario(world):
        await world.order()
        await world.item()
        runner = world.runner()
        world.documents.fault = NotFound("Nothing here makes documents.")
        await world.run_to_idle(runner)
        item = await world.look()
        assert (item.state, item.notes) == (ItemState.DONE, ("not documented: Nothing here makes documents.",))

    run(scenario)


def test_few_at_once():
    async def scenario(world):
        await world.order()
        for number in range(1, 21):
            await world.item(number=number, dataset=f"ds_{number}")
        runner = world.runner(rules=Rules(watch=5.0, fetching=(8, 3)))
        world.transport.gate = asyncio.Event()
        await runner.start()
        await world.until(lambda: truth(world.transport.at_once == 3))
        world.transport.gate.set()
        await runner.idle()
        assert world.transport.most == 3
        assert await world.order_state() is OrderState.DONE
        await runner.stop()

    run(scenario)


def test_two_processes_never_work_on_one_order():
    async def scenario(world):
        await world.order()
        await world.item()
        first = world.runner(alone=False)
        first_transport = world.transport
        first_transport.gate = asyncio.Event()
        await first.start()
        await world.until(lambda: truth(first_transport.at_once))
        second = world.runner(alone=False)
        await second.start()
        await second.idle()
        assert world.transport.at_once == 0
        world.clock.advance(hours=2)  # the first one hangs longer than its lease
        await second.look()
        await second.idle()
        assert (await world.look()).state is ItemState.DONE
        first_transport.gate.set()
        await first.idle()
        found = await world.summary()
        assert (found["deals"], found["logged"], len(found["versions"])) == (1, ["ds-1@1"], 1)
        await first.stop()
        await second.stop()

    run(scenario)


def test_a_crash_between_the_last_item_and_the_end_of_the_order():
    async def scenario(world):
        order = await world.order()
        item = await world.item()
        await world.database.run(lambda tx: tx.orders.put_item(structs.replace(item, state=ItemState.DONE, version="ds-1@1")))
        await world.run_to_idle(world.runner())
        assert order.state is OrderState.RUNNING
        assert await world.order_state() is OrderState.DONE

    run(scenario)
