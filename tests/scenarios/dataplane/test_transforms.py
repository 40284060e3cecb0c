"""Agreements that ask for changed data: over a real connection, nothing but the derived version is ever told or sent."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import tarfile
import threading
import time

import pytest
from blake3 import blake3
from msgspec.structs import replace

from hanse.client.fetch import Settings, fetch
from hanse.dataplane.records import Place
from hanse.dataplane.transforms.sealing import Recipient, key_for, private_from_pem, unseal
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import PeerRefused
from hanse.odrl import names as n
from hanse.odrl.changes import Step
from tests.scenarios.dataplane.proxy import proxy
from tests.scenarios.dataplane.server import serving
from tests.unit.dataplane.world import ACME, CONSUMER

ROWS = [f"{i},person{i}@example.org,{i * 0.001:.3f}\r\n" for i in range(120_000)]
PEOPLE = ("id,email,value\r\n" + "".join(ROWS)).encode()
MASKED = ("id,email,value\r\n" + "".join(f"{i},***,{i * 0.001:.3f}\r\n" for i in range(120_000))).encode()
MASK = Step(n.MASK, ("email",))
TERMS = {"consumer": CONSUMER, "agreement": "agr_1"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("roots").resolve()
    for name, content in {
        "acme/people.csv": PEOPLE,
        "acme/set/a.csv": b"id,email\n1,x\n",
        "acme/set/deep/b.csv": b"email;id\ny;2\n",
        "acme/mixed/a.csv": b"id,email\n1,x\n",
        "acme/mixed/readme.txt": b"Ask x for more.",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def plane(root):
    with serving(root) as plane:
        yield plane


def begin(plane, root, name="people.csv", chain=(MASK,), transfer="trf_1"):
    kind = "folder" if (root / "acme" / name).is_dir() else "file"
    return plane.start(Place(kind, str(root / "acme" / name)), transfer, chain=chain, **TERMS)


def ask(plane, address, path="", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", plane.port, timeout=20)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    fields["Authorization"] = f"Bearer {address.properties['authorization']}"
    connection.request(method, address.endpoint.removeprefix(plane.base) + path, headers=fields)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_a_masked_column_arrives_masked(plane, root, tmp_path):
    report = fetch(begin(plane, root), tmp_path)
    assert (report.verified, report.size) == (True, len(MASKED))
    assert (tmp_path / "people.csv").read_bytes() == MASKED


def test_ranges_tags_and_checksums_are_those_of_the_derived_version(plane, root):
    address = begin(plane, root)
    response, body = ask(plane, address)
    assert (response.status, body) == (200, MASKED)
    tag = response.headers["ETag"]
    assert tag == f'"b3-{blake3(MASKED).hexdigest()}"'
    assert ask(plane, address, method="HEAD")[0].headers["Content-Length"] == str(len(MASKED))
    part, body = ask(plane, address, Range="bytes=1000-1999", If_Range=tag)
    assert (part.status, body) == (206, MASKED[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(MASKED)}"
    assert ask(plane, address, Range=f"bytes={len(MASKED)}-")[0].headers["Content-Range"] == f"bytes */{len(MASKED)}"
    assert ask(plane, address, If_None_Match=tag)[0].status == 304
    manifest = json.loads(ask(plane, address, "/manifest")[1])
    assert manifest["files"] == [
        {
            "path": "people.csv",
            "size": len(MASKED),
            "sha256": hashlib.sha256(MASKED).hexdigest(),
            "blake3": blake3(MASKED).hexdigest(),
            "mediaType": "text/csv",
            "etag": tag,
        }
    ]


def test_nothing_of_the_original_is_told(plane, root):
    address = begin(plane, root)
    told = [str(len(PEOPLE)), hashlib.sha256(PEOPLE).hexdigest(), blake3(PEOPLE).hexdigest(), "person7@"]
    for path in ("", "/manifest", "/files/people.csv", "/files/other"):
        for method in ("GET", "HEAD"):
            response, body = ask(plane, address, path, method)
            seen = f"{response.headers} {body.decode()}"
            assert not [one for one in told if one in seen], (path, method)


def test_a_broken_download_goes_on_within_the_derived_version(plane, root, tmp_path):
    address = begin(plane, root)
    there = f":{plane.port}/"

    def break_off(number, passed, data):
        return None if passed > 400_000 else data

    with proxy(plane.port, break_off) as port:
        here = f":{port}/"
        properties = {name: value.replace(there, here) for name, value in address.properties.items()}
        moved = replace(address, endpoint=address.endpoint.replace(there, here), properties=properties)
        report = fetch(moved, tmp_path, settings=Settings(wait=lambda seconds: None, timeout=10))
    assert (tmp_path / "people.csv").read_bytes() == MASKED
    assert report.repaired == 0


def test_a_web_server_in_front_is_never_led_to_the_original(root):
    with serving(root, accel="/_files", range_size=1 << 20) as plane:
        plain = plane.start(Place("file", str(root / "acme/people.csv")), "trf_2")
        assert "X-Accel-Redirect" in ask(plane, plain, Range="bytes=0-99")[0].headers
        response, body = ask(plane, begin(plane, root), Range="bytes=0-99")
        assert "X-Accel-Redirect" not in response.headers
        assert (response.status, body) == (206, MASKED[:100])


def test_a_folder_is_changed_file_by_file(plane, root, tmp_path):
    address = begin(plane, root, "set")
    fetch(address, tmp_path)
    assert (tmp_path / "a.csv").read_bytes() == b"id,email\n1,***\n"
    with tarfile.open(fileobj=io.BytesIO(ask(plane, address)[1])) as tar:
        assert {one.name: tar.extractfile(one).read() for one in tar} == {"a.csv": b"id,email\n1,***\n", "deep/b.csv": b"email;id\n***;2\n"}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("people.csv", Step(n.MASK, ("Email",))),
        ("people.csv", Step(n.ROUND, ("email",), 1)),
        ("people.csv", Step(n.ENCRYPT)),
        ("people.csv", Step("urn:other:blur", ("email",))),
        ("mixed", MASK),
    ],
)
def test_a_change_that_cannot_be_made_releases_nothing(plane, root, name, step):
    address = begin(plane, root, name, (step,))
    for path in ("", "/manifest", "/files/a.csv", "/files/people.csv"):
        response, body = ask(plane, address, path)
        assert (response.status, response.headers["Content-Type"]) == (403, "application/problem+json")
        assert json.loads(body)["type"] == "urn:hanse:problem:transform"
        assert b"person" not in body


def test_a_client_says_why_there_is_nothing(plane, root, tmp_path):
    with pytest.raises(PeerRefused) as caught:
        fetch(begin(plane, root, chain=(Step(n.DROP, ("phone",)),)), tmp_path)
    assert "phone" in (caught.value.reason or "")
    assert not list(tmp_path.iterdir())


def test_what_is_encrypted_opens_for_the_recipient_alone(plane, root, tmp_path):
    key = SigningKey.generate(f"{CONSUMER}#key-1")
    plane.recipients[CONSUMER] = Recipient(key.kid, key.public_jwk)
    report = fetch(begin(plane, root, chain=(MASK, Step(n.ENCRYPT))), tmp_path)
    plane.recipients.clear()
    assert [path.name for path in report.files] == ["people.csv.encrypted"]
    private = private_from_pem(key.to_pem())
    with (tmp_path / "people.csv.encrypted").open("rb") as file:
        assert b"".join(unseal(file, lambda header: key_for(private, header))) == MASKED


def test_two_agreements_get_two_versions(plane, root):
    chain = (Step(n.PSEUDONYMISE, ("email",)),)
    one = ask(plane, begin(plane, root, chain=chain))[1]
    address = begin(plane, root, chain=chain)
    plane.permissions.permits[ACME, "trf_1"] = replace(plane.permissions.permits[ACME, "trf_1"], agreement="agr_2")
    other = ask(plane, address)[1]
    assert len(one) == len(other)
    assert one != other


def test_while_it_is_made_a_request_is_told_to_come_back(root, tmp_path):
    with serving(root, patience=0.05, spool="spool-held") as plane:
        held, opens = threading.Event(), []
        original = plane.spool.making

        def making(*args):
            opens.append(args)
            held.wait(10)
            return original(*args)

        plane.spool.making = making
        address = begin(plane, root)
        answers = [ask(plane, address) for _ in range(3)]
        for response, body in answers:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
            assert json.loads(body)["type"] == "urn:hanse:problem:not-ready"
            assert "% is done" in json.loads(body)["detail"]
        waits = []

        def wait(seconds):
            waits.append(seconds)
            held.set()
            time.sleep(0.2)

        fetch(address, tmp_path, settings=Settings(wait=wait))
        assert (tmp_path / "people.csv").read_bytes() == MASKED
        assert waits
        assert len(opens) == 1


def test_many_requests_at_once_make_it_once(root):
    with serving(root, spool="spool-once") as plane:
        made = []
        original = plane.spool.making

        def making(*args):
            made.append(args)
            return original(*args)

        plane.spool.making = making
        address = begin(plane, root)
        bodies = []
        threads = [threading.Thread(target=lambda: bodies.append(ask(plane, address)[1])) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert bodies == [MASKED] * 12
        assert len(made) == 1


def test_an_agreement_that_ends_takes_its_versions_along(root):
    with serving(root, spool="spool-end") as plane:
        address = begin(plane, root)
        ask(plane, address)
        assert list((root / "spool-end/acme").rglob("version"))
        plane.halt()
        plane.call(lambda: plane.derived.forget(ACME, "agr_1"))
        assert not list((root / "spool-end/acme").rglob("version"))
        assert ask(plane, address)[0].status in (401, 403)


def test_without_anything_that_could_change_data_nothing_is_released(root):
    with serving(root) as plane:
        plane.app._serving._derived = None
        assert ask(plane, begin(plane, root))[0].status == 403
