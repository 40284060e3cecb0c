"""Dates of birth: a date beside a word that says so."""

from __future__ import annotations

from typing import Final

from hanse.factory.prepare.steps.personal.beside import Rule

_MONTHS: Final = "|".join(
    rf"(?:{begin})\pL*"
    for begin in (
        "jan|feb|f[eé]v|m[aä]r|ma[iyjg]|a[pv]r|abr|ju[nil]|giu|lug|aug|ao[uû]|ago|sep|set|o[ckt]t|out|nov|de[cz]|d[eé]c|dic|gen|ene",
        "stycz|lut|kwie|czerw|lip|sierp|wrze|pa[zź]dz|listop|grud",
    )
)
_YEAR: Final = "(?:18|19|20)[0-9]{2}"
_FORM: Final = "(?i)" + "|".join(
    (
        r"[0-9]{1,2}[./-] ?[0-9]{1,2}[./-] ?(?:18|19|20)?[0-9]{2}",
        rf"{_YEAR}[-./][0-9]{{1,2}}[-./][0-9]{{1,2}}",
        rf"[0-9]{{1,2}}(?:\.|st|nd|rd|th|er|º)? (?:of |de |d')?(?:{_MONTHS})\.? (?:de )?{_YEAR}",
        rf"(?:{_MONTHS})\.? [0-9]{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}",
    )
)
_WORDS: Final = "|".join(
    (
        r"date[ _]?of[ _]?birth|birth[ _]?dates?|birthday|d\.?o\.?b\.?|born(?: (?:on|in))?",  # English
        r"geb(?:oren|urtsdatum|urtstag|\.)?(?: am)?|geboortedatum|geboren op",  # German, Dutch
        r"née?(?:\(e\))?(?: le)?|date[ _]de[ _]naissance|nat[oa](?: (?:il|a))?|data[ _]di[ _]nascita",  # French, Italian
        r"nacid[oa](?: el)?|fecha[ _]de[ _]nacimiento|nascid[oa](?: em)?|data de nascimento",  # Spanish, Portuguese
        r"f[øö]dt|f[øö]dselsdato|fødselsdag|f[öo]delsedatum|f[öo]dd|syntym[äa]aika|syntynyt|fæðingardagur",  # Nordic
        r"data urodzenia|ur\.|urodzon[ya]|datum narozen[íi]|narozen[aá]?|d[aá]tum narodenia|születési (?:idő|dátum)|született",
        r"data nașterii|născut[ă]?|datum rođenja|rođen[a]?|datum rojstva|дата на раждане|роден[а]?|ημερομηνία γέννησης",
        r"gimimo data|dzimšanas datums|sünniaeg",  # Baltic
    )
)


def dated(text: str) -> bool:
    """Tell whether the numbers can be a day, a month and a year."""
    numbers = [int(part) for part in "".join(c if c.isdigit() else " " for c in text).split()]
    if len(numbers) == 2:
        return 1 <= min(numbers) <= 31
    first, second, last = numbers
    day, month = (last, second) if first > 31 else (first, second)
    return 1 <= day <= 31 and 1 <= month <= 31 and min(day, month) <= 12


BIRTH_RULE: Final = Rule("birth-date", _WORDS, _FORM, dated, behind=0)
