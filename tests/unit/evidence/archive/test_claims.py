"""No sentence claims more than is proved; and what a lying exporter may try, both verifiers refuse, or say whose word it is."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.archive import format as f
from hanse.evidence.archive.container import read_container, write_container
from hanse.evidence.archive.credentials import Status
from hanse.evidence.archive.keys import thumbprint
from hanse.evidence.archive.pack import Shown, Written, pack
from hanse.evidence.archive.verify import Examiner
from hanse.evidence.checkpoint import Checkpoint, origin_of, sign_checkpoint
from hanse.evidence.dsse import IN_TOTO, Envelope, pae
from hanse.evidence.merkle import leaf_hash, node_hash
from tests.unit.evidence.archive import built
from tests.unit.evidence.archive.built import ACME, AGREEMENT, ANCHOR, NOW, VERSION, ZOO, Case, Party, check_of, examine
from tests.unit.evidence.archive.independent import refused
from tests.unit.evidence.archive.test_verify import faults, lied, said


class Silent(Case):
    """The other side takes statements, and makes none of its own."""

    def foreign(self, says):
        pass


def sound(raw):
    assert examine(raw).verdict.sound, faults(raw)
    assert refused(raw) == ""
    return raw


def unsound(raw, words):
    assert any(words in text for _, text in faults(raw)), faults(raw)
    assert refused(raw)


# --- Sides. ---


def test_a_receipt_is_no_statement_of_the_other_sides():
    raw = sound(Silent().pack())
    proved = said(raw, "proved")
    assert "Both sides" not in proved
    assert f"{ACME} signed 4 receipts for what it was sent. It stated nothing itself" in proved


def test_an_agreement_in_itself_proves_no_consent():
    raw = sound(Case(both=False).pack())
    proved = said(raw, "proved")
    assert "The agreement " + AGREEMENT + " is whole: by it" in proved
    assert "under the terms in agreements/1.normal.json" in proved
    assert "agreements/1.txt says these terms in sentences; what was signed for is agreements/1.normal.json." in said(raw, "told")
    assert "One-sided" in said(raw, "missing")


def test_a_policy_that_cannot_be_read_is_not_compared():
    raw = Case().pack()
    assert "was not checked: it is not read here" in said(raw, "missing", reads=lambda record, normal: None)
    assert "was not checked" not in said(raw, "missing", reads=lambda record, normal: "")


def test_an_end_is_proved_by_whoever_signed_it_and_else_told():
    assert f"{ACME} signed, as entry 3: The agreement {AGREEMENT} ended by notice: Enough." in said(sound(Case().pack()), "proved")
    case = Case(both=False)
    assert f"{AGREEMENT} had not ended when this was exported." in said(case.pack(), "told")
    case.agreement = structs.replace(case.agreement, ended=NOW, end_reason="We were asked to.")
    raw = sound(case.pack())
    assert f"{AGREEMENT} ended on 2027-03-01: We were asked to. No signed statement says so." in said(raw, "told")
    assert "We were asked to" not in said(raw, "proved")


# --- The data and its documents. ---


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"provider": "did:web:better.example"}, "provider"),
        ({"dataset": "urn:dataset:gold"}, "dataset"),
        ({"sums": "measured"}, "checksums"),
    ],
)
def test_what_the_archive_says_of_a_version_is_what_was_signed(changed, words):
    case = Case()
    case.version = structs.replace(case.version, **changed)
    assert any(text.endswith(f"differs from what the archive says of it: {words}.") for _, text in faults(case.pack()))


def test_a_training_names_the_agreement_that_the_data_came_under():
    case = Case()
    index = len(case.log.raws)
    says = k.Trained(model="net", digest="cd" * 32, action="train", inputs=(k.Input(VERSION, case.root, "agr_other"),), at=NOW)
    case.state(says, built.Subject.of("net", "cd" * 32))
    case.model = f.ModelRecord("net", (index,))
    assert any("agreement" in text for _, text in faults(case.pack()))


def test_a_document_is_only_what_it_was_stated_to_be():
    case = Case()
    case.documents = (Written(VERSION, "quality", "croissant.json", case.document),)
    raw = sound(case.pack())
    assert "is the quality of" not in said(raw, "proved")
    assert "is the quality of rain@1; by whom and when it was made, no statement tells." in said(raw, "told")


def test_a_deleted_version_is_not_proved_to_be_gone():
    case = Case()
    case.version = structs.replace(case.version, deleted=NOW)
    assert "that no copy is left anywhere, nothing can prove" in said(sound(case.pack()), "told")


# --- Credentials. ---


def with_claims(**more):
    """Return a credential of the anchor's, in which more is claimed than in that of `built`."""
    case = Case()
    shown = case.credential()
    head, body, _ = shown.text.split(".")
    plain = json.loads(_plain(body)) | more
    signed = f"{head}.{_part(json.dumps(plain).encode())}".encode()
    text = signed.decode() + "." + _part(case.anchor.key.sign_bytes(signed))
    case.credentials = (Shown(structs.replace(shown.record, sha256=f.digest(text.encode())), text),)
    return case


