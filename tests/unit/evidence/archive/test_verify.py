"""What an archive proves, said in words; and what a lying exporter, who can sign for the whole, cannot make it prove."""

import json

import msgspec
import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.agreements import agreement_digest
from hanse.evidence.archive.container import read_container, write_container
from hanse.evidence.archive.credentials import Status
from hanse.evidence.archive.data import Measured
from hanse.evidence.archive.keys import thumbprint
from hanse.evidence.archive.pack import Shown, Stored, Written, pack
from hanse.evidence.archive.verify import Examiner
from hanse.evidence.dsse import seal
from hanse.evidence.statement import Subject, root_of_files
from tests.unit.evidence.archive.built import ACME, AGREEMENT, ANCHOR, FILES, NOW, VERSION, ZOO, Case, check_of, examine
from tests.unit.evidence.archive.independent import refused


def said(raw, sort, **more):
    return "\n".join(one.text for one in examine(raw, **more).verdict.of(sort))


def faults(raw, **more):
    return [(one.where, one.text) for one in examine(raw, **more).verdict.of("fault")]


@pytest.mark.parametrize("kind", ["P-256", "Ed25519"])
def test_a_sound_archive(kind):
    raw = Case(kind).pack()
    found = examine(raw)
    assert found.verdict.sound
    assert refused(raw) == ""
    assert found.promise.about == f.About("dataset", VERSION)
    proved = said(raw, "proved")
    for words in (
        "The archive is whole",
        "7 statements are entries",
        "has cosigned the log at 6 entries, by its clock at 2027-03-01 13:00:00 UTC",
        "below entry 6 was there on 2027-03-01 at 13:00:00 UTC at the latest",
        "Both sides have signed",
        f"received {VERSION} (3 files, 108 bytes) from {ACME} and verified it against the provider's checksums",
        "MembershipCredential",
    ):
        assert words in proved
    assert "No report of quality." in said(raw, "missing")
    assert len(found.timeline) == 7


@pytest.mark.parametrize("kind", ["P-384", "RSA"])
def test_other_keys_are_for_our_own_verifier(kind):
    assert examine(Case(kind).pack()).verdict.sound


def test_one_sided():
    raw = Case(both=False).pack()
    assert examine(raw).verdict.sound
    assert f"One-sided: {ACME} has signed nothing" in said(raw, "missing")
    assert "Both sides" not in said(raw, "proved")


def test_not_witnessed():
    raw = Case(witnessed=False).pack()
    assert examine(raw).verdict.sound
    assert refused(raw) == ""
    assert "No witness has signed for this log" in said(raw, "missing")


def test_who_is_believed():
    case = Case()
    raw = case.pack()
    right = {ZOO: frozenset({thumbprint(case.zoo.key.public_jwk)}), ANCHOR: frozenset({thumbprint(case.anchor.note.public_jwk)})}
    assert "did:web:acme" in said(raw, "told", anchors=right)
    assert f"The signatures of {ZOO} were made with the key that you trust." in said(raw, "proved", anchors=right)
    assert "The witness" in said(raw, "proved", anchors=right)
    wrong = {ZOO: frozenset({"A" * 43})}
    assert "did not name as trusted" in faults(raw, anchors=wrong)[0][1]
    nobody = {"did:web:other.example": frozenset({"A" * 43})}
    assert "Nothing in the archive is signed by did:web:other.example" in said(raw, "missing", anchors=nobody)


# --- A lying exporter: the manifest is signed anew over what it has changed. ---


def lied(change, case=None):
    """Return an archive whose files `change` has changed, signed anew."""
    case = case or Case()
    files = read_container(case.pack()).files
    change(files)
    return case.resign(files)


def rewrite(name, old, new):
    def change(files):
        assert old in files[name], (name, old)
        files[name] = files[name].replace(old, new, 1)
        files[f.CRATE] = files[f.CRATE]

    return change


def check_lie(change, place, words, both=True):
    raw = lied(change)
    found = faults(raw)
    assert any(place in where and words in text for where, text in found), found
    if both:
        assert refused(raw)


