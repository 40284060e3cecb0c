"""Data that was acquired from another server, exported with its evidence, and compared with it where nobody knows either server."""

import asyncio

import pytest

from hanse.client.factory.evidence_check import save_archive
from hanse.evidence import kinds as k
from hanse.evidence.statement import Subject
from hanse.factory.acquire.states import ItemState, OrderState
from hanse.kernel.errors import NotFound
from tests.scenarios.factory.acquire.towns import FACTORY, Towns
from tests.scenarios.factory.evidence.conftest import verify, verify_alone

DATA = {"rain.csv": b"day,rain\n" + b"1,2\n" * 5_000, "sub/b.bin": bytes(range(256)) * 500, "README.md": b"# Rain\n"}


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """Yield a provider and a factory."""
    towns = Towns(tmp_path_factory.mktemp("acquired").resolve())
    yield towns
    towns.close()


@pytest.fixture(scope="module")
def item(towns):
    """Return what became of an order: the version `rain@1`."""
    dataset = towns.offer(towns.folder_of("rain", DATA), "members")
    towns.order(dataset, id="ord_rain", names=("rain",))
    done = towns.until(ItemState.DONE, id="ord_rain")
    towns.until_order(OrderState.DONE, id="ord_rain")
    return done


def export(towns, name, folder):
    made = towns.factory.call(lambda server: server.factory.archives.exporting.export(FACTORY, name))
    save_archive(folder / "archive.zip", made.archive)
    return folder / "archive.zip", made


def fill(folder):
    for name, content in DATA.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def texts(answer, sort):
    return "\n".join(one["text"] for one in answer["findings"] if one["sort"] == sort)


def test_a_version_and_its_data(towns, item, tmp_path):
    path, made = export(towns, item.version, tmp_path)
    data = fill(tmp_path / "data")
    code, answer = verify(path, "--data", str(data))
    assert (code, answer["about"]) == (0, {"kind": "dataset", "name": "rain@1"}), answer
    proved = texts(answer, "proved")
    assert "received rain@1 (3 files" in proved
    assert "verified it against the provider's checksums" in proved
    assert "The 3 files of rain@1" in proved
    assert "are unchanged" in proved
    assert "It stated nothing itself: a receipt says that a statement about these terms was taken" in proved  # the provider only took them
    assert any("the order ord_rain" in one.lower() for one in answer["timeline"])
    assert "No report on the quality of rain@1 was made." in made.missing
    code, said = verify_alone(path, str(data))
    assert code == 0, said
    (data / "sub" / "b.bin").write_bytes(DATA["sub/b.bin"][:-1] + b"\0")
    code, answer = verify(path, "--data", str(data))
    assert code == 1
    assert "The file sub/b.bin of rain@1 was changed." in texts(answer, "fault")
    code, said = verify_alone(path, str(data))
    assert (code, "sub/b.bin was changed" in said) == (1, True)


def test_the_agreement_leads_to_the_version(towns, item, tmp_path):
    path, _made = export(towns, item.agreement, tmp_path)
    code, answer = verify(path, "--data", str(fill(tmp_path / "data")))
    assert code == 0
    assert "are unchanged" in texts(answer, "proved")


def test_a_model_that_was_trained_on_it(towns, item, tmp_path):
    async def trained(server):
        version = await server.factory.facility.facility.version(FACTORY, "rain", 1)
        says = k.Trained(
            model="rain-net", digest="cd" * 32, action="train", inputs=(k.Input(version.id, version.root, item.agreement),), code="train.py"
        )
        ledger = server.evidence.ledger
        await server.ground.database.run(lambda tx: ledger.append_about(tx, FACTORY, Subject.of("rain-net", "cd" * 32), says))

    towns.factory.call(trained)
    path, _made = export(towns, "rain-net", tmp_path)
    code, answer = verify(path)
    assert (code, answer["about"]) == (0, {"kind": "model", "name": "rain-net"})
    assert "that rain-net (cdcdcdcdcdcdcdcd…) was made from rain@1." in texts(answer, "proved")
    assert "received rain@1" in texts(answer, "proved")
    assert verify_alone(path)[0] == 0


def test_many_exports_at_once_are_all_sound(towns, item, tmp_path):
    async def many(server):
        exporting = server.factory.archives.exporting
        return await asyncio.gather(*(exporting.export(FACTORY, item.version) for _ in range(8)))

    for number, made in enumerate(towns.factory.call(many)):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(made.archive)
        assert verify_alone(path)[0] == 0


def test_what_was_deleted_is_proved_still(towns, item, tmp_path):
    async def deleted(server):
        return await server.factory.facility.removal.delete(FACTORY, item.version, "The work is done.")

    towns.factory.call(deleted)
    path, _made = export(towns, item.version, tmp_path)
    code, answer = verify(path)
    assert code == 0
    assert "received rain@1" in texts(answer, "proved")
    assert "rain@1 was deleted on" in texts(answer, "told")
    assert any("deleted" in one for one in answer["timeline"])


def test_what_never_was(towns):
    with pytest.raises(NotFound):
        towns.factory.call(lambda server: server.factory.archives.exporting.export(FACTORY, "rain@99"))
