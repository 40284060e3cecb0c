"""A slow and obvious evaluator of ODRL, written from the text of the ODRL 2.2 Information Model (IM) and the W3C draft of its formal
semantics (FS), to compare the engine with. It shares no code with the engine but the model, the facts and the names.

Every answer is yes, no or unknown (`None`). What is not known is tried both ways: an answer is known if it comes out the same
whichever way the unknown things are. That is how `and`, `or` and `xone` are defined here, and nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import product

from hanse.odrl.facts import Done
from hanse.odrl.model import Atomic
from hanse.odrl.names import KNOWN_PROFILES, plain

# --- Three values -----------------------------------------------------------------------------------------------------


def whichever(decide, truths):
    """Return what `decide` says of the truths if it says the same however the unknown ones turn out, else `None`."""
    ways = [(True, False) if truth is None else (truth,) for truth in truths]
    answers = {decide(list(way)) for way in product(*ways)}
    return answers.pop() if len(answers) == 1 else None


def conjunction(truths):
    return whichever(all, truths)


def disjunction(truths):
    return whichever(any, truths)


LOGICAL = {
    "and": all,
    # "All of the Constraints - in sequence - MUST be satisfied" (IM 2.5.2): the sequence is the way to the answer.
    "andSequence": all,
    "or": any,
    "xone": lambda truths: sum(truths) == 1,  # "only one, and not more"
}

# --- The policy -------------------------------------------------------------------------------------------------------


def permitted(terms, facts, settings):
    """Tell whether the request is permitted (IM 2.6 and 2.9; FS, behaviour)."""
    if any(profile not in KNOWN_PROFILES for profile in terms.profile):
        return False  # "it MUST stop processing the policy" (IM 3.3)
    if terms.inherits or not (terms.permissions or terms.prohibitions or terms.obligations):
        return False  # it is not all here, or says nothing
    permissions, prohibitions, obligations = truths(terms, facts, settings)
    if any(truth is not True for truth in obligations):
        return False
    one_permits = True in permissions
    none_forbids = all(truth is False for truth in prohibitions)
    strategy = terms.conflict or settings.conflict
    if one_permits:
        # perm: "the Permissions MUST override the Prohibitions". Else a prohibition that applies or might apply forbids: with
        # prohibit it overrides, with invalid both together make the policy void.
        return strategy == "perm" or none_forbids
    return settings.behaviour == "open" and none_forbids


def truths(terms, facts, settings):
    """Return whether each rule applies, by kind."""
    return (
        [rule_applies(f"permission[{n}]", rule, facts, settings) for n, rule in enumerate(terms.permissions)],
        [rule_applies(f"prohibition[{n}]", rule, facts, settings) for n, rule in enumerate(terms.prohibitions)],
        [obligation_met(f"obligation[{n}]", rule, facts) for n, rule in enumerate(terms.obligations)],
    )


def rule_applies(path, rule, facts, settings):
    """FS, semantics of permissions: active, and the action of the permitted class with its target, assignee and refinements."""
    return conjunction(
        [
            action_is(rule.action, facts.action),
            *(
                scope_is(scope, asked, facts)
                for scope, asked in ((rule.target, facts.target), (rule.assignee, facts.assignee), (rule.assigner, facts.assigner))
                if scope is not None
            ),
            *(holds(one, facts) for one in rule.refinements),
            *(holds(one, facts) for one in rule.constraints),
            *(duty_met(f"{path}.duty[{n}]", duty, facts, settings) for n, duty in enumerate(rule.duties)),
        ]
    )


def findings(terms, facts, settings):
    """Return what comes of every part of every rule, by its path."""
    found = {f"obligation[{n}]": obligation_met(f"obligation[{n}]", rule, facts) for n, rule in enumerate(terms.obligations)}
    for kind, rules in (("permission", terms.permissions), ("prohibition", terms.prohibitions)):
        for n, rule in enumerate(rules):
            found |= parts_of(f"{kind}[{n}]", rule, facts, settings)
    return found


def parts_of(path, rule, facts, settings):
    found = {f"{path}.action": action_is(rule.action, facts.action)}
    for who in ("target", "assignee", "assigner"):
        scope = getattr(rule, who)
        if scope is not None:
            found[f"{path}.{who}"] = named(scope, getattr(facts, who), facts)
            found |= every_constraint(f"{path}.{who}.refinement", scope.refinements, facts)
    found |= every_constraint(f"{path}.refinement", rule.refinements, facts)
    found |= every_constraint(f"{path}.constraint", rule.constraints, facts)
    return found | {f"{path}.duty[{n}]": duty_met(f"{path}.duty[{n}]", duty, facts, settings) for n, duty in enumerate(rule.duties)}


def every_constraint(path, constraints, facts):
    found = {}
    for n, one in enumerate(constraints):
        where = f"{path}[{n}]"
        found[where] = holds(one, facts)
        if not isinstance(one, Atomic):
            found |= every_constraint(f"{where}.{one.operator}", one.operands, facts)
    return found


# --- Actions ----------------------------------------------------------------------------------------------------------

INCLUDED_IN = {
    "use": None,
    "transfer": None,
    "play": "use",
    "display": "play",
    "print": "use",
    "reproduce": "use",
    "extract": "reproduce",
    "modify": "use",
    "delete": "use",
    "sell": "transfer",
}
"""A part of the vocabulary; the strategies take actions from here, and one that nobody knows."""
EXACT_MATCH = {"write": "modify", "copy": "reproduce"}


def action_is(ruled, asked):
    """IM 2.4: a rule for an action is one for every action that is included in it, transitively."""
    ruled, asked = (EXACT_MATCH.get(plain(one), plain(one)) for one in (ruled, asked))
    if ruled == asked:
        return True
    if ruled not in INCLUDED_IN or asked not in INCLUDED_IN:
        return None
    while asked is not None and asked != ruled:
        asked = INCLUDED_IN[asked]
    return asked == ruled


# --- Assets and parties -----------------------------------------------------------------------------------------------


def scope_is(scope, asked, facts):
    """The one that is asked about is named, and the refinements hold of it (IM 2.5.5 and 2.5.6)."""
    return conjunction([named(scope, asked, facts), *(holds(one, facts) for one in scope.refinements)])


def named(scope, asked, facts):
    """FS: "is equal to ... or it is contained in the collection"."""
    members = []
    if scope.id is not None:
        members.append(None if asked is None else asked == scope.id or scope.id in facts.parts.get(asked, ()))
    if scope.collection is not None:
        if asked is not None and asked != scope.collection and asked not in facts.parts:
            members.append(None)  # nobody knows what it belongs to
        else:
            members.append(None if asked is None else asked == scope.collection or scope.collection in facts.parts.get(asked, ()))
    return conjunction(members)


# --- Duties (IM 2.6.3 to 2.6.6; FS, conditions) -----------------------------------------------------------------------

HOW = {"payAmount", "dateTime", "elapsedTime", "delayPeriod", "count", "event", "recipient", "timeInterval", "meteredTime", "percentage"}
"""In a duty these say how or by when it is done, and whoever sees to it keeps them; its other constraints say when it is owed."""


def duty_met(path, duty, facts, settings):
    """Tell whether a duty does not keep the permission away: fulfilled, or not owed. With `advise` also while it is not violated."""
    advise = settings.duty_semantics == "advise"
    return met(path, duty, facts, not_yet=advise, not_known=True if advise else None)


def obligation_met(path, duty, facts):
    """Tell whether an obligation does not stand in the way: not violated, and known."""
    return met(path, duty, facts, not_yet=True, not_known=None)


def met(path, duty, facts, *, not_yet, not_known):
    conditions = [one for one in duty.constraints if not mentions(one, HOW)]
    # FS: a condition is active if it has no constraints or all of them are satisfied; an inactive one does not hinder.
    if conditions and conjunction([holds(one, facts) for one in conditions]) is False:
        return True
    state = facts.duties.get(duty.uid or path)
    if state is None:
        return not_known
    if state.state is not Done.FULFILLED:
        return not_yet if state.state is Done.PENDING else False
    # "the original obligation or duty, as well as the consequence Duties MUST all be fulfilled"; one is owed once it has a state.
    consequences = [facts.duties.get(one.uid or f"{path}.consequence[{n}]") for n, one in enumerate(duty.consequences)]
    return conjunction(
        [one.state is Done.FULFILLED if one.state is not Done.PENDING else not_yet for one in consequences if one is not None]
    )


def mentions(constraint, names):
    if isinstance(constraint, Atomic):
        return plain(constraint.left) in names
    return any(mentions(one, names) for one in constraint.operands)


# --- Constraints (IM 2.5) ---------------------------------------------------------------------------------------------


def holds(constraint, facts):
    if not isinstance(constraint, Atomic):
        return whichever(LOGICAL[constraint.operator], [holds(one, facts) for one in constraint.operands])
    left = plain(constraint.left)
    decide = DECIDED.get(left)
    return None if decide is None else decide(constraint, facts)


def known(facts, left):
    """Return the value of a fact; one that is stale is none."""
    fact = facts.known.get(left)
    if fact is None or (fact.expires is not None and fact.expires <= facts.now):
        return None
    return fact.value


def rights(constraint):
    """Return the right operands as (text, type); nothing when the constraint is not of a form that can be decided."""
    items = constraint.right if isinstance(constraint.right, list) else [constraint.right]
    found = []
    for item in items:
        if isinstance(item, str):
            found.append((item, constraint.unit or constraint.data_type))
        elif isinstance(item, dict) and set(item) == {"@id"}:
            found.append((item["@id"], None))
        elif isinstance(item, dict) and "@value" in item:
            found.append((item["@value"], constraint.unit or item.get("@type")))
    return found if len(found) == len(items) else []


EACH = {
    "eq": lambda left, right: left == right,
    "neq": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left < right or left == right,
    "gt": lambda left, right: right < left,
    "gteq": lambda left, right: right < left or left == right,
}
SETS = {
    "isAnyOf": lambda left, many: any(left == one for one in many),
    "isNoneOf": lambda left, many: not any(left == one for one in many),
    "isAllOf": lambda left, many: all(left == one for one in many),
}


def compared(constraint, left, values):
    """Compare a value that has an order with right operands that have been read; `None` where that means nothing."""
    if left is None or not values or None in values:
        return None
    if constraint.operator in EACH:
        return None if isinstance(constraint.right, list) else EACH[constraint.operator](left, values[0])
    return SETS[constraint.operator](left, values) if constraint.operator in SETS else None


def date_time(constraint, facts):
    """`dateTime`: now. A day is all its moments: before it, within it, after it."""
    spans = [span(text) for text, _ in rights(constraint)]
    if not spans or None in spans:
        return None
    within = [start <= facts.now < end for start, end in spans]
    if constraint.operator in SETS:
        return {"isAnyOf": any(within), "isNoneOf": not any(within), "isAllOf": all(within)}[constraint.operator]
    if constraint.operator not in EACH or isinstance(constraint.right, list):
        return None
    place = 0 if within[0] else -1 if facts.now < spans[0][0] else 1
    return EACH[constraint.operator](place, 0)


def span(text):
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return None
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return (start, start + (timedelta(days=1) if len(text) == len("2026-01-01") else timedelta(microseconds=1)))


def number(text):
    try:
        return Fraction(Decimal(text))
    except InvalidOperation:
        return None


UNIT = "urn:hanse:odrl:unit:"
BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10}


def unit_of(kind):
    if kind is None or kind.startswith("xsd:"):
        return ""
    return kind.removeprefix(UNIT)


def count(constraint, facts):
    """Numbers: the fact and the right operand are of one unit, or nothing can be said."""
    read = [(number(text), unit_of(kind)) for text, kind in rights(constraint)]
    units = {unit for _, unit in read}
    value = known(facts, plain(constraint.left))
    amount, unit = value if isinstance(value, tuple) else (value, "")
    if value is None or units != {unit}:
        return None
    return compared(constraint, Fraction(amount), [amount for amount, _ in read])


def money(constraint, facts):
    """Money has a currency."""
    if any(len(unit_of(kind)) != 3 for _, kind in rights(constraint)):
        return None
    return count(constraint, facts)


def volume(constraint, facts):
    """Bytes, in whatever unit of size."""
    read = [(number(text), BYTES.get(unit_of(kind))) for text, kind in rights(constraint)]
    if any(amount is None or unit is None for amount, unit in read):
        return None
    return compared(constraint, known(facts, plain(constraint.left)), [amount * unit for amount, unit in read])


PERIODS = {"PT1H": timedelta(hours=1), "P1D": timedelta(days=1), "PT24H": timedelta(days=1), "P30D": timedelta(days=30)}


def metered_time(constraint, facts):
    return compared(constraint, known(facts, "meteredTime"), [PERIODS.get(text) for text, _ in rights(constraint)])


def elapsed_time(constraint, facts):
    """The time since the fact, a moment; of a month, whether the same day of the next month has come."""
    start = known(facts, "elapsedTime")
    if start is None or isinstance(constraint.right, list) or constraint.operator not in EACH:
        return None
    ((text, _),) = rights(constraint)
    if text == "P1M":
        month = start.month % 12 + 1
        end = start.replace(month=month, year=start.year + (month == 1))  # the strategies start before the 29th
    elif text in PERIODS:
        end = start + PERIODS[text]
    else:
        return None
    return EACH[constraint.operator](facts.now - start, end - start)


LEVELS = ["base", "trust", "trust+"]


def level(constraint, facts):
    values = [LEVELS.index(text) if text in LEVELS else None for text, _ in rights(constraint)]
    value = known(facts, plain(constraint.left))
    return compared(constraint, LEVELS.index(value) if value in LEVELS else None, values)


# --- Names ------------------------------------------------------------------------------------------------------------

PURPOSES = {
    "dpv:Marketing": {"direct", "social", "ads", "other marketing"},
    "dpv:DirectMarketing": {"direct"},
    "dpv:SocialMediaMarketing": {"social"},
    "dpv:ResearchAndDevelopment": {"academic", "commercial", "other research"},
    "dpv:AcademicResearch": {"academic"},
}
"""Some purposes of the Data Privacy Vocabulary, each as all the uses that it stands for."""
PLACES = {"DE": {"DE"}, "FR": {"FR"}, "IS": {"IS"}, "US": {"US"}, "EU": {"DE", "FR", "all the others"}}


def within(name, names, facts, extents):
    """Tell whether one name stands for a part of what the names stand for together."""
    whole = set().union(*(extents.get(one, {one}) for one in names))
    parts = facts.parts.get(name)
    if name in names or (name in extents and extents[name] <= whole) or (parts is not None and set(names) & set(parts)):
        return True
    if name in extents and extents[name] & whole:
        return None  # some of it is
    all_in_the_tree = name in extents and all(one in extents for one in names)
    return False if all_in_the_tree or parts is not None else None


def equal(name, names, extents):
    """Tell whether a name is one of the names; one that is only wider or narrower is neither this nor something else."""
    if name in names:
        return True
    whole = set().union(*(extents.get(one, {one}) for one in names))
    return None if name in extents and extents[name] & whole else False


def every_use(extents):
    """The use is for all that the fact names (purposes, places): what holds for some of them only is not known of the use."""

    def decide(constraint, facts):
        names = {text for text, _ in rights(constraint)}
        value = known(facts, plain(constraint.left))
        values = {value} if isinstance(value, str) else value
        if not values or not names or (constraint.operator in ("eq", "neq") and isinstance(constraint.right, list)):
            return None
        if constraint.operator == "hasPart":
            return conjunction([within(name, values, facts, extents) for name in names])
        if constraint.operator == "isAllOf":
            return True if values == names else None if names < values else False
        if constraint.operator in ("isA", "isPartOf"):
            found = {within(one, names, facts, extents) for one in values}
        elif constraint.operator in ("eq", "isAnyOf", "neq", "isNoneOf"):
            found = {equal(one, names, extents) for one in values}
        else:
            return None
        truth = found.pop() if len(found) == 1 else None
        negative = constraint.operator in ("neq", "isNoneOf")
        return None if truth is None else truth is not negative

    return decide


def had(*, provable):
    """Who asks has all that the fact names (roles, credentials, states, events)."""

    def decide(constraint, facts):
        names = {text for text, _ in rights(constraint)}
        value = known(facts, plain(constraint.left))
        operator = constraint.operator
        if value is None or not names or (operator in ("eq", "neq") and isinstance(constraint.right, list)):
            return None
        values = {value} if isinstance(value, str) else set(value)
        if operator in ("neq", "isNoneOf"):
            return not names & values if provable else None
        if operator in ("isAllOf", "hasPart"):
            return names <= values
        if operator in ("isA", "isPartOf"):
            return disjunction([within(one, names, facts, {}) for one in values])
        return bool(names & values) if operator in ("eq", "isAnyOf") else None

    return decide


def participant(constraint, facts):
    names = {text for text, _ in rights(constraint)}
    operator = constraint.operator
    if facts.assignee is None or (operator in ("eq", "neq") and isinstance(constraint.right, list)):
        return None
    if operator == "isPartOf":
        return within(facts.assignee, names, facts, {})
    if operator not in ("eq", "neq", "isAnyOf", "isNoneOf", "isAllOf") or not all(name.startswith("did:") for name in names):
        return None
    if operator == "isAllOf":
        return names == {facts.assignee}
    return (facts.assignee in names) is (operator in ("eq", "isAnyOf"))


def membership(constraint, facts):
    value = known(facts, plain(constraint.left))
    if (constraint.operator, constraint.right) != ("eq", "active") or value is None:
        return None
    return value if isinstance(value, bool) else value == "active"


HANSE = "urn:hanse:odrl:"
DECIDED = {
    "dateTime": date_time,
    "count": count,
    "percentage": count,
    "payAmount": money,
    f"{HANSE}volume": volume,
    "meteredTime": metered_time,
    "elapsedTime": elapsed_time,
    f"{HANSE}securityLevel": level,
    "purpose": every_use(PURPOSES),
    "spatial": every_use(PLACES),
    "product": every_use({}),
    f"{HANSE}role": had(provable=False),
    f"{HANSE}environment": had(provable=True),
    f"{HANSE}participant": participant,
    f"{HANSE}membership": membership,
}
