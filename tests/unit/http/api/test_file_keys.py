"""Opening what was encrypted to a participant: one key for one file, by its own operators alone."""

from __future__ import annotations

import base64
import io

import pytest

from hanse.dataplane.transforms.sealing import Recipient, Sealing, read_header, unseal, usable
from tests.unit.http.api.rig import did_of, run


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def sealed_for(rig, who="zoo", content=b"content"):
    """Encrypt to the newest key of the participant's own DID document."""
    document = await rig.server.ground.resolver.resolve(did_of(who))
    method = document.verification_method[-1]
    out = io.BytesIO()
    sealing = Sealing(out, Recipient(document.absolute(method.id), usable(method.public_key_jwk)))
    sealing.write(content)
    sealing.close()
    return out.getvalue()


async def opened(rig, container, who="zoo", role="operate"):
    header = read_header(io.BytesIO(container))
    key = await rig.good("POST", "/wallet/file-keys", who, role, body={"header": b64(header)})
    assert set(key) == {"key"}
    return b"".join(unseal(io.BytesIO(container), lambda _: base64.urlsafe_b64decode(key["key"] + "==")))


@pytest.mark.parametrize("kind", ["P-256", "P-384", "Ed25519"])
def test_its_own_operators_open_it(tmp_path, kind):
    async def scenario(rig):
        await rig.good("POST", "/wallet/keys/rotate", "zoo", body={"kind": kind})
        rig.server.ground.resolver.forget()
        assert await opened(rig, await sealed_for(rig)) == b"content"

    run(tmp_path, scenario)


def test_nobody_else_does(tmp_path):
    async def scenario(rig):
        header = {"header": b64(read_header(io.BytesIO(await sealed_for(rig))))}
        assert (await rig.ask("POST", "/wallet/file-keys", "acme", body=header))[0] == 404
        assert (await rig.ask("POST", "/wallet/file-keys", "zoo", "read", body=header))[0] == 403

    run(tmp_path, scenario)


def test_a_key_that_was_rotated_still_opens_until_its_private_part_is_gone(tmp_path):
    async def scenario(rig):
        container = await sealed_for(rig)
        (key,) = (await rig.good("GET", "/wallet/keys", "zoo"))["items"]
        await rig.good("POST", "/wallet/keys/rotate", "zoo")
        assert await opened(rig, container) == b"content"
        await rig.good("POST", "/wallet/keys/compromise", "zoo", body={"kid": key["kid"], "since": "2026-02-01T00:00:00Z"})
        header = {"header": b64(read_header(io.BytesIO(container)))}
        assert (await rig.ask("POST", "/wallet/file-keys", "zoo", body=header))[0] == 404

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "header",
    ["", "%%", b64(b"[]"), b64(b"{}"), b64(b'{"kid":"x","epk":{},"salt":""}'), b64(b"["), "A" * 30_000, 7],
)
def test_odd_headers_are_refused(tmp_path, header):
    async def scenario(rig):
        status, _ = await rig.ask("POST", "/wallet/file-keys", "zoo", body={"header": header})
        assert status in (400, 404, 422)

    run(tmp_path, scenario)


def test_a_point_that_is_not_on_the_curve_tells_nothing_of_the_key(tmp_path):
    async def scenario(rig):
        (key,) = (await rig.good("GET", "/wallet/keys", "zoo"))["items"]
        zero = b64(bytes(32))
        text = f'{{"kid":"{key["kid"]}","epk":{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}},"salt":"{zero}"}}'
        assert (await rig.ask("POST", "/wallet/file-keys", "zoo", body={"header": b64(text.encode())}))[0] == 422

    run(tmp_path, scenario)
