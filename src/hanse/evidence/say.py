"""Every statement in one English sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from hanse.evidence import kinds as k

_LONGEST: Final = 600


def say(predicate: k.Predicate) -> str:
    """Return the sentence, without date and maker: `day` and the reader's names of parties go before it. At most 600 characters."""
    said = _SENTENCES[type(predicate)](predicate)
    return _one_line(said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…")


def day(moment: datetime) -> str:
    """Return a moment as sentences have it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _stated(one: k.UseStated) -> str:
    parts = {
        "for the purpose": one.purpose,
        "by the application": one.application,
        "in the environment": one.environment,
        "in": one.spatial,
        "at the security level": one.security_level,
    }
    how = ", ".join(f"{words} {value}" for words, value in parts.items() if value)
    return f"The data of {one.agreement} will be used {how or 'as agreed'}."


def _began(one: k.UseBegan) -> str:
    why = _because(one.facts)
    return f"The use {one.use} ({one.action}) under {one.agreement} was permitted and began{why}."


def _refused(one: k.UseRefused) -> str:
    named = f" {one.use}" if one.use else ""
    return f"The use{named} ({one.action}) under {one.agreement} was refused{_for(one.reasons)}"


def _ended(one: k.UseEnded) -> str:
    words = {"completed": "was completed", "cut": "was cut", "failed": "broke off"}[one.outcome]
    # Whoever stores the data elsewhere counts no bytes.
    size = f" after {one.size} bytes" if one.size else ""
    return f"The use {one.use} under {one.agreement} {words}{size}{_for((one.reason,))}"


def _agreement_ended(one: k.AgreementEnded) -> str:
    how = {"terms": "by its own terms", "notice": "by notice", "breach": "because it was broken"}[one.how]
    return f"The agreement {one.agreement} ended {how}{_for((one.reason,))}"


def _receipt(one: k.Receipt) -> str:
    objects = "1 object" if one.count == 1 else f"{one.count} objects"
    of = f"Of the data received under {one.agreement}" if one.agreement else "Of data of one's own"
    return f"{of}, {objects} ({one.size} bytes) {'was' if one.count == 1 else 'were'} {one.what}."


def _notice(one: k.Notice) -> str:
    return f"Notice about {one.about} under {one.agreement}: {one.text}"


def _report(one: k.UsageReport) -> str:
    uses = "1 use" if one.uses == 1 else f"{one.uses} uses"
    users = len({line.user for line in one.lines if line.user})
    by = f" by {users} users" if users > 1 else " by 1 user" if users else ""
    return f"Since {day(one.since)} there were {uses}{by} ({one.size} bytes) under {one.agreement}."


def _decided(one: k.Decided) -> str:
    word = "permitted" if one.permitted else "not permitted"
    unknown = f" Not known: {', '.join(one.unknown)}." if one.unknown else ""
    return f"To {one.action} under {one.agreement} is {word}{_for(one.reasons)}{unknown}"


def _acknowledged(one: k.Acknowledged) -> str:
    return f"A statement ({one.kind}) about {one.agreement} has arrived and is entry {one.index} of the receiver's ledger."


def _ordered(one: k.Ordered) -> str:
    words = {"searched": "was searched for", "finished": "finished", "failed": "failed"}
    said = words.get(one.what, f"was {one.what}")
    query = f" for {one.query}" if one.query else ""
    return f"The order {one.order}{query} {said}{_for(one.reasons)}"


def _acquired(one: k.Acquired) -> str:
    checked = "the provider's checksums" if one.sums == "provider" else "no checksums of the provider, but was measured"
    return f"{one.version} was stored: {_objects(one.count)} ({one.size} bytes) of {one.dataset}, verified against {checked}."


def _documented(one: k.Documented) -> str:
    return f"The document {one.document} was made of {one.subject}."


def _opened(one: k.Opened) -> str:
    return f"{one.version} was opened ({one.action}){f' for the use {one.use}' if one.use else ''}: its key was handed out."


def _leased(one: k.Leased) -> str:
    return f"The lease {one.lease} lets a node open {one.version} until {day(one.until)}."


def _returned(one: k.Returned) -> str:
    return f"The lease {one.lease} of {one.version} came back after {one.openings} openings{_for(one.gaps)}"


def _trained(one: k.Trained) -> str:
    return f"The model {one.model} was made ({one.action}) from {', '.join(each.version for each in one.inputs) or 'nothing'}."


def _derived(one: k.Derived) -> str:
    of = ", ".join(each.version for each in one.inputs)
    under = f", under {', '.join(one.under)}" if one.under else ""
    steps = "1 step" if one.steps == 1 else f"{one.steps} steps"
    return f"{one.version} ({_objects(one.count)}, {one.size} bytes) was made of {of} in {steps}, for {one.action}{under}."


def _prepared(one: k.Prepared) -> str:
    dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(one.dropped.items()))
    left = f" It left out {sum(one.dropped.values())}: {dropped}." if dropped else ""
    count = one.records_in or one.records_out
    records = "1 record" if count == 1 else f"{count} records"
    records += f" became {one.records_out}" if one.records_in else (" was read" if count == 1 else " were read")
    return f"Step {one.number} of {one.version} was {one.step} (version {one.step_version}): {records}.{left}"


def _kept(one: k.Kept) -> str:
    if one.what == "released":
        return f"{one.keeper} no longer keeps {one.version}{_for((one.reason,))}"
    return f"{one.keeper} keeps {one.version} until {day(one.until)}{_for((one.reason,))}"


def _held(one: k.Held) -> str:
    until = f", until {day(one.until)}" if one.until is not None and one.what == "set" else ""
    return f"The legal hold {one.hold} on {one.version} was {one.what}{until}."


def _drilled(one: k.Drilled) -> str:
    found = "it is sound" if one.sound else "it is not sound"
    return f"{one.version} was fetched back: {found}{_for(one.problems)}"


def _linked(one: k.Linked) -> str:
    before = f" It was {one.before}." if one.before else ""
    return f"The collaboration with the space {one.space} is now {one.mode}.{before}"


def _mirrored(one: k.Mirrored) -> str:
    gone = f" {_objects(one.removed)} of the version before vanished." if one.removed else ""
    newest = f" as {one.version}" if one.version else ""
    return f"The mirror {one.mirror} holds {_objects(one.count)} ({one.size} bytes){newest}; {one.moved} bytes moved.{gone}"


def _assessed(one: k.Assessed) -> str:
    measures = "1 measure" if len(one.measures) == 1 else f"{len(one.measures)} measures"
    return f"The quality of {one.subject} was assessed (stage: {one.stage}): {measures}, report {one.report[:16]}."


def _disputed(one: k.Disputed) -> str:
    said = "; ".join(f"{each.metric} {each.declared:g} declared, {each.measured:g} measured" for each in one.measures)
    return f"The declared quality of {one.version}, which came under {one.agreement}, does not hold: {said}."


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"


def _because(facts: Any) -> str:
    said = ", ".join(f"{name} {value}" for name, value in sorted(facts.items()))
    return f" ({said})" if said else ""


def _for(reasons: Iterable[str]) -> str:
    said = "; ".join(one.rstrip(". ") for one in reasons if one.strip())
    return f": {said}." if said else "."


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


_SENTENCES: Final[dict[type[k.Predicate], Callable[[Any], str]]] = {
    k.UseStated: _stated,
    k.UseBegan: _began,
    k.UseRefused: _refused,
    k.UseEnded: _ended,
    k.AgreementEnded: _agreement_ended,
    k.Receipt: _receipt,
    k.Notice: _notice,
    k.UsageReport: _report,
    k.Decided: _decided,
    k.Acknowledged: _acknowledged,
    k.Ordered: _ordered,
    k.Acquired: _acquired,
    k.Documented: _documented,
    k.Opened: _opened,
    k.Leased: _leased,
    k.Returned: _returned,
    k.Trained: _trained,
    k.Derived: _derived,
    k.Prepared: _prepared,
    k.Kept: _kept,
    k.Held: _held,
    k.Drilled: _drilled,
    k.Linked: _linked,
    k.Mirrored: _mirrored,
    k.Assessed: _assessed,
    k.Disputed: _disputed,
}
