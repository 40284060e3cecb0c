"""Every checksum: numbers computed by hand (or printed as examples by those who give them out), and python-stdnum as a second opinion."""

from __future__ import annotations

import random
from collections.abc import Callable
from importlib import import_module

import pytest

from hanse.factory.prepare.steps.personal import checks
from hanse.factory.prepare.steps.personal.money import base58check, bech32, issued, luhn, mod_97

# What holds, and the same with one sign changed. The comments are the computations.
BY_HAND = {
    "at_svnr": ("1237010180", "1238010180"),  # 3 + 14 + 27 + 0 + 0 + 8 + 0 + 2 + 8 + 0 = 62 = 5 * 11 + 7
    "be_nrn": ("85073003328", "85073003329"),  # 97 - 850730033 mod 97 (69) = 28
    "bg_egn": ("7523169263", "7523169264"),  # 14 + 20 + 16 + 15 + 10 + 54 + 63 + 6 + 36 = 234 = 21 * 11 + 3
    "ch_ahv": ("7569217076985", "7569217076984"),
    "cy_tin": ("10259033P", "10259033Z"),
    "cz_rc": ("7103192745", "7103192746"),  # 710319274 mod 11 = 5
    "de_idnr": ("36574261809", "36574261808"),
    "de_rvnr": ("15070649C103", "15070649C104"),
    "dk_cpr": ("2110625629", "3210625629"),
    "ee_isikukood": ("36805280109", "36805280108"),
    "es_dni": ("12345678Z", "12345678A"),  # 12345678 mod 23 = 14 -> Z
    "fi_hetu": ("131052-308T", "131052-308U"),  # 131052308 mod 31 = 25 -> T
    "fr_nir": ("295109912611193", "295109912611194"),  # 97 - 2951099126111 mod 97 (4) = 93
    "fr_spi": ("3023217600053", "3023217600054"),  # 3023217600 mod 511 = 53
    "gb_nhs": ("9434765870", "9434765871"),
    "gb_nino": ("AB123456C", "BG123456C"),
    "gr_afm": ("094259216", "094259217"),
    "gr_amka": ("01013099997", "01013099999"),
    "mod_11_10": ("33392005961", "33392005962"),
    "hu_taj": ("111111110", "111111111"),  # 3 + 7 + 3 + 7 + 3 + 7 + 3 + 7 = 40
    "hu_tax": ("8422780135", "8422780136"),  # 8 + 8 + 6 + 8 + 35 + 48 + 0 + 8 + 27 = 148 = 13 * 11 + 5
    "ie_pps": ("6433435F", "6433435G"),  # 48 + 28 + 18 + 15 + 16 + 9 + 10 = 144 = 6 * 23 + 6 -> F
    "is_kennitala": ("1201743399", "1201743389"),
    "it_cf": ("RCCMNL83S18D969H", "RCCMNL83S18D969I"),
    "lt_asmens_kodas": ("33309240064", "33309240164"),
    "lu_matricule": ("1893120105732", "1893120105733"),
    "lv_personas_kods": ("16117519997", "16117519998"),
    "nl_bsn": ("111222333", "111252333"),  # 9 + 8 + 7 + 12 + 10 + 8 + 9 + 6 - 3 = 66 = 6 * 11
    "no_fnr": ("15108695088", "15108695077"),
    "pl_pesel": ("44051401359", "44051401358"),
    "pt_cc": ("000000000ZZ4", "000000000ZZ3"),
    "pt_nif": ("501964843", "501964842"),
    "ro_cnp": ("1630615123457", "1630615123458"),
    "se_pnr": ("8803200016", "8803200018"),
    "si_emso": ("0101006500006", "0101006500007"),
    "si_tax": ("50223054", "50223055"),
}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_check(name: str) -> None:
    check: Callable[[str], bool] = getattr(checks, name)
    good, bad = BY_HAND[name]
    assert check(good)
    assert not check(bad)


def test_every_check_is_tested() -> None:
    helpers = {"weighted", "day", "verhoeff", "luhn"}
    there = {name for name, one in vars(checks).items() if callable(one) and getattr(one, "__module__", "") == checks.__name__}
    assert {name for name in there if not name.startswith("_")} - helpers == set(BY_HAND)


@pytest.mark.parametrize(
    ("check", "good"),
    [
        (checks.be_nrn, "17073003384"),  # born 2017: a 2 before the nine digits
        (checks.cz_rc, "530312123"),  # nine digits, without a check, until 1953
        (checks.es_dni, "X2482300W"),
        (checks.fr_nir, "253072B07300470"),  # Corsica
        (checks.ie_pps, "6433435FT"),
        (checks.lv_personas_kods, "32867300679"),  # without a day
        (checks.it_cf, "RCCMNL83S18D9SVI"),  # omocodia: letters for digits
        (checks.se_pnr, "198112289841"),
    ],
)
def test_other_forms(check: Callable[[str], bool], good: str) -> None:
    assert check(good)


