"""Bank accounts (IBAN), payment cards and wallets: each has a checksum."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

import numpy as np

from hanse.factory.prepare.steps.personal.findings import Found
from hanse.factory.prepare.steps.personal.patterns import compiled
from hanse.factory.prepare.steps.personal.text import HEX, LETTER, LONGEST_RUN, WORD, Chunk, dumped, is_digit, sorted_pairs

_LENGTHS: Final = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FO GL NL FK SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK MN",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ TL SO OM",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
"""Characters of an IBAN by country (ISO 13616 registry)."""
_COUNTRIES: Final = np.zeros(65536, np.bool_)
for _code in _LENGTHS:
    _COUNTRIES[ord(_code[0]) * 256 + ord(_code[1])] = True


class Accounts:
    """IBANs in capitals, in one piece or in groups."""

    kinds = ("iban",)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look where two digits follow a country's code."""
        begins, ends, _ = chunk.runs
        at = begins[ends - begins >= 2]
        at = at[LETTER[chunk.at(at, -1)] & ~WORD[chunk.at(at, -3)]]
        at = at[_COUNTRIES[chunk.at(at, -2).astype(np.int64) * 256 + chunk.at(at, -1)]] - 2
        for low in at.tolist():
            length = _iban(chunk.data[low : low + 80])
            if length:
                yield Found(low, low + length, "iban")


def _iban(text: bytes) -> int:
    """Return how many bytes from the first are an IBAN, or 0. Single spaces (also no-break ones), hyphens or dots may part it."""
    wanted = _LENGTHS[text[:2].decode()]
    kept = bytearray()
    place, apart = 0, True
    while place < len(text) and len(kept) < wanted:
        if WORD[text[place]] and text[place] != ord("_"):
            kept.append(text[place])
            apart = False
        elif apart:
            return 0
        elif text[place : place + 2] == b"\xc2\xa0":
            place, apart = place + 1, True
        elif text[place] in b" -.":
            apart = True
        else:
            return 0
        place += 1
    whole = len(kept) == wanted and not (place < len(text) and WORD[text[place]])
    return place if whole and mod_97(kept.decode()) else 0


def mod_97(number: str) -> bool:
    """Tell whether an IBAN's check digits hold (ISO 7064, MOD 97-10)."""
    moved = (number[4:] + number[:4]).upper()
    return number[2:4] not in ("00", "01", "99") and int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


_SPACE: Final = r"(?: |-|\x{00A0}|\x{202F})"
_CARD: Final = rf"\d{{13,19}}|\d{{4}}(?:{_SPACE}\d{{4}}){{3}}(?:{_SPACE}\d{{1,3}})?|\d{{4}}{_SPACE}\d{{6}}{_SPACE}\d{{4,5}}"
_ISSUERS: Final = (
    # first digits from, to, lengths in use
    ("4", "4", (13, 16)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14, 16)),
    ("36", "36", (14, 16)),
    ("38", "39", (14, 16)),
    ("6011", "6011", (16,)),
    ("644", "659", (16,)),
    ("3528", "3589", (16,)),
    ("62", "62", (16, 17, 18, 19)),
    ("50", "50", (16,)),
    ("56", "58", (16,)),
    ("6304", "6304", (16,)),
    ("6759", "6763", (16,)),
    ("2200", "2204", (16,)),
)
"""Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay, Maestro, Mir."""


class Cards:
    """Numbers of payment cards, in one piece or in the groups that are printed on them."""

    kinds = ("card",)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look where thirteen digits or more belong together."""
        begins, ends, _ = chunk.runs
        long = np.flatnonzero((ends - begins >= 13) & (ends - begins <= LONGEST_RUN))
        long = long[chunk.at(begins[long], -1) != ord(".")]
        clusters = chunk.clusters
        many = clusters.where((clusters.digits >= 14) & (clusters.runs >= 3))
        for low, high in chunk.windows(*sorted_pairs((begins[long], ends[long]), (many.begins, many.ends)), 0, 0):
            yield from _cards(chunk, low, high)


def _cards(chunk: Chunk, low: int, high: int) -> Iterator[Found]:
    while match := compiled(_CARD).search(chunk.data, low, high):
        begin, end = match.span()
        number = "".join(c for c in chunk.data[begin:end].decode() if c.isdigit())
        if _untouched(chunk, begin, end) and issued(number) and luhn(number):
            yield Found(begin, end, "card")
            low = end
        else:
            low = int(chunk.runs.ends[np.searchsorted(chunk.runs.ends, begin, side="right")])


def _untouched(chunk: Chunk, begin: int, end: int) -> bool:
    """Tell whether it is no part of a decimal number or of a longer word."""
    if not chunk.alone(begin, end):
        return False
    before = chunk.data[begin - 1] in b"." and is_digit(chunk.data[begin - 2])
    return not before and not dumped(chunk, begin) and not (chunk.data[end] in b"." and is_digit(chunk.data[end + 1]))


def issued(number: str) -> bool:
    """Tell whether an issuer of payment cards gives out numbers that begin so and are so long (ISO/IEC 7812)."""
    return any(first <= number[: len(first)] <= last and len(number) in lengths for first, last, lengths in _ISSUERS)


def luhn(number: str) -> bool:
    """Tell whether the last digit is the one that the others ask for (ISO/IEC 7812-1, annex B)."""
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(number)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_WALLET: Final = r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,87}|BC1[02-9AC-HJ-NP-Z]{11,87}|0x[0-9a-fA-F]{40}"


class Wallets:
    """Addresses of Bitcoin (with checksum) and Ethereum (by their form alone)."""

    kinds = ("wallet",)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look where a digit begins something long."""
        at = chunk.runs.begins
        for offset in (*range(13, 0, -3), *range(14, 24, 2)):
            at = at[WORD[chunk.at(at, offset)]]
        first, second = chunk.at(at, 0), chunk.at(at, 1)
        old = ~WORD[chunk.at(at, -1)] & ((first == ord("1")) | (first == ord("3")))
        ether = ~WORD[chunk.at(at, -1)] & (first == ord("0")) & (second == ord("x")) & HEX[chunk.at(at, 41)]
        new = (first == ord("1")) & ((chunk.at(at, -2) | 32) == ord("b")) & ((chunk.at(at, -1) | 32) == ord("c")) & ~WORD[chunk.at(at, -3)]
        starts = np.sort(np.concatenate((at[old | ether], at[new] - 2)))
        for low in starts.tolist():
            match = compiled(_WALLET).match(chunk.data, low, low + 100)
            if match and chunk.alone(*match.span()) and _wallet(chunk.data[low : match.end()].decode()):
                yield Found(low, match.end(), "wallet")


def _wallet(text: str) -> bool:
    if text[0] == "0":
        return len(set(text[2:].lower())) > 4
    return bech32(text.lower()) if text[:2].lower() == "bc" else base58check(text)


def base58check(text: str) -> bool:
    """Tell whether the last four of 25 bytes are those of the double SHA-256 of the others."""
    number = 0
    for c in text:
        number = number * 58 + _BASE58.index(c)
    raw = number.to_bytes(27, "big")
    return raw[:2] == b"\0\0" and sha256(sha256(raw[2:23]).digest()).digest()[:4] == raw[23:]


def bech32(text: str) -> bool:
    """Tell whether the checksum holds (BIP 173, BIP 350), for addresses that begin with `bc1`."""
    values = [3, 3, 0, 2, 3, *(_BECH32.index(c) for c in text[3:])]
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= factor if top >> bit & 1 else 0
    return checksum in (1, 0x2BC830A3)
