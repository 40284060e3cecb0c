"""Leases: a node without network opens a version within its limits, and its log of use comes back and is checked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import hanse
from hanse.client.reading.node import make_key, public_key
from hanse.evidence.leases import read_lease
from hanse.kernel.errors import Conflict, Forbidden, HanseError, Invalid


class Watch:
    """A clock that stands where it is put."""

    def __init__(self, now):
        self._now = now

    def now(self):
        return self._now


@pytest.fixture
def client(space):
    with hanse.Client(home=space.home, participant="alice") as client:
        yield client


@pytest.fixture
def version(space):
    folder = space.data / "leased"
    if not folder.exists():
        folder.mkdir()
        (folder / "a.csv").write_text("x\n1\n2\n")
    return space.json("facility", "import", str(folder), "--name", "leased")["id"]


@pytest.fixture
def lent(space, client, version, tmp_path):
    """Return a lease for two openings, and the node's key, as files of the node."""
    make_key(tmp_path / "node.key")
    given = client.leases.give(version, public_key(tmp_path / "node.key"), hours=2, openings=2, action="urn:hanse:odrl:train")
    (tmp_path / "run.lease").write_text(given.file)
    return given.lease, tmp_path / "run.lease", tmp_path / "node.key"


def opened(version, lease, key, at=None, **more):
    clock = None if at is None else Watch(at)
    with hanse.open(version, lease=lease, key=key, clock=clock, **more) as data:
        return data.table().num_rows


def test_a_node_opens_within_the_limits_and_gives_account(client, lent, version):
    lease, file, key = lent
    assert opened("leased", file, key, action="train") == 2
    assert opened(version, file, key) == 2
    with pytest.raises(Forbidden, match="all are used up"):
        opened(version, file, key)
    log = (file.parent / "run.lease.log").read_text()
    back = client.leases.take_back(lease.id, log)
    assert (back.state, back.used, back.gaps) == ("returned", 2, [])
    assert client.leases.take_back(lease.id, log).used == 2  # the same again
    with pytest.raises(Conflict):
        client.leases.take_back(lease.id, "".join(log.splitlines(keepends=True)[:1]))
    kinds = [entry.kind for entry in client.ledger.list()[:2]]
    assert kinds == ["returned", "leased"]


def test_what_a_lease_does_not_permit(lent, version, space, tmp_path):
    _, file, key = lent
    now = datetime.now(UTC)
    with pytest.raises(Forbidden, match="ended"):
        opened(version, file, key, now + timedelta(hours=3))
    with pytest.raises(Forbidden, match="another action"):
        opened(version, file, key, action="mine")
    with pytest.raises(Forbidden, match="another purpose"):
        opened(version, file, key, purpose="dpv:Marketing")
    with pytest.raises(Forbidden, match="not for"):
        opened("other@1", file, key)
    other = tmp_path / "other.key"
    make_key(other)
    with pytest.raises(Invalid, match="another node"):
        opened(version, file, other)
    with pytest.raises(Conflict):
        make_key(other)


def test_a_clock_that_is_set_back_and_a_log_that_was_changed(client, lent, version):
    lease, file, key = lent
    log = file.parent / "run.lease.log"
    opened(version, file, key)
    with pytest.raises(Forbidden, match="set back"):
        opened(version, file, key, datetime.now(UTC) - timedelta(hours=1))
    opened(version, file, key)
    whole = log.read_bytes()
    for damaged in (
        whole[:-5],
        whole.replace(b"train", b"mined"),
        b"".join(whole.splitlines(keepends=True)[::-1]),
        whole.splitlines(keepends=True)[1],
    ):
        log.write_bytes(damaged)
        with pytest.raises(HanseError):
            opened(version, file, key)
        with pytest.raises(Invalid, match="Line"):
            client.leases.take_back(lease.id, damaged.decode())
    assert client.leases.get(lease.id).state == "lent"


def test_a_lease_that_was_changed(lent, version):
    _, file, key = lent
    said = json.loads(file.read_bytes())
    import base64

    payload = json.loads(base64.b64decode(said["statement"]["payload"]))
    payload["predicate"]["openings"] = 1_000
    said["statement"]["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    file.write_text(json.dumps(said))
    with pytest.raises(Invalid, match="changed"):
        opened(version, file, key)
    assert read_lease(file.read_bytes()).terms.openings == 1_000


def test_the_commands(space, version, tmp_path):
    node, lease = tmp_path / "node.key", tmp_path / "run.lease"
    public = space.run("lease", "key", str(node)).stdout
    (tmp_path / "node.pub").write_text(public)
    given = space.json("lease", "give", version, "--node", str(tmp_path / "node.pub"), "--action", "train", "-o", str(lease))
    assert space.json("open", version, "--lease", str(lease), "--key", str(node)) == [{"x": 1}, {"x": 2}]
    assert space.run("open", version, "--lease", str(lease), "--key", str(node), code=1).output.count("used up") == 1
    alone = tmp_path / "alone.lease"
    alone.write_bytes(lease.read_bytes())
    assert "--unused" in space.run("lease", "return", str(alone), code=1).output
    assert space.json("lease", "return", str(lease))["used"] == 1
    assert given["id"] in space.run("lease").stdout
    assert space.json("lease", "show", given["id"])["state"] == "returned"


def test_another_log_as_long_as_the_first_is_not_taken_for_it(client, lent, version):
    lease, file, key = lent
    opened(version, file, key)
    first = (file.parent / "run.lease.log").read_text()
    (file.parent / "run.lease.log").unlink()
    opened(version, file, key)
    second = (file.parent / "run.lease.log").read_text()
    assert first != second
    client.leases.take_back(lease.id, first)
    assert client.leases.take_back(lease.id, first).used == 1
    with pytest.raises(Conflict):
        client.leases.take_back(lease.id, second)
