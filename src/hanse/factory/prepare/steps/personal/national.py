"""Identifiers that states give to persons: the words that announce them, their forms, and which of them speak for themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from hanse.factory.prepare.steps.personal import checks
from hanse.factory.prepare.steps.personal.beside import Rule, whole
from hanse.factory.prepare.steps.personal.findings import Found
from hanse.factory.prepare.steps.personal.patterns import compiled
from hanse.factory.prepare.steps.personal.text import LETTER, WORD, Chunk


def _plain(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def _rule(kind: str, words: str, form: str, holds: Callable[[str], bool]) -> Rule:
    return Rule(kind, words, form, lambda text: holds(_plain(text)))


def _hetu(text: str) -> bool:
    return checks.fi_hetu(text.upper())


NATIONAL_RULES: Final = (
    _rule("at-svnr", r"sv-?nr|svnr|vsnr|(?:sozial)?versicherungs(?:nummer|nr)", r"[0-9]{4}[ -]?[0-9]{6}", checks.at_svnr),
    _rule(
        "be-nrn",
        r"rijksregister(?:nummer|nr)?|national(?:e|regist)\w*nummer|num[ée]ro[ _](?:national|de registre national)|registre national|"
        r"niss|insz|rrn|nrn|nn",
        r"[0-9]{2}[. ]?[0-9]{2}[. ]?[0-9]{2}[-. ]?[0-9]{3}[-. ]?[0-9]{2}",
        checks.be_nrn,
    ),
    _rule("bg-egn", r"егн|egn", r"[0-9]{10}", checks.bg_egn),
    _rule("ch-ahv", r"ahv\w*|avs|sozialversicherungsnummer", r"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}", checks.ch_ahv),
    _rule("cy-tin", r"tic|tin|αφτ|α\.φ\.τ\.?|αριθμός φορολογικ\pL+ ταυτότητας", r"[0-9]{8}[A-Z]", checks.cy_tin),
    _rule("cz-sk-rc", r"rodn[ée][ _][čc][íi]slo|r\. ?[čc]\.?|rč|rc", r"[0-9]{6} ?/? ?[0-9]{3,4}", checks.cz_rc),
    _rule(
        "de-idnr",
        r"steuer[-_]?(?:id|identifikations?(?:nummer|nr)|idnr)\.?|steuerliche id\w*|id(?:entifikations)?-?nr\.?|identifikationsnummer|tin|"
        r"steuernummer",
        r"[1-9][0-9](?: ?[0-9]{3}){3}",
        checks.de_idnr,
    ),
    _rule(
        "de-rvnr",
        r"rvnr|vsnr|(?:sozial|renten)?versicherungs(?:nummer|nr)|sv-?nummer",
        r"[0-9]{2} ?[0-9]{6} ?[A-Za-z] ?[0-9]{3}",
        checks.de_rvnr,
    ),
    _rule("ee-isikukood", r"isikukood|ik", r"[1-8][0-9]{10}", checks.ee_isikukood),
    _rule(
        "es-dni",
        r"d\.?n\.?i\.?|n\.?i\.?f\.?|documento nacional de identidad",
        r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}[- ]?[A-Za-z]",
        checks.es_dni,
    ),
    _rule("es-nie", r"n\.?i\.?e\.?|n\.?i\.?f\.?|extranjer[oa]s?", r"[XYZxyz][- ]?[0-9]{7}[- ]?[A-Za-z]", checks.es_dni),
    Rule("fi-hetu", r"hetu|henkil[öo]tunnus|personbeteckning", r"[0-9]{6}[-+A-FU-Ya-fu-y][0-9]{3}[0-9A-Ya-y]", _hetu),
    _rule(
        "fr-nir",
        r"nir|n[°o]? ?(?:de )?ss|(?:num[ée]ro (?:de )?)?s[ée]cu(?:rit[ée] sociale)?|insee|nss",
        r"[1-478] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9ABab] ?[0-9]{3} ?[0-9]{3} ?/?-?[0-9]{2}",
        checks.fr_nir,
    ),
    _rule("fr-spi", r"num[ée]ro fiscal(?: de r[ée]f[ée]rence)?|n[°o]? fiscal|spi", r"[0-3][0-9] ?[0-9]{2}(?: ?[0-9]{3}){3}", checks.fr_spi),
    _rule("gb-nhs", r"nhs(?:[ _](?:number|no|id))?", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}", checks.gb_nhs),
    _rule(
        "gb-nino",
        r"national[ _]insurance(?:[ _](?:number|no))?|ni(?:[ _](?:number|no))?|nino",
        r"[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-Da-d]",
        checks.gb_nino,
    ),
    _rule("gr-afm", r"αφμ|α\.φ\.μ\.?|afm|φορολογικού μητρώου", r"[0-9]{9}", checks.gr_afm),
    _rule("gr-amka", r"αμκα|α\.μ\.κ\.α\.?|amka", r"[0-9]{11}", checks.gr_amka),
    _rule("hr-oib", r"oib|osobni identifikacijski broj", r"[0-9]{11}", checks.mod_11_10),
    _rule("hu-taj", r"taj(?:[- ]?sz[áa]m\pL*)?", r"[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}", checks.hu_taj),
    _rule("hu-tax", r"ad[óo]azonos[íi]t[óo](?: jel\pL*)?", r"8[0-9]{9}", checks.hu_tax),
    _rule("ie-pps", r"ppsn?(?: ?(?:no|number))?|personal public service(?: number)?", r"[0-9]{7} ?[A-Wa-w][A-IT-Xa-it-x]?", checks.ie_pps),
    _rule("is-kennitala", r"kennit[aö]l\pL*|kt\.?", r"[0-9]{6}[- ]?[0-9]{4}", checks.is_kennitala),
    _rule("lt-asmens-kodas", r"asmens[ _]kod\pL*|a\. ?k\.", r"[1-69][0-9]{10}", checks.lt_asmens_kodas),
    _rule(
        "lu-matricule",
        r"matricule(?: nationale?)?|num[ée]ro d'identification national|matrikel(?:nummer)?|identifikatiounsnummer",
        r"(?:18|19|20)[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{3} ?[0-9]{2}",
        checks.lu_matricule,
    ),
    _rule("lv-personas-kods", r"personas[ _]kod\pL*|p\. ?k\.", r"[0-9]{6}-?[0-9]{5}", checks.lv_personas_kods),
    _rule(
        "nl-bsn",
        r"bsn(?:-?(?:nummer|nr))?|burgerservice ?nummer|sofi-?(?:nummer|nr)",
        r"[0-9]{8,9}|[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}|[0-9]{3}[. ][0-9]{3}[. ][0-9]{3}",
        checks.nl_bsn,
    ),
    _rule("no-fnr", r"f[øo]dsels(?:nummer|nr)|fnr|personnummer|d-nummer", r"[0-9]{6}[ -]?[0-9]{5}", checks.no_fnr),
    _rule("pl-pesel", r"pesel\pL*", r"[0-9]{11}", checks.pl_pesel),
    _rule("pt-cc", r"cart[ãa]o (?:de|do) cidad[ãa]o|cc", r"[0-9]{8} ?[0-9] ?[A-Z]{2}[0-9]", checks.pt_cc),
    _rule("pt-nif", r"n\.?i\.?f\.?|contribuinte|identifica[çc][ãa]o fiscal", r"[1-9][0-9]{2} ?[0-9]{3} ?[0-9]{3}", checks.pt_nif),
    _rule("ro-cnp", r"cnp|cod(?:ul)? numeric personal", r"[1-9][0-9]{12}", checks.ro_cnp),
    _rule(
        "se-pnr",
        r"personn(?:umme)?r|pnr|samordningsnummer",
        r"(?:(?:18|19|20)[0-9]{2}|[0-9]{2})[0-9]{4}[-+ ]?[0-9]{4}",
        checks.se_pnr,
    ),
    _rule("si-emso", r"em[šs]o|jmbg|jmb|mati[čc]ni broj|мат[иі]чни број|јмбг", r"[0-9]{13}", checks.si_emso),
    _rule("si-tax", r"dav[čc]na (?:[šs]tevilka|[šs]t)", r"[1-9][0-9]{7}", checks.si_tax),
    # The weakest test comes last.
    _rule("dk-cpr", r"cpr(?:-?(?:nr|nummer))?|personnummer", r"[0-9]{6}[- ]?[0-9]{4}", checks.dk_cpr),
)
"""What needs a word beside it, in its country's language."""

