"""What may not change an answer, and which way an answer may change (odrl.compile, odrl.normal, odrl.full)."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hanse.odrl.deciding.compile import DEFAULT, Settings, compile_agreement, compile_terms
from hanse.odrl.deciding.index import Index
from hanse.odrl.forms.full import read_policy, read_policy_text
from hanse.odrl.model import Agreement, Logical, Rule, Scope, Terms
from hanse.odrl.normal import normal_form, same_terms, terms_hash
from tests.thorough import thorough
from tests.unit.odrl.differential import reference, worlds
from tests.unit.odrl.differential.spelling import compact, comparable, each_rule, expanded, respelled, respelled_whole, unnamed
from tests.unit.odrl.differential.worlds import atomics, constraints, facts, rules, terms, ways


def filled_in(policy):
    """Return a policy with a rule: what has none is no policy."""
    some = policy.permissions or policy.prohibitions or policy.obligations
    return policy if some else replace(policy, permissions=(Rule("use"),))


whole_terms = terms.map(filled_in)
randoms = st.integers(0, 2**32).map(Random)  # much faster than hypothesis' own, and only order and spelling hang on it


def decided(policy, world, way):
    """Return the decision and, in no order, what came of the rules."""
    report = compile_terms(policy, way).report(world)
    return report.permitted, sorted((rule.kind, str(rule.truth)) for rule in report.rules)


def by_name(world):
    """Return the world with states only of duties that have a name: the path of the others changes with the order."""
    return replace(world, duties={key: state for key, state in world.duties.items() if key.startswith("urn:")})


@thorough
@given(terms, facts, ways, randoms)
def test_order_and_spelling_have_no_meaning(policy, world, way, random):
    other = respelled(policy, random)
    assert same_terms(policy, other)
    assert terms_hash(policy) == terms_hash(other)
    assert decided(policy, by_name(world), way) == decided(other, by_name(world), way)


@thorough
@given(whole_terms, facts, ways, randoms)
def test_every_form_of_json_ld_says_the_same(policy, world, way, random):
    policy = comparable(unnamed(policy))
    answer = decided(policy, world, way)
    for value in (compact(policy), expanded(compact(policy)), json.dumps(compact(policy))):
        read = (read_policy_text if isinstance(value, str) else read_policy)(value).terms
        assert normal_form(read) == normal_form(policy)
        assert decided(read, world, way) == answer
    assert same_terms(read_policy(respelled_whole(policy, random)).terms, policy)


def permits(policy, world, way=DEFAULT):
    return compile_terms(policy, way).decide(world)


@thorough
@given(whole_terms, rules(), constraints, facts, ways, st.integers(0, 3))
def test_which_way_an_answer_may_change(policy, rule, constraint, world, way, place):
    def narrowed(values):
        return tuple(replace(value, constraints=(*value.constraints, constraint)) for value in values)

    answer = permits(policy, world, way)
    # A prohibition more, wherever it stands, or a constraint more on each permission never permits more.
    more = replace(policy, prohibitions=(*policy.prohibitions[:place], rule, *policy.prohibitions[place:]))
    assert permits(more, world, way) <= answer
    assert permits(replace(policy, permissions=narrowed(policy.permissions)), world, way) <= answer
    # A permission more, or a constraint more on each prohibition, never permits less.
    assert permits(replace(policy, permissions=(*policy.permissions, rule)), world, way) >= answer
    assert permits(replace(policy, prohibitions=narrowed(policy.prohibitions)), world, way) >= answer


@thorough
@given(whole_terms, facts, ways)
def test_how_strategies_and_settings_stand_to_each_other(policy, world, way):
    perm, prohibit, invalid = (permits(replace(policy, conflict=conflict), world, way) for conflict in ("perm", "prohibit", "invalid"))
    assert prohibit is invalid  # what a prohibition wins is refused, and so is what is void
    assert perm >= prohibit
    strict = permits(policy, world)
    assert permits(policy, world, Settings(duty_semantics="advise")) >= strict
    assert permits(policy, world, Settings(behaviour="open")) >= strict


@thorough
@given(terms, facts, ways, st.data())
def test_a_fact_more_changes_nothing_that_was_known(policy, world, way, data):
    hidden = data.draw(st.sets(st.sampled_from(sorted(worlds.VALUES))))
    less = replace(world, known={name: fact for name, fact in world.known.items() if name not in hidden})
    compiled = compile_terms(policy, way)
    assert compiled.decide(world) >= compiled.decide(less)
    for before, after in zip(compiled.report(less).rules, compiled.report(world).rules, strict=True):
        # An obligation or duty is owed unless it is known that it is not, so that more facts can only lift it.
        assert before.truth in (None, after.truth) or policy_owes(policy)


def policy_owes(policy):
    return bool(policy.obligations) or any(rule.duties for rule in policy.permissions)


@thorough
@given(terms, facts, ways, st.fractions(0, 1))
def test_nothing_changes_before_the_moment_that_the_report_names(policy, world, way, fraction):
    compiled = compile_terms(policy, way)
    until = compiled.report(world).valid_until
    end = world.now + timedelta(days=400) if until is None else until - timedelta(microseconds=1)
    later = replace(world, now=world.now + timedelta(microseconds=int((end - world.now) / timedelta(microseconds=1) * fraction)))
    assert compiled.decide(later) is compiled.decide(world)
    assert [rule.truth for rule in compiled.report(later).rules] == [rule.truth for rule in compiled.report(world).rules]


@thorough
@given(st.data(), facts)
def test_one_normal_form_is_one_meaning(data, world):
    """Small changes make other terms; where the normal form does not tell them apart, nothing else may."""
    one = data.draw(atomics)
    other = replace(
        one,
        operator=data.draw(st.sampled_from([one.operator, one.operator, "isAnyOf", "eq", "lteq", "isA"])),
        right=data.draw(st.sampled_from([one.right, [one.right], one.right[:1] if isinstance(one.right, list) else {"@id": one.right}])),
        unit=data.draw(st.sampled_from([one.unit, worlds.EUR, None])),
        data_type=data.draw(st.sampled_from([None, "xsd:decimal", "xsd:integer"])),
    )
    joined = data.draw(st.sampled_from([(one, other), (Logical("or", (one, other)), Logical("or", (other, other, one)))]))
    left, right = (Terms(permissions=(Rule(world.action, (constraint,)),)) for constraint in joined)
    if same_terms(left, right):
        assert decided(left, world, Settings()) == decided(right, world, Settings())


@thorough
@given(atomics, atomics, facts)
def test_the_laws_of_logic(a, b, world):
    def truth(constraint):
        return compile_terms(Terms(permissions=(Rule(world.action, (constraint,)),))).report(world).rules[0].truth

    assert truth(Logical("and", (a, b))) == truth(Logical("andSequence", (b, a)))
    assert truth(Logical("or", (a, b))) == truth(Logical("or", (b, a)))
    either, both = truth(Logical("or", (a, b))), truth(Logical("and", (a, b)))
    exactly = truth(Logical("xone", (a, b)))
    if None not in (truth(a), truth(b)):
        assert exactly is (either and not both)


@thorough
@given(st.lists(st.tuples(whole_terms, st.sampled_from(worlds.ASSETS), st.sampled_from(worlds.DIDS)), max_size=4), facts)
def test_many_agreements_permit_what_one_of_them_permits(agreed, world):
    agreements = [
        Agreement(id=f"urn:{n}", terms=each_rule(policy, untargeted), target=target, assigner="urn:p", assignee=did)
        for n, (policy, target, did) in enumerate(agreed)
    ]
    index = Index()
    for agreement in agreements:
        index.add(agreement)
    each = [compile_agreement(agreement).decide(world) for agreement in agreements]
    assert index.decide(world) is any(each)
    assert index.decide(world) is any(reference.permitted(filled(agreement), world, Settings()) for agreement in agreements)
    for agreement in agreements[1:]:
        index.remove(agreement.id)
    assert index.decide(world) is any(each[:1])


def untargeted(rule):
    return replace(rule, target=None)


def filled(agreement):
    """Return the terms with the agreement's target and assignee in each rule that has none of its own."""
    target, assignee = (Scope(name) for name in (agreement.target, agreement.assignee))

    def rule(value):
        return replace(value, target=value.target or target, assignee=value.assignee or assignee)

    terms = agreement.terms
    return replace(terms, permissions=tuple(map(rule, terms.permissions)), prohibitions=tuple(map(rule, terms.prohibitions)))
