"""A rulebook changes what a credential may say: what was issued keeps its own schema, what is issued has the new one."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.anchor.rulebook.document import read, write
from hanse.identity.credentials.read import read_credential
from hanse.identity.credentials.verify import Rules, verify
from hanse.identity.rulebook import SpaceTrust
from tests.unit.http.api.rig import ROOT, did_of, run

KIND = "DataProviderCredential"
SCHEMAS = f"{ROOT}/spaces/harbour/schemas/"


async def _book(rig):
    return read((await rig.good("GET", "/anchor/rulebook"))["text"])


async def _publish(rig, level, allowed, **more):
    """Let providers say their `level`, the first of which a member gets, and let the schema allow some levels."""
    book = await _book(rig)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"level": {"enum": allowed}}}
    roles = {**book.roles, "provider": structs.replace(book.roles["provider"], claims={"level": [level]})}
    credentials = {**book.credentials, KIND: structs.replace(book.credentials[KIND], schema=schema, **more)}
    text = write(structs.replace(book, roles=roles, credentials=credentials))
    published = await rig.good("POST", "/anchor/rulebook", body={"text": text})
    await rig.arrived()
    return published


async def _held(rig):
    """Return what zoo holds of that type, by the level that it says."""
    found = await rig.database.read(lambda tx: tx.held.page("zoo", after=None, limit=100))
    texts = [one.text for one in found if KIND in read_credential(one.text).credential.types]
    return {read_credential(text).credential.subjects[0].get("level"): text for text in texts}


async def _schema(rig, text):
    """Verify a credential as anybody does; return the address of its schema."""
    rules = Rules(SpaceTrust(await _book(rig)))
    (schema,) = (await rig.ground.resolver.drive(verify(text, did_of("zoo"), rules, rig.clock.now()))).credential.schemas
    return schema.id


@pytest.mark.parametrize(("before", "after"), [([1], [1, 3]), ([1, 3], [3])], ids=["widened", "tightened"])
def test_what_was_issued_keeps_its_schema_and_new_ones_are_offered(tmp_path, before, after):
    async def scenario(rig):
        assert (await _publish(rig, 1, before))["offered"] == 1
        old = (await _held(rig))[1]
        assert (await _publish(rig, 3, after))["offered"] == 1
        new = (await _held(rig))[3]
        addresses = [await _schema(rig, text) for text in (old, new)]
        assert len({*addresses}) == 2
        for address, allowed in zip(addresses, (before, after), strict=True):
            answer = await rig.get(address.removeprefix(ROOT))
            assert (answer.status_code, answer.json()["properties"]) == (200, {"level": {"enum": allowed}})
        # Under the type alone lies the schema that holds now.
        assert (await rig.get(f"/spaces/harbour/schemas/{KIND}.json")).json()["properties"] == {"level": {"enum": after}}

    run(tmp_path, scenario)


def test_a_schema_alone_is_a_reason_for_new_credentials(tmp_path):
    async def scenario(rig):
        await _publish(rig, 1, [1])
        published = await _publish(rig, 1, [1, 2])
        assert (published["offered"], published["changes"]) == (
            1,
            [f"The credential {KIND} has another schema.", f"Members get new credentials: {KIND}."],
        )
        assert (await _publish(rig, 1, [1, 2], title="Seller of data"))["offered"] == 0

    run(tmp_path, scenario)


def test_own_schemas_are_read_without_the_network(tmp_path):
    async def scenario(rig):
        await _publish(rig, 1, [1])
        old = (await _held(rig))[1]
        await _publish(rig, 3, [3])
        for text in (old, (await _held(rig))[3]):
            assert (await _schema(rig, text)).startswith(SCHEMAS)
        assert not [url for _, url in rig.peers.asked if "/schemas/" in url]
        local = rig.ground._local_document_at
        for url in (f"{SCHEMAS}{KIND}-0123456789abcdef.json", f"{SCHEMAS}{KIND}", f"{ROOT}/spaces/none/schemas/{KIND}.json", "/schemas/"):
            assert await local(url) is None
        assert await local(f"https://elsewhere.example/spaces/harbour/schemas/{KIND}.json") is None

    run(tmp_path, scenario)


def test_a_schema_that_nobody_published_is_not_found(tmp_path):
    async def scenario(rig):
        for name in (f"{KIND}-0123456789abcdef", "OtherCredential", "-", "", f"{KIND}-"):
            assert (await rig.get(f"/spaces/harbour/schemas/{name}.json")).status_code == 404
        assert (await rig.get(f"/spaces/none/schemas/{KIND}.json")).status_code == 404

    run(tmp_path, scenario)
