"""Keys that sign and keys that verify: ES256 today, one row per further key type.

An object holds its parsed key, so that parsing is paid once. joserfc makes and checks the signatures. Measured with
JSON on the build machine, median of 25 x 200, beside `cryptography` called directly: signing 37 µs against 25, verifying
78 to 84 µs against 73. Below 1.6 times, and it brings the checks of keys and algorithms along, so joserfc it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hanse.identity.jws import Compact
from hanse.kernel.errors import Invalid

# The algorithms that a key of this type may have used. Never `none`, never HS*: the token does not choose, the key does.
ALGORITHMS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {("EC", "P-256"): ("ES256",)}

_COORDINATE: Final = 43  # characters of 32 bytes in base64url without padding

_registry = jws.JWSRegistry(algorithms=["ES256"])


class SigningKey:
    """An EC P-256 private key and its name. Its text form shows the name only, never the key."""

    __slots__ = ("_key", "kid")

    def __init__(self, key: ECKey, kid: str) -> None:
        """Take a parsed private key and its name `DID#fragment`. Use the constructors below."""
        if not isinstance(key.raw_value, EllipticCurvePrivateKey) or not isinstance(key.raw_value.curve, SECP256R1):
            raise Invalid("This is not an EC P-256 private key.", where="key")
        if "#" not in kid:
            raise Invalid("A key's name is `DID#fragment`.", where="kid")
        self._key = key
        self.kid = kid

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r})"

    def __reduce__(self) -> str:
        raise TypeError("A signing key is not to be copied or stored like this; use to_private_jwk() and seal it.")

    @property
    def did(self) -> str:
        """The DID that the key belongs to."""
        return self.kid.partition("#")[0]

    @classmethod
    def generate(cls, kid: str) -> Self:
        """Make a new key named `kid`, e.g. `did:web:example.com#key-1`."""
        return cls(ECKey.generate_key("P-256"), kid)

    @classmethod
    def from_private_jwk(cls, jwk: bytes, kid: str) -> Self:
        """Read a private JWK (JSON). Raises `Invalid`, whose text holds nothing of the key."""
        try:
            parsed = msgspec.json.decode(jwk, type=dict[str, str])
            key = ECKey.import_key({name: parsed[name] for name in ("kty", "crv", "x", "y", "d")})
        except (JoseError, ValueError, KeyError, RecursionError):
            raise Invalid("This is not an EC P-256 private key as JWK.", where="key") from None  # the cause could quote the key
        return cls(key, kid)

    @classmethod
    def from_pem(cls, pem: bytes, kid: str) -> Self:
        """Read an unencrypted private key in PEM (PKCS#8 or SEC 1). Raises `Invalid`, whose text holds nothing of the key."""
        try:
            key = ECKey.import_key(pem)
        except (JoseError, ValueError, TypeError, KeyError):
            raise Invalid("This is not an EC P-256 private key in PEM.", where="key") from None
        return cls(key, kid)

    def to_private_jwk(self) -> bytes:
        """Return the private JWK as JSON. Secret: seal it before it is stored."""
        return msgspec.json.encode(self._key.as_dict(private=True))

    def to_pem(self) -> bytes:
        """Return the private key as PKCS#8 PEM. Secret: seal it before it is stored."""
        return self._key.as_pem(private=True)

    @property
    def public_jwk(self) -> dict[str, str]:
        """The public key as JWK: `kty`, `crv`, `x`, `y` and nothing else."""
        full = self._key.as_dict(private=False)
        return {name: str(full[name]) for name in ("kty", "crv", "x", "y")}

    def sign(self, payload: bytes, header: Mapping[str, str] | None = None) -> str:
        """Sign `payload` and return a compact JWS with `alg`, `kid` and what `header` adds, e.g. `{"typ": "JWT"}`."""
        return jws.serialize_compact({**(header or {}), "alg": "ES256", "kid": self.kid}, payload, self._key, registry=_registry)


class VerifyingKey:
    """A public key, parsed once, with the algorithms that its type allows."""

    __slots__ = ("_key", "algorithms")

    def __init__(self, key: ECKey, algorithms: tuple[str, ...]) -> None:
        self._key = key
        self.algorithms = algorithms

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """Read a public JWK (RFC 7517). Raises `Invalid` for other key types, private keys, and keys not meant to verify."""
        algorithms = ALGORITHMS.get((str(jwk.get("kty")), str(jwk.get("crv"))))
        if algorithms is None:
            raise Invalid("The key's type is not supported.", where="publicKeyJwk", hint="Use an EC key on P-256.")
        _check_purpose(jwk, algorithms)
        x, y = jwk.get("x"), jwk.get("y")
        if not isinstance(x, str) or not isinstance(y, str) or len(x) != _COORDINATE or len(y) != _COORDINATE:
            raise Invalid("The key's coordinates are not 32 bytes each in base64url.", where="publicKeyJwk")
        try:
            key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
        except (JoseError, ValueError) as fault:
            raise Invalid("The key is not a point on the curve P-256.", where="publicKeyJwk") from fault
        return cls(key, algorithms)

    def verify(self, compact: Compact) -> bool:
        """Tell whether this key made the signature, with an algorithm that fits its type."""
        if compact.header.alg not in self.algorithms:
            return False
        candidate = jws.CompactSignature({"alg": compact.header.alg}, compact.payload)
        head, body, signature = compact.parts
        candidate.segments.update({"header": head, "payload": body, "signature": signature})
        return jws.validate_compact(candidate, self._key, registry=_registry)


def _check_purpose(jwk: Mapping[str, object], algorithms: tuple[str, ...]) -> None:
    if "d" in jwk:
        raise Invalid("The key is published with its private part, so anybody may have it.", where="publicKeyJwk.d", hint="Replace it.")
    if jwk.get("use", "sig") != "sig":
        raise Invalid("The key is not meant for signatures.", where="publicKeyJwk.use")
    if jwk.get("alg", algorithms[0]) not in algorithms:
        raise Invalid("The key names an algorithm that its type does not have.", where="publicKeyJwk.alg")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise Invalid("The key is not meant to verify signatures.", where="publicKeyJwk.key_ops")
