"""Archives and data where they lie: folders, links, keys that are trusted, and files that are none."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from hanse.client.factory import evidence_check as check
from hanse.evidence.archive.credentials import Status
from hanse.evidence.archive.keys import thumbprint
from hanse.identity.credentials.issue import Draft, issue, status_entry
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import VC11, VC20
from hanse.identity.status import Bits
from hanse.kernel.errors import Conflict, Invalid, NotFound, TooLarge
from tests.unit.evidence.archive.built import FILES, NOW, VERSION, ZOO, Case


@pytest.fixture(scope="module")
def case():
    return Case()


@pytest.fixture
def archive(case, tmp_path):
    path = tmp_path / "rain.zip"
    path.write_bytes(case.pack())
    return path


def fill(folder):
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def texts(found, sort):
    return "\n".join(one.text for one in found.verdict.of(sort))


@pytest.mark.parametrize("below", ["", VERSION])
def test_data_in_a_folder(archive, tmp_path, below):
    fill(tmp_path / "data" / below)
    told = []
    found = check.verify_archive(archive, data=tmp_path / "data", progress=lambda done, whole: told.append((done, whole)))
    assert found.verdict.sound
    assert "are unchanged, every one" in texts(found, "proved")
    assert told[-1] == (108, 108)


def test_links_are_not_followed(archive, tmp_path):
    data = fill(tmp_path / "data")
    (data / "a.csv").rename(tmp_path / "elsewhere.csv")
    (data / "a.csv").symlink_to(tmp_path / "elsewhere.csv")
    (data / "loop").symlink_to(data)
    os.mkfifo(data / "pipe")
    found = check.verify_archive(archive, data=data)
    assert "a.csv of rain@1 is missing" in texts(found, "fault")
    assert "3 files in the folder are no part" in texts(found, "told")


def test_what_is_no_archive(tmp_path):
    for path in (tmp_path / "no", tmp_path):
        with pytest.raises(NotFound):
            check.verify_archive(path)
    with pytest.raises(Invalid):
        check.verify_archive(Path("/dev/null"))
    text = tmp_path / "text"
    text.write_text("hello")
    assert not check.verify_archive(text).verdict.sound
    with pytest.raises(NotFound):
        check.verify_archive(text, data=tmp_path / "no")


def test_too_large_a_file_is_not_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate((256 << 20) + 1)
    with pytest.raises(TooLarge):
        check.verify_archive(path)


def test_keys_that_are_trusted(case, tmp_path):
    jwk = dict(case.zoo.key.public_jwk)
    name = thumbprint(jwk)
    key, keys, document = tmp_path / "key.json", tmp_path / "keys.json", tmp_path / "did.json"
    key.write_text(json.dumps(jwk))
    keys.write_text(json.dumps({"keys": [jwk]}))
    document.write_text(json.dumps(case.zoo.document().document))
    for text in (f"{ZOO}={name}", f"{ZOO}={json.dumps(jwk)}", f"{ZOO}={key}", f"{ZOO}={keys}", f"{ZOO}={document}", str(document)):
        assert check.read_trust([text]) == {ZOO: frozenset({name})}
    both = check.read_trust([f"{ZOO}={name}", f"{ZOO}={'A' * 43}"])
    assert both == {ZOO: frozenset({name, "A" * 43})}


@pytest.mark.parametrize("text", ["did:web:x={}", "did:web:x=[]", "did:web:x={", 'did:web:x={"kty":"EC"}', "did:web:x=[" + "[" * 100_000])
def test_keys_that_are_none(text):
    with pytest.raises(Invalid):
        check.read_trust([text])


def test_a_key_in_a_file_that_is_not_there(tmp_path):
    for text in (f"{ZOO}={tmp_path / 'no'}", str(tmp_path / "no")):
        with pytest.raises(NotFound):
            check.read_trust([text])


def test_a_key_of_no_party_is_refused(archive):
    found = check.verify_archive(archive, trust=[f"{ZOO}={'A' * 43}"])
    assert not found.verdict.sound


def test_an_archive_is_written_whole_and_once(tmp_path):
    path = tmp_path / "a.zip"
    check.save_archive(path, b"x")
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]
    with pytest.raises(Conflict):
        check.save_archive(path, b"y")


@pytest.mark.parametrize("profile", [VC20, VC11])
def test_what_status_lists_say(case, profile):
    key, urls = case.anchor.key, {"revocation": "https://anchor.example/r", "suspension": "https://anchor.example/s"}
    entries = tuple(status_entry(profile, purpose, 7, url) for purpose, url in urls.items())
    later = NOW + timedelta(days=1)
    subject = {"id": ZOO, "member": True}
    draft = Draft(profile=profile, types=("MembershipCredential",), subject=subject, valid_from=NOW, valid_until=later, statuses=entries)
    credential = issue(key, draft, NOW)

    def lists(*marked):
        bits = {purpose: Bits.zeros().with_bit(7, on=purpose in marked) for purpose in urls}
        return [issue_list(key, url, bits[purpose], profile, NOW, purpose=purpose) for purpose, url in urls.items()]

    assert check.read_status(credential, lists()) == Status("valid", NOW)
    assert check.read_status(credential, lists("suspension")).word == "suspended"
    assert check.read_status(credential, lists("revocation")).word == "revoked"
    assert check.read_status(credential, lists("revocation", "suspension")).word == "revoked"
    assert check.read_status(credential, lists()[:1]) is None
    assert check.read_status(credential, ["x", "y"]) is None
    assert check.read_status("x", lists()) is None
    other = [issue_list(key, url, Bits.zeros(), profile, NOW, purpose="revocation") for url in urls.values()]
    assert check.read_status(credential, other) is None
