"""A look at policies before they are offered."""

from __future__ import annotations

from tests.unit.http.api.rig import run


async def _warnings(rig, who, *terms):
    found = await rig.good("POST", "/policies/check", who, "read", {"terms": list(terms)})
    return [one["warnings"] for one in found["items"]]


def test_what_the_space_does_not_know_is_a_warning_and_no_refusal(tmp_path):
    async def scenario(rig):
        king, type_, known = await _warnings(rig, "zoo", "role king,provider", "credential CrownCredential", "role provider")
        assert len(king) == 1
        assert king[0].startswith("The space has no role 'king'; its roles are ")
        assert "provider" in king[0]
        assert type_[0].startswith("The space has no credential 'CrownCredential'; its credentials are ")
        assert known == []
        assert (await rig.asset("role king"))["id"]

    run(tmp_path, scenario)


def test_who_is_in_no_space_gets_no_warning(tmp_path):
    async def scenario(rig):
        assert await _warnings(rig, "other", "role king") == [[]]

    run(tmp_path, scenario)
