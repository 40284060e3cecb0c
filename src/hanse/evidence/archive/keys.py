"""Whose key made a signature, and why that is believed: the keys in an archive, and those that its reader trusts already."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from hanse.evidence.archive.format import DIDS, KEYS, WITNESSES, Jwk, KnownDid, KnownKey
from hanse.evidence.archive.verdict import Findings
from hanse.evidence.dsse import Check
from hanse.kernel.errors import HanseError

CheckOf = Callable[[Mapping[str, str]], Check]
"""Returns what checks JWA signatures with a public JWK. Raises a `ValueError` or a `HanseError` for a key that cannot be used."""
Anchors = Mapping[str, frozenset[str]]
"""What a reader trusts already: by DID, the thumbprints of its keys (`thumbprint`)."""

_UNKNOWN: Final = (
    "Whose keys these are, the archive alone tells: what is proved is proved of the keys. Whoever made the archive could have made keys in "
    "the names of others, too, unless you compare them with keys that you trust (--trust)."
)
_MEMBERS: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_METHODS: Final = 256  # keys of one party that are tried, and methods of a DID document that are looked at
_ALIKE: Final = 16  # keys of one name that are tried
PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
"""Members of a JWK that are secret."""


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return a key's thumbprint (RFC 7638, SHA-256), which names the key whoever holds it; empty if it is no key of a known type."""
    members = _MEMBERS.get(jwk.get("kty", ""), ())
    if not members or any(name not in jwk for name in members):
        return ""
    said = msgspec.json.encode({name: jwk[name] for name in members})
    return urlsafe_b64encode(hashlib.sha256(said).digest()).decode("ascii").rstrip("=")


def did_of(kid: str) -> str:
    """Return the DID of a key's name."""
    return kid.partition("#")[0]


