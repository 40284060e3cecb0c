"""Signed assessments and their reports, over all databases."""

from __future__ import annotations

from hanse.evidence.kinds.quality import Figure
from hanse.factory.quality.relay.records import Assessment
from hanse.kernel.tenant import Did
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, A, B, on


def made(number, about="rain@1", tenant=A):
    return Assessment(
        tenant=tenant,
        id=f"asm_{number}",
        about=about,
        root="a" * 64,
        stage="factory",
        by=Did("did:web:acme.example"),
        at=NOW,
        statement="b" * 64,
        envelope="{}",
        report="c" * 64,
        stated="d" * 64,
        figures=(Figure(metric="completeness", value=0.9),),
        entry="led_1",
    )


def test_assessments_newest_first_and_by_subject(address):
    async def scenario(db):
        first, second, other, foreign = made(1), made(2), made(3, "ds_1"), made(4, tenant=B)
        for one, report in ((first, b"\0\xff"), (second, b""), (other, b"x"), (foreign, b"y")):
            await db.run(lambda tx, one=one, report=report: tx.assessments.add(one, report))
        assert await db.read(lambda tx: tx.assessments.get(A, "asm_1")) == first
        assert await db.read(lambda tx: tx.assessments.get(A, "asm_4")) is None
        assert await db.read(lambda tx: tx.assessments.report(A, "asm_1")) == b"\0\xff"
        assert await db.read(lambda tx: tx.assessments.report(A, "asm_4")) == b""
        assert await db.read(lambda tx: tx.assessments.page(A, about=None, after=None, limit=9)) == [other, second, first]
        assert await db.read(lambda tx: tx.assessments.page(A, about=None, after="asm_3", limit=1)) == [second]
        assert await db.read(lambda tx: tx.assessments.page(A, about="rain@1", after=None, limit=9)) == [second, first]
        assert await db.read(lambda tx: tx.assessments.page(A, about="rain@1", after="asm_2", limit=9)) == [first]
        await db.run(lambda tx: erase_tenant(tx, A))
        assert await db.read(lambda tx: tx.assessments.page(A, about=None, after=None, limit=9)) == []
        assert await db.read(lambda tx: tx.assessments.page(B, about=None, after=None, limit=9)) == [foreign]

    on(address, scenario)
