"""What each mode needs, judged from what is seen now; pure, one line per requirement."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from hanse.factory.links.records import RIGHTS, Limits, Link, Mode, Relay, Requirement, Right, Seen


class Case(Struct, frozen=True, kw_only=True):
    """What is judged: the link as it is or would be, what is seen of its space, and of its intermediary, if it has one."""

    link: Link
    seen: Seen
    relay: Relay | None
    now: datetime


def requirements(case: Case, mode: Mode | None = None) -> list[Requirement]:
    """Return what the mode needs, the link's own if none is named."""
    return [rule(case) for rule in _NEEDS[case.link.mode if mode is None else mode]]


def lacking(needs: Sequence[Requirement]) -> list[Requirement]:
    """Return what is not met, or not known to be."""
    return [one for one in needs if one.met is not True]


def rights(case: Case) -> tuple[Right, ...]:
    """Return what the link allows now: of its mode's rights those whose ground is there."""
    if case.link.ended is not None or any(one.met is False for one in requirements(case)):
        return ()
    return tuple(right for right in RIGHTS[case.link.mode] if right not in ("mirror", "replicate") or case.seen.trusted(right))


def newly(before: Mode, after: Mode, allowed: Collection[Right]) -> tuple[str, ...]:
    """Return what a change of mode newly allows, and whether that takes a new agreement, a sentence each.

    `allowed` are the rights that there are now: a mode may allow what the space's rulebook does not trust us with.
    """
    gained = [right for right in RIGHTS[after] if right not in RIGHTS[before] and right in allowed]
    return tuple(_WORDS[right] for right in gained)


_WORDS: Final[dict[Right, str]] = {
    "acquire": "Data is acquired from its providers directly: that takes an agreement with each. What came through an intermediary stays"
    " under the agreement with it.",
    "relay": "Data is acquired through the intermediary: that takes an agreement with it whose terms let it pass data on.",
    "offer": "Own data can be offered to the members: each agrees on it anew.",
    "mirror": "Mirrors can be kept: that takes one new agreement, whose target is the collection. Agreements about single datasets stand.",
    "replicate": "The space's catalogues are copied here: that takes no agreement. What is acquired from them does, as before.",
    "automatic": "Standing orders acquire within the limits without a person: each makes its own agreements, as a person would.",
}


def _is(what: str, met: bool | None, yes: str, no: str) -> Requirement:
    return Requirement(what=what, met=met, how=yes if met else no)


def _member(case: Case) -> Requirement:
    seen = case.seen
    what = "an active member of the space"
    if seen.problem and seen.joined:
        return Requirement(what=what, met=None, how=f"It cannot be told now: {seen.problem}")
    if not seen.joined:
        return Requirement(what=what, met=False, how=f"You have not joined it: `hanse join {seen.space}`.")
    return _is(
        what, seen.listed, "The signed register names you.", f"Its register does not name you (yet): `hanse join {seen.space}` tells more."
    )


def _membership(case: Case) -> Requirement:
    return _is(
        "a membership credential",
        case.seen.membership,
        "The wallet holds a good one.",
        "The wallet holds none that is good: `hanse wallet request` asks the anchor.",
    )


def _project(case: Case) -> Requirement:
    return _is("a project", bool(case.link.project), f"It is for {case.link.project}.", "Name it: `--project NAME`.")


def _end(case: Case) -> Requirement:
    until = case.link.until
    met = until is not None and until > case.now
    return _is(
        "a date on which it ends",
        met,
        f"It ends on {until:%Y-%m-%d %H:%M} UTC." if until else "",
        "Set one that lies ahead: `--until DATE`.",
    )


def _named(case: Case) -> Requirement:
    return _is("an intermediary", case.link.intermediary is not None, f"It is {case.link.intermediary}.", "Name one: `--intermediary DID`.")


