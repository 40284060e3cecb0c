"""What the data endpoints answer, over a real connection."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import tarfile
from urllib.parse import urlencode

import pytest
from blake3 import blake3

from hanse.dataplane.records import Place
from tests.scenarios.dataplane.server import serving
from tests.unit.dataplane.world import ACME, CONSUMER, MALLORY, OTHER

BIG = os.urandom(3 << 20)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("roots").resolve()
    for name, content in {
        "acme/big.bin": BIG,
        "acme/set/a.txt": b"alpha",
        "acme/set/sub/ß b.csv": b"1,2\n",
        "other/o.txt": b"other",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def plane(root):
    with serving(root) as plane:
        yield plane


def ask(plane, path, token=None, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", plane.port, timeout=10)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        fields["Authorization"] = f"Bearer {token}"
    connection.request(method, path, headers=fields, body=body)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def begin(plane, place, transfer="trf_1", tenant=ACME, **permit):
    address = plane.start(place, transfer, tenant, **permit)
    return address.endpoint.removeprefix(plane.base), address.properties["authorization"], address


@pytest.fixture
def big(plane, root):
    return begin(plane, Place("file", str(root / "acme/big.bin")))


@pytest.fixture
def whole(plane, root):
    return begin(plane, Place("folder", str(root / "acme/set")), "trf_2")


def test_a_file(plane, big):
    path, token, _ = big
    response, content = ask(plane, path, token)
    assert (response.status, content) == (200, BIG)
    assert response.headers["ETag"] == f'"b3-{blake3(BIG).hexdigest()}"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Encoding"] is None
    head, nothing = ask(plane, path, token, "HEAD")
    assert (head.status, head.headers["Content-Length"], nothing) == (200, str(len(BIG)), b"")
    assert ask(plane, path, token, If_None_Match=response.headers["ETag"])[0].status == 304
    assert ask(plane, path, token, If_Match='"other"')[0].status == 412


@pytest.mark.parametrize(
    ("header", "start", "stop"), [("bytes=0-0", 0, 1), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=10-2000000", 10, 2000001)]
)
def test_ranges(plane, big, header, start, stop):
    path, token, _ = big
    response, content = ask(plane, path, token, Range=header)
    assert response.status == 206
    assert content == BIG[start:stop]
    assert response.headers["Content-Range"].endswith(f"/{len(BIG)}")


def test_range_conditions(plane, big):
    path, token, _ = big
    response, _ = ask(plane, path, token, Range=f"bytes={len(BIG)}-")
    assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{len(BIG)}")
    tag = f'"b3-{blake3(BIG).hexdigest()}"'
    assert ask(plane, path, token, Range="bytes=1-2", If_Range=tag)[1] == BIG[1:3]
    assert ask(plane, path, token, Range="bytes=1-2", If_Range='"old"')[1] == BIG


def test_a_folder_is_a_manifest_files_and_a_tar(plane, whole):
    path, token, _ = whole
    manifest = json.loads(ask(plane, f"{path}/manifest", token)[1])
    assert [(f["path"], f["size"]) for f in manifest["files"]] == [("a.txt", 5), ("sub/ß b.csv", 4)]
    assert manifest["files"][0]["sha256"] == hashlib.sha256(b"alpha").hexdigest()
    assert manifest["files"][0]["blake3"] == blake3(b"alpha").hexdigest()
    assert manifest["totalSize"] == 9
    assert ask(plane, f"{path}/files/sub/%C3%9F%20b.csv", token)[1] == b"1,2\n"
    response, content = ask(plane, path, token)
    assert response.headers["Content-Type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert {m.name: archive.extractfile(m).read() for m in archive} == {"a.txt": b"alpha", "sub/ß b.csv": b"1,2\n"}
    assert ask(plane, path, token)[1] == content
    assert ask(plane, path, token, Range="bytes=400-1400")[1] == content[400:1401]


@pytest.mark.parametrize(
    "name", ["files/nope", "files/../big.bin", "files/%2e%2e/big.bin", "files//etc/passwd", "files/", "other", "files/sub"]
)
def test_nothing_else_is_there(plane, whole, name):
    path, token, _ = whole
    assert ask(plane, f"{path}/{name}", token)[0].status == 404


def test_tokens_open_their_own_transfer_only(plane, root, big, whole):
    path, token, _ = big
    theirs, other_token, _ = begin(plane, Place("file", str(root / "other/o.txt")), "trf_1", OTHER)
    refusals = [
        ask(plane, path),
        ask(plane, path, "nonsense"),
        ask(plane, path, other_token),
        ask(plane, theirs, token),
        ask(plane, whole[0], token),
        ask(plane, path.replace("trf_1", "trf_unknown"), token),
    ]
    assert [response.status for response, _ in refusals] == [401] * 6
    assert len({content for _, content in refusals[1:]}) == 1
    assert refusals[0][0].headers["WWW-Authenticate"] == "Bearer"
    assert ask(plane, theirs, other_token)[1] == b"other"


def test_a_halt_revokes(plane, root):
    path, token, _ = begin(plane, Place("file", str(root / "acme/big.bin")), "trf_3")
    assert ask(plane, path, token, "HEAD")[0].status == 200
    plane.permissions.permits.pop((ACME, "trf_3"))
    assert ask(plane, path, token)[0].status == 403
    plane.halt("trf_3")
    assert ask(plane, path, token)[0].status == 401


def test_refresh_over_http(plane, big):
    path, token, address = big
    form = urlencode({"grant_type": "refresh_token", "refresh_token": address.properties["refreshToken"]})
    refresh = f"{path}/refresh"
    assert ask(plane, refresh, f"{MALLORY}|{token}", "POST", form)[0].status == 401
    assert ask(plane, refresh, f"{CONSUMER}|wrong", "POST", form)[0].status == 401
    assert ask(plane, refresh, "nobody", "POST", form)[0].status == 401
    assert ask(plane, refresh, f"{CONSUMER}|{token}", "POST", "grant_type=password")[0].status == 400
    lost, _ = ask(plane, refresh, f"{CONSUMER}|{token}", "POST", form)
    assert lost.status == 200
    response, content = ask(plane, f"{refresh}?{form}", f"{CONSUMER}|{token}", "POST")
    assert response.headers["Cache-Control"] == "no-store"
    answer = json.loads(content)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)
    assert ask(plane, path, answer["access_token"], "HEAD")[0].status == 200
    assert ask(plane, refresh, f"{CONSUMER}|{token}", "POST", form)[0].status == 401


def test_changed_content_changes_tag_and_manifest(plane, root):
    file = root / "acme/changing.csv"
    file.write_bytes(b"one")
    path, token, _ = begin(plane, Place("file", str(file)), "trf_4")
    before, _ = ask(plane, path, token)
    first = json.loads(ask(plane, f"{path}/manifest", token)[1])["id"]
    file.write_bytes(b"two!")
    after, content = ask(plane, path, token, Range="bytes=0-1", If_Range=before.headers["ETag"])
    assert (after.status, content) == (200, b"two!")
    assert json.loads(ask(plane, f"{path}/manifest", token)[1])["id"] != first
    file.unlink()
    gone, body = ask(plane, path, token)
    assert gone.status == 500
    assert str(root) not in body.decode()


def test_methods(plane, big):
    path, token, _ = big
    response, _ = ask(plane, path, token, "DELETE")
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
    assert ask(plane, "/participants/acme/data/", token)[0].status == 404


def sink(plane, transfer):
    from hanse.dataplane.ports import DataTx
    from tests.unit.dataplane.world import grant

    def prepare(tx: DataTx):
        return plane.flows.prepare_sink(tx, grant(transfer))

    address = plane.call(lambda: plane.memory.now(prepare))
    return address.endpoint.removeprefix(plane.base), address.properties["authorization"]


def test_the_own_sink_takes_verifies_and_is_idempotent(plane):
    path, token = sink(plane, "trf_8")
    good = "sha-256=:" + __import__("base64").b64encode(hashlib.sha256(b"hello").digest()).decode() + ":"
    assert ask(plane, f"{path}/files/a/b.txt", token, "PUT", b"hello", Repr_Digest=good)[0].status == 201
    assert ask(plane, f"{path}/files/a/b.txt", token, "PUT", b"hello", Repr_Digest=good)[0].status == 200
    assert (plane.inbox.place(ACME, "trf_8") / "a/b.txt").read_bytes() == b"hello"
    assert ask(plane, f"{path}/files/c.txt", token, "PUT", b"hellO", Repr_Digest=good)[0].status == 422
    assert ask(plane, f"{path}/files/../c.txt", token, "PUT", b"x")[0].status == 422
    assert ask(plane, f"{path}/files/c.txt", "wrong", "PUT", b"x")[0].status == 401
    assert ask(plane, f"{path}/files/c.txt", token, "PUT", b"x" * (1 << 20))[0].status == 413
    assert ask(plane, f"{path}/files/c.txt", token)[0].status == 405
    plane.halt("trf_8")
    assert ask(plane, f"{path}/files/c.txt", token, "PUT", b"x")[0].status == 401
    assert [p.name for p in plane.inbox.place(ACME, "trf_8").rglob("*") if p.is_file()] == ["b.txt"]
