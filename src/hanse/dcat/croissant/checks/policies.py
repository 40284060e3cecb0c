"""Checks of `usageInfo`: policies are read and checked with the engine that would decide them (Croissant 1.1, data use conditions)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from hanse.dcat.croissant.checks.finding import Report, shown
from hanse.dcat.croissant.policy import compact
from hanse.dcat.croissant.read import types_of
from hanse.dcat.values import items, text_of_value
from hanse.kernel.errors import CallerError
from hanse.odrl.check import check_terms
from hanse.odrl.constraints.base import Operands
from hanse.odrl.forms.read import read_offer

Json = dict[str, object]
_DUO = re.compile(r"(?:duo:|DUO[_:])[0-9]{7}|https?://purl\.obolibrary\.org/obo/DUO_[0-9]{7}")
_KINDS = {"Offer", "Policy", "Set", "Agreement"}
_MAX_POLICIES = 64


def check_policies(value: Json, operands: Operands, now: datetime, report: Report) -> None:
    """Report what is wrong with the conditions of use of a description."""
    infos = items(value.get("usageInfo"))
    for index, info in enumerate(infos[:_MAX_POLICIES]):
        path = f"usageInfo[{index}]"
        if isinstance(info, dict) and (_KINDS & set(types_of(info)) or _has_rules(info)):
            _policy(info, path, operands, now, report)
        elif isinstance(info, dict) and "DefinedTerm" in types_of(info):
            _term(info, path, report)
        elif not isinstance(info, str | dict) or not (isinstance(info, str) or info.get("@id") or info.get("url")):
            report.error(path, "usage", "This names no condition of use.", "A term, an address, or an odrl:Offer.")
    if len(infos) > _MAX_POLICIES:
        report.error("usageInfo", "usage-size", f"At most {_MAX_POLICIES} conditions are checked.")


def _has_rules(info: Json) -> bool:
    return any(key.rpartition(":")[2] in ("permission", "prohibition", "obligation") for key in info)


def _term(info: Json, path: str, report: Report) -> None:
    text = " ".join(text_of_value(info.get(key)) or "" for key in ("@id", "url", "termCode"))
    if not text.strip():
        report.error(path, "usage-term", "The term has no code and no address.")
    elif "duo" in text.lower() and not _DUO.search(text):
        report.error(path, "usage-term", f"{shown(text.strip())} is no term of DUO.", "Write it like DUO_0000042.")


def _policy(info: Json, path: str, operands: Operands, now: datetime, report: Report) -> None:
    if not _KINDS & set(types_of(info)):
        report.error(f"{path}.@type", "odrl-type", "It has rules and is not said to be a policy.", 'Add "odrl:Offer" to its type.')
    lacking = list(_without_left(info, path, 0))
    for where in lacking:
        report.error(where, "odrl-left-operand", "A constraint does not say what it constrains.", "Add an odrl:leftOperand.")
    if lacking:
        return
    written = compact(info)
    if isinstance(written, dict) and not isinstance(written.get("@id"), str):
        written["@id"] = "urn:hanse:unnamed"
        report.warn(f"{path}.@id", "odrl-id", "The policy has no id, so that nobody can refer to it.")
    try:
        offer = read_offer(written, path)
    except CallerError as error:
        report.error(error.where or path, error.rule, error.message, error.hint or "")
        return
    for problem in check_terms(offer.terms, operands, now):
        add = report.error if problem.severity == "error" else report.warn
        add(f"{path}.{problem.path}", f"odrl-{problem.kind}", f"{problem.what[:1].upper()}{problem.what[1:]}.", problem.hint)


def _without_left(value: object, path: str, depth: int) -> Iterator[str]:
    """Yield the places of constraints that have an operator and no left operand."""
    if depth > 32:
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _without_left(one, f"{path}[{index}]", depth + 1)
    if isinstance(value, dict):
        names = {key.rpartition(":")[2] for key in value}
        if "operator" in names and "leftOperand" not in names:
            yield path
        for key, one in value.items():
            yield from _without_left(one, f"{path}.{key}", depth + 1)
