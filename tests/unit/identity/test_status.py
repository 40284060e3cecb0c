import base64
import gzip
import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.identity.status import MAX_ENTRIES, MIN_ENTRIES, Bits, StatusEntry, decode_bits, encode_bits
from hanse.kernel.errors import Invalid


def packed(data, letter="u"):
    return letter + base64.urlsafe_b64encode(gzip.compress(data, mtime=0)).rstrip(b"=").decode()


def test_a_new_list_has_nothing_set():
    bits = Bits.zeros()
    assert len(bits) == MIN_ENTRIES == 131_072
    assert not any(bits.data)


def test_bit_0_is_the_left_most_of_byte_0():
    assert Bits.zeros().with_bit(0, on=True).data[0] == 0x80
    assert Bits.zeros().with_bit(7, on=True).data[0] == 0x01
    assert Bits.zeros().with_bit(8, on=True).data[:2] == b"\x00\x80"


@given(st.integers(0, MIN_ENTRIES - 1), st.integers(0, MIN_ENTRIES - 1), st.sampled_from(["BitstringStatusList", "StatusList2021"]))
def test_what_is_set_comes_back(one, other, form):
    bits = Bits.zeros().with_bit(one, on=True)
    again = decode_bits(encode_bits(bits, form))
    assert again == bits
    assert again[one]
    assert again[other] == (one == other)
    assert bits.with_bit(other, on=True).with_bit(other, on=False).with_bit(one, on=False) == Bits.zeros()


def test_the_two_forms_differ_in_one_letter():
    bits = Bits.zeros().with_bit(3, on=True)
    assert encode_bits(bits) == "u" + encode_bits(bits, "StatusList2021")
    assert encode_bits(bits).startswith("uH4sI")
    assert encode_bits(bits) == encode_bits(bits)


def test_what_others_write_is_read():
    data = bytes(16384)
    plain = base64.b64encode(gzip.compress(b"\xfb\xff" * 8192, mtime=0)).decode()
    assert decode_bits(plain).data == b"\xfb\xff" * 8192
    for text in (packed(data), packed(data, ""), base64.urlsafe_b64encode(gzip.compress(data, mtime=0)).decode()):
        assert decode_bits(text).data == data


def test_the_example_of_the_standard():
    # Bitstring Status List v1.0, example of section 3.1
    text = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
    assert decode_bits(text) == Bits.zeros()


@pytest.mark.parametrize("entries", [0, 8, 131_064, 131_073, MAX_ENTRIES + 8])
def test_lists_have_a_size_within_bounds(entries):
    with pytest.raises(Invalid):
        Bits.zeros(entries)


@pytest.mark.parametrize("index", [-1, MIN_ENTRIES, 10**9])
def test_outside_the_list_is_no_good_status(index):
    with pytest.raises(Invalid) as caught:
        Bits.zeros()[index]
    assert caught.value.rule == "status-index"
    with pytest.raises(Invalid):
        Bits.zeros().with_bit(index, on=True)


@pytest.mark.parametrize(
    "text",
    ["", "u", "zH4sI", "uAAAA", "u!!!!", "é", "H4sIAAAA", packed(bytes(16383)), packed(bytes(16384))[:-8], packed(bytes(16384), "m")],
)
def test_what_is_no_list(text):
    with pytest.raises(Invalid):
        decode_bits(text)


def test_a_bomb_is_not_inflated():
    import tracemalloc

    bomb = packed(bytes(200 * 1024 * 1024))
    tracemalloc.start()
    with pytest.raises(Invalid):
        decode_bits(bomb)
    assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    tracemalloc.stop()
    with pytest.raises(Invalid):
        decode_bits("u" + "A" * 5_000_000)


def test_bombs_within_bombs_and_tails_are_refused():
    data = gzip.compress(bytes(16384), mtime=0)
    for raw in (data + data, data + b"x", data[:-4], zlib.compress(bytes(16384))):
        with pytest.raises(Invalid):
            decode_bits("u" + base64.urlsafe_b64encode(raw).decode())


def test_the_largest_list_is_read_even_where_it_cannot_be_compressed():
    import random

    bits = Bits(random.Random(1).randbytes(MAX_ENTRIES // 8))
    assert decode_bits(encode_bits(bits)) == bits


ENTRY = {
    "id": "https://issuer.example/status/1#94567",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "94567",
    "statusListCredential": "https://issuer.example/status/1",
}


def test_an_entry_is_read():
    entry = msgspec.convert(ENTRY, StatusEntry)
    assert (entry.index, entry.form) == (94567, "BitstringStatusList")
    assert msgspec.to_builtins(entry) == ENTRY
    assert msgspec.convert({**ENTRY, "statusSize": 1, "type": "StatusList2021Entry"}, StatusEntry).form == "StatusList2021"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statusListIndex", 94567),
        ("statusListIndex", "-1"),
        ("statusListIndex", "01"),
        ("statusListIndex", "1.0"),
        ("statusListIndex", " 1"),
        ("statusListIndex", "1\n"),
        ("statusListIndex", "٣"),
        ("statusListIndex", ""),
        ("statusListIndex", "99999999999"),
        ("statusSize", 2),
        ("statusSize", "1"),
        ("statusPurpose", "message"),
        ("statusPurpose", "refresh"),
        ("statusPurpose", ["revocation"]),
        ("type", "RevocationList2020Status"),
        ("statusListCredential", "ftp://issuer.example/1"),
        ("statusListCredential", "file:///etc/passwd"),
        ("statusListCredential", "https://issuer.example/1 x"),
        ("statusListCredential", "https://x/" + "a" * 3000),
        ("statusListCredential", None),
    ],
)
def test_entries_that_are_not_read(name, value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**ENTRY, name: value}, StatusEntry)
