"""A sentence for every kind, with what must be found in it between ⟦ and ⟧."""

from __future__ import annotations

SAMPLES: dict[str, tuple[str, ...]] = {
    "email": (
        "Write to ⟦anna.berg+news@mail.example.co.uk⟧.",
        "<⟦JÜRGEN@uni-köln.de⟧>, (⟦o'neill@xn--80ak6aa92e.com⟧)",
        "mailto:⟦a_b-c@example.museum⟧?subject=x",
    ),
    "url": ("see ⟦ftp://anna:geheim@ftp.example.org/pub⟧.", "DATABASE=⟦postgresql+psycopg://app:p%40ss@db:5432/x⟧"),
    "phone": (
        "call ⟦+49 (0)30 1234567⟧ or ⟦+33-1-23-45-67-89⟧ today",
        "Zimmer 12 ⟦+41 44 668 18 00⟧",
        "Tel.: ⟦030/123456-78⟧, Fax ⟦(030) 123457⟧",
        "teléfono ⟦912 345 678⟧; Τηλ. ⟦2101234567⟧; puh. ⟦09 1234 567⟧",
        "Rufen Sie ⟦(0721) 608-0⟧0 nicht an".replace("⟧0", "⟧ "),
        "from ⟦020 7946 0958⟧ to ⟦01 23 45 67 89⟧, or ⟦(212) 555-1234⟧",
        '{"phoneNumber": "⟦030 1234567⟧", "mobile_phone": ⟦0171234567⟧}, <telephone>⟦912345678⟧</telephone>',
        "dial ⟦0049 30 123456⟧",
    ),
    "iban": (
        "IBAN ⟦DE89 3704 0044 0532 0130 00⟧, ⟦GB82WEST12345698765432⟧",
        "on ⟦NL91-ABNA-0417-1643-00⟧ 2 days later",
        "⟦FR1420041010050500013M02606⟧",
    ),
    "card": (
        "pay with ⟦4111 1111 1111 1111⟧, ⟦5500-0000-0000-0004⟧",
        "amex ⟦3782 822463 10005⟧ or ⟦378282246310005⟧",
        "1,⟦4012888888881881⟧,123",
    ),
    "ipv4": ("from ⟦93.184.216.34⟧:8080 to ⟦192.168.1.2⟧/24.",),
    "ipv6": ("at ⟦2001:db8::8a2e:370:7334⟧, [⟦2a00:1450:4001:81b:0:0:0:200e⟧]:80 and ⟦fe80::1ff:fe23:4567:890a⟧%eth0",),
    "mac": ("ether ⟦00:1a:2b:3c:4d:5e⟧, ⟦00-1A-2B-3C-4D-5E⟧ or ⟦001a.2b3c.4d5e⟧",),
    "wallet": (
        "send to ⟦1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa⟧ or ⟦bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4⟧",
        "⟦0x52908400098527886E0F7030069857D2E4169EE7⟧",
    ),
    "birth-date": (
        "geboren am ⟦12.03.1980⟧ in Köln, born ⟦5 March 1971⟧",
        "né le ⟦14 juillet 1965⟧; nato il ⟦1/2/1990⟧; DOB: ⟦1985-12-24⟧",
        "Date of birth: ⟦March 3, 1999⟧, fecha de nacimiento: ⟦3 de mayo de 1988⟧",
        "date_of_birth,⟦1985-12-24⟧,dateOfBirth: ⟦24.12.85⟧",
        "urodzony ⟦3 maja 1977⟧, syntynyt ⟦6.12.1917⟧",
    ),
    "at-svnr": ("SVNR ⟦1237 010180⟧",),
    "be-nrn": ("rijksregisternummer ⟦85.07.30-033.28⟧ of", "numéro national : ⟦85073003328⟧"),
    "bg-egn": ("ЕГН: ⟦7523169263⟧",),
    "ch-ahv": ("die AHV-Nr. ⟦756.9217.0769.85⟧", "AVS ⟦7569217076985⟧"),
    "cy-tin": ("TIC ⟦10259033P⟧",),
    "cz-sk-rc": ("rodné číslo ⟦710319/2745⟧", "r. č. ⟦7103192745⟧"),
    "de-idnr": ("Steuer-ID: ⟦36 574 261 809⟧", "Identifikationsnummer ⟦36574261809⟧"),
    "de-rvnr": ("Versicherungsnummer ⟦15 070649 C 103⟧", "bare ⟦15070649C103⟧"),
    "dk-cpr": ("CPR-nr. ⟦211062-5629⟧",),
    "ee-isikukood": ("isikukood ⟦36805280109⟧",),
    "es-dni": ("con DNI ⟦12345678Z⟧ y", "NIF: ⟦12.345.678-Z⟧", "⟦12345678Z⟧ (DNI)"),
    "es-nie": ("NIE ⟦X2482300W⟧", "⟦X-2482300-W⟧"),
    "fi-hetu": ("henkilötunnus ⟦131052-308T⟧", "⟦131052-308T⟧"),
    "fr-nir": ("numéro de sécurité sociale ⟦2 95 10 99 126 111 93⟧", "NIR : ⟦253072B07300470⟧"),
    "fr-spi": ("numéro fiscal ⟦30 23 217 600 053⟧",),
    "gb-nhs": ("NHS number ⟦943 476 5870⟧",),
    "gb-nino": ("National Insurance number: ⟦AB 12 34 56 C⟧", "⟦AB123456C⟧"),
    "gr-afm": ("ΑΦΜ: ⟦094259216⟧",),
    "gr-amka": ("ο ΑΜΚΑ ⟦01013099997⟧",),
    "hr-oib": ("OIB: ⟦33392005961⟧",),
    "hu-taj": ("TAJ-szám: ⟦111-111-110⟧",),
    "hu-tax": ("adóazonosító jele ⟦8422780135⟧",),
    "ie-pps": ("PPS No ⟦6433435F⟧", "ppsn ⟦6433435FT⟧"),
    "is-kennitala": ("kennitala ⟦120174-3399⟧",),
    "it-cf": ("codice fiscale ⟦RCCMNL83S18D969H⟧", "⟦rccmnl83s18d969h⟧"),
    "lt-asmens-kodas": ("asmens kodas ⟦33309240064⟧",),
    "lu-matricule": ("matricule ⟦1893120105732⟧",),
    "lv-personas-kods": ("personas kods ⟦161175-19997⟧",),
    "nl-bsn": ("BSN: ⟦111222333⟧", "client_bsn=⟦111222333⟧,", "burgerservicenummer ⟦1112.22.333⟧"),
    "no-fnr": ("fødselsnummer ⟦151086 95088⟧",),
    "pl-pesel": ("numer PESEL ⟦44051401359⟧",),
    "pt-cc": ("cartão de cidadão ⟦00000000 0 ZZ4⟧",),
    "pt-nif": ("contribuinte ⟦501 964 843⟧",),
    "ro-cnp": ("CNP ⟦1630615123457⟧",),
    "se-pnr": ("personnummer ⟦19880320-0016⟧", "⟦880320-0016⟧"),
    "si-emso": ("EMŠO: ⟦0101006500006⟧",),
    "si-tax": ("davčna številka ⟦50223054⟧",),
}

