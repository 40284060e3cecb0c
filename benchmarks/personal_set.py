"""A labelled set for personal data: real paragraphs with planted identifiers, in many notations and languages, seeded.

Check digits come from python-stdnum and phonenumbers, not from what is measured. Bank accounts, cards and addresses are made up.
"""

from __future__ import annotations

import pydoc_data.topics
import random
import re
import string
from collections.abc import Callable, Sequence
from importlib import import_module
from ipaddress import IPv6Address
from typing import Any

import phonenumbers
from msgspec import Struct

Make = Callable[[random.Random], str]


_UPPER = string.ascii_uppercase
_EUROPE = re.findall("..", "ATBEBGCHCZDEDKEEESFIFRGBGRHRHUIEISITLILTLULVMTNLNOPLPTROSESISK")


class Planted(Struct, frozen=True):
    """One text, and what was planted in it: first and last character, kind, and whether a word announces it."""

    text: str
    begin: int
    end: int
    kind: str
    announced: bool


def _digits(rng: random.Random, number: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(number))


def _day(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(1950, 1999), rng.randint(1, 12), rng.randint(1, 28)


def _ymd(rng: random.Random) -> str:
    year, month, day = _day(rng)
    return f"{year % 100:02}{month:02}{day:02}"


def _dmy(rng: random.Random) -> str:
    year, month, day = _day(rng)
    return f"{day:02}{month:02}{year % 100:02}"


def valid(module: str, template: Make) -> Make:
    """Return what makes numbers that python-stdnum accepts, by trying."""
    check: Any = import_module(f"stdnum.{module}")

    def make(rng: random.Random) -> str:
        for _ in range(100_000):
            number = template(rng)
            if check.is_valid(number):
                return number
        raise AssertionError(module)

    return make


def grouped(make: Make, *forms: str) -> Make:
    """Return what writes numbers in one of the forms: lengths of groups and what parts them, `3 3 3`, `6-4`; empty is in one piece."""

    def write(rng: random.Random) -> str:
        number = make(rng)
        written = ""
        for part in re.split(r"(\d+)", rng.choice(forms)):
            length = int(part) if part.isdigit() else 0
            written, number = written + (number[:length] if length else part), number[length:]
        return written + number

    return write


def _email(rng: random.Random) -> str:
    first = rng.choice(("anna", "josé", "o'neill", "jürgen", "k.w", "maria-luisa", "b2"))
    last = rng.choice(("berg", "smith", "rossi_1", "nowak"))
    local = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}+news", f"{first}_{last}{rng.randint(1, 99)}", last.upper()))
    domain = rng.choice(
        ("example.org", "mail.example.co.uk", "uni-köln.de", "xn--80ak6aa92e.com", "EXAMPLE.NET", "a.b.c.example.museum", "firma.gmbh")
    )
    return f"{local}@{domain}"


def _url(rng: random.Random) -> str:
    scheme = rng.choice(("https", "ftp", "postgresql", "mongodb+srv", "ssh"))
    return f"{scheme}://user{rng.randint(1, 99)}:{_digits(rng, 3)}pw!x@db{rng.randint(1, 9)}.example.com/{_digits(rng, 2)}"


def _iban(rng: random.Random) -> str:
    from stdnum import iban, numdb

    country = rng.choice((*_EUROPE, "CY", "MC", "SM"))
    structure = numdb.get("iban").info(country)[0][1]["bban"]
    body = "".join(
        _digits(rng, int(length)) if kind == "n" else "".join(rng.choice(_UPPER) for _ in range(int(length)))
        for length, kind in re.findall(r"(\d+)!([nac])", structure)
    )
    number = country + iban.calc_check_digits(f"{country}00{body}") + body
    form = rng.choice(("plain", "spaced", "spaced", "hyphens"))
    groups = [number[at : at + 4] for at in range(0, len(number), 4)]
    return {"plain": number, "spaced": " ".join(groups), "hyphens": "-".join(groups)}[form]


