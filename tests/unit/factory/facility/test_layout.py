"""The layout, read by a reader that was made from its description alone, and nothing of Hanse's code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct

import pytest
from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.factory.facility import layout
from hanse.kernel.errors import StorageFailed
from tests.unit.factory.facility.world import ACME, KIB, MIB, noise, run


def read_version(objects, path, key):
    """Return the files of a version: what `layout` says, in as few lines as it takes."""
    data = objects[path]
    assert data[:8] == b"HANSEVM1"
    manifest = json.loads(AESGCM(key).decrypt(bytes(12), data[8:], path.encode()))
    table = base64.b64decode(manifest["chunks"])
    found = {}
    for name, size, sha256, _media_type, first, rows in manifest["files"]:
        content = b""
        for digest, pack, frame, offset, length in struct.iter_unpack(">32sIIII", table[first * 48 : (first + rows) * 48]):
            pack_name, pack_key = manifest["packs"][pack]
            stored = objects[path.rsplit("/", 2)[0] + "/packs/" + pack_name]
            assert stored[:8] == b"HANSEPK1"
            chunk = AESGCM(bytes.fromhex(pack_key)).decrypt(frame.to_bytes(12, "big"), stored[offset : offset + length + 16], None)
            assert blake3(chunk).digest() == digest
            content += chunk
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
        found[name] = content
    return found


FILES = {"big/x.bin": noise(3 * MIB), "a.txt": b"a", "empty": b"", "b.txt": noise(70 * KIB, 2)}


def test_an_independent_reader_reads_a_version_with_the_key_of_its_manifest():
    async def scenario(world):
        version = await world.store(FILES, agreement="agr_1")
        opened = await world.facility.opened(ACME, version.id)
        assert read_version(world.hot.objects, opened.manifest, opened.key) == FILES

    run(scenario)


def test_the_keys_are_derived_as_it_is_written():
    async def scenario(world):
        version = await world.store(FILES)
        opened = await world.facility.opened(ACME, version.id)
        key = await world.stock.vaults.key(ACME, opened.vault)
        name = opened.manifest.rpartition("/")[2]
        assert opened.key == hmac.digest(key, b"hanse facility version 1\0" + name.encode(), "sha256")
        manifest = json.loads(AESGCM(opened.key).decrypt(bytes(12), world.hot.objects[opened.manifest][8:], opened.manifest.encode()))
        for pack, pack_key in manifest["packs"]:
            assert bytes.fromhex(pack_key) == hmac.digest(key, b"hanse facility pack 1\0" + pack.encode(), "sha256")

    run(scenario)


def test_nothing_of_the_data_is_stored_in_the_clear():
    async def scenario(world):
        version = await world.store({"secret-name.txt": b"a secret text that is long enough to be found" * 10})
        opened = await world.facility.opened(ACME, version.id)
        key = await world.stock.vaults.key(ACME, opened.vault)
        for data in world.hot.objects.values():
            assert b"secret" not in data
            assert key not in data

    run(scenario)


def test_a_manifest_opens_in_its_own_place_only():
    async def scenario(world):
        version = await world.store(FILES)
        opened = await world.facility.opened(ACME, version.id)
        data = world.hot.objects[opened.manifest]
        with pytest.raises(StorageFailed) as refused:
            layout.open_manifest(opened.key, opened.manifest.replace("acme", "zoo"), data)
        assert refused.value.rule == "damaged"

    run(scenario)


@pytest.mark.parametrize("start", [0, 8, 100, -1])
def test_a_manifest_with_one_bit_changed_is_refused(start):
    async def scenario(world):
        version = await world.store(FILES)
        opened = await world.facility.opened(ACME, version.id)
        data = bytearray(world.hot.objects[opened.manifest])
        data[start] ^= 1
        with pytest.raises(StorageFailed):
            layout.open_manifest(opened.key, opened.manifest, bytes(data))

    run(scenario)


def test_no_two_objects_share_a_key_and_no_two_frames_a_nonce():
    async def scenario(world):
        seen = set()
        for turn in range(4):
            version = await world.store({f"{turn}.bin": noise(MIB, turn)}, name=f"d{turn}", agreement="agr_1")
            contents = await world.stock.contents(await world.facility.stored(ACME, version.id))
            keys = [one.key for one in contents.manifest.packs]
            rows = [(keys[row.pack], row.frame) for file in contents.manifest.files for row in contents.rows(file)]
            assert len(set(rows)) == len(rows)
            assert not seen & set(rows)
            seen |= set(rows)

    run(scenario)


def test_frames_side_by_side_are_read_together():
    rows = [layout.Row(bytes(32), 0, 0, 8, 100), layout.Row(bytes(32), 0, 1, 124, 50), layout.Row(bytes(32), 1, 0, 8, 10)]
    found = list(layout.spans(rows))
    assert [(one.pack, one.offset, one.length, len(one.rows)) for one in found] == [(0, 8, 182, 2), (1, 8, 26, 1)]


@pytest.mark.parametrize(
    ("start", "end", "chunks", "before"), [(0, 10, 1, 0), (10, 20, 1, 0), (5, 15, 2, 5), (29, 30, 1, 9), (30, 40, 0, 0), (4, 4, 0, 0)]
)
def test_what_holds_a_part_of_a_file(start, end, chunks, before):
    rows = [layout.Row(bytes(32), 0, number, 0, 10) for number in range(3)]
    found = layout.within(rows, start, end)
    assert (len(found[0]), found[1]) == (chunks, before)
