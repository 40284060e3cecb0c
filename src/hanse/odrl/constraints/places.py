"""Countries (ISO 3166-1) and the groups of them that policies name: the European Union, the European Economic Area, Schengen.

A country is written `DE`, `DEU`, or by the IRI of the Publications Office of the European Union or of the Data Privacy Vocabulary; a
group `EU`, `EEA`, `Schengen`, `EFTA`. Members as of 2026.
"""

from __future__ import annotations

from hanse.odrl.constraints.trees import Tree, remembered

_CODES = (
    "ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE BABIH BBBRB BDBGD BEBEL BFBFA"
    " BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG"
    " CHCHE CICIV CKCOK CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU"
    " EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL"
    " GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD"
    " IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO"
    " LBLBN LCLCA LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD MLMLI MMMMR MNMNG"
    " MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL"
    " NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU"
    " RSSRB RURUS RWRWA SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD STSTP SVSLV"
    " SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA"
    " UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR VNVNM VUVUT WFWLF WSWSM YEYEM YTMYT ZAZAF ZMZMB ZWZWE"
)
_LONG = {code[2:]: code[:2] for code in _CODES.split()}
COUNTRIES = frozenset(_LONG.values())
"""All codes of two letters."""

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_GROUPS = {
    "EU": frozenset(_EU.split()),
    "EEA": frozenset(f"{_EU} IS LI NO".split()),
    "EFTA": frozenset(["CH", "IS", "LI", "NO"]),
    "Schengen": frozenset(_EU.split()) - {"CY", "IE"} | frozenset(["CH", "IS", "LI", "NO"]),
}
_KNOWN = {**{code: code for code in COUNTRIES}, **_LONG, **{name.upper(): name for name in _GROUPS}}
_PREFIXES = (
    "http://publications.europa.eu/resource/authority/country/",
    "https://w3id.org/dpv/loc#",
    "loc:",
    "iso3166:",
)


@remembered
def place(name: str) -> str:
    """Return a place in the form that is compared: two letters for a country, the group's name, any other name as it is."""
    code = next((name[len(prefix) :] for prefix in _PREFIXES if name.startswith(prefix)), name)
    return _KNOWN.get(code.upper(), name) if len(code) <= 8 and code.isascii() else name


PLACES = Tree({**{code: frozenset({code}) for code in COUNTRIES}, **_GROUPS}, place)
"""A group stands for its countries."""
