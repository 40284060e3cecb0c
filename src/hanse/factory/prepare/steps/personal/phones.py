"""Numbers of telephones: E.164, national ones by their notation, and any by the word beside them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import phonenumbers

from hanse.factory.prepare.steps.personal.beside import Rule
from hanse.factory.prepare.steps.personal.findings import Found
from hanse.factory.prepare.steps.personal.patterns import compiled
from hanse.factory.prepare.steps.personal.text import WORD, Chunk, dumped, is_digit

_BETWEEN: Final = r"(?:[ ./()-]|\x{00A0}|\x{202F}|\x{2009}|\x{2011}|\x{2013})"
_PLUS: Final = rf"(?:\+\(?|00[ -]?)[1-9](?:{_BETWEEN}{{0,3}}[0-9]){{6,14}}"
_TRUNK: Final = (
    r"\(0[0-9]{1,5}\)[ -]?[0-9][0-9 /-]{2,13}[0-9]|"
    r"0[1-9][0-9]{0,4}(?: ?[/-] ?[0-9]{3,9}(?:[ -][0-9]{1,4}){0,3}|(?:[ -][0-9]{2,8}){1,5})|0[1-9](?:\.[0-9]{2}){4}"
)
_NORTH_AMERICA: Final = r"\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}|[2-9][0-9]{2}[-.][2-9][0-9]{2}[-.][0-9]{4}"
_TRUNK_COUNTRIES: Final = ("DE", "FR", "GB", "IT", "NL", "BE", "AT", "CH", "SE", "FI", "IE")
_ANY: Final = rf"(?:\+{_BETWEEN}?)?\(?[0-9](?:{_BETWEEN}{{0,3}}[0-9]){{5,14}}"
_WORDS: Final = "|".join(
    (
        r"t[eé]l|tlfn?|t[eé]l[eé]phones?|tel[ée]fonos?",
        r"telefon(?:e|o|i|u|as|s|nummer|szám|ul|[íi])?",
        r"(?:tele)?phones?(?:[ _]?(?:numbers?|no|nr))?|mobiles?(?:[ _]?(?:number|phone|no))?|cell[ _]?(?:phone|no|number)|call us(?: at)?",
        r"ring|hotline|helpline|whatsapp|sms|gsm|dect|fax",
        r"handy(?:nummer)?|rufnummer|durchwahl|telefax|mobil(?:e|nummer|telefon)?",
        r"t[eé]l[eé]copie|portable|m[oó]vil|m[oó]vel|telem[oó]vel|cellulare",
        r"telefaks|kom[oó]rk\pL*|tel\.? ?kom|numer telefonu|puhelin(?:numero)?|puh|matkapuhelin|sími|mobilais|tālrunis|tālr|mobiili?",
        r"τηλ|τηλέφωνο|κινητό|тел|телефон|мобилен",
    )
)


class Phones:
    """Numbers whose notation says what they are; `PHONE_RULE` finds those that only a word gives away."""

    kinds = ("phone",)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look where a number begins with `+`, `0` or `(`, or looks North American."""
        clusters = chunk.clusters
        many = clusters.where((clusters.digits >= 8) & (clusters.digits <= 40))
        first, before = chunk.at(many.begins, 0), chunk.at(many.begins, -1)
        plus = (before == ord("+")) | (chunk.at(many.begins, -2) == ord("+"))
        grouped = many.runs > 1
        zero = (first == ord("0")) & (chunk.at(many.begins, 1) != ord(".")) & grouped
        american = (many.digits == 10) & (many.runs == 3)
        for rows, patterns in ((plus | zero, (_PLUS,)), (zero | american, (_TRUNK, _NORTH_AMERICA))):
            some = many.where(rows)
            for low, high in chunk.windows(some.begins, some.ends, 2, 0):
                for pattern in patterns:
                    yield from _phones(chunk, pattern, low, high)


def _phones(chunk: Chunk, pattern: str, low: int, high: int) -> Iterator[Found]:
    for match in compiled(pattern).finditer(chunk.data, low, high):
        begin, end = match.span()
        text = chunk.data[begin:end].decode()
        plus = text.startswith("+")
        if _untouched(chunk, begin, end, plus) and (international(text) if pattern == _PLUS else national(text)):
            yield Found(begin, end, "phone")


def _untouched(chunk: Chunk, begin: int, end: int, plus: bool) -> bool:
    """Tell whether it is no part of something longer; without a plus, also that no other group of digits stands beside it."""
    if not chunk.alone(begin, end):
        return False
    near = chunk.data[begin - 2]
    before = not plus and ((chunk.data[begin - 1] in b" -./+" and is_digit(near)) or (chunk.data[begin - 1] in b":=" and WORD[near]))
    if before or (not plus and dumped(chunk, begin)):
        return False
    return not (chunk.data[end] in b"-./:" and is_digit(chunk.data[end + 1]))


@cache
def _codes() -> frozenset[str]:
    return frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def _digits(text: str) -> str:
    return "".join(c for c in text if "0" <= c <= "9")


def international(text: str) -> bool:
    """Tell whether a number with `+` or `00` has a country's code and a length that the country uses (ITU-T E.164)."""
    digits = _digits(text)
    if not text.startswith("+"):
        digits = digits[2:] if text != digits else ""
    if not 8 <= len(digits) <= 15 or not any(digits[:n] in _codes() for n in (1, 2, 3)):
        return False
    try:
        number = phonenumbers.parse("+" + digits.replace("(0)", ""))
    except phonenumbers.NumberParseException:
        return False
    return "(0)" in text or (phonenumbers.is_possible_number(number) if text.startswith("+") else phonenumbers.is_valid_number(number))


_NO_PHONE: Final = "|".join(
    (
        r".*[0-9]{4}[-./](?:0?[1-9]|1[0-2])[-./][0-9]{1,2}(?:[ -].*)?",  # dates
        r"[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}(?:[ -].*)?|[0-9]{2}-(?:19|20)[0-9]{2}-[0-9]{2}",
        r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",  # the address of a machine
        r"[0-9]+\.[0-9]+",  # a decimal number
        r"(?:19|20)[0-9]{2} ?[-/\x{2013}] ?(?:19|20)[0-9]{2}",  # years
        r"[0-9]{2}(?:-[0-9]{2}){3}",  # pairs, as in examples of programs
        r"[0-9]{5}-[0-9]{4}|[0-9]{4}-[0-9]{4}",  # a postal code of the United States, an ISSN
        r"0[0-9]+ (?:19|20)[0-9]{2}",  # a page and a year
    )
)


def national(text: str) -> bool:
    """Tell whether it is a number in use in one of the countries that write their numbers so."""
    countries = _TRUNK_COUNTRIES if _digits(text).startswith("0") else ("US",)
    if len(set(_digits(text))) < 3 or compiled(_NO_PHONE).fullmatch(text.encode()):
        return False
    for country in countries:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(text, country)):
                return True
        except phonenumbers.NumberParseException:
            return False
    return False


def announced(text: str) -> bool:
    """Tell whether what follows `Tel.` can be a number: no date, no address of a machine, no decimal, no two years."""
    return 6 <= len(_digits(text)) <= 15 and len(set(_digits(text))) > 1 and not compiled(_NO_PHONE).fullmatch(text.encode())


PHONE_RULE: Final = Rule("phone", _WORDS, _ANY, announced, behind=0)