def entry(files, number):
    return json.loads(files[f.ENTRIES].splitlines()[number])


def with_entry(number, **changed):
    def change(files):
        lines = files[f.ENTRIES].splitlines()
        lines[number] = json.dumps(json.loads(lines[number]) | changed, separators=(",", ":")).encode()
        files[f.ENTRIES] = b"".join(line + b"\n" for line in lines)

    return change


def test_an_entry_that_was_moved():
    check_lie(with_entry(6, index=9), "line 7 (entry 9), proof", "not the entry of the log")
    check_lie(with_entry(1, index=0), "line 2 (entry 0), index", "out of order")


def test_an_entry_that_the_witnesses_did_not_see():
    case = Case()
    other = Case()
    files = read_container(other.pack()).files

    def change(own):
        own[f.WITNESSED] = files[f.WITNESSED]

    assert any("did not sign this checkpoint" in text for _, text in faults(lied(change, case)))
    seen = entry(read_container(case.pack()).files, 0)["seen"]
    seen[0] = "00" * 32
    check_lie(with_entry(0, seen=seen), "line 1 (entry 0), seen", "witnesses saw")


def test_a_witness_that_did_not_sign():
    check_lie(rewrite(f.WITNESSES, b'"x": "', b'"x": "A'), f.WITNESSES, "did not cosign")
    check_lie(rewrite(f.WITNESSED, b"\xe2\x80\x94 did:web:anchor", b"\xe2\x80\x94 did:web:anchov"), f.WITNESSES, "did not cosign")


def test_an_owner_is_no_witness_of_its_own_log():
    case = Case()
    case.anchor = case.zoo
    case.credentials = ()
    contents = case.contents()
    witness = structs.replace(contents.proofs.witnesses[0], did=ZOO)
    assert witness.name.startswith(ANCHOR)
    assert any("did not cosign" in text for _, text in faults(lied(lambda files: files.update({f.WITNESSES: f.encode([witness])}), case)))


def test_terms_that_were_changed():
    check_lie(rewrite("agreements/1.normal.json", b'"use"', b'"sell"'), "termsHash", "others than their hash")
    check_lie(rewrite(f.AGREEMENTS, b'"target": "urn:dataset:rain"', b'"target": "urn:dataset:gold"'), "digest", "others than its digest")


def test_terms_that_were_changed_with_their_hashes():
    def change(files):
        record = msgspec.json.decode(files[f.AGREEMENTS], type=list[f.AgreementRecord])[0]
        normal = files[record.normal].replace(b'"use"', b'"sell"')
        files[record.normal] = normal
        hash = "sha-256:" + f.digest(normal)
        digest = agreement_digest(record.id, record.target, record.assigner, record.assignee, hash)
        files[f.AGREEMENTS] = f.encode([structs.replace(record, terms_hash=hash, digest=digest)])

    check_lie(change, "subject.digest", "other terms")


def test_a_policy_that_says_something_else():
    def reads(record, normal):
        return "The policy is another." if record.policy.get("permission") else ""

    raw = lied(rewrite(f.AGREEMENTS, b'"permission": []', b'"permission": [1]'))
    assert any("The policy is another." in text for _, text in faults(raw, reads=reads))


def test_receipts_for_something_else():
    def change(files):
        lines = files[f.RECEIPTS].splitlines()
        swapped = json.loads(lines[0]) | {"entry": json.loads(lines[1])["entry"]}
        files[f.RECEIPTS] = json.dumps(swapped, separators=(",", ":")).encode() + b"\n"

    check_lie(change, f.RECEIPTS, "another statement")


def test_a_statement_in_anothers_name():
    case = Case()
    envelope = case.zoo.seal(
        Subject.of(AGREEMENT, case.digest), k.UseStated(id="led_x", by=ACME, agreement=AGREEMENT, at=NOW, purpose="urn:x")
    )
    case.log.add(envelope)
    raw = case.pack()
    assert any("stated by" in text and "predicate.by" in where for where, text in faults(raw))
    assert refused(raw)