def _relays(case: Case) -> Requirement:
    what = "the intermediary is one of the space"
    if case.seen.problem:
        return Requirement(what=what, met=None, how=f"It cannot be told now: {case.seen.problem}")
    known = ", ".join(sorted(case.seen.intermediaries)) or "none"
    met = case.link.intermediary in case.seen.intermediaries
    return _is(what, met, "The space's register lists it as one.", f"The space's register lists as intermediaries: {known}.")


def _shares(case: Case) -> Requirement:
    met = case.relay is not None and case.relay.met
    return _is(
        "a space that you share with the intermediary",
        met,
        "You can agree with it.",
        "You are in no space with it, so there can be no agreement: join one that it is in.",
    )


def _receipts(case: Case) -> Requirement:
    notes = None if case.relay is None else case.relay.notes
    yes = "It signs statements: receipts are kept from both sides."
    no = "It has no EvidenceService: what it passes on would be proved by your word alone."
    return _is("an intermediary that signs statements", notes, yes, no if notes is False else "Whether it does cannot be told now.")


def _granted(what: str) -> Callable[[Case], Requirement]:
    def rule(case: Case) -> Requirement:
        roles = case.seen.trust.get(what, ())
        words = f"a rulebook that trusts a role to {what}"
        if case.seen.problem:
            return Requirement(what=words, met=None, how=f"It cannot be told now: {case.seen.problem}")
        yes = f"It trusts {' and '.join(roles)}."
        return _is(words, bool(roles), yes, f"Ask the anchor: `trust: [{what}]` below a role of its rulebook.")

    return rule


def _has_role(what: str) -> Callable[[Case], Requirement]:
    def rule(case: Case) -> Requirement:
        mine = [role for role in case.seen.trust.get(what, ()) if role in case.seen.roles]
        wanted = next(iter(case.seen.trust.get(what, ())), "ROLE")
        return _is(
            f"such a role, to {what}",
            bool(mine),
            f"You are {' and '.join(mine)}.",
            f"Apply for it: `hanse join {case.seen.space} --role {wanted}`, or ask the anchor.",
        )

    return rule


def _proves_role(what: str) -> Callable[[Case], Requirement]:
    def rule(case: Case) -> Requirement:
        held = case.seen.trusted(what)
        return _is(
            f"the credential of that role, to {what}",
            bool(held),
            f"The wallet holds the credential of {' and '.join(held)}.",
            "The wallet holds none that is good: `hanse wallet request` asks the anchor.",
        )

    return rule


def _metering(case: Case) -> Requirement:
    notes = case.seen.notes
    return _is(
        "an anchor that takes signed statements",
        notes,
        "It has an EvidenceService: uses can be reported and logs witnessed.",
        "It has none: uses cannot be reported to the space." if notes is False else "Whether it does cannot be told now.",
    )


def _limits(case: Case) -> Requirement:
    limits = case.link.limits
    return _is(
        "limits for standing orders",
        limits.set,
        f"Without a person: {say_limits(limits)}.",
        "Set some: `--budget 500EUR`, `--size 1TB`, `--datasets 20`.",
    )


def say_limits(limits: Limits) -> str:
    """Return limits in words."""
    money = f"up to {limits.budget}" if limits.budget else "nothing that costs money"
    size = [] if limits.size is None else [f"{limits.size} bytes"]
    count = [] if limits.datasets is None else [f"{limits.datasets} datasets"]
    return ", ".join([money, *size, *count]) + f" in {limits.days} days"


_BELONGS: Final = (_member, _membership)
_NEEDS: Final[dict[Mode, tuple[Callable[[Case], Requirement], ...]]] = {
    Mode.AD_HOC: (*_BELONGS, _project, _end),
    Mode.INTERMEDIARY: (_named, _relays, _shares, _receipts),
    Mode.PARTICIPANT: _BELONGS,
    Mode.OWN_ROLE: (*_BELONGS, _granted("mirror"), _has_role("mirror"), _proves_role("mirror")),
    Mode.FEDERATED: (*_BELONGS, _granted("replicate"), _has_role("replicate"), _proves_role("replicate"), _metering),
    Mode.AUTOMATED: (*_BELONGS, _limits),
}