def _card(rng: random.Random) -> str:
    from stdnum import luhn

    prefix = rng.choice(("4", "51", "55", "2221", "34", "37", "6011", "36", "3530", "50"))
    length = {"34": 15, "37": 15, "36": 14}.get(prefix, 16)
    body = prefix + _digits(rng, length - len(prefix) - 1)
    number = body + luhn.calc_check_digit(body)
    lengths = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[length]
    separator = rng.choice(("", " ", "-"))
    parts, at = [], 0
    for part in lengths:
        parts.append(number[at : at + part])
        at += part
    return separator.join(parts)


def _ipv4(rng: random.Random) -> str:
    return ".".join(str(rng.randint(low, high)) for low, high in ((11, 126), (0, 255), (0, 255), (1, 254)))


def _ipv6(rng: random.Random) -> str:
    address = IPv6Address((0x2A00 + rng.randint(0, 255)) << 112 | rng.getrandbits(rng.choice((16, 64, 111))))
    return rng.choice((address.compressed, address.exploded, address.compressed.upper()))


def _mac(rng: random.Random) -> str:
    raw = f"{rng.getrandbits(48):012x}"
    pairs = [raw[at : at + 2] for at in range(0, 12, 2)]
    return rng.choice((":".join(pairs), "-".join(pairs).upper(), ":".join(pairs).upper(), ".".join((raw[:4], raw[4:8], raw[8:]))))


def _bitcoin(rng: random.Random) -> str:
    from hashlib import sha256

    raw = rng.choice((b"\0", b"\5")) + rng.randbytes(20)
    raw += sha256(sha256(raw).digest()).digest()[:4]
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def _number(rng: random.Random, countries: Sequence[str]) -> phonenumbers.PhoneNumber:
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    while True:
        example = phonenumbers.example_number_for_type(rng.choice(countries), rng.choice(kinds))
        national = str(example.national_number)
        changed = phonenumbers.PhoneNumber(
            country_code=example.country_code,
            national_number=int(national[:-5] + _digits(rng, 5)),
            italian_leading_zero=example.italian_leading_zero,
        )
        if phonenumbers.is_valid_number(changed):
            return changed


def _e164(rng: random.Random) -> str:
    number = _number(rng, (*_EUROPE, "US"))
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return rng.choice((text, text, text.replace(" ", ""), text.replace(" ", "-"), text.replace(" ", ".")))


def _national(countries: Sequence[str]) -> Make:
    return lambda rng: phonenumbers.format_number(_number(rng, countries), phonenumbers.PhoneNumberFormat.NATIONAL)


def _date(rng: random.Random) -> str:
    year, month, day = _day(rng)
    numbers = (f"{day:02}.{month:02}.{year}", f"{day}/{month}/{year}", f"{year}-{month:02}-{day:02}")
    return rng.choice((*numbers, f"{day} March {year}", f"{day}. Mai {year}"))


def _cf(rng: random.Random) -> str:
    year, _, day = _day(rng)
    names = "".join(rng.choice("BCDFGLMNPRSTV") for _ in range(6))
    return f"{names}{year % 100:02}{rng.choice('ABCDEHLMPRST')}{day:02}{rng.choice('ABCDEFGHI')}{_digits(rng, 3)}{rng.choice(_UPPER)}"


def _svnr(rng: random.Random) -> str:
    return f"{rng.randint(1, 9)}{_digits(rng, 3)}{_dmy(rng)}"


def _hetu(rng: random.Random) -> str:
    return f"{_dmy(rng)}-{_digits(rng, 3)}{rng.choice('0123456789ABCDEFHJKLMNPRSTUVWXY')}"


def _nino(rng: random.Random) -> str:
    number = _digits(rng, 6)
    pairs = rng.choice((number, f" {number[:2]} {number[2:4]} {number[4:]} "))
    return f"{rng.choice('AJKMP')}{rng.choice('ABCEHS')}{pairs}{rng.choice('ABCD')}"


