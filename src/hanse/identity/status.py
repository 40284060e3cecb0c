"""Status lists: one bit per credential that says whether it is revoked or suspended, read by everybody at once.

Bitstring Status List v1.0 and StatusList2021 differ in names and in one letter: `encodedList` is base64url of a gzip
of the bits, and the newer form has the multibase letter `u` in front. Bit 0 is the left-most bit of byte 0. The
credentials that carry a list are made and checked in `credentials.lists`.
"""

from __future__ import annotations

import re
import zlib
from typing import Annotated, Final, Literal

from joserfc.util import urlsafe_b64decode, urlsafe_b64encode
from msgspec import Meta, Struct

from hanse.kernel.errors import Invalid

Purpose = Literal["revocation", "suspension"]
"""Why a bit is set: for good, or for a while. Either way the credential does not count."""
Form = Literal["BitstringStatusList", "StatusList2021"]
"""The two standards, by the type of their list's subject."""

MIN_ENTRIES: Final = 131_072
"""Bits of a list, at least, so that many credentials share one and a look-up tells little (Bitstring Status List, 6.1)."""
MAX_ENTRIES: Final = 8 * 1024 * 1024
"""Bits of a list, at most: 1 MiB."""
MAX_ENCODED: Final = 1_600_000
"""Characters of an encoded list: what `MAX_ENTRIES` need where they cannot be compressed."""

_GZIP: Final = 31  # zlib's way to say: gzip, largest window
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")

_Url = Annotated[str, Meta(pattern=r"^https?://[^\s#]+\Z", max_length=2048)]


class StatusEntry(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Where a credential's status is to be read (`credentialStatus`). The index is a text of digits, as the standards have it.

    Of lists with more than one bit per entry (`statusSize`) we read none.
    """

    type: Literal["BitstringStatusListEntry", "StatusList2021Entry"]
    status_purpose: Purpose
    status_list_index: Annotated[str, Meta(max_length=10)]
    status_list_credential: _Url
    id: str | None = None
    status_size: Literal[1] = 1

    def __post_init__(self) -> None:
        if not _INDEX.fullmatch(self.status_list_index):
            raise ValueError("statusListIndex is not a whole number as a text")

    @property
    def index(self) -> int:
        """The number of the credential's bit."""
        return int(self.status_list_index)

    @property
    def form(self) -> Form:
        """The standard that the entry follows."""
        return "BitstringStatusList" if self.type == "BitstringStatusListEntry" else "StatusList2021"


class Bits(Struct, frozen=True):
    """The bits of a list, eight in a byte. Immutable: `with_bit` returns another one."""

    data: bytes

    @classmethod
    def zeros(cls, entries: int = MIN_ENTRIES) -> Bits:
        """Return a new list in which nothing is set. Raises `Invalid` for less than 131,072, too many, or no multiple of 8."""
        if not MIN_ENTRIES <= entries <= MAX_ENTRIES or entries % 8:
            raise Invalid(f"A status list has {MIN_ENTRIES} to {MAX_ENTRIES} entries, a multiple of 8.", where="entries")
        return cls(bytes(entries // 8))

    def __len__(self) -> int:
        return len(self.data) * 8

    def __getitem__(self, index: int) -> bool:
        """Tell whether the bit is set. Raises `Invalid` outside the list: no status is no good status."""
        byte, mask = self._place(index)
        return bool(self.data[byte] & mask)

    def with_bit(self, index: int, *, on: bool) -> Bits:
        """Return the list with that bit set or cleared. Raises `Invalid` outside the list."""
        byte, mask = self._place(index)
        old = self.data[byte]
        new = old | mask if on else old & ~mask
        return Bits(self.data[:byte] + bytes((new,)) + self.data[byte + 1 :])

    def _place(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise Invalid(f"The status list has no entry {index}; it has {len(self)}.", where="statusListIndex", rule="status-index")
        return index >> 3, 0x80 >> (index & 7)


def encode_bits(bits: Bits, form: Form = "BitstringStatusList") -> str:
    """Return the list as `encodedList`. The same bits give the same text: the gzip header holds no time."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    text = urlsafe_b64encode(packer.compress(bits.data) + packer.flush()).decode("ascii")
    return "u" + text if form == "BitstringStatusList" else text


def decode_bits(text: str, *, minimum: int = MIN_ENTRIES) -> Bits:
    """Read an `encodedList` of either form, with or without `u` and padding. Raises `Invalid`.

    At most `MAX_ENTRIES` bits are ever inflated, however much there would be. `minimum` is for the kits of others,
    whose lists are smaller than the standard allows.
    """
    if len(text) > MAX_ENCODED:
        raise _refusal(f"is longer than {MAX_ENCODED} characters")
    # Base64 of gzip begins with `H4sI`, so a `u` in front can only be the multibase letter. `+/` is base64 without url.
    plain = text.removeprefix("u").rstrip("=").replace("+", "-").replace("/", "_")
    try:
        data = _inflate(urlsafe_b64decode(plain.encode("ascii")))
    except (ValueError, zlib.error) as fault:
        raise _refusal("is not base64url of gzip") from fault
    if len(data) * 8 < minimum:
        raise _refusal(f"has fewer than {minimum} entries")
    return Bits(data)


def _inflate(packed: bytes) -> bytes:
    limit = MAX_ENTRIES // 8
    unpacker = zlib.decompressobj(_GZIP)
    data = unpacker.decompress(packed, limit + 1)
    if len(data) > limit:
        raise _refusal(f"has more than {MAX_ENTRIES} entries")
    if not unpacker.eof or unpacker.unused_data:
        raise _refusal("is a gzip that breaks off, or has something after its end")
    return data


def _refusal(problem: str) -> Invalid:
    return Invalid(f"The status list {problem}.", where="encodedList", rule="status-list")