def test_a_statement_that_was_signed_for_another_place():
    case = Case()
    says = k.UseStated(id="led_x", by=ZOO, agreement=AGREEMENT, at=NOW, purpose="urn:x", entry=3)
    case.log.add(case.zoo.seal(Subject.of(AGREEMENT, case.digest), says))
    raw = case.pack()
    assert any("as entry 3" in text for _, text in faults(raw))
    assert refused(raw)


def test_a_kind_of_a_later_version_is_in_the_log_all_the_same():
    case = Case()
    says = k.UseStated(id="led_x", by=ZOO, agreement=AGREEMENT, at=NOW, purpose="urn:x", entry=len(case.log.raws))
    envelope = case.zoo.seal(Subject.of(AGREEMENT, case.digest), says)
    later = envelope.payload.replace(b"urn:hanse:evidence:use-stated:1", b"urn:hanse:evidence:use-dreamed:1")
    case.log.add(seal(later, case.zoo.kid, case.zoo.key.sign_bytes))
    raw = case.pack()
    assert examine(raw).verdict.sound
    assert "of a kind that this program does not know" in said(raw, "told")
    assert refused(raw) == ""


def test_files_of_the_data_that_were_changed_in_the_list():
    check_lie(rewrite("versions/1.files.jsonl", b'"size":4', b'"size":5'), "versions/1.files.jsonl", "do not add up")
    check_lie(rewrite("versions/1.files.jsonl", b"a.csv", b"../a.csv"), "line 1", "leads out of its folder", both=False)


def test_another_root_than_was_signed_for():
    case = Case()
    other = case.files[:2]
    record = structs.replace(case.version, count=2, size=sum(one.size for one in other))
    root = root_of_files([k.Object(one.path, one.sha256, one.size) for one in other])
    contents = structs.replace(case.contents(), versions=(Stored(structs.replace(record, root=root), other),))
    raw = pack(contents, case.zoo.kid, case.zoo.key.sign_bytes)
    assert any("another content" in text and "predicate.root" in where for where, text in faults(raw))
    assert "other data" in refused(raw)


def test_a_version_without_statement_or_list():
    case = Case()
    alone = structs.replace(case.version, id="other@1", agreement=None)
    case.promise = structs.replace(case.promise, about=f.About("dataset", "other@1"))
    contents = structs.replace(case.contents(), versions=(Stored(alone, None),), documents=())
    raw = pack(contents, case.zoo.kid, case.zoo.key.sign_bytes)
    assert examine(raw).verdict.sound
    assert refused(raw) == ""
    assert "no list of the files of other@1" in said(raw, "missing")
    assert "is the exporter's word" in said(raw, "told")


def test_keys_that_do_not_fit():
    check_lie(rewrite(f.KEYS, b'"kty": "EC"', b'"kty": "EC", "d": "AAAA"'), f.KEYS, "private key", both=False)

    def change(files):
        keys = json.loads(files[f.KEYS])
        keys[0]["jwk"] = dict(Case().zoo.key.public_jwk)
        files[f.KEYS] = json.dumps(keys).encode()

    check_lie(change, f.KEYS, "another key of that name")
    check_lie(lambda files: files.update({f.KEYS: b"[]"}), f.MANIFEST, "not in the archive")


def test_a_manifest_in_anothers_name():
    case, mallory = Case(), Case()
    case.promise = structs.replace(case.promise, by=ACME)
    raw = case.pack()
    assert any("is promised by" in text for _, text in faults(raw))
    files = read_container(Case().pack()).files
    assert any("manifest's signature" in text for _, text in faults(mallory.resign(files)))