def _nir(rng: random.Random) -> str:
    return f"{rng.choice('12')}{_ymd(rng)[:4]}{rng.randint(10, 89)}{_digits(rng, 8)}"


def _emso(rng: random.Random) -> str:
    year, month, day = _day(rng)
    return f"{day:02}{month:02}{year % 1000:03}50{_digits(rng, 4)}"


def _century(rng: random.Random) -> str:
    return f"{rng.choice('34')}{_ymd(rng)}{_digits(rng, 4)}"


_OFTEN = ("DE", "GB", "FR", "IT", "ES", "NL", "PL", "SE", "US", "AT", "CH", "PT")
# kind, words that announce it, what makes one
ANNOUNCED: tuple[tuple[str, tuple[str, ...], Make], ...] = (
    ("phone", ("Tel.", "Telefon:", "phone:", "Mobile", "Tél. :", "teléfono", "Handy:", "tel:", "Fax"), _national(_OFTEN)),
    ("birth-date", ("born on", "geboren am", "date of birth:", "né le", "fecha de nacimiento:", "DOB", "nato il", "geb."), _date),
    ("at-svnr", ("SVNR", "Sozialversicherungsnummer:"), grouped(valid("at.vnr", _svnr), "", "4 6")),
    ("be-nrn", ("rijksregisternummer", "numéro national:"), grouped(valid("be.nn", lambda r: _ymd(r) + _digits(r, 5)), "", "2.2.2-3.2")),
    ("bg-egn", ("ЕГН:", "EGN"), valid("bg.egn", lambda r: _ymd(r) + _digits(r, 4))),
    ("ch-ahv", ("AHV-Nr.", "AVS"), grouped(valid("ch.ssn", lambda r: "756" + _digits(r, 10)), "", "3.4.4.2")),
    ("cz-sk-rc", ("rodné číslo", "r. č."), grouped(valid("cz.rc", lambda r: _ymd(r) + _digits(r, 4)), "", "6/4")),
    ("de-idnr", ("Steuer-ID:", "IdNr.", "Steueridentifikationsnummer"), grouped(valid("de.idnr", lambda r: _digits(r, 11)), "", "2 3 3 3")),
    ("dk-cpr", ("CPR-nr.", "personnummer"), grouped(valid("dk.cpr", lambda r: _dmy(r) + r.choice("0123") + _digits(r, 3)), "", "6-4")),
    ("ee-isikukood", ("isikukood",), valid("ee.ik", _century)),
    ("es-dni", ("DNI", "NIF:", "D.N.I."), grouped(valid("es.dni", lambda r: _digits(r, 8) + r.choice(_UPPER)), "", "8-1")),
    ("es-nie", ("NIE", "N.I.E.:"), valid("es.nie", lambda r: r.choice("XYZ") + _digits(r, 7) + r.choice(_UPPER))),
    ("fi-hetu", ("henkilötunnus", "HETU:"), valid("fi.hetu", _hetu)),
    ("fr-nir", ("NIR :", "numéro de sécurité sociale"), grouped(valid("fr.nir", _nir), "", "1 2 2 2 3 3 2")),
    ("fr-spi", ("numéro fiscal",), valid("fr.nif", lambda r: r.choice("0123") + _digits(r, 12))),
    ("gb-nhs", ("NHS number", "NHS no"), grouped(valid("gb.nhs", lambda r: _digits(r, 10)), "", "3 3 4", "3-3-4")),
    ("gb-nino", ("National Insurance number", "NINO:"), _nino),
    ("gr-afm", ("ΑΦΜ:", "AFM"), valid("gr.vat", lambda r: _digits(r, 9))),
    ("gr-amka", ("ΑΜΚΑ", "AMKA:"), valid("gr.amka", lambda r: _dmy(r) + _digits(r, 5))),
    ("hr-oib", ("OIB:",), valid("hr.oib", lambda r: _digits(r, 11))),
    ("ie-pps", ("PPS No", "PPSN:"), valid("ie.pps", lambda r: _digits(r, 7) + r.choice("ABCDEFGHIJKLMNOPQRSTUVW") + r.choice(("", "A")))),
    ("is-kennitala", ("kennitala", "kt."), grouped(valid("is_.kennitala", lambda r: f"{_dmy(r)}{_digits(r, 3)}9"), "", "6-4")),
    ("it-cf", ("codice fiscale", "C.F."), valid("it.codicefiscale", _cf)),
    ("lt-asmens-kodas", ("asmens kodas",), valid("lt.asmens", _century)),
    ("lv-personas-kods", ("personas kods",), grouped(valid("lv.pvn", lambda r: f"{_dmy(r)}1{_digits(r, 4)}"), "", "6-5")),
    ("nl-bsn", ("BSN", "burgerservicenummer:", "BSN-nummer"), grouped(valid("nl.bsn", lambda r: _digits(r, 9)), "", "4.2.3", "3 3 3")),
    ("no-fnr", ("fødselsnummer", "fnr:"), grouped(valid("no.fodselsnummer", lambda r: _dmy(r) + _digits(r, 5)), "", "6 5")),
    ("pl-pesel", ("PESEL:", "PESEL"), valid("pl.pesel", lambda r: _ymd(r) + _digits(r, 5))),
    ("pt-nif", ("NIF", "contribuinte"), grouped(valid("pt.nif", lambda r: r.choice("12") + _digits(r, 8)), "", "3 3 3")),
    ("ro-cnp", ("CNP", "CNP:"), valid("ro.cnp", lambda r: f"{r.choice('12')}{_ymd(r)}{r.randint(1, 46):02}{_digits(r, 4)}")),
    ("se-pnr", ("personnummer", "pnr"), grouped(valid("se.personnummer", lambda r: _ymd(r) + _digits(r, 4)), "", "6-4")),
    ("si-emso", ("EMŠO:",), valid("si.emso", _emso)),
    ("cz-sk-rc", ("rodné číslo:",), grouped(valid("sk.rc", lambda r: _ymd(r) + _digits(r, 4)), "", "6/4")),
)  # fmt: skip
BARE: tuple[tuple[str, Make], ...] = (
    ("email", _email),
    ("url", _url),
    ("phone", _e164),
    ("iban", _iban),
    ("card", _card),
    ("ipv4", _ipv4),
    ("ipv6", _ipv6),
    ("mac", _mac),
    ("wallet", _bitcoin),
    ("phone-grouped", _national(("US", "GB", "DE", "FR"))),
    *((kind, make) for kind, _, make in ANNOUNCED if kind in ("es-nie", "fi-hetu", "it-cf", "gb-nino")),
)


def carriers() -> list[str]:
    """Return real paragraphs: the language reference that comes with Python, without anything that has an `@`."""
    text = "\n".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))
    paragraphs = (re.sub(r"\s+", " ", part) for part in re.split(r"\n\s*\n", text))
    return [part for part in paragraphs if 120 <= len(part) <= 900 and "@" not in part and "://" not in part]


def planted(each: int, seed: int = 6) -> list[Planted]:
    """Return texts with one identifier each, `each` of every kind and both ways."""
    rng = random.Random(seed)
    sources = carriers()
    made = []
    for kind, words, make in (*ANNOUNCED, *((kind, ("",), make) for kind, make in BARE)):
        for _ in range(each):
            text = rng.choice(sources)
            at = rng.choice([match.end() for match in re.finditer(r" ", text)])
            before, value, after = rng.choice(words), make(rng), rng.choice((" ", ", ", ". ", "; ", ") "))
            lead = f"{text[:at]}{'(' if after == ') ' else ''}{before}{' ' if before else ''}"
            whole = lead + value + after + text[at:]
            made.append(Planted(whole, len(lead), len(lead) + len(value), kind.removesuffix("-grouped"), bool(before)))
    return made
