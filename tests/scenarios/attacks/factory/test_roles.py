"""The host of a server joins participants to spaces, and no more: what they buy, and what is kept of their log, is theirs."""

from __future__ import annotations

import pytest

from hanse.participants.roles import RULES, Action, Role
from tests.unit.http.api.rig import run

_OWN = {"links", "orders", "facility", "openings", "leases", "ledger", "witnessed", "evidence", "mirrors", "custody", "models"}
"""Nouns with which the host has nothing to do."""


def test_the_host_changes_nothing_of_links_orders_data_and_logs(tmp_path):
    async def scenario(rig):
        open_ = [
            (operation.method, operation.path)
            for operation in rig.api.operations
            if operation.action is not None and RULES[operation.action].host and operation.path.split("/")[1] in _OWN
        ]
        assert not open_

    run(tmp_path, scenario)


@pytest.mark.parametrize("action", [Action.SET_LINK, Action.KEEP_LEDGER])
def test_only_who_administers_a_participant_binds_it(action):
    assert (RULES[action].least, RULES[action].own, RULES[action].host) == (Role.ADMINISTER, True, False)
