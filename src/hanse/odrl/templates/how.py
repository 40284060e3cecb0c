"""Templates for the circumstances of a use: what for, where, with what."""

from __future__ import annotations

import re
from difflib import get_close_matches

from hanse.odrl.constraints.purposes import DPV, PURPOSES, purpose
from hanse.odrl.model import Atomic
from hanse.odrl.names import (
    APPLICATION,
    ARTIFACT_STATE,
    CLASSIFICATION,
    CONSENT,
    ENVIRONMENT,
    ORIGIN,
    PURPOSE,
    QUALITY,
    RISK,
    SECURITY_LEVEL,
    SPATIAL,
)
from hanse.odrl.templates.pieces import Made, Piece, Template, Words, always, below, condition, constraint, one_of, wrong
from hanse.odrl.templates.values import CLASSIFICATIONS, LEVELS, NAME, RISKS, STATES, places

_VOCABULARY = "https://w3id.org/dpv#"
_LIMIT = re.compile(r"([a-z][a-z0-9-]{0,63})(>=|<=)(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)")
_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def _purpose(words: Words) -> Piece:
    found = [_purpose_iri(name) for name in words.names("a purpose")]
    return below(PURPOSE, "isA", found)


def _purpose_iri(name: str) -> str:
    canonical = purpose(name)
    if canonical in PURPOSES.extents:
        return _VOCABULARY + canonical.removeprefix(DPV)
    if canonical.startswith(DPV) or not _IRI.fullmatch(name):
        raise wrong(f"{name[:80]!r} is not a purpose of the Data Privacy Vocabulary.{_near(name)}")
    return name


def _near(name: str) -> str:
    words = {one.removeprefix(DPV).lower(): one for one in PURPOSES.extents}
    word = name.removeprefix(DPV).lower()[:80]
    found = get_close_matches(word, words, n=3, cutoff=0.6) or [one for one in words if len(word) > 2 and word in one][:3]
    return f" Near: {', '.join(words[one] for one in found)}." if found else ""


def _in(words: Words) -> Piece:
    return below(SPATIAL, "isPartOf", places(words))


def _origin(words: Words) -> Piece:
    return below(ORIGIN, "isPartOf", places(words))


def _without(words: Words) -> Piece:
    return condition(RISK, "isNoneOf", [one_of(mark, RISKS) for mark in words.names("a mark")])


def _quality(words: Words) -> Piece:
    return Piece(constraints=tuple(_limit(one) for one in words.names("a limit such as completeness>=0.95")))


def _limit(text: str) -> Atomic:
    found = _LIMIT.fullmatch(text)
    if found is None:
        raise wrong(f"{text[:80]!r} is not a limit such as completeness>=0.95 or duplicates<=0.01.")
    return constraint(QUALITY + found[1], "gteq" if found[2] == ">=" else "lteq", found[3])


def _app(words: Words) -> Piece:
    return condition(APPLICATION, "isAnyOf", words.names("the name of an application"))


def _environment(words: Words) -> Piece:
    return condition(ENVIRONMENT, "isAnyOf", words.names("a state such as air-gapped", NAME))


def _security(words: Words) -> Piece:
    return condition(SECURITY_LEVEL, "gteq", one_of(words.one("a level"), LEVELS))


def _classification(words: Words) -> Piece:
    return condition(CLASSIFICATION, "lteq", one_of(words.one("a classification"), CLASSIFICATIONS))


def _state(words: Words) -> Piece:
    return condition(ARTIFACT_STATE, "isAnyOf", [one_of(state, STATES) for state in words.names("a state")])


HOW: tuple[Made, ...] = (
    (
        Template(
            name="purpose",
            usage="purpose NAME[,NAME...]",
            meaning="The data may be used for this purpose, or one below it, of the Data Privacy Vocabulary.",
            example="purpose dpv:ResearchAndDevelopment",
            classes=(6,),
            also=("goal", "why", "research"),
        ),
        _purpose,
    ),
    (
        Template(
            name="in",
            usage="in PLACE[,PLACE...]",
            meaning="The data may be used in these countries (DE) or groups of countries (EU).",
            example="in EU",
            classes=(5,),
            also=("location", "place", "country", "region", "spatial", "where"),
        ),
        _in,
    ),
    (
        Template(
            name="origin",
            usage="origin PLACE[,PLACE...]",
            meaning="The data was collected in these countries (DE) or groups of countries (EU), as its description says.",
            example="origin EU",
            also=("provenance", "collected", "from"),
        ),
        _origin,
    ),
    (
        Template(
            name="without",
            usage="without MARK[,MARK...]",
            meaning=f"The data bears none of these marks of risk: {', '.join(RISKS)}.",
            example="without personal-data,rights-unclear",
            also=("risk", "mark"),
        ),
        _without,
    ),
    (
        Template(
            name="quality",
            usage="quality MEASURE>=LEAST[,MEASURE<=MOST...]",
            meaning="The data has at least, or at most, this much of a measure of quality, as it is published with it.",
            example="quality completeness>=0.95",
            also=("completeness", "measure", "minimum"),
        ),
        _quality,
    ),
    (
        Template(
            name="app",
            usage="app NAME[,NAME...]",
            meaning="The data may be used in these applications.",
            example="app weather-model",
            classes=(3,),
            also=("application", "program", "software"),
        ),
        _app,
    ),
    (
        Template(
            name="environment",
            usage="environment STATE[,STATE...]",
            meaning="The environment in which the data is used is in this state.",
            example="environment air-gapped",
            classes=(21,),
            also=("sandbox", "setting"),
        ),
        _environment,
    ),
    (
        Template(
            name="security",
            usage=f"security {'|'.join(LEVELS)}",
            meaning="The environment in which the data is used has at least this security level.",
            example="security trust+",
            classes=(8,),
            also=("level", "trust"),
        ),
        _security,
    ),
    (
        Template(
            name="classification",
            usage=f"classification {'|'.join(CLASSIFICATIONS)}",
            meaning="The data may be used as long as it is classified no higher than this.",
            example="classification internal",
            classes=(24,),
            also=("confidentiality", "sensitivity", "confidential", "internal"),
        ),
        _classification,
    ),
    (
        Template(
            name="state",
            usage="state STATE[,STATE...]",
            meaning=f"The data is released in one of these states: {', '.join(STATES)}.",
            example="state encrypted",
            classes=(18,),
            also=("artifact", "encrypted", "pseudonymised", "anonymised"),
        ),
        _state,
    ),
    (
        Template(
            name="consent",
            usage="consent",
            meaning="The data may be used while the consent of those whom it is about stands.",
            example="consent",
            classes=(23,),
            also=("approval", "gdpr"),
        ),
        always(condition(CONSENT, "eq", "given")),
    ),
)
"""Templates about the circumstances of a use."""
