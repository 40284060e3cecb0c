"""The tests of European identifiers of persons: check digits, and dates where a number has one.

Each function sees the identifier without separators, in upper case, already in its form. No test asks what day it is: a number tells the
same today and in ten years.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from hanse.factory.prepare.steps.personal.money import luhn


def weighted(number: str, weights: Sequence[int]) -> int:
    """Return the sum of the digits, each times its weight."""
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def day(date: int, month: int, year: int) -> bool:
    """Tell whether there is such a day. A year below 100 is of a century that has a leap year for each four."""
    if not 1 <= month <= 12:
        return False
    leap = year % 4 == 0 and (year < 100 or year % 100 != 0 or year % 400 == 0)
    return 1 <= date <= (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _ymd(number: str) -> bool:
    return day(int(number[4:6]), int(number[2:4]), int(number[:2]))


def _dmy(number: str) -> bool:
    return day(int(number[:2]), int(number[2:4]), int(number[4:6]))


def mod_11_10(number: str) -> bool:
    """Tell whether the last digit holds (ISO 7064, MOD 11,10)."""
    product = 10
    for digit in number[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(number[-1])


def at_svnr(n: str) -> bool:
    """Austria, Sozialversicherungsnummer: the fourth digit is the check digit."""
    return n[0] != "0" and weighted(n, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == int(n[3])


def be_nrn(n: str) -> bool:
    """Belgium, numéro national / rijksregisternummer, and BIS numbers (month + 20 or + 40): 97 less the rest, with a 2 before from 2000."""
    return int(n[2:4]) <= 52 and any(97 - int(before + n[:9]) % 97 == int(n[9:]) for before in ("", "2"))


def bg_egn(n: str) -> bool:
    """Bulgaria, ЕГН (EGN): months + 20 before 1900, + 40 from 2000."""
    month = int(n[2:4])
    born = day(int(n[4:6]), month % 20, {0: 1900, 1: 1800, 2: 2000}.get(month // 20, 0) + int(n[:2])) if month < 60 else False
    return born and weighted(n[:9], (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == int(n[9])


def ch_ahv(n: str) -> bool:
    """Switzerland, AHV / AVS number: an EAN-13 that begins with 756."""
    return n.startswith("756") and weighted(n, (1, 3) * 7) % 10 == 0


def cy_tin(n: str) -> bool:
    """Cyprus, tax identification code."""
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
    total = sum(odd[int(c)] for c in n[:8:2]) + sum(int(c) for c in n[1:8:2])
    return not n.startswith("12") and chr(65 + total % 26) == n[8]


def cz_rc(n: str) -> bool:
    """Czechia and Slovakia, rodné číslo: women's months + 50, + 20 if a day's numbers ran out; nine digits until 1953, without a check."""
    month = int(n[2:4]) % 50
    month -= 20 if month > 20 else 0
    if not day(int(n[4:6]), month, int(n[:2])):
        return False
    return int(n[:2]) < 54 if len(n) == 9 else int(n[:9]) % 11 % 10 == int(n[9])


def de_idnr(n: str) -> bool:
    """Germany, Identifikationsnummer (§ 139b AO): of the first ten digits just one is there twice or three times."""
    repeated = [times for times in Counter(n[:10]).values() if times > 1]
    return n[0] != "0" and len(repeated) == 1 and repeated[0] in (2, 3) and mod_11_10(n)


def de_rvnr(n: str) -> bool:
    """Germany, Versicherungsnummer of the pension insurance: the letter counts as two digits, the sums are of the products' digits."""
    digits = n[:8] + f"{ord(n[8]) - 64:02}" + n[9:11]
    products = (int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    dated = day((int(n[2:4]) - 1) % 50 + 1, int(n[4:6]), 4)
    return dated and sum(product // 10 + product % 10 for product in products) % 10 == int(n[11])


def dk_cpr(n: str) -> bool:
    """Denmark, CPR number: a day; its check digit is not in use since 2007."""
    return _dmy(n)


def ee_isikukood(n: str) -> bool:
    """Estonia, isikukood: a day, and a check digit in two rounds of weights."""
    return n[0] in "12345678" and _ymd(n[1:]) and _two_rounds(n)


def lt_asmens_kodas(n: str) -> bool:
    """Lithuania, asmens kodas: as in Estonia; one that begins with 9 has no day."""
    return (n[0] == "9" or (n[0] in "123456" and _ymd(n[1:]))) and _two_rounds(n)


def _two_rounds(n: str) -> bool:
    check = weighted(n[:10], (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:
        check = weighted(n[:10], (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return check == int(n[10])


def es_dni(n: str) -> bool:
    """Spain, DNI: the letter is the rest by 23. NIE: X, Y, Z stand for 0, 1, 2."""
    number = n[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == n[-1]


def fi_hetu(n: str) -> bool:
    """Finland, henkilötunnus: the sign after the day tells the century."""
    return _dmy(n) and int(n[7:10]) >= 2 and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(n[:6] + n[7:10]) % 31] == n[10]


def fr_nir(n: str) -> bool:
    """France, numéro de sécurité sociale (NIR) with its key: 97 less the rest; 2A and 2B (Corsica) stand for 19 and 18."""
    month = int(n[3:5])
    number = n[:13].replace("2A", "19").replace("2B", "18")
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and number.isdigit() and 97 - int(number) % 97 == int(n[13:])


def fr_spi(n: str) -> bool:
    """France, numéro fiscal de référence: the last three digits are the rest by 511."""
    return n[0] in "0123" and int(n[:10]) % 511 == int(n[10:])


def gb_nhs(n: str) -> bool:
    """United Kingdom, NHS number."""
    return weighted(n, range(10, 0, -1)) % 11 == 0 and int(n) > 0


def gb_nino(n: str) -> bool:
    """United Kingdom, National Insurance number: it has no check digit, but prefixes that are not given out."""
    return n[:2] not in ("BG", "GB", "NK", "KN", "NT", "TN", "ZZ")


def gr_afm(n: str) -> bool:
    """Greece, ΑΦΜ (AFM)."""
    return weighted(n[:8], [1 << power for power in range(8, 0, -1)]) % 11 % 10 == int(n[8]) and int(n) > 0


def gr_amka(n: str) -> bool:
    """Greece, ΑΜΚΑ (AMKA): a day and a Luhn digit."""
    return _dmy(n) and luhn(n)


def hu_taj(n: str) -> bool:
    """Hungary, TAJ number (social security)."""
    return weighted(n[:8], (3, 7) * 4) % 10 == int(n[8]) and int(n) > 0


def hu_tax(n: str) -> bool:
    """Hungary, adóazonosító jel (tax)."""
    return n[0] == "8" and weighted(n[:9], range(1, 10)) % 11 == int(n[9])


def ie_pps(n: str) -> bool:
    """Ireland, PPS number, with one letter or two; W, T and X do not count."""
    second = ord(n[8]) - 64 if n[8:] and n[8] <= "I" else 0
    return "WABCDEFGHIJKLMNOPQRSTUV"[(weighted(n[:7], range(8, 1, -1)) + 9 * second) % 23] == n[7]


def is_kennitala(n: str) -> bool:
    """Iceland, kennitala of a person."""
    return _dmy(n) and n[9] in "90" and weighted(n, (3, 2, 7, 6, 5, 4, 3, 2, 1, 0)) % 11 == 0


_CF_ODD: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2 + (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)
_CF_PLAIN: Final = str.maketrans("LMNPQRSTUV", "0123456789")


def it_cf(n: str) -> bool:
    """Italy, codice fiscale: letters may stand for digits where two persons' codes would be the same (omocodia)."""
    date = int(n[9:11].translate(_CF_PLAIN))
    total = sum(_CF_ODD[c] for c in n[:15:2]) + sum(int(c) if c.isdigit() else ord(c) - 65 for c in n[1:15:2])
    return (1 <= date <= 31 or 41 <= date <= 71) and chr(65 + total % 26) == n[15]


_VERHOEFF_TIMES: Final = tuple(
    tuple(((a + b) % 5 if b < 5 else (a + b) % 5 + 5) if a < 5 else ((a - b) % 5 + 5 if b < 5 else (a - b) % 5) for b in range(10))
    for a in range(10)
)
_VERHOEFF_MOVE: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def verhoeff(number: str) -> bool:
    """Tell whether the last digit holds by Verhoeff's scheme (the group of a pentagon's symmetries)."""
    check = 0
    for place, digit in enumerate(reversed(number)):
        moved = int(digit)
        for _ in range(place % 8):
            moved = _VERHOEFF_MOVE[moved]
        check = _VERHOEFF_TIMES[check][moved]
    return check == 0


def lu_matricule(n: str) -> bool:
    """Luxembourg, matricule: a day, a Luhn digit and a Verhoeff digit, both over the first eleven digits."""
    return day(int(n[6:8]), int(n[4:6]), int(n[:4])) and luhn(n[:12]) and verhoeff(n[:11] + n[12])


def lv_personas_kods(n: str) -> bool:
    """Latvia, personas kods: a day, or 32 and no day (from 2017)."""
    dated = n.startswith("32") or (n[6] in "012" and _dmy(n))
    return dated and (1 + weighted(n[:10], (10, 5, 8, 4, 2, 1, 6, 3, 7, 9))) % 11 % 10 == int(n[10])


def nl_bsn(n: str) -> bool:
    """Netherlands, burgerservicenummer: the eleven test."""
    return weighted(n.zfill(9), (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0 and int(n) > 0


def no_fnr(n: str) -> bool:
    """Norway, fødselsnummer, also D numbers (day + 40) and H numbers (month + 40)."""
    first, second = weighted(n, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11, weighted(n, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return first == 0 and second == 0 and day(int(n[:2]) % 40, int(n[2:4]) % 40, int(n[4:6]))


def pl_pesel(n: str) -> bool:
    """Poland, PESEL: months + 20 from 2000, + 80 before 1900."""
    return weighted(n, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0 and day(int(n[4:6]), int(n[2:4]) % 20, int(n[:2]))


def pt_nif(n: str) -> bool:
    """Portugal, NIF."""
    return n[0] != "0" and -weighted(n[:8], range(9, 1, -1)) % 11 % 10 == int(n[8])


def pt_cc(n: str) -> bool:
    """Portugal, cartão de cidadão: Luhn over twelve characters, letters from A = 10."""
    values = (int(c, 36) * (1 + i % 2) for i, c in enumerate(reversed(n)))
    return sum(value - 9 if value > 9 and i % 2 else value for i, value in enumerate(values)) % 10 == 0


def ro_cnp(n: str) -> bool:
    """Romania, cod numeric personal."""
    check = weighted(n[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return n[0] != "0" and _ymd(n[1:]) and (1 if check == 10 else check) == int(n[12])


def se_pnr(n: str) -> bool:
    """Sweden, personnummer (and samordningsnummer, day + 60) with two or four digits of the year."""
    short = n[-10:]
    return day(int(short[4:6]) % 60, int(short[2:4]), int(short[:2])) and luhn(short) and (len(n) == 10 or n[:2] in ("18", "19", "20"))


def si_emso(n: str) -> bool:
    """Slovenia, EMŠO; also the JMBG of its neighbours."""
    year = int(n[4:7]) + (2000 if n[4] == "0" else 1000)
    return day(int(n[:2]), int(n[2:4]), year) and -weighted(n[:12], (7, 6, 5, 4, 3, 2) * 2) % 11 % 10 == int(n[12])


def si_tax(n: str) -> bool:
    """Slovenia, davčna številka."""
    check = 11 - weighted(n[:7], range(8, 1, -1)) % 11
    return n[0] != "0" and check != 11 and check % 10 == int(n[7])
