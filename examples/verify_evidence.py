"""Verifies an evidence archive of Hanse without Hanse: `python verify_evidence.py ARCHIVE [FOLDER WITH THE DATA]`.

It needs Python 3.11 and the package `cryptography`; no network, no account. Read from the bottom up, it tells what an archive is.
That a key belongs to a DID is what the archive says: compare `keys.json` with a copy that you trust. Exit code 0: sound, 1: refused.
"""

import hashlib
import io
import json
import sys
import zipfile
from base64 import b64decode, b64encode, urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.hashes import SHA256

text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def must(true, problem):
    if not true:
        raise ValueError(problem)


def h(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def verifies(jwk, signed, signature, note=False):
    """ES256 (two numbers side by side; in notes ASN.1) or EdDSA with Ed25519, as the key says (RFC 7518, 3.4; RFC 8037; C2SP)."""
    x, y = (urlsafe_b64decode(jwk.get(name, "") + "==") for name in "xy")
    try:
        if jwk["crv"] == "Ed25519":
            ed25519.Ed25519PublicKey.from_public_bytes(x).verify(signature, signed)
            return True
        der = signature if note else utils.encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + x + y).verify(der, signed, ec.ECDSA(SHA256()))
        return note or len(signature) == 64
    except (InvalidSignature, ValueError):
        return False


def opened(raw, keys, where):
    """A DSSE envelope around an in-toto statement: returns who signed it, what it states, and the SHA-256 of what was signed."""
    envelope, kind = json.loads(raw), "application/vnd.in-toto+json"
    [one], payload = envelope["signatures"], b64decode(envelope["payload"])
    signature, statement, by = b64decode(one["sig"]), json.loads(payload), one["keyid"].partition("#")[0]
    again = {"payloadType": kind, "payload": b64encode(payload).decode(), "signatures": [one | {"sig": b64encode(signature).decode()}]}
    must(text(again).encode() == raw and statement["predicate"]["by"] == by, f"{where} is not written as envelopes are")
    signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    must(any(verifies(jwk, signed, signature) for jwk in keys.get(one["keyid"], [])), f"{where}: {one['keyid']} did not sign this")
    return by, statement, h(payload).hex()


def climb(leaf, index, size, proof):
    """The root of a tree of so many leaves to which an inclusion proof leads from one of them (RFC 9162, 2.1.3)."""
    if size == 1:
        must(index == 0 and not proof, "a proof in the log has the wrong length")
        return leaf
    half, beside = 1 << (size - 1).bit_length() - 1, bytes.fromhex(proof[-1])
    if index < half:
        return h(b"\1", climb(leaf, index, half, proof[:-1]), beside)
    return h(b"\1", beside, climb(leaf, index - half, size - half, proof[:-1]))


def checkpoint(note, owner, keys):
    """What a log is (C2SP tlog-checkpoint), signed by its owner: returns its text, size, root, and the signatures by name."""
    body, _, lines = note.decode().rpartition("\n\n")
    origin, size, root = body.split("\n")
    signed = [(name, b64decode(value)[4:]) for _, name, value in (line.split(" ") for line in lines.splitlines())]
    own = [jwk for kid in keys if kid.startswith(f"{owner}#") and origin.startswith(f"{owner}/ledger") for jwk in keys[kid]]
    fits = (verifies(jwk, f"{body}\n".encode(), one, note=True) for jwk in own for name, one in signed if name == origin)
    must(any(fits), "the log's owner did not sign a checkpoint")
    return f"{body}\n", int(size), b64decode(root), dict(signed)