def _plain(part):
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _part(data):
    return built.urlsafe_b64encode(data).rstrip(b"=").decode()


def changed_record(case, **changed):
    (shown,) = case.credentials
    case.credentials = (Shown(structs.replace(shown.record, **changed), shown.text, shown.lists),)
    return case


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"holder": ZOO}, "its holder"),
        ({"types": ("PilotCredential",)}, "its types"),
        ({"valid_from": NOW}, "from when it is valid"),
        ({"valid_until": NOW}, "until when it is valid"),
    ],
)
def test_a_credential_says_what_the_archive_says_of_it(changed, words):
    raw = changed_record(Case(), **changed).pack()
    assert any(text == f"The credential does not say what the archive says of it: {words}." for _, text in faults(raw))


def test_the_end_of_a_credential_is_not_left_out():
    case = with_claims(validFrom="2026-01-01T00:00:00Z", validUntil="2026-06-01T00:00:00+02:00", nbf=0, exp=4_000_000_000)
    assert any("from when it is valid, until when it is valid" in text for _, text in faults(case.pack()))
    begins, ends = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 5, 31, 22, tzinfo=UTC)
    raw = changed_record(case, valid_from=begins, valid_until=ends).pack()
    assert examine(raw).verdict.sound, faults(raw)
    assert "That credential was over when it was looked at: it was valid until 2026-05-31 22:00 UTC." in said(raw, "missing")


def test_a_credential_of_the_older_kind_and_one_about_several():
    inner = {"issuer": ANCHOR, "type": ["VerifiableCredential", "MembershipCredential"], "credentialSubject": {"role": "member"}}
    old = with_claims(vc=inner | {"issuanceDate": "2026-01-01T00:00:00Z"}, sub=ACME)
    assert examine(changed_record(old, valid_from=datetime(2026, 1, 1, tzinfo=UTC)).pack()).verdict.sound
    old = with_claims(vc=inner | {"issuanceDate": "2026-01-01T00:00:00Z"}, sub=ZOO)
    assert any("its holder" in text for _, text in faults(changed_record(old, valid_from=datetime(2026, 1, 1, tzinfo=UTC)).pack()))
    several = with_claims(credentialSubject=[{"id": ZOO}, {"id": ["odd"]}, {"id": ACME}])
    assert examine(several.pack()).verdict.sound


@pytest.mark.parametrize("odd", [{"nbf": 10**18}, {"nbf": -1}, {"validFrom": "2026-01-01"}, {"validFrom": "2026-01-01T00:00:00"}])
def test_a_credential_with_odd_dates_is_none(odd):
    assert any("is not signed by" in text for _, text in faults(with_claims(**odd).pack()))


def test_a_status_is_that_of_a_list_and_of_no_other_day():
    case = Case()
    shown = case.credential()
    case.credentials = (Shown(shown.record, shown.text, (shown.text,)),)
    found = Examiner(check_of, statuses=lambda text, lists: Status("valid", NOW)).examine(case.pack()).verdict
    assert any("that this was the newest list is the exporter's word" in one.text for one in found.of("proved"))
    assert any("such as an agreement's, is not" in one.text for one in found.of("missing"))


# --- The log. ---


