import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.kernel.errors import Misconfigured
from hanse.wallet.seal import MasterKeySealer, new_master_key

KID = "did:web:example.com#key-1"


@given(st.binary(max_size=500), st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=60))
def test_what_is_sealed_is_unsealed(plain, tenant, kid):
    sealer = MasterKeySealer(new_master_key())
    sealed = sealer.seal(plain, tenant=tenant, kid=kid)
    assert sealer.unseal(sealed, tenant=tenant, kid=kid) == plain


def test_it_cannot_be_read_and_is_never_the_same_twice(sealer):
    secret = b"a secret of some length"
    first, second = (sealer.seal(secret, tenant="acme", kid=KID) for _ in range(2))
    assert first != second
    assert secret not in first


@pytest.mark.parametrize(("tenant", "kid"), [("city", KID), ("acme", "did:web:example.com#key-2"), ("acm", "e" + KID), ("acmed", KID[1:])])
def test_it_opens_only_where_it_belongs(sealer, tenant, kid):
    sealed = sealer.seal(b"secret", tenant="acme", kid=KID)
    with pytest.raises(Misconfigured):
        sealer.unseal(sealed, tenant=tenant, kid=kid)
    assert sealer.unseal(sealed, tenant="acme", kid=KID) == b"secret"


def test_it_opens_only_with_its_master_key(sealer):
    sealed = sealer.seal(b"secret", tenant="acme", kid=KID)
    with pytest.raises(Misconfigured):
        MasterKeySealer(new_master_key()).unseal(sealed, tenant="acme", kid=KID)


def test_any_changed_or_missing_byte_is_noticed(sealer):
    sealed = sealer.seal(b"secret", tenant="acme", kid=KID)
    damaged = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))]
    damaged += [sealed[:n] for n in range(len(sealed))] + [sealed + b"\x00"]
    for text in damaged:
        with pytest.raises(Misconfigured) as caught:
            sealer.unseal(text, tenant="acme", kid=KID)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_a_master_key_has_32_bytes(size):
    with pytest.raises(Misconfigured):
        MasterKeySealer(bytes(size))


def test_the_master_key_shows_nowhere():
    key = new_master_key()
    assert len(key) == 32
    assert new_master_key() != key
    sealer = MasterKeySealer(key)
    assert repr(sealer) == str(sealer) == "MasterKeySealer()"
    assert not hasattr(sealer, "__dict__")
