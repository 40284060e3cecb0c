"""Data that is changed before it is released, from the offer to the file on the consumer's disk, over two participants."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import hanse
from hanse import errors
from hanse.client.fetch import FetchReport
from hanse.client.opening import open_all
from hanse.client.wallet import file_key

PEOPLE = (
    "id,name,zip,value\n" + "".join(f"{i},person {i % 40},{80000 + i % 7},{i * 0.3125}\n" for i in range(200)) + "200,rare one,99999,1\n"
)


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.open(newline="")))


def offered(space, name: str, policy: str, body: str = PEOPLE) -> str:
    return space.offer(name, "--policy", policy, body=body)


def got(space, dataset: str, into: Path) -> Path:
    found = space.json("get", dataset, "--from", "alice", "--into", str(into), "--accept-declared", who="bob")
    return Path(found["folder"]) / found["files"][0]


def test_a_masked_column_arrives_masked(space, tmp_path):
    path = got(space, offered(space, "masked.csv", "members + mask name + drop zip + round value 1"), tmp_path)
    found = rows(path)
    assert found[0] == ["id", "name", "value"]
    assert {name for _, name, _ in found[1:]} == {"***"}
    assert [value for _, _, value in found[1:6]] == ["0.0", "0.3", "0.6", "0.9", "1.2"]


def test_a_person_has_one_pseudonym_in_one_agreement_and_another_in_the_next(space, tmp_path):
    dataset = offered(space, "pseudonyms.csv", "members + pseudonymise name")
    one = rows(got(space, dataset, tmp_path / "one"))
    space.run("get", dataset, "--from", "alice", "--into", str(tmp_path / "two"), "--again", "--accept-declared", who="bob")
    other = rows(tmp_path / "two/pseudonyms.csv")
    assert one[1][1] == one[41][1] != one[2][1]
    assert [row[0] for row in one] == [row[0] for row in other]
    assert {row[1] for row in one[1:]}.isdisjoint(row[1] for row in other[1:])


def test_rare_combinations_are_left_out(space, tmp_path):
    found = rows(got(space, offered(space, "anonymous.csv", "members + drop name + anonymise 20 by zip"), tmp_path))
    assert "99999" not in {row[1] for row in found}
    assert len(found) == 201


def test_what_arrives_encrypted_is_opened_by_the_recipients_own_client(space, tmp_path):
    dataset = offered(space, "sealed.csv", "members + mask name + encrypt")
    with hanse.Client(home=space.home, participant="bob") as client:
        found = client.get(dataset, tmp_path / "in", peer="alice")
        assert [Path(one).name for one in found.files] == ["sealed.csv"]
        assert rows(tmp_path / "in/sealed.csv")[1][1] == "***"
        assert (tmp_path / "in/sealed.csv.encrypted").read_bytes().startswith(b"HANSE-1\n")
        (tmp_path / "in/sealed.csv").unlink()
        assert client.get(dataset, tmp_path / "in", peer="alice").verified
        assert rows(tmp_path / "in/sealed.csv")[1][1] == "***"
    report = FetchReport(folder=tmp_path / "in", files=(tmp_path / "in/sealed.csv.encrypted",), size=0, verified=True)
    with hanse.Client(home=space.home, participant="alice") as client, pytest.raises(errors.NotFound):
        open_all(report, lambda header: client.wallet._drive(file_key(header)))


def test_terms_that_cannot_be_kept_release_nothing(space, tmp_path):
    dataset = offered(space, "unkept.csv", "members + mask phone")
    done = space.run("get", dataset, "--from", "alice", "--into", str(tmp_path / "in"), who="bob", code=None)
    assert done.exit_code != 0
    assert "phone" in done.output
    assert not list((tmp_path / "in").rglob("*.csv"))


def test_what_cannot_be_understood_whole_is_not_offered(space):
    path = space.data / "never.csv"
    path.write_text("a\n1\n")
    duty = {
        "action": "urn:hanse:odrl:mask",
        "constraint": [{"leftOperand": "urn:hanse:odrl:column", "operator": "isNoneOf", "rightOperand": ["a"]}],
    }
    policy = space.data / "never.json"
    policy.write_text(json.dumps({"permission": [{"action": "use", "duty": [duty]}]}))
    done = space.run("offer", str(path), "--policy", str(policy), code=None)
    assert done.exit_code != 0


def test_the_catalogue_tells_nothing_of_what_is_changed_first(space):
    plain = space.offer("told.csv", "--policy", "members", body=PEOPLE)
    changed = offered(space, "untold.csv", "members + mask name")
    found = {one["id"]: one for one in space.json("catalog", "alice", who="bob")["datasets"]}
    assert found[plain]["byte_size"] == len(PEOPLE)
    assert not found[changed]["byte_size"]
    assert not found[changed].get("checksums")
