"""Verifies an evidence archive of Hanse without Hanse: `python verify_evidence.py ARCHIVE [FOLDER WITH THE DATA]`.

It needs Python 3.11 and `cryptography`, no network, no account. From the bottom up, it tells what an archive is. That a key is a DID's is
what the archive says: compare `keys.json` with a copy that you trust. It knows keys on P-256 and Ed25519; credentials and documents it does
not look into. Exit code 0: sound, 1: refused.
"""

import hashlib
import io
import json
import re
import sys
import zipfile
from base64 import b64decode, b64encode, urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.hashes import SHA256

text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
h = lambda *parts: hashlib.sha256(b"".join(parts)).digest()  # noqa: E731
say = lambda line: print("".join(one if one.isprintable() else "?" for one in line))  # noqa: E731 - what is in it steers no terminal


def must(true, problem):
    if not true:
        raise ValueError(problem)


def verifies(jwk, signed, signature, note=False):  # ES256 (RFC 7518, 3.4; in notes ASN.1) or Ed25519 (RFC 8037), as the key says
    x, y = (urlsafe_b64decode(jwk.get(name, "") + "==") for name in "xy")
    try:
        if jwk["crv"] == "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(x).verify(signature, signed) is None
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
    must((text(again).encode(), len(one), statement["predicate"]["by"]) == (raw, 2, by), f"{where} is not written as envelopes are")
    signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    must(any(verifies(jwk, signed, signature) for jwk in keys.get(one["keyid"], [])), f"{where}: {one['keyid']} did not sign this")
    return by, statement, h(payload).hex()


def climb(leaf, index, size, proof):  # the root to which an inclusion proof leads from a leaf (RFC 9162, 2.1.3)
    must(0 <= index < size and (size > 1) == bool(proof), "a proof in the log has the wrong length, or is of no entry of it")
    if size == 1:
        return leaf
    half, beside = 1 << (size - 1).bit_length() - 1, bytes.fromhex(proof[-1])
    if index < half:
        return h(b"\1", climb(leaf, index, half, proof[:-1]), beside)
    return h(b"\1", beside, climb(leaf, index - half, size - half, proof[:-1]))


def checkpoint(note, owner, keys):  # what a log is (C2SP tlog-checkpoint): returns its text, size, root, and signatures by name
    body, _, lines = note.decode().rpartition("\n\n")
    origin, size, root = body.split("\n")
    signed = [(name, b64decode(value)[4:]) for _, name, value in (line.split(" ") for line in lines.splitlines())]
    own = [jwk for kid in keys if kid.startswith(f"{owner}#") for jwk in keys[kid]]
    fits = (verifies(jwk, f"{body}\n".encode(), one, note=True) for jwk in own for name, one in signed if name == origin)
    must(any(fits) and re.fullmatch(re.escape(owner) + r"/ledger(-\d{1,4})?", origin), "the log's owner did not sign a checkpoint")
    return f"{body}\n", int(size), b64decode(root), dict(signed)


def read_files(raw):  # a ZIP in which nothing is compressed: written anew from its files, it is the same to the last bit
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = {one.filename: archive.read(one) for one in archive.infolist()[:20_000] if one.compress_type == 0}
    with zipfile.ZipFile(again := io.BytesIO(), "w") as archive:
        for name in sorted(files):
            one = zipfile.ZipInfo(name)
            one.create_system, one.external_attr = 3, 0o100644 << 16
            archive.writestr(one, files[name])
    must(again.getvalue() == raw, "the ZIP around the files was changed")
    return files


