"""Documents and answers, over all databases."""

from __future__ import annotations

from msgspec import structs

from hanse.factory.documents.records import Answer, Made
from hanse.storage.erase import erase_tenant
from tests.contract.storage.stage import NOW, A, B, on


def made(subject="a@1", kind="croissant", tenant=A, **more):
    fields = {"name": "x.json", "media_type": "application/json", "sha256": "0" * 64, "size": 3, "made": NOW, "of": "1"}
    return Made(tenant=tenant, subject=subject, kind=kind, **fields | more)


def told(about="dataset:a", field="motivation", text="Because.", tenant=A):
    return Answer(tenant=tenant, about=about, field=field, text=text, at=NOW, by="ann")


def test_documents_by_subject_and_kind(address):
    async def scenario(db):
        card, croissant = made(kind="card"), made()
        for one, data in ((croissant, b"\0\xff"), (card, b"2"), (made("b@1"), b"3"), (made("m"), b""), (made(tenant=B), b"4")):
            await db.run(lambda tx, one=one, data=data: tx.documents.put(one, data))
        assert await db.read(lambda tx: tx.documents.made(A, "a@1")) == [card, croissant]
        assert await db.run(lambda tx: tx.documents.get(A, "a@1", "croissant")) == (croissant, b"\0\xff")
        assert await db.read(lambda tx: tx.documents.get(A, "a@1", "dmp")) is None
        assert await db.read(lambda tx: tx.documents.with_data()) == [(A, "a@1"), (A, "b@1"), (B, "a@1")]
        newer = structs.replace(croissant, of="2")
        await db.run(lambda tx: tx.documents.put(newer, b"new"))
        assert await db.read(lambda tx: tx.documents.get(A, "a@1", "croissant")) == (newer, b"new")
        await db.run(lambda tx: tx.documents.drop(A, "a@1"))
        assert await db.read(lambda tx: tx.documents.made(A, "a@1")) == []
        await db.run(lambda tx: erase_tenant(tx, A))
        assert await db.read(lambda tx: tx.documents.with_data()) == [(B, "a@1")]

    on(address, scenario)


def test_answers_are_kept_once_and_taken_back(address):
    async def scenario(db):
        for one in (told(), told(field="creator"), told(text="Otherwise."), told("participant", "contactName"), told(tenant=B)):
            await db.run(lambda tx, one=one: tx.documents.tell(one))
        found = await db.read(lambda tx: tx.documents.answers(A, "dataset:a"))
        assert [(one.field, one.text) for one in found] == [("creator", "Because."), ("motivation", "Otherwise.")]
        await db.run(lambda tx: tx.documents.tell(told(text="")))
        assert [one.field for one in await db.read(lambda tx: tx.documents.answers(A, "dataset:a"))] == ["creator"]
        assert len(await db.read(lambda tx: tx.documents.answers(A, "participant"))) == 1
        assert len(await db.read(lambda tx: tx.documents.answers(B, "dataset:a"))) == 1

    on(address, scenario)