class KeyRing:
    """The keys of an archive."""

    def __init__(self, keys: Sequence[KnownKey], dids: Sequence[KnownDid], anchors: Anchors, check_of: CheckOf) -> None:
        self._keys: dict[str, list[KnownKey]] = {}
        for one in keys:
            self._keys.setdefault(one.kid, []).append(one)
        self._dids = {one.did: one for one in dids}
        self._anchors = anchors
        self._check_of = check_of
        self._checks: dict[str, Check | None] = {}
        self._ready: dict[str, list[tuple[Check, str]]] = {}
        self.used: dict[str, set[str]] = {}
        self.seen_by: dict[str, set[str]] = {}

    def keys_of(self, did: str) -> list[KnownKey]:
        """Return the keys of a party, those that the reader trusts first."""
        found = [one for keys in self._keys.values() for one in keys if did_of(one.kid) == did]
        trusted = self._anchors.get(did, frozenset())
        return sorted(found, key=lambda one: thumbprint(one.jwk) not in trusted)[:_METHODS]

    def proved(self, kid: str, signed: bytes, signature: bytes) -> bool | None:
        """Tell whether a key of that name made the signature; nothing if no key of that name is known."""
        known = self._keys.get(kid)
        if not known:
            return None
        if kid not in self._ready:  # parsed once: an archive may hold thousands of signatures by one key
            usable = [(check, thumbprint(one.jwk)) for one in known[:_ALIKE] if (check := self.check(one.jwk)) is not None]
            self._ready[kid] = usable
        for check, name in self._ready[kid]:
            if check(signed, signature):
                self.used.setdefault(did_of(kid), set()).add(name)
                return True
        return False

    def check(self, jwk: Jwk) -> Check | None:
        """Return what checks signatures with a key; nothing for a key that cannot be used."""
        name = thumbprint(jwk)
        if name not in self._checks:
            try:
                self._checks[name] = self._check_of(jwk) if name else None
            except (ValueError, ArithmeticError, LookupError, TypeError, HanseError):
                self._checks[name] = None
        return self._checks[name]

    def note(self, kid: str, jwk: Jwk) -> None:
        """Note that a key has proved something."""
        self.used.setdefault(did_of(kid), set()).add(thumbprint(jwk))

    def note_witness(self, did: str, jwk: Jwk) -> None:
        """Note that a key has proved what a witness saw; witnesses have keys of their own for that."""
        self.seen_by.setdefault(did, set()).add(thumbprint(jwk))

    def check_documents(self, findings: Findings) -> None:
        """Find keys that are secret, and keys that their owner's DID document tells otherwise."""
        for found in self._keys.values():
            for one in found:
                where = f"{KEYS}, {one.kid}"
                if PRIVATE & set(one.jwk):
                    findings.fault("A private key is in the archive: whoever has it can sign in that name.", where)
                told = _published(self._dids.get(did_of(one.kid)), one.kid)
                if one.origin == "document" and told is None:
                    findings.fault("The DID document in the archive has no such key.", where)
                elif told is None or thumbprint(told) == thumbprint(one.jwk):
                    continue
                elif one.origin == "arrival":  # its owner may have changed the key since and kept the name: what was signed stays signed
                    findings.told(
                        f"The DID document in the archive has another key of the name {one.kid} than the one that the exporter kept from "
                        "the day of a signature.",
                        where,
                    )
                else:
                    findings.fault("The DID document in the archive has another key of that name.", where)

    def say_identities(self, findings: Findings) -> None:
        """Say of every party whose signatures were found good why that is its key, and refuse keys that the reader does not trust."""
        if not set(self.used) | set(self.seen_by) <= set(self._anchors):
            findings.told(_UNKNOWN, KEYS)
        self._say_parties(findings)
        for did, used in sorted(self.seen_by.items()):
            if used <= self._anchors.get(did, frozenset()):
                findings.proved(f"The witness {did} signed with the key that you trust.", WITNESSES)
            else:
                findings.told(f"That {', '.join(sorted(used))} is the key of the witness {did} is as the archive tells.", WITNESSES)
        for did in sorted(set(self._anchors) - set(self.used) - set(self.seen_by)):
            findings.missing(f"Nothing in the archive is signed by {did}, whose key you trust.")

    def _say_parties(self, findings: Findings) -> None:
        for did, used in sorted(self.used.items()):
            trusted = self._anchors.get(did)
            if trusted is None:
                self._why(did, used, findings)
            elif used <= trusted:
                findings.proved(f"The signatures of {did} were made with the key that you trust.", KEYS)
            else:
                names = ", ".join(sorted(used - trusted))
                findings.fault(f"Signatures in the name of {did} were made with a key that you did not name as trusted: {names}.", KEYS)

    def _why(self, did: str, used: set[str], findings: Findings) -> None:
        """Say why a party's keys are its own, those in its DID document apart from those that only the exporter knows."""
        document = self._dids.get(did)
        read = None if document is None else document.read
        published = {thumbprint(one.jwk) for one in self.keys_of(did) if one.origin == "document"}
        for name in sorted(used):
            if read is not None and name in published:
                how = f"its DID document, as the exporter read it on {read:%Y-%m-%d}, has it"
            else:
                how = "no DID document in the archive has it; the exporter says that it was one when it was used"
            findings.told(f"That {name} is a key of {did} is as the archive tells: {how}.", DIDS)


def _published(did: KnownDid | None, kid: str) -> Jwk | None:
    """Return the key of that name in a DID document (DID Core, 5.2)."""
    methods = None if did is None or did.document is None else did.document.get("verificationMethod")
    for method in methods[:_METHODS] if isinstance(methods, list) else []:
        name = method.get("id") if isinstance(method, dict) else None
        if name in (kid, "#" + kid.partition("#")[2]):
            jwk = method.get("publicKeyJwk")
            return {name: value for name, value in jwk.items() if isinstance(value, str)} if isinstance(jwk, dict) else {}
    return None