def read_log(files, owner, keys, digests):
    """Every line is a signed statement, in its place in the log, about the terms and data in the archive. Returns who signed about what."""
    hashes, signed, last, (_, size, root, _) = {}, set(), -1, checkpoint(files["log/checkpoint.txt"], owner, keys)
    past, old, old_root, seen = checkpoint(files["log/witnessed.txt"], owner, keys) if "log/witnessed.txt" in files else ("", 0, b"", {})
    for number, line in enumerate(files["log/entries.jsonl"].splitlines(), 1):
        entry, where = json.loads(line), f"log/entries.jsonl, line {number}"
        index, envelope = entry["index"], text(entry["envelope"]).encode()
        must(climb(h(b"\0", envelope), index, size, entry["proof"]) == root, f"{where} is not the entry {index} of the log")
        must(index >= old or climb(h(b"\0", envelope), index, old, entry["seen"]) == old_root, f"{where} is not what witnesses saw")
        by, statement, hashes[index] = opened(envelope, keys, where)
        about, said = [(one["name"], one["digest"]["sha256"]) for one in statement["subject"]], statement["predicate"]
        must(index > last and (by != owner or said.get("entry", 0) == index), f"{where} was moved")
        about += [(one["version"], one["root"]) for one in (said, *said.get("inputs", ())) if "version" in one and "root" in one]
        must(all(digests.get(name) in {None, digest} for name, digest in about), f"{where} is about other terms, or other data")
        signed |= {(name, by) for name, _ in about}
        say(f"entry {(last := index)} of {size}: {by} stated at {said['at']}: {statement['predicateType'].split(':')[-2]}")
    for one in map(json.loads, files.get("log/receipts.jsonl", b"").splitlines()):  # the other side has taken a statement
        by, statement, _ = opened(text(one["envelope"]).encode(), keys, "log/receipts.jsonl")
        must(statement["predicate"]["statement"] == hashes[one["entry"]], "a receipt in log/receipts.jsonl is for something else")
        say(f"received: {by} signed that it has entry {one['entry']}")
    for one in json.loads(files.get("log/witnesses.json", b"[]")):  # C2SP tlog-cosignature
        value = seen.get(one["name"], b"")
        line, own = f"cosignature/v1\ntime {int.from_bytes(value[:8])}\n{past}".encode(), one["name"].startswith(one["did"] + "/")
        must(own and verifies(one["jwk"] | {"crv": "Ed25519"}, line, value[8:]), f"{one['did']} did not cosign the log")
        say(f"seen: {one['did']} saw the first {old} entries at {datetime.fromtimestamp(int.from_bytes(value[:8]), UTC)}")
    return signed


def verify(files, folder=None):  # the manifest signs for every other file; of the data there are lists, whose lines are leaves of a tree
    known, agreements, versions = (json.loads(files[name]) for name in ("keys.json", "agreements.json", "versions.json"))
    keys = {one["kid"]: [each["jwk"] for each in known if each["kid"] == one["kid"]] for one in known}
    owner, manifest, _ = opened(files["manifest.json"], keys, "manifest.json")
    told = {one["name"]: one["digest"]["sha256"] for one in manifest["subject"]}
    must((manifest["predicateType"], len(told)) == ("urn:hanse:evidence-archive:1", len(manifest["subject"])), "this is no manifest")
    for name in sorted(told.keys() | files.keys() - {"manifest.json"}):
        must(name in files and h(files[name]).hex() == told.get(name), f"{name} was changed, added or taken out")
    say(f"whole: {owner} signed for {len(told)} files about {manifest['predicate']['about']['name']}")
    digests = {one["id"]: one["root"] for one in versions}
    for one in agreements:  # what statements about an agreement name: parties, dataset and terms
        said = [one["id"], one["target"], one["assigner"], one["assignee"], f"sha-256:{h(files[one['normal']]).hex()}"]
        must((h(text(said).encode()).hex(), said[4]) == (one["digest"], one["termsHash"]), f"the agreement {one['id']} was changed")
        digests[one["id"]] = one["digest"]
    must(len(digests) == len(versions) + len(agreements), "a version or an agreement is there twice")
    signed = read_log(files, owner, keys, digests)
    for id, did in [(one["id"], one[side]) for one in agreements for side in ("assigner", "assignee")]:
        say(f"agreement {id}: {did} stated {'something' if (id, did) in signed else 'NOTHING'} about these terms")
    for one in [one for one in versions if "files" in one]:
        level = [h(b"\0", line) for line in files[one["files"]].splitlines()] or [h()]
        while len(level) > 1:
            level = [h(b"\1", *level[at : at + 2]) if at + 1 < len(level) else level[at] for at in range(0, len(level), 2)]
        must(level[0].hex() == one["root"], f"the list of the files of {one['id']} was changed")
        for file in map(json.loads, files[one["files"]].splitlines() if folder else ()):
            inside = (path := (folder / file["path"]).resolve()).is_relative_to(folder.resolve())
            must(inside and h(path.read_bytes()).hex() == file["sha256"], f"the file {file['path']} was changed")
        say(f"data: {one['id']} has {one['count']} files{', all of them unchanged' if folder else ''}")


if __name__ == "__main__":
    try:
        verify(read_files(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    except Exception as fault:
        sys.exit(ascii(f"REFUSED: {fault or type(fault).__name__}")[1:-1])
