"""A second, plain reading of the rules: Python's `re` over decoded text, one text after the other, python-stdnum for checksums."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv6Address

from stdnum import iban, luhn
from stdnum.at import vnr
from stdnum.de import idnr
from stdnum.es import dni
from stdnum.gb import nhs
from stdnum.hr import oib
from stdnum.nl import bsn
from stdnum.pt import nif

_EDGE, _END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_FILES = re.compile(
    r"(?i)automount|device|mount|path|scope|service|slice|socket|swap|target|timer|"
    r"cfg|conf|css|gif|gz|html?|jpe?g|json|md|png|svg|tgz|txt|webp|xml|ya?ml"
)


def _email(match: re.Match[str]) -> bool:
    local, _, domain = match.group().rpartition("@")
    after = match.string[match.end() : match.end() + 1]
    return local not in ("git", "svn", "cvs") and not _FILES.fullmatch(domain.rpartition(".")[2]) and after != "("


def _ipv4(match: re.Match[str]) -> bool:
    numbers = [int(part) for part in match.group().split(".")]
    before, after = match.string[: match.start()], match.string[match.end() :]
    if re.search(r"(?i)(version|release|rev(ision)?|ver\.?|,v)[ :=]*$", before[-12:]) or (numbers[3] == 0 and after[:1] == "/"):
        return False
    if re.search(r"[A-Za-z0-9_]\.$", before) or re.match(r"\.[0-9]", after) or numbers[:3] in ([2, 5, 4], [2, 5, 29]):
        return False
    return 9 < max(numbers) <= 255 and 0 < numbers[0] < 224 and numbers[0] != 127


def _ipv6(match: re.Match[str]) -> bool:
    text, before, after = match.group(), match.string[: match.start()], match.string[match.end() :]
    groups = [group for group in text.split(":") if group]
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    if re.search(r"\w[:.]$", before, re.ASCII) or re.match(r"[:.]\w", after, re.ASCII) or (text.endswith("::") and after[:1] == "/"):
        return False
    telling = len(groups) > 2 or (len(groups) == 2 and len(groups[0]) > 2 and re.search("[0-9]", groups[0]))
    return bool(telling and re.search("[0-9]", text)) and not (address.is_loopback or address.is_multicast)


def _mac(match: re.Match[str]) -> bool:
    sign = re.sub("[0-9A-Fa-f]", "", match.group())[0]
    before, after = match.string[max(match.start() - 2, 0) : match.start()], match.string[match.end() : match.end() + 2]
    beside = re.fullmatch(rf"\w{re.escape(sign)}", before, re.ASCII) or re.fullmatch(rf"{re.escape(sign)}\w", after, re.ASCII)
    return not beside and len(set(match.group().lower()) - set(":-.")) > 1


def _card(match: re.Match[str]) -> bool:
    number = re.sub(r"\D", "", match.group())
    before, after = match.string[: match.start()], match.string[match.end() :]
    prefixes = {
        13: "4",
        14: "30[0-5]|36|3[89]",
        15: "34|37",
        16: "4|5[0-8]|30[0-5]|3[689]|62|6011|64[4-9]|65|22[2-9]|2[3-6]|27[01]|2720|35[3-8]|352[89]|6304|67[56]|220[0-4]",
    }
    prefix = re.match(prefixes.get(len(number), "62"), number)
    if not prefix or re.match(r"222[01][^1]?$|676[4-9]|675[0-8]|222[0]", number[:4]):
        return False
    if re.search(r"[0-9]\.$", before) or re.match(r"\.[0-9]", after) or re.search(r"(^|[^A-Za-z0-9_])[0-9A-Fa-f]{4} $", before[-6:]):
        return False
    return luhn.is_valid(number)


_FOUR = r"[0-9A-Fa-f]{4}"
PLAIN: dict[str, tuple[str, Callable[[re.Match[str]], bool]]] = {
    "email": (
        r"[^\W][\w.%+&'~!#$^*-]*@(?:[^\W_](?:(?:[^\W_]|-)*[^\W_])?\.)+(?:xn--[A-Za-z0-9-]*[A-Za-z0-9]|[^\W\d_]{2,})",
        _email,
    ),
    "ipv4": (_EDGE + r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}" + _END, _ipv4),
    "ipv6": (_EDGE + r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}" + _END, _ipv6),
    "mac": (
        _EDGE + rf"(?:[0-9A-Fa-f]{{2}}(?:(?::[0-9A-Fa-f]{{2}}){{5}}|(?:-[0-9A-Fa-f]{{2}}){{5}})|{_FOUR}\.{_FOUR}\.{_FOUR})" + _END,
        _mac,
    ),
    "iban": (
        _EDGE + r"[A-Z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}" + _END,
        lambda match: iban.is_valid(match.group(), check_country=False),
    ),
    "card": (
        _EDGE + r"(?:[0-9]{13,19}|[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})" + _END,
        _card,
    ),
    "es-dni": (_EDGE + r"[0-9]{8}-?[A-Z]" + _END, lambda match: match.group()[:2] not in ("19", "20") and dni.is_valid(match.group())),
}
"""What needs no word."""

ANNOUNCED: dict[str, tuple[str, str, Callable[[str], bool]]] = {
    "at-svnr": ("svnr|sozialversicherungsnummer", r"[0-9]{4}[ -]?[0-9]{6}", vnr.is_valid),
    "de-idnr": (r"steuer-id|steueridentifikationsnummer|idnr\.?", r"[1-9][0-9](?: ?[0-9]{3}){3}", idnr.is_valid),
    "es-dni": (r"d\.?n\.?i\.?|nif", r"[0-9]{8}-?[A-Za-z]", dni.is_valid),
    "gb-nhs": (r"nhs(?: (?:number|no))?", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}", nhs.is_valid),
    "hr-oib": ("oib", r"[0-9]{11}", oib.is_valid),
    "nl-bsn": ("bsn(?:-nummer)?|burgerservicenummer", r"[0-9]{9}|[0-9]{4}\.[0-9]{2}\.[0-9]{3}|[0-9]{3}(?: [0-9]{3}){2}", bsn.is_valid),
    "pt-nif": ("nif|contribuinte", r"[1-9][0-9]{2}(?: ?[0-9]{3}){2}", nif.is_valid),
}
"""Some of what needs a word before it."""


def findings(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of what is found."""
    for kind, (pattern, holds) in PLAIN.items():
        yield from ((kind, match.group()) for match in re.finditer(pattern, text) if holds(match))
    for kind, (words, form, check) in ANNOUNCED.items():
        for word in re.finditer(rf"(?i){_EDGE}(?:{words}){_END}", text):
            near = re.compile(_EDGE + form + _END).finditer(text, word.end(), word.end() + 50)
            yield from ((kind, match.group()) for match in near if check(match.group()))