def test_what_is_not_in_the_archive_is_said():
    case = Case(both=False)
    contents = case.contents()
    proofs = structs.replace(contents.proofs, entries=contents.proofs.entries[:-1])
    raw = sound(pack(structs.replace(contents, proofs=proofs), case.zoo.kid, case.zoo.key.sign_bytes))
    assert "1 other entry of that log is not in the archive" in said(raw, "missing")
    assert "other entr" not in said(Case().pack(), "missing")


def test_what_no_witness_has_seen_is_said():
    assert "No witness has seen 1 statement, from entry 6 on" in said(Case().pack(), "missing")
    assert "each statement tells the time of its maker's clock" in said(Case().pack(), "told")


def test_a_time_after_that_of_the_witness():
    case = Case()
    raw = sound(case.pack())
    assert "one of the clocks was wrong" not in said(raw, "told")

    class Late(Case):
        def foreign(self, says):
            super().foreign(structs.replace(says, at=NOW + timedelta(days=2)))

    assert "A witness had seen entries that tell a later time (3): one of the clocks was wrong." in said(sound(Late().pack()), "told")


def test_a_witness_on_the_owners_own_server_proves_nothing(monkeypatch):
    near = "did:web:zoo.example%3A8443:participants:anchor"
    monkeypatch.setattr(built, "ANCHOR", near)
    raw = sound(Case().pack())
    assert "at the latest" not in said(raw, "proved")
    told = said(raw, "told")
    assert f"The witness {near} is on the same server as the log's owner" in told
    assert "so say only witnesses on the owner's own server" in told


def test_a_log_that_was_begun_anew(monkeypatch):
    monkeypatch.setattr(built, "origin_of", lambda did: origin_of(did, 2))
    assert "/ledger-2 is not the first log of" in said(sound(Case().pack()), "told")


def test_a_log_without_a_checkpoint():
    unsound(lied(lambda files: files.pop(f.CHECKPOINT)), "no checkpoint of the log")


# --- Keys. ---


def test_a_key_that_only_the_exporter_knows_is_named_apart():
    case, mallory = Case(), Party(ZOO)
    kid = f"{ZOO}#key-9"
    contents = case.contents()
    keys = (*contents.keys, f.KnownKey(kid, dict(mallory.key.public_jwk), "own"))
    raw = sound(pack(structs.replace(contents, keys=keys), kid, mallory.key.sign_bytes))
    told = said(raw, "told")
    right, wrong = thumbprint(case.zoo.key.public_jwk), thumbprint(mallory.key.public_jwk)
    assert f"That {wrong} is a key of {ZOO} is as the archive tells: no DID document in the archive has it" in told
    assert (
        f"That {right} is a key of {ZOO} is as the archive tells: its DID document, as the exporter read it on 2027-03-01, has it" in told
    )
    assert "Whoever made the archive could have made keys in the names of others" in told
    assert any(wrong in text for _, text in faults(raw, anchors={ZOO: frozenset({right})}))


def test_with_all_keys_trusted_nothing_is_left_to_the_archive():
    case = Case()
    anchors = {
        one.did: frozenset({thumbprint(key.public_jwk) for key in (one.key, one.note)}) for one in (case.zoo, case.acme, case.anchor)
    }
    assert "could have made keys" not in said(case.pack(), "told", anchors=anchors)


# --- What the verifier in `examples/` has to refuse as well. ---


def manifest(case, files, change, after=lambda raw: raw):
    """Return an archive whose manifest states what `change` makes of it, signed by the exporter."""
    payload = json.loads(f.read_manifest(files[f.MANIFEST]).envelope.payload)
    change(payload)
    signed = json.dumps(payload).encode()
    raw = Envelope(signed, case.zoo.kid, case.zoo.key.sign_bytes(pae(IN_TOTO, signed))).encode()
    return write_container(files | {f.MANIFEST: after(raw)})