def test_a_credential_of_somebody_else():
    case = Case()
    shown = case.credential()
    record = structs.replace(shown.record, issuer=ACME)
    case.credentials = (Shown(record, shown.text),)
    assert any("is not signed by" in text for _, text in faults(case.pack()))
    case.credentials = (Shown(structs.replace(shown.record, sha256="0" * 64), shown.text),)
    assert any("another one than its SHA-256" in text for _, text in faults(case.pack()))
    case.credentials = (Shown(structs.replace(shown.record, withheld="It says something about a person."), None),)
    raw = case.pack()
    assert examine(raw).verdict.sound
    assert "It is not in the archive: It says something about a person." in said(raw, "told")
    assert shown.text.encode() not in raw


def test_a_status_list_of_somebody_else():
    case = Case()
    shown = case.credential()
    case.credentials = (Shown(shown.record, shown.text, (shown.text,)),)
    assert "It was valid on 2027-03-01 12:00 UTC, as the exporter found it." in said(case.pack(), "told")

    def statuses(word):
        return Examiner(check_of, statuses=lambda text, lists: Status(word, NOW) if lists else None).examine(case.pack()).verdict

    assert any("valid by its issuer's signed list of 2027-03-01 12:00 UTC" in one.text for one in statuses("valid").of("proved"))
    assert any("says that it was revoked, and not valid" in one.text for one in statuses("revoked").of("fault"))
    case.credentials = (Shown(shown.record, shown.text, ("e30.e30.AAAA",)),)
    assert any("status list" in text for _, text in faults(case.pack()))


# --- Models. ---


def model(case, inputs, name="rain-net"):
    index = len(case.log.raws)
    case.state(k.Trained(model=name, digest="cd" * 32, action="train", inputs=inputs, at=NOW), Subject.of(name, "cd" * 32))
    case.promise = structs.replace(case.promise, about=f.About("model", name))
    case.model = f.ModelRecord(name, (index,))
    return case


def test_a_model_and_what_went_into_it():
    case = Case()
    raw = model(case, (k.Input(VERSION, case.root, AGREEMENT),)).pack()
    assert examine(raw).verdict.sound
    assert refused(raw) == ""
    assert f"that rain-net (cdcdcdcdcdcdcdcd…) was made from {VERSION}." in said(raw, "proved")


def test_a_model_of_which_something_is_missing_or_wrong():
    case = Case()
    raw = model(case, (k.Input(VERSION, case.root), k.Input("other@3", "ef" * 32))).pack()
    assert "other@3 went into rain-net, and is not in the archive." in said(raw, "missing")
    raw = model(Case(), (k.Input(VERSION, "ef" * 32),)).pack()
    assert any("another content" in text for _, text in faults(raw))
    case = model(Case(), ())
    case.model = f.ModelRecord("rain-net", (0,))
    assert any("does not state how" in text for _, text in faults(case.pack()))


# --- The data. ---


def measured(files, odd=()):
    return lambda listed, alone: Measured({path: (f.digest(data), len(data)) for path, data in files.items()}, odd)


def test_data_that_is_unchanged():
    raw = Case().pack()
    assert "are unchanged, every one" in said(raw, "proved", measures=measured(FILES))
    more = said(raw, "told", measures=measured(FILES | {"z": b""}, ("link",)))
    assert "2 files in the folder are no part" in more


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (FILES | {"a.csv": b"1,3\n"}, "a.csv of rain@1 was changed"),
        (FILES | {"a.csv": b"1,2"}, "a.csv of rain@1 has 3 bytes instead of 4"),
        ({"a.csv": FILES["a.csv"]}, "b/c.csv of rain@1 is missing"),
        ({}, "a.csv of rain@1 is missing"),
    ],
)
def test_data_that_was_changed(files, words):
    found = faults(Case().pack(), measures=measured(files))
    assert any(words in text for _, text in found)
    assert all(where.startswith("data") for where, _ in found)


def test_data_that_is_not_at_hand():
    raw = Case().pack()
    assert examine(raw, measures=lambda listed, alone: None).verdict.sound
    assert "were not compared" in said(raw, "missing", measures=lambda listed, alone: None)


# --- JSON that is not what it should be. ---