def read_files(raw):
    """A ZIP in which nothing is compressed. It has one form only: written anew from its files, it is the same to the last bit."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = {one.filename: archive.read(one) for one in archive.infolist()[:20_000] if one.compress_type == 0}
    again = io.BytesIO()
    with zipfile.ZipFile(again, "w") as archive:
        for name in sorted(files):
            one = zipfile.ZipInfo(name)
            one.create_system, one.external_attr = 3, 0o100644 << 16
            archive.writestr(one, files[name])
    must(again.getvalue() == raw, "the ZIP around the files was changed")
    return files


def read_log(files, owner, keys, digests):
    """Every line is a signed statement, in its place in the log, about the very terms in the archive; others have seen it."""
    _, size, root, _ = checkpoint(files["log/checkpoint.txt"], owner, keys)
    past, old, old_root, seen = checkpoint(files["log/witnessed.txt"], owner, keys) if "log/witnessed.txt" in files else ("", 0, b"", {})
    hashes = {}
    for number, line in enumerate(files["log/entries.jsonl"].splitlines(), 1):
        entry, where = json.loads(line), f"log/entries.jsonl, line {number}"
        index, envelope = entry["index"], text(entry["envelope"]).encode()
        must(climb(h(b"\0", envelope), index, size, entry["proof"]) == root, f"{where} is not the entry {index} of the log")
        must(index >= old or climb(h(b"\0", envelope), index, old, entry["seen"]) == old_root, f"{where} is not what witnesses saw")
        by, statement, hashes[index] = opened(envelope, keys, where)
        subject, said = statement["subject"][0], statement["predicate"]
        must(by != owner or said.get("entry", 0) == index, f"{where} was moved")
        must(digests.get(subject["name"]) in {None, subject["digest"]["sha256"]}, f"{where} is about other terms")
        print(f"entry {index} of {size}: {by} stated at {said['at']}: {statement['predicateType'].split(':')[-2]}")
    for line in files.get("log/receipts.jsonl", b"").splitlines():  # the other side has taken a statement
        by, statement, _ = opened(text((one := json.loads(line))["envelope"]).encode(), keys, "log/receipts.jsonl")
        must(statement["predicate"]["statement"] == hashes.get(one["entry"]), "a receipt in log/receipts.jsonl is for something else")
        print(f"received: {by} signed that it has entry {one['entry']}")
    for one in json.loads(files.get("log/witnesses.json", b"[]")):  # C2SP tlog-cosignature
        value = seen.get(one["name"], b"")
        signed = f"cosignature/v1\ntime {int.from_bytes(value[:8])}\n{past}".encode()
        must(verifies(one["jwk"], signed, value[8:]), f"{one['did']} did not cosign the log")
        print(f"seen: {one['did']} saw the first {old} entries at {datetime.fromtimestamp(int.from_bytes(value[:8]), UTC)}")


def verify(files, folder=None):
    """The manifest signs for every other file. Of the data there are lists, whose lines are the leaves of a tree (RFC 9162, 2.1.1)."""
    known, digests = json.loads(files["keys.json"]), {}
    keys = {one["kid"]: [each["jwk"] for each in known if each["kid"] == one["kid"]] for one in known}
    owner, manifest, _ = opened(files["manifest.json"], keys, "manifest.json")
    told = {one["name"]: one["digest"]["sha256"] for one in manifest["subject"]}
    for name in sorted(told.keys() | files.keys() - {"manifest.json"}):
        must(name in files and h(files[name]).hex() == told.get(name), f"{name} was changed, added or taken out")
    print(f"whole: {owner} signed for {len(told)} files about {manifest['predicate']['about']['name']}")
    for one in json.loads(files["agreements.json"]):  # what statements about an agreement name: parties, dataset and terms
        said = [one["id"], one["target"], one["assigner"], one["assignee"], f"sha-256:{h(files[one['normal']]).hex()}"]
        must((h(text(said).encode()).hex(), said[4]) == (one["digest"], one["termsHash"]), f"the agreement {one['id']} was changed")
        digests[one["id"]] = one["digest"]
    read_log(files, owner, keys, digests)
    for one in [one for one in json.loads(files["versions.json"]) if "files" in one]:
        lines = files[one["files"]].splitlines()
        level = [h(b"\0", line) for line in lines] or [h()]
        while len(level) > 1:
            level = [h(b"\1", *level[at : at + 2]) if at + 1 < len(level) else level[at] for at in range(0, len(level), 2)]
        must(level[0].hex() == one["root"], f"the list of the files of {one['id']} was changed")
        for file in map(json.loads, lines if folder else ()):
            must(h((folder / file["path"]).read_bytes()).hex() == file["sha256"], f"the file {file['path']} was changed")
        print(f"data: {one['id']} has {len(lines)} files{', all of them unchanged' if folder else ''}")


if __name__ == "__main__":
    try:
        verify(read_files(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    except Exception as fault:
        sys.exit(f"REFUSED: {fault or type(fault).__name__}")
