"""`hanse.Client` and `hanse.AsyncClient` with a real server: the same methods, called or awaited."""

from __future__ import annotations

import asyncio

import pytest

import hanse
from hanse import errors
from hanse.client.profiles import choose


def test_called(space, tmp_path):
    id = space.offer("called.csv", "--title", "Called")
    with hanse.Client(home=space.home, participant="bob") as client:
        assert client.who_am_i().role == "administer"
        assert "Called" in [one.title for one in client.catalog("alice").datasets]
        seen = []
        got = client.get(id, tmp_path / "got", peer="alice", progress=lambda done, total: seen.append((done, total)))
        assert got.verified
        assert seen[-1] == (8, 8)
        assert client.explain(got.transfer).state == "COMPLETED"
        with pytest.raises(errors.NotFound) as caught:
            client.contracts.get("agr_none")
        assert caught.value.hint


def test_awaited(space, tmp_path):
    id = space.offer("awaited.csv")

    async def story():
        profile = choose(space.home, "bob", {})
        async with hanse.AsyncClient(profile.url, profile.token) as client:
            status, members = await asyncio.gather(client.status(), client.members())
            assert status.participant.name == "bob"
            assert len(members) >= 3
            got = await client.get(id, tmp_path / "got", peer="alice")
            assert got.verified
            with pytest.raises(errors.NotFound):
                await client.assets.get("ds_none")
            with pytest.raises(errors.PeerRefused, match="nonsense"):
                await client.catalog("alice", [{"nonsense": "x"}])

    asyncio.run(story())


def test_a_wrong_token_is_refused_and_never_repeated(space):
    token = "hanse_op_1_" + "s" * 43
    with hanse.Client(f"http://localhost:{space.port}", token) as client, pytest.raises(errors.Unauthenticated) as caught:
        client.status()
    assert token not in f"{caught.value!r} {caught.value}"


def test_policies_and_limits(space):
    with hanse.Client(home=space.home, participant="alice") as client:
        assert {one.name for one in client.policies.list()} >= {"open", "members", "until"}
        checked = client.policies.check(["members", {"permission": [{"action": "use"}]}])
        assert [one.permitted_now for one in checked] == [True, True]
        assert len(client.assets.list(most=1)) <= 1
