"""Policies in words, one sentence for each rule with its id behind it, and sentences back to policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from hanse.kernel.errors import Invalid
from hanse.odrl.constraints.base import Operands
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.forms.bounds import Bounds
from hanse.odrl.forms.inherit import LIMITS
from hanse.odrl.model import Agreement, Conflict, Rule, Terms
from hanse.odrl.names import KNOWN_PROFILES
from hanse.odrl.say.grammar import Grammar, Kind, need_quoted, read_id
from hanse.odrl.say.language import fill
from hanse.odrl.say.languages import language_of
from hanse.odrl.say.scan import LONGEST, Reader
from hanse.odrl.say.values import say_moment
from hanse.odrl.when import read_when
from hanse.odrl.words import quote, value

_KINDS: tuple[tuple[Kind, str], ...] = (("permission", "permissions"), ("prohibition", "prohibitions"), ("obligation", "obligations"))
_CONFLICTS: tuple[Conflict, ...] = ("perm", "prohibit", "invalid")


def say_terms(terms: Terms, language: str = "en", operands: Operands = BUILT_IN) -> list[str]:
    """Return one sentence per rule, then what holds for all of them: profiles, conflicts, policies that are inherited.

    Each sentence ends with its rule's id: the uid, else its place such as `permission 1`. Raises `Invalid` for a language that is
    not there.
    """
    return list(_sentences(terms, Grammar(language_of(language), operands)))


def _sentences(terms: Terms, grammar: Grammar) -> Iterator[str]:
    words = grammar.language.words
    for kind, field in _KINDS:
        rules: tuple[Rule, ...] = getattr(terms, field)
        for index, rule in enumerate(rules):
            yield f"{words[kind]}{grammar.say_rule(kind, rule)} [{say_id(kind, index, rule.uid)}]."
        if kind == "permission" and not rules:
            yield words["nothing"]
    for profile in terms.profile:
        yield words["profile"] + quote(profile) + ("" if profile in KNOWN_PROFILES else words["profile unknown"]) + "."
    if terms.conflict is not None:
        yield words[f"conflict {terms.conflict}"]
    for parent in terms.inherits:
        yield words["inherits"] + quote(parent) + "."


def say_id(kind: str, index: int, uid: str | None) -> str:
    """Return how a rule is called in every language: its uid in quotes, else its place from 1 on."""
    return quote(uid) if uid is not None else f"{kind} {index + 1}"


def say_agreement(agreement: Agreement, names: Mapping[str, str], language: str = "en", operands: Operands = BUILT_IN) -> list[str]:
    """Return who agreed with whom on what, then the terms. `names` are the names of DIDs, where they are known."""
    found = language_of(language)
    when = read_when(agreement.timestamp)
    moment = say_moment(when.start, found) if when else value(agreement.timestamp)
    made = fill(found.words["made"], {"{}": moment}) if agreement.timestamp else ""
    parties = {"{assigner}": _party(agreement.assigner, names), "{assignee}": _party(agreement.assignee, names)}
    return [
        f"{found.words['agreement']}{quote(agreement.id)}{made}.",
        fill(found.words["gives"], parties | {"{target}": quote(agreement.target)}),
        *say_terms(agreement.terms, language, operands),
    ]


def _party(did: str, names: Mapping[str, str]) -> str:
    return f"{quote(names[did])} ({quote(did)})" if did in names else quote(did)


class _Read(Struct):
    """What has been read so far."""

    rules: dict[Kind, list[Rule]]
    profile: list[str] = []
    conflict: Conflict | None = None
    inherits: list[str] = []
    nothing: bool = False


def parse_terms(sentences: Sequence[str], language: str = "en", operands: Operands = BUILT_IN) -> Terms:
    """Return the policy that `sentences` say, as `say_terms` makes them.

    What they say is read and nothing else: a sentence that is not understood whole is refused. Raises `Invalid` or `Malformed` with
    the sentence, the place in it and what would fit there.
    """
    if sum(map(len, sentences)) > LONGEST:
        raise Invalid(f"The sentences of a policy have at most {LONGEST} characters.", where="sentences", rule="policy-size")
    grammar, bounds, read = Grammar(language_of(language), operands), Bounds(LIMITS), _Read({kind: [] for kind, _ in _KINDS})
    for index, sentence in enumerate(sentences):
        _read_sentence(grammar, Reader(sentence, f"sentence {index + 1}", bounds), read)
    terms = Terms(
        permissions=tuple(read.rules["permission"]),
        prohibitions=tuple(read.rules["prohibition"]),
        obligations=tuple(read.rules["obligation"]),
        profile=tuple(read.profile),
        conflict=read.conflict,
        inherits=tuple(read.inherits),
    )
    if read.nothing == bool(terms.permissions):
        raise Invalid(
            "Either something is permitted, or a sentence says that nothing is.",
            where="sentences",
            rule="policy-sentence",
            hint=f"Say {grammar.language.words['nothing']!r} when nothing is.",
        )
    return terms


def _read_sentence(grammar: Grammar, reader: Reader, read: _Read) -> None:
    words = grammar.language.words
    if reader.take(words["nothing"]):
        read.nothing = True
    elif not (_read_rule(grammar, reader, read) or _read_conflict(words, reader, read)):
        _read_name(words, reader, read)
    if not reader.end():
        raise reader.wrong()


def _read_rule(grammar: Grammar, reader: Reader, read: _Read) -> bool:
    for kind, rules in read.rules.items():
        if reader.take(grammar.language.words[kind]):
            rule = grammar.read_rule(kind, reader)
            # Without a uid a rule's id is its place, and that shows whether all are there.
            rules.append(replace(rule, uid=read_id(reader, say_id(kind, len(rules), None))))
            return True
    return False


def _read_conflict(words: Mapping[str, str], reader: Reader, read: _Read) -> bool:
    for conflict in _CONFLICTS:
        if reader.take(words[f"conflict {conflict}"]):
            if read.conflict is not None:
                raise Invalid("What a collision means is said twice.", where=reader.where, rule="policy-sentence")
            read.conflict = conflict
            return True
    return False


def _read_name(words: Mapping[str, str], reader: Reader, read: _Read) -> None:
    found = read.profile if reader.take(words["profile"]) else read.inherits
    if found is read.inherits:
        reader.need(words["inherits"])
    found.append(need_quoted(reader))
    if found is read.profile:
        reader.take(words["profile unknown"])
    reader.need(".")
