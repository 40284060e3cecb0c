"""Presidio's pattern recognisers, run with an environment that has them: `personal_presidio.py TEXTS RESULT`.

TEXTS holds one JSON string a line; RESULT gets the seconds of all recognisers together and, for each text, what was found: first and last
character and kind. The recognisers are called one by one, without the engine around them, which only costs time without a language model.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import tldextract
from presidio_analyzer import predefined_recognizers as there

NAMES = (
    "EmailRecognizer",
    "PhoneRecognizer",
    "IbanRecognizer",
    "CreditCardRecognizer",
    "IpRecognizer",
    "MacAddressRecognizer",
    "CryptoRecognizer",
    "UrlRecognizer",
    "DateRecognizer",
    "EsNieRecognizer",
    "EsNifRecognizer",
    "ItFiscalCodeRecognizer",
    "PlPeselRecognizer",
    "FiPersonalIdentityCodeRecognizer",
    "SePersonnummerRecognizer",
    "DeTaxIdRecognizer",
    "DeSocialSecurityRecognizer",
    "UkNinoRecognizer",
    "NhsRecognizer",
)
"""Those for what Hanse finds, too."""


def main(source: Path, result: Path) -> None:
    """Search every text with all recognisers, at any score."""
    logging.disable(logging.CRITICAL)
    # Presidio asks the network for the list of top-level domains; the list that its package brings does as well.
    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = offline
    tldextract.tldextract.TLD_EXTRACTOR = offline
    recognisers = [getattr(there, name)() for name in NAMES if hasattr(there, name)]
    for one in recognisers:
        one.load()
        one.analyze("Loads what is loaded late: a@example.org", one.supported_entities, None)
    found = []
    seconds = 0.0
    with source.open(encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)
            start = time.process_time()
            results = [result for one in recognisers for result in one.analyze(text, one.supported_entities, None)]
            seconds += time.process_time() - start
            found.append([(one.start, one.end, one.entity_type) for one in results])
    names = [type(one).__name__ for one in recognisers]
    result.write_text(json.dumps({"seconds": seconds, "found": found, "recognisers": names}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