NOTHING = (
    "version 10.2.0.4, 1.2.3.4, v10.0.0.1; 127.0.0.1, 0.0.0.0, 255.255.255.0, 10.0.0.0/8, OID 2.5.29.15",
    "Foo::Bar, File::Copy, std::dec::x, dead::beef, 12:34:56, ::1, ::, 2001:db8::/32",
    "getty@tty1.service, icon@2x.png, react@17.0.2, git@example.org:a/b.git, @decorator, a@b, (x@y.conj())",
    "https://example.org/~anna, ssh://git@example.org/x",
    "IBAN DE88 3704 0044 0532 0130 00, XX89370400440532013000, DE8937040044053201300",
    "card 4111 1111 1111 1112, 9111111111111111, 0.4111111111111111, 2e54 4820 5858 4420 3120 2241",
    "111222333 12345678 36574261809 44051401359 6433435F 7523169263 501964843",  # without words
    "BSN 111252333, DNI 12345678A, PESEL 44051401358, Steuer-ID 36574261808",  # the check does not hold
    "2012-03-04 12:00:00.123456, 01-01-2022, 1990/12/31, 12 March 2020, the year 1980, 02110-1301, ISSN 0209-9683",
    "Tel. 1.25, phone 2020-01-01, fax 12345, ring 1999-2003, mobile 3.141592653",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16, 00 01 02 03 04 05 06 07 08 09 0a, 0.9144211, 1234567890123456789012345",
    "ff:ff:ff:ff:ff:ff, 00:00:00:00:00:00, 00:11:22:33:44:55:66",
    "31.02.1980 born 45.13.1980, born to run since 2001",
    "deadbeef12345678a 0x12345678 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)
"""Texts in which nothing may be found."""


def parts(sample: str) -> tuple[str, list[str]]:
    """Return the text without brackets, and what was between them."""
    found = [piece.split("⟧")[0] for piece in sample.split("⟦")[1:]]
    return sample.replace("⟦", "").replace("⟧", ""), found