@pytest.mark.parametrize("name", [f.KEYS, f.DIDS, f.AGREEMENTS, f.VERSIONS, f.CREDENTIALS, f.DOCUMENTS, f.WITNESSES, f.CRATE])
@pytest.mark.parametrize("data", [b"", b"{", b"[[[", b"[1]", b'"x"', b"[" * 100_000, b'[{"a":' * 50_000, b"\xff", b"nul", b"{}" * 2])
def test_files_that_cannot_be_read(name, data):
    raw = lied(lambda files: files.update({name: data}))
    assert any(name in where for where, _ in faults(raw))


LINES = [b"{", b"{}\n", b"[" * 100_000 + b"\n", b"\n", b"x" * (f.MAX_LINE + 1) + b"\n", b"{}\n" * (f.MAX_ENTRIES + 1)]


@pytest.mark.parametrize("name", [f.ENTRIES, f.RECEIPTS])
@pytest.mark.parametrize("data", LINES)
def test_lines_that_cannot_be_read(name, data):
    raw = lied(lambda files: files.update({name: data}))
    assert any(name in where for where, _ in faults(raw))
    assert refused(raw)


@pytest.mark.parametrize("data", [b"", b"{}", b"{" * 100_000, b"null", b"[]", b'{"payloadType":"x","payload":"","signatures":[]}'])
def test_a_manifest_that_cannot_be_read(data):
    files = read_container(Case().pack()).files
    raw = write_container(files | {f.MANIFEST: data})
    assert not examine(raw).verdict.sound
    assert refused(raw)


def test_a_manifest_that_is_not_there():
    files = read_container(Case().pack()).files
    del files[f.MANIFEST]
    raw = write_container(files)
    assert "no manifest" in faults(raw)[0][1]
    assert refused(raw)


def test_files_that_were_added_or_taken_out():
    files = read_container(Case().pack()).files
    added = write_container(files | {"extra.txt": b"x"})
    assert ("extra.txt", "The manifest does not know this file: it was added.") in faults(added)
    assert refused(added)
    gone = write_container({name: data for name, data in files.items() if name != "agreements/1.txt"})
    assert ("agreements/1.txt", "The file is missing: the manifest names it.") in faults(gone)
    assert refused(gone)


def test_documents():
    case = Case()
    assert "is the croissant of rain@1 that" in said(case.pack(), "proved")
    case.documents = (*case.documents, Written(VERSION, "quality", "../quality report.json", b"{}"))
    raw = case.pack()
    assert "documents/2-quality-report.json is the quality of rain@1" in said(raw, "told")
    assert examine(raw).verdict.sound


def test_at_most_a_hundred_faults_are_named():
    def change(files):
        files[f.ENTRIES] = b"{}\n" * 500

    verdict = examine(lied(change)).verdict
    assert verdict.faults >= 500
    assert len(verdict.of("fault")) == 100


@pytest.mark.parametrize("about", [f.About("dataset", "rain@2"), f.About("agreement", "agr_x"), f.About("model", "rain-net")])
def test_an_archive_about_something_that_is_not_in_it(about):
    case = Case()
    case.promise = structs.replace(case.promise, about=about)
    assert ("manifest.json, predicate.about", f"It claims to be about the {about.kind} {about.name}, and holds nothing of it.") in faults(
        case.pack()
    )


def test_a_statement_of_another_type_is_none():
    case = Case()
    files = read_container(case.pack()).files
    envelope = json.loads(files[f.MANIFEST])
    envelope["payloadType"] = "application/vnd.in-toto+JSON"
    raw = write_container(files | {f.MANIFEST: json.dumps(envelope, separators=(",", ":")).encode()})
    assert not examine(raw).verdict.sound
    assert refused(raw)


def test_more_keys_than_an_archive_has():
    raw = lied(lambda files: files.update({f.KEYS: f.encode([Case().zoo.known()] * (f.MAX_RECORDS + 1))}))
    assert any(where == f.KEYS for where, _ in faults(raw))