def test_old_czech_number_is_old() -> None:
    assert not checks.cz_rc("991123123")


# Those of python-stdnum that depend on no day, and how many signs of check there are at the end.
OPINIONS = {
    "at_svnr": ("at.vnr", "9999999999", 1),
    "ch_ahv": ("ch.ssn", "7569999999999", 1),
    "de_idnr": ("de.idnr", "99999999999", 1),
    "es_dni": ("es.dni", "99999999A", 1),
    "fr_spi": ("fr.nif", "0999999999999", 2),
    "gb_nhs": ("gb.nhs", "9999999999", 1),
    "gr_afm": ("gr.vat", "999999999", 1),
    "ie_pps": ("ie.pps", "9999999A", 1),
    "it_cf": ("it.codicefiscale", "AAAAAA80C19A999A", 1),
    "mod_11_10": ("hr.oib", "99999999999", 1),
    "nl_bsn": ("nl.bsn", "999999999", 1),
    "pt_nif": ("pt.nif", "999999999", 1),
    "pt_cc": ("pt.cc", "999999999ZZ9", 1),
    "si_tax": ("si.ddv", "99999999", 1),
}
# With a day, which python-stdnum also holds against today and against the century: what it accepts must hold here, too.
DATED = {
    "be_nrn": ("be.nn", "75039999999", 2),
    "bg_egn": ("bg.egn", "7503199999", 1),
    "cz_rc": ("cz.rc", "7503199999", 1),
    "dk_cpr": ("dk.cpr", "1903759999", 1),
    "ee_isikukood": ("ee.ik", "37503199999", 1),
    "fi_hetu": ("fi.hetu", "190375-999A", 1),
    "fr_nir": ("fr.nir", "175039999999999", 2),
    "gr_amka": ("gr.amka", "19037599999", 1),
    "is_kennitala": ("is_.kennitala", "1903759999", 2),
    "lt_asmens_kodas": ("lt.asmens", "37503199999", 1),
    "lv_personas_kods": ("lv.pvn", "19037519999", 1),
    "no_fnr": ("no.fodselsnummer", "19037599999", 2),
    "pl_pesel": ("pl.pesel", "75031999999", 1),
    "ro_cnp": ("ro.cnp", "1750319129999", 1),
    "se_pnr": ("se.personnummer", "7503199999", 1),
    "si_emso": ("si.emso", "1903975509999", 1),
}


@pytest.mark.parametrize("name", sorted(OPINIONS | DATED))
def test_second_opinion(name: str) -> None:
    module, form, last = (OPINIONS | DATED)[name]
    theirs = import_module(f"stdnum.{module}").is_valid
    ours: Callable[[str], bool] = getattr(checks, name)
    accepted = 0
    for number in _numbers(form, last):
        known = theirs(number)
        accepted += known
        assert ours(number) >= known, number
        assert ours(number) == known or name in DATED, number
    assert accepted >= 5


def _numbers(form: str, last: int) -> list[str]:
    """Return numbers of a form with every possible end: 9 stands for any digit, A for any letter, other signs for themselves."""
    chance = random.Random(form)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    signs = {"9": "0123456789", "A": letters}
    begins = ["".join(chance.choice(signs.get(sign, sign)) for sign in form[:-last]) for _ in range(400 if form == "9" * 11 else 60)]
    ends = [""]
    for sign in form[-last:]:
        ends = [end + more for end in ends for more in signs.get(sign, sign)]
    if last == 1 and form[-1] == "A":
        ends = [*ends, *"0123456789"] if form.startswith("190375-") else ends
    return [begin + end for begin in begins for end in ends]


def test_money() -> None:
    # 370400440532013000131400 mod 97 = 9 -> 98 - 9 = 89
    assert mod_97("DE89370400440532013000")
    assert not mod_97("DE88370400440532013000")
    assert mod_97("GB82WEST12345698765432")
    # 7 9 9 2 7 3 9 8 7 1 3: doubled from the right 2 + 5 + 6 + 4 + 9, the others 3 + 7 + 9 + 7 + 9 + 7 = 67 + 3 -> 70
    assert luhn("79927398713")
    assert not any(luhn(f"7992739871{last}") for last in "012456789")
    assert issued("4111111111111111")
    assert not issued("9111111111111111")
    assert not issued("411111111111111")


def test_wallets() -> None:
    assert base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
    assert not base58check("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb")
    assert bech32("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")  # BIP 173
    assert not bech32("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5")
    assert bech32("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0")  # BIP 350


def test_verhoeff() -> None:
    assert checks.verhoeff("2363")  # the example of the scheme: 236 -> 3
    assert sum(checks.verhoeff(f"236{last}") for last in range(10)) == 1


def test_days() -> None:
    assert checks.day(29, 2, 2000)
    assert not checks.day(29, 2, 1900)
    assert checks.day(29, 2, 0)  # of a century that is not known
    assert not checks.day(31, 4, 80)
    assert not checks.day(1, 13, 80)
    assert not checks.day(0, 1, 80)