BARE: Final = (
    _rule("be-nrn", "", r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}", checks.be_nrn),
    _rule("ch-ahv", "", r"756(?:\.[0-9]{4}){2}\.[0-9]{2}", checks.ch_ahv),
    _rule("cz-sk-rc", "", r"[0-9]{6}/[0-9]{4}", checks.cz_rc),
    _rule("de-rvnr", "", r"[0-9]{8}[A-Z][0-9]{3}", checks.de_rvnr),
    _rule("es-dni", "", r"[0-9]{8}-?[A-Z]", lambda n: n[:2] not in ("19", "20") and checks.es_dni(n)),
    _rule("es-nie", "", r"[XYZ]-?[0-9]{7}-?[A-Z]", checks.es_dni),
    Rule("fi-hetu", "", r"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y]", _hetu),
    _rule("gb-nino", "", r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?:[0-9]{6}| [0-9]{2} [0-9]{2} [0-9]{2} )[A-D]", checks.gb_nino),
    _rule("se-pnr", "", r"(?:19|20)?[0-9]{6}[-+][0-9]{4}", checks.se_pnr),
    _rule("fr-nir", "", r"[12] [0-9]{2} [0-9]{2} [0-9][0-9AB] [0-9]{3} [0-9]{3} [0-9]{2}", checks.fr_nir),
    _rule("it-cf", "", r"(?i)[A-Z]{6}[0-9]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]", checks.it_cf),
)
"""What is so special in form and checksum that no word is needed."""


