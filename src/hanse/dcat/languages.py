"""Languages: the many ways in which catalogues name one are one tag (BCP 47).

Known are codes of two and three letters (ISO 639-1, 639-2), the authority list of the Publications Office of the European Union, which
DCAT-AP asks for, and the addresses of the Library of Congress and of lexvo. What follows the language (`de-AT`) stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# Two letters, then the three (ISO 639-2, terminology and bibliographic).
_CODES: Final = """
    aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bhbih bibis bmbam bnben bobod botib brbre
    bsbos cacat ceche chcha cocos crcre csces cscze cuchu cvchv cycym cywel dadan dedeu deger dvdiv dzdzo eeewe elell elgre eneng eoepo
    esspa etest eubaq eueus fafas faper ffful fifin fjfij fofao frfra frfre fyfry gagle gdgla glglg gngrn guguj gvglv hahau heheb hihin
    hohmo hrhrv hthat huhun hyarm hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isice isisl itita iuiku jajpn jvjav kageo kakat
    kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub
    lvlav mgmlg mhmah mimao mimri mkmac mkmkd mlmal mnmon mrmar msmay msmsa mtmlt mybur mymya nanau nbnob ndnde nenep ngndo nldut nlnld
    nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan pipli plpol pspus ptpor quque rmroh rnrun roron rorum rurus rwkin
    sasan scsrd sdsnd sesme sgsag sisin skslk skslo slslv smsmo snsna sosom sqalb sqsqi srsrp ssssw stsot susun svswe swswa tatam tetel
    tgtgk ththa titir tktuk tltgl tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho
    yiyid yoyor zazha zhchi zhzho zuzul
"""
_SHORT: Final = {code[2:]: code[:2] for code in _CODES.split()}
_LONG: Final = {code[:2]: code[2:] for code in reversed(_CODES.split())}
_PREFIXES: Final = (
    "publications.europa.eu/resource/authority/language/",
    "id.loc.gov/vocabulary/iso639-1/",
    "id.loc.gov/vocabulary/iso639-2/",
    "lexvo.org/id/iso639-1/",
    "lexvo.org/id/iso639-3/",
)
_TAG: Final = re.compile("[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,15}")
_LONGEST: Final = 200


def tag_of(text: str) -> str:
    """Return a language as a tag in lower case, e.g. `de-at`; what is none as it is."""
    low = text.strip().lower()
    if len(low) > _LONGEST:
        return text
    address = low.partition("://")[2]
    code = next((address[len(prefix) :] for prefix in _PREFIXES if address.startswith(prefix)), low)
    if not _TAG.fullmatch(code):
        return text
    first, *rest = code.replace("_", "-").split("-")
    return "-".join([_SHORT.get(first, first), *rest])


def is_tag(text: str) -> bool:
    """Tell whether a text can be read as a language."""
    return _TAG.fullmatch(tag_of(text)) is not None


def speaks(wanted: Iterable[str], languages: Iterable[str]) -> bool:
    """Tell whether one of the languages is one that is wanted, by prefix of tags (RFC 4647, 3.3.1, basic filtering)."""
    tags = [tag_of(one) for one in languages]
    return any(tag == low or tag.startswith(f"{low}-") for low in map(tag_of, wanted) for tag in tags)


def three_letters(text: str) -> str | None:
    """Return the code of three letters (ISO 639-2/T, 639-3) of a language, if it is one of those known here."""
    return _LONG.get(tag_of(text).partition("-")[0])
