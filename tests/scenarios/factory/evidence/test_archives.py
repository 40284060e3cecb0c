"""A real exchange, exported over the interface, and verified where nobody knows the space: no server, no home, no network."""

import json
import random
import zipfile

import httpx

from hanse.evidence.archive.container import read_container
from tests.scenarios.attacks.town import check_problem
from tests.scenarios.evidence.conftest import agree, agree_with_mallory
from tests.scenarios.factory.evidence.conftest import verify, verify_alone


def texts(answer, sort):
    return [one["text"] for one in answer["findings"] if one["sort"] == sort]


def test_an_agreement_is_proved_elsewhere(town, exported):
    contract, path, _made = exported
    code, answer = verify(path)
    assert (code, answer["sound"], answer["about"]) == (0, True, {"kind": "agreement", "name": contract})
    proved = "\n".join(texts(answer, "proved"))
    assert f"Both sides have signed for {contract}" in proved
    assert "MembershipCredential" in proved
    assert "has cosigned the log" in proved
    assert any("will be used for the purpose" in one for one in answer["timeline"])
    assert any("We take the station down" in one for one in answer["timeline"])
    code, said = verify_alone(path)
    assert code == 0, said
    assert "whole:" in said
    assert "seen:" in said
    assert "received:" in said


def test_the_provider_proves_it_as_well(town, exported, tmp_path):
    contract, _path, _made = exported
    raw = town.host.call(lambda server: server.factory.archives.exporting.export("acme", contract)).archive
    path = tmp_path / "provider.zip"
    path.write_bytes(raw)
    code, answer = verify(path)
    assert code == 0
    assert f"Both sides have signed for {contract}" in "\n".join(texts(answer, "proved"))
    assert verify_alone(path)[0] == 0


def test_no_secret_and_no_token_is_in_it(town, exported):
    _contract, path, _made = exported
    whole = path.read_bytes()
    for operator in town.operators.values():
        assert operator.token.encode() not in whole
    for name, data in read_container(whole).files.items():
        assert b'"d":' not in data, name
        assert b"Bearer" not in data, name


def test_keys_that_the_reader_knows(town, exported, tmp_path):
    _contract, path, _made = exported
    document = tmp_path / "zoo.json"
    document.write_bytes(httpx.get(f"{town.host.root}/participants/zoo/did.json").content)
    code, answer = verify(path, "--trust", str(document))
    assert code == 0
    assert any("with the key that you trust" in one for one in texts(answer, "proved"))
    zoo = town.made["zoo"].did
    code, answer = verify(path, "--trust", f"{zoo}={'A' * 43}")
    assert code == 1
    assert any("a key that you did not name as trusted" in one for one in texts(answer, "fault"))


def test_a_peer_that_signs_nothing_makes_it_one_sided(town, tmp_path):
    contract = agree_with_mallory(town)
    made = town.host.call(lambda server: server.factory.archives.exporting.export("acme", contract))
    path = tmp_path / "one-sided.zip"
    path.write_bytes(made.archive)
    code, answer = verify(path)
    assert code == 0
    assert any(one.startswith("One-sided:") for one in texts(answer, "missing"))
    assert not any("Both sides" in one for one in texts(answer, "proved"))


def test_a_tampered_copy_is_refused_by_both_and_the_words_say_where(exported, tmp_path):
    _contract, path, _made = exported
    raw = path.read_bytes()
    chance = random.Random(7)
    for number in range(5):
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        copy = tmp_path / f"{number}.zip"
        copy.write_bytes(changed)
        code, answer = verify(copy)
        assert code == 1
        assert all(one["where"] for one in answer["findings"] if one["sort"] == "fault")
        code, said = verify_alone(copy)
        assert (code, "REFUSED" in said) == (1, True)
    text = raw.find(b"MembershipCredential", raw.find(b"README") + 1)
    changed = bytearray(raw)
    changed[text] ^= 1
    copy = tmp_path / "word.zip"
    copy.write_bytes(changed)
    _code, answer = verify(copy)
    assert "credentials.json" in {one["where"].split(",")[0] for one in answer["findings"] if one["sort"] == "fault"}


def test_what_there_is_not(town):
    for about in ("agr_none", "rain@1", "a/b@2"):
        check_problem(town.operators["zoo"].ask("POST", "/evidence/archives", {"about": about}), 404)
    check_problem(town.operators["zoo"].ask("POST", "/evidence/archives", {"about": ""}), 422)


def test_another_participants_contract_is_none(town, exported):
    contract, _path, _made = exported
    check_problem(town.operators["owl"].ask("POST", "/evidence/archives", {"about": contract}), 404)


def test_any_zip_program_opens_it(exported):
    _contract, path, made = exported
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        crate = json.loads(archive.read("ro-crate-metadata.json"))
        assert made["missing"]
        assert all(sentence in archive.read("README.txt").decode() for sentence in made["missing"])
    assert crate["@graph"][0]["@id"] == "ro-crate-metadata.json"


def test_a_second_export_has_what_came_since(town):
    contract = agree(town)
    zoo = town.operators["zoo"]
    sizes = []
    for number in range(3):
        zoo("POST", f"/contracts/{contract}/statements", {"purpose": f"urn:p:{number}"})
        made = town.host.call(lambda server: server.factory.archives.exporting.export("zoo", contract))
        sizes.append(len(read_container(made.archive).files["log/entries.jsonl"].splitlines()))
    assert sizes == [1, 2, 3]


def test_credentials_of_both_sides_with_their_status(town, exported):
    _contract, path, _made = exported
    files = read_container(path.read_bytes()).files
    records = json.loads(files["credentials.json"])
    assert {one["holder"] for one in records} == {town.made["zoo"].did, town.made["acme"].did}
    assert {one["status"] for one in records} == {"valid"}
    assert all(one["lists"] and one["file"] in files and one["checked"] for one in records)
    _code, answer = verify(path)
    assert "It was valid by its issuer's signed list of 2" in "\n".join(texts(answer, "proved"))