class Bare:
    """Finds identifiers that speak for themselves."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.kinds = tuple(dict.fromkeys(rule.kind for rule in rules))
        self._rules = rules
        self._any = "|".join(f"(?:{rule.form})" for rule in rules)

    def find(self, chunk: Chunk) -> Iterator[Found]:
        """Look where digits in a form of theirs are."""
        clusters = chunk.clusters
        after = LETTER[chunk.at(clusters.ends, 0)] | (chunk.at(clusters.ends, 0) == ord("-")) | LETTER[chunk.at(clusters.ends, 1)]
        parted = (clusters.runs > 1) & np.isin(clusters.digits, (9, 10, 11, 12, 13, 14, 15))
        some = clusters.where((after & (clusters.digits <= 11)) | parted)
        for low, high in chunk.windows(some.begins, some.ends, 3, 7):
            yield from self._found(chunk, low, high)
        begins, ends, _ = chunk.runs
        at = begins[ends - begins == 2]
        for offset in (2, 5, 9, -1, -2, -3, -4, -5, -6):
            at = at[(LETTER if offset != 5 else WORD)[chunk.at(at, offset)]]
        for low, high in chunk.windows(at, at, 6, 10):
            yield from self._found(chunk, low, high)

    def _found(self, chunk: Chunk, low: int, high: int) -> Iterator[Found]:
        for match in compiled(self._any).finditer(chunk.data, low, high):
            begin, end = match.span()
            text = chunk.data[begin:end]
            holding = (rule.kind for rule in self._rules if compiled(rule.form).fullmatch(text) and rule.holds(text.decode()))
            kind = next(holding, "") if whole(chunk, begin, end) else ""
            if kind:
                yield Found(begin, end, kind)
