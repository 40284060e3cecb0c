"""A statement that arrives late does not take the place of one that was made after it."""

from __future__ import annotations

import pytest

from hanse.evidence import kinds as k
from hanse.kernel.errors import Conflict
from tests.unit.ledger.test_exchange import envelope, made
from tests.unit.ledger.town import ACME, AGREEMENT, NOW


def test_a_late_statement_is_refused(in_town):
    async def scenario(town):
        await town.deliver(await envelope(town, k.UseStated(agreement=AGREEMENT, purpose="urn:now")))
        with pytest.raises(Conflict) as refused:
            await town.deliver(await made(town, at=NOW.replace(hour=0, minute=0, second=0), id="led_old", purpose="urn:before"))
        assert refused.value.rule == "superseded"
        stated = await town.database.read(lambda tx: town.evidence.stated(tx, ACME, AGREEMENT))
        assert stated.says.purpose == "urn:now"

    in_town(scenario)
