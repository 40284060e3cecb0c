"""Keys that sign and keys that verify: ES256, ES384, EdDSA and PS256, one row of `KINDS` per key type.

An object holds its parsed key, so that parsing is paid once. joserfc makes and checks the signatures. Measured with
JSON on the build machine, median of 25 x 200, beside `cryptography` called directly: signing 37 µs against 25, verifying
78 to 84 µs against 73. Below 1.6 times, and it brings the checks of keys and algorithms along, so joserfc it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode
from msgspec import Struct

from hanse.identity.jws import Compact
from hanse.kernel.errors import Invalid

KindName = Literal["P-256", "P-384", "Ed25519", "RSA"]
"""The key types that we have, by the name of their curve, or of their family."""


class Kind(Struct, frozen=True):
    """A type of key: its JWK type and curve, its algorithms, and its public members with their least and most characters.

    The first algorithm is the one that we write; `engine` is joserfc's name of what all of them mean.
    """

    kty: str
    crv: str | None
    algorithms: tuple[str, ...]
    engine: str
    members: tuple[tuple[str, int, int], ...]
    article: str


# The algorithms that a key of this type may have used. Never `none`, never HS*: the token does not choose, the key does.
# Lengths are of base64url without padding. An RSA modulus has 2048 to 4096 bits; RFC 9864 calls EdDSA on this curve Ed25519.
KINDS: Final[Mapping[KindName, Kind]] = {
    "P-256": Kind("EC", "P-256", ("ES256",), "ES256", (("x", 43, 43), ("y", 43, 43)), "an EC P-256"),
    "P-384": Kind("EC", "P-384", ("ES384",), "ES384", (("x", 64, 64), ("y", 64, 64)), "an EC P-384"),
    "Ed25519": Kind("OKP", "Ed25519", ("EdDSA", "Ed25519"), "Ed25519", (("x", 43, 43),), "an Ed25519"),
    "RSA": Kind("RSA", None, ("PS256",), "PS256", (("n", 342, 683), ("e", 4, 4)), "an RSA"),
}
ALGORITHMS: Final = frozenset(name for kind in KINDS.values() for name in kind.algorithms)

RSA_BITS: Final = (2048, 4096)
_RSA_EXPONENT: Final = "AQAB"  # 65537, which everybody uses; others are slow to check or weak
_CLASSES: Final[Mapping[str, type[ECKey] | type[OKPKey] | type[RSAKey]]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
_PRIVATE: Final[Mapping[str, tuple[str, ...]]] = {"EC": ("d",), "OKP": ("d",), "RSA": ("d", "p", "q", "dp", "dq", "qi")}

_Key = ECKey | OKPKey | RSAKey
_encode = msgspec.json.Encoder().encode


class SigningKey:
    """A private key and its name. Its text form shows the name only, never the key."""

    __slots__ = ("_key", "kid", "kind")

    def __init__(self, key: _Key, kid: str) -> None:
        """Take a parsed private key and its name `DID#fragment`. Use the constructors below."""
        kind = _kind_of_private(key)
        if kind is None:
            raise Invalid("This is not a private key of a type that signs here.", where="key", hint=_HINT)
        if "#" not in kid:
            raise Invalid("A key's name is `DID#fragment`.", where="kid")
        self._key = key
        self.kid = kid
        self.kind = kind

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r})"

    def __reduce__(self) -> str:
        raise TypeError("A signing key is not to be copied or stored like this; use to_private_jwk() and seal it.")

    @property
    def did(self) -> str:
        """The DID that the key belongs to."""
        return self.kid.partition("#")[0]

    @classmethod
    def generate(cls, kid: str, kind: KindName = "P-256") -> Self:
        """Make a new key named `kid`, e.g. `did:web:example.com#key-1`."""
        if kind == "RSA":
            return cls(RSAKey.generate_key(RSA_BITS[0]), kid)
        return cls(OKPKey.generate_key(kind) if kind == "Ed25519" else ECKey.generate_key(kind), kid)

    @classmethod
    def from_private_jwk(cls, jwk: bytes, kid: str) -> Self:
        """Read a private JWK (JSON). Raises `Invalid`, whose text holds nothing of the key."""
        try:
            parsed = msgspec.json.decode(jwk, type=dict[str, str])
            kind = KINDS[_kind_name(parsed)]
            names = ("kty", *(("crv",) if kind.crv else ()), *(name for name, _, _ in kind.members), *_PRIVATE[kind.kty])
            key = cls(_CLASSES[kind.kty].import_key(_picked(parsed, names)), kid)
            public = cls.from_pem(key.to_pem(), kid).public_jwk  # computed from the private part, not as it was written
        except (JoseError, ValueError, KeyError, RecursionError):
            raise Invalid("This is not a private key as JWK.", where="key", hint=_HINT) from None  # its cause could quote the key
        if any(parsed[name] != value for name, value in public.items()):
            raise Invalid("The private key does not belong to the public key beside it.", where="key")
        return key

    @classmethod
    def from_pem(cls, pem: bytes, kid: str) -> Self:
        """Read an unencrypted private key in PEM (PKCS#8 or SEC 1). Raises `Invalid`, whose text holds nothing of the key."""
        for family in _CLASSES.values():
            try:
                return cls(family.import_key(pem), kid)
            except (JoseError, ValueError, TypeError, KeyError):
                continue
        raise Invalid("This is not a private key in PEM.", where="key", hint=_HINT)

    def to_private_jwk(self) -> bytes:
        """Return the private JWK as JSON. Secret: seal it before it is stored."""
        return msgspec.json.encode(self._key.as_dict(private=True))

    def to_pem(self) -> bytes:
        """Return the private key as PKCS#8 PEM. Secret: seal it before it is stored."""
        return self._key.as_pem(private=True)

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public key as JWK: `kty`, `crv` and the public members of its type, and nothing else."""
        return _public(self._key, self.kind)

    def sign(self, payload: bytes, header: Mapping[str, str] | None = None) -> str:
        """Sign `payload` and return a compact JWS with `alg`, `kid` and what `header` adds, e.g. `{"typ": "JWT"}`."""
        head = _encode({**(header or {}), "alg": self.kind.algorithms[0], "kid": self.kid})
        text = urlsafe_b64encode(head) + b"." + urlsafe_b64encode(payload)
        return (text + b"." + urlsafe_b64encode(self.sign_bytes(text))).decode("ascii")

    def sign_bytes(self, data: bytes) -> bytes:
        """Sign bytes as they are and return the signature of JWA for the key's type. What is signed has to say what it is."""
        return JWSRegistry.algorithms[self.kind.engine].sign(data, self._key)


class VerifyingKey:
    """A public key, parsed once, with the algorithms that its type allows."""

    __slots__ = ("_engine", "_key", "algorithms")

    def __init__(self, key: _Key, kind: Kind) -> None:
        self._key = key
        self._engine = JWSRegistry.algorithms[kind.engine]
        self.algorithms = kind.algorithms

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """Read a public JWK (RFC 7517). Raises `Invalid` for other key types, private keys, and keys not meant to verify."""
        try:
            kind = KINDS[_kind_name(jwk)]
        except KeyError:
            raise Invalid("The key's type is not supported.", where="publicKeyJwk", hint=_HINT) from None
        _check_purpose(jwk, kind.algorithms)
        members: dict[str, str | list[str]] = {"kty": kind.kty, **({"crv": kind.crv} if kind.crv else {})}
        for name, least, most in kind.members:
            value = jwk.get(name)
            if not isinstance(value, str) or not least <= len(value) <= most:
                raise Invalid(f"The key's {name} does not have the length of {kind.article} key's.", where=f"publicKeyJwk.{name}")
            members[name] = value
        try:
            key = _CLASSES[kind.kty].import_key(members)
        except (JoseError, ValueError) as fault:
            raise Invalid(f"This is not {kind.article} public key.", where="publicKeyJwk") from fault
        _check_rsa(key)
        return cls(key, kind)

    def verify(self, compact: Compact) -> bool:
        """Tell whether this key made the signature, with an algorithm that fits its type."""
        if compact.header.alg not in self.algorithms:
            return False
        return self.verify_bytes(compact.signed, compact.signature)

    def verify_bytes(self, data: bytes, signature: bytes) -> bool:
        """Tell whether this key signed these bytes, with the algorithm of its type."""
        return self._engine.verify(data, signature, self._key)


_HINT: Final = "Use EC on P-256 or P-384, Ed25519, or RSA with 2048 to 4096 bits and the exponent 65537."


def _kind_name(jwk: Mapping[str, object]) -> KindName:
    """Return the name of a JWK's type. Raises `KeyError` for a type that we do not have."""
    for name, kind in KINDS.items():
        if jwk.get("kty") == kind.kty and (kind.crv is None or jwk.get("crv") == kind.crv):
            return name
    raise KeyError("kty")


def _picked(jwk: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str | list[str]]:
    return {name: jwk[name] for name in names}


def _kind_of_private(key: _Key) -> Kind | None:
    match key.raw_value:
        case EllipticCurvePrivateKey() as raw:
            return {"secp256r1": KINDS["P-256"], "secp384r1": KINDS["P-384"]}.get(raw.curve.name)
        case Ed25519PrivateKey():
            return KINDS["Ed25519"]
        case RSAPrivateKey() as raw:
            numbers = raw.public_key().public_numbers()
            fits = RSA_BITS[0] <= raw.key_size <= RSA_BITS[1] and numbers.e == 65537
            return KINDS["RSA"] if fits else None
        case _:
            return None


def _public(key: _Key, kind: Kind) -> dict[str, str]:
    full = key.as_dict(private=False)
    names = ("kty", *(("crv",) if kind.crv else ()), *(name for name, _, _ in kind.members))
    return {name: str(full[name]) for name in names}


def _check_rsa(key: _Key) -> None:
    if isinstance(key, RSAKey):
        bits, exponent = key.raw_value.key_size, key.as_dict(private=False)["e"]
        if not RSA_BITS[0] <= bits <= RSA_BITS[1] or exponent != _RSA_EXPONENT:
            raise Invalid("The RSA key is too small, too large, or has another exponent than 65537.", where="publicKeyJwk", hint=_HINT)


def _check_purpose(jwk: Mapping[str, object], algorithms: tuple[str, ...]) -> None:
    if any(name in jwk for name in ("d", "p", "q", "k")):
        raise Invalid("The key is published with its private part, so anybody may have it.", where="publicKeyJwk.d", hint="Replace it.")
    if jwk.get("use", "sig") != "sig":
        raise Invalid("The key is not meant for signatures.", where="publicKeyJwk.use")
    if jwk.get("alg", algorithms[0]) not in algorithms:
        raise Invalid("The key names an algorithm that its type does not have.", where="publicKeyJwk.alg")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise Invalid("The key is not meant to verify signatures.", where="publicKeyJwk.key_ops")