def test_a_manifest_of_another_type_or_with_a_file_twice():
    case = Case()
    files = read_container(case.pack()).files
    sound(manifest(case, files, lambda payload: None))
    unsound(manifest(case, files, lambda payload: payload.update(predicateType="urn:hanse:evidence:use-stated:1")), "states nothing")
    unsound(manifest(case, files, lambda payload: payload["subject"].append(payload["subject"][0])), "names a file twice")
    more = manifest(case, files, lambda payload: None, lambda raw: raw.replace(b'"sig":', b'"note":"x","sig":'))
    unsound(more, "no DSSE envelope")


def test_a_tree_without_leaves_holds_nothing():
    case = Case(both=False, witnessed=False, statements=1)
    contents = case.contents()
    entry, beside = contents.proofs.entries[0], b"\7" * 32
    root = node_hash(leaf_hash(bytes(entry.envelope)), beside)
    note = sign_checkpoint(Checkpoint(origin_of(ZOO), 0, root), case.zoo.key.public_jwk, case.zoo.key.sign_bytes)
    proofs = structs.replace(contents.proofs, checkpoint=note, entries=(structs.replace(entry, proof=(beside.hex(),)),))
    unsound(pack(structs.replace(contents, proofs=proofs), case.zoo.kid, case.zoo.key.sign_bytes), "not the entry of the log")


def test_a_receipt_for_an_entry_that_is_not_there():
    def change(files):
        one = json.loads(files[f.RECEIPTS].splitlines()[0]) | {"entry": 99}
        files[f.RECEIPTS] = json.dumps(one, separators=(",", ":")).encode() + b"\n"

    unsound(lied(change), "another statement")


def test_a_witness_in_anothers_name():
    other = "did:web:authority.example"
    old, new = f'"did": "{ANCHOR}'.encode(), f'"did": "{other}'.encode()
    unsound(lied(lambda files: files.update({f.WITNESSES: files[f.WITNESSES].replace(old, new)})), f"{other} did not cosign")


def test_an_entry_or_an_agreement_twice():
    def entry(files):
        lines = files[f.ENTRIES].splitlines(keepends=True)
        files[f.ENTRIES] = b"".join([*lines, lines[-1]])

    def agreement(files):
        records = msgspec.json.decode(files[f.AGREEMENTS], type=list[f.AgreementRecord])
        files[f.AGREEMENTS] = f.encode(records * 2)

    unsound(lied(entry), "out of order")
    unsound(lied(agreement), "there twice")


def test_a_checkpoint_of_a_log_of_another_name(monkeypatch):
    monkeypatch.setattr(built, "origin_of", lambda did: f"{did}/ledger-evil")
    unsound(Case().pack(), "another log")


def test_the_example_says_which_side_stated_nothing(capsys):
    from tests.unit.evidence.archive.independent import _module

    _module().verify(_module().read_files(Case(both=False).pack()))
    told = capsys.readouterr().out
    assert f"agreement {AGREEMENT}: {ACME} stated NOTHING about these terms" in told
    assert f"agreement {AGREEMENT}: {ZOO} stated something about these terms" in told


def test_a_peer_that_changed_the_key_under_its_name_spoils_nothing():
    case, later = Case(), Party(ACME)
    contents = case.contents()
    keys = [structs.replace(one, origin="arrival") if one.kid == case.acme.kid else one for one in contents.keys]
    keys.append(f.KnownKey(case.acme.kid, dict(later.key.public_jwk), "document"))
    dids = [later.document() if one.did == ACME else one for one in contents.dids]
    made = structs.replace(contents, keys=tuple(keys), dids=tuple(dids))
    raw = sound(pack(made, case.zoo.kid, case.zoo.key.sign_bytes))
    assert f"has another key of the name {case.acme.kid} than the one that the exporter kept" in said(raw, "told")
    assert "Both sides have signed" in said(raw, "proved")


def test_nothing_in_an_archive_steers_a_terminal(tmp_path):
    import subprocess
    import sys

    from tests.unit.evidence.archive.independent import EXAMPLE

    path = tmp_path / "odd.zip"
    case = Case()
    files = read_container(case.pack()).files
    path.write_bytes(manifest(case, files, lambda payload: payload["subject"].append({"name": "\x1b[2J", "digest": {"sha256": "0" * 64}})))
    done = subprocess.run([sys.executable, "-I", EXAMPLE, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "REFUSED: \\x1b[2J was changed, added or taken out\n")
