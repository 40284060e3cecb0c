"""Health, readiness and figures: what they say, to whom, and that they name nobody."""

from __future__ import annotations

import re
from datetime import timedelta

from starlette.routing import Router

from hanse.connector.records import Outgoing
from hanse.http.health import Health
from hanse.kernel.errors import StorageFailed
from tests.unit.http.api.rig import NAMES, run


def test_healthy_and_ready(tmp_path):
    async def scenario(rig):
        assert (await rig.get("/healthz")).json() == {"status": "ok"}
        ready = await rig.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]) == (200, {"serving": "ok", "database": "ok", "outbox": "ok"})
        rig.health.draining = True
        assert (await rig.get("/readyz")).status_code == 503

    run(tmp_path, scenario)


def test_not_ready_with_a_stuck_outbox(tmp_path):
    async def scenario(rig):
        await rig.agreed()

        def late(tx):
            tx.rows.execute("INSERT INTO outbox (id, tenant, process, due, doc) VALUES ('msg_x', 'acme', 'neg_x', 0, '{}')")

        await rig.database.run(late)
        ready = await rig.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["outbox"]) == (503, "failed")

    run(tmp_path, scenario)


class _Gone:
    """A database that is no longer there."""

    async def read(self, work):
        raise StorageFailed("The disk is gone.")

    async def run(self, work):
        raise StorageFailed("The disk is gone.")


def test_not_ready_without_a_database(tmp_path):
    async def scenario(rig):
        health = Health(_Gone(), rig.clock, rig.services.operators, rig.metrics, open_to_loopback=True)
        rig.app = Router(health.routes())
        ready = await rig.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]) == (503, {"serving": "ok", "database": "failed", "outbox": "failed"})
        assert (await rig.get("/healthz")).status_code == 200
        assert (await rig.get("/metrics")).status_code == 200

    run(tmp_path, scenario)


def test_figures_are_for_the_host_and_name_nobody(tmp_path):
    async def scenario(rig):
        await rig.agreed()
        await rig.ask("GET", "/nothing/acme", "zoo")
        assert (await rig.get("/metrics")).status_code == 401
        own = {"Authorization": f"Bearer {rig.tokens['acme', 'administer']}"}
        assert (await rig.get("/metrics", own)).status_code == 403
        answer = await rig.get("/metrics", {"Authorization": f"Bearer {rig.tokens[None, 'administer']}"})
        assert answer.status_code == 200
        text = answer.text
        assert 'hanse_http_requests_total{method="POST",route="/api/v1/negotiations",status="202"} 1.0' in text
        assert 'hanse_state_changes_total{by="us",kind="negotiation",state="FINALIZED"} 1.0' in text
        assert "hanse_outbox_late_seconds 0.0" in text
        assert not re.search("|".join(NAMES), text)

    run(tmp_path, scenario)


def waiting(now, number):
    """Return a message that waits for its acknowledgement."""
    names = {"id": f"msg_{number}", "tenant": "acme", "process": "neg_1", "peer": "did:web:a", "url": "https://a/", "step": "request"}
    return Outgoing(**names, body=b"", due=now + timedelta(hours=1), created=now, deadline=now + timedelta(hours=2))


def test_figures_are_open_to_loopback_where_no_proxy_stands_in_front(tmp_path):
    async def scenario(rig):
        health = Health(rig.database, rig.clock, rig.services.operators, rig.metrics, open_to_loopback=True)
        routes = health.routes()
        rig.app = Router(routes)
        await rig.database.run(lambda tx: [tx.outbox.put(waiting(rig.clock.now(), number)) for number in range(7)])
        answer = await rig.get("/metrics")
        assert "hanse_outbox_waiting 7.0" in answer.text

    run(tmp_path, scenario)
