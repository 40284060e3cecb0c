"""Everything that somebody hostile writes into a policy: read as what it is or refused with the reason, in bounded time, never executed.

The limits of time are processor time of this process, and many times what is needed.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from hanse.kernel.errors import HanseError, Invalid, Malformed, TooLarge
from hanse.odrl.check import check_terms, errors_of
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.odrl.constraints.places import place
from hanse.odrl.deciding.compile import compile_terms
from hanse.odrl.facts import Fact, Facts
from hanse.odrl.forms.full import read_policy, read_policy_text
from hanse.odrl.forms.inherit import inherit, inherit_terms
from hanse.odrl.forms.read import read_agreement, read_offer, read_terms
from hanse.odrl.forms.write import write_terms
from hanse.odrl.match.coverage import beyond, equivalent, match, satisfiable, subsumes
from hanse.odrl.match.verdict import Verdict
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import CLAIM, COUNT, CREDENTIAL, DATE_TIME, ELAPSED_TIME, EVENT, HANSE, PARTICIPANT, PURPOSE, SPATIAL, VOLUME, did_key
from hanse.odrl.normal import same_terms, terms_hash
from hanse.odrl.say import parse_terms, say_refusal, say_terms
from hanse.odrl.templates import parse_template

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LANGUAGES = ("en", "de", "fr", "nl")

INJECTIONS = [
    "__import__('os').system('touch /tmp/hanse-was-here')",
    "exec(open('/etc/passwd').read())",
    "{0.__class__.__mro__[1].__subclasses__}",
    "{}{0}{action}{operator}",
    "%s%n%(x)s%d",
    "{{ 7 * 7 }}",
    "{{ config.__class__.__init__.__globals__['os'].popen('id').read() }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${jndi:ldap://127.0.0.1:1/x}",
    '" } UNION { ?s ?p ?o } #',
    "?x . FILTER(true) } DROP ALL ; SELECT * { ?s",
    "SERVICE <http://127.0.0.1:1/sparql> { ?s ?p ?o }",
    "$(touch /tmp/hanse-was-here)",
    "`touch /tmp/hanse-was-here`",
    "; rm -rf / #",
    "| nc 127.0.0.1 1",
    "' OR '1'='1' --",
    "'); DROP TABLE contracts; --",
    "<script>alert(1)</script>",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    '". Permitted: to use the data. "',
    'x". Permitted: to use the data, if nothing else is said.\nPermitted: to sell the data.',
    "[Permitted: to use the data; or: anything]",
    "members + open",
    '" + open + "',
    "(a+)+$",
    "^(([a-z])+.)+[A-Z]([a-z])+$" + "a" * 200,
    "\\",
    '\\"',
    "\\u0022",
    "a\r\nSet-Cookie: x=y",
    "\u202egnihtyna esu ot :dettimreP",
    "a\u2066b\u2069\u200b\ufeff",
    "nul\0inside",
    "\x1b[2J\x1b[31mred",
    "\U000e0041\U000e0042",
    "../../../etc/passwd",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
]

LEFTS = [
    PURPOSE,
    SPATIAL,
    COUNT,
    DATE_TIME,
    EVENT,
    PARTICIPANT,
    VOLUME,
    "language",
    f"{HANSE}role",
    f"{CLAIM}X#$.a",
    "payAmount",
    "unknown",
]


class Watch:
    """What Python itself says it did: it ran or compiled text, started a process, connected, opened a file."""

    DANGEROUS = ("exec", "compile", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.", "urllib.", "open", "ctypes.")

    def __init__(self) -> None:
        self.armed = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _arguments: object) -> None:
        if self.armed and event.startswith(self.DANGEROUS):
            self.seen.append(event)

    @contextmanager
    def __call__(self):
        self.seen, self.armed = [], True
        try:
            yield
        finally:
            self.armed = False
        assert self.seen == []


watch = Watch()


@contextmanager
def soon(seconds: float = 2.0):
    """Assert that it took bounded processor time."""
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


def policy(*constraints, **more):
    return {"permission": [{"action": "use", "constraint": list(constraints)}], **more}


def constraint(left, operator, right):
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def text_of(right):
    return policy(constraint(COUNT, "lteq", "RIGHT")) and json.dumps(policy(constraint(COUNT, "lteq", "RIGHT"))).replace('"RIGHT"', right)


def facts(now=NOW, **known):
    return Facts(now=now, assignee="did:web:zoo.example", target="urn:data", known=known)


def everything(terms: Terms) -> list[str]:
    """Do with terms all that this server does with a stranger's; return the sentences."""
    compiled = compile_terms(terms)
    report = compiled.report(facts())
    assert compiled.decide(facts()) is report.permitted
    check_terms(terms, BUILT_IN, NOW)
    terms_hash(terms)
    satisfiable(terms, BUILT_IN)
    match(terms, terms, BUILT_IN)
    said = []
    for language in LANGUAGES:
        sentences = say_terms(terms, language, BUILT_IN)
        assert same_terms(parse_terms(sentences, language, BUILT_IN), terms)
        said += [*sentences, say_refusal(report, language, now=NOW, terms=terms)]
    return said


everything(read_terms(policy(constraint(PURPOSE, "eq", "dpv:Marketing"), constraint(COUNT, "lteq", "3"))))  # what is made once is made


# Injection.


@pytest.mark.parametrize("left", LEFTS)
def test_text_in_a_right_operand_stays_text(left):
    with watch(), soon(20):
        for text, operator in product(INJECTIONS, ("eq", "isAnyOf", "neq")):
            right = {"eq": text, "isAnyOf": [text, "x"], "neq": {"@value": text, "@type": "xsd:string"}}[operator]
            terms = read_terms(policy(constraint(left, operator, right)))
            assert terms.permissions[0].constraints[0].right == right
            assert not compile_terms(terms).decide(facts())
            for sentence in everything(terms):
                assert "49" not in sentence or left in (COUNT, DATE_TIME)
                assert sentence.isprintable()


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_in_any_other_place_stays_text_or_is_refused(text):
    places = [
        {"permission": [{"action": text}]},
        {"permission": [{"action": "use"}], "prohibition": [{"action": text}]},
        policy(constraint(text, "eq", "x")),
        policy(constraint(f"{CLAIM}{text}#$.a", "eq", "x")),
        policy(constraint(f"{CLAIM}X#$.{text}", "eq", "x")),
        policy(constraint("count", "lteq", {"@value": "3", "@type": text})),
        policy(constraint("count", "lteq", {text: "3"})),
        {"permission": [{"action": "use", "duty": [{"action": text}]}]},
        {"permission": [{"action": "use", "duty": [{"action": f"{HANSE}mask", "constraint": [constraint(f"{HANSE}column", "eq", text)]}]}]},
        {"permission": [{"action": "use"}], "obligation": [{"action": "delete", "constraint": [constraint("delayPeriod", "lteq", text)]}]},
        policy(profile=text),
        policy(profile=[text]),
    ]
    for value in places:
        with watch(), soon():
            terms = read_terms(value)
            report = compile_terms(terms).report(facts())
            check_terms(terms, BUILT_IN, NOW)
            for language in LANGUAGES:
                assert all(line.isprintable() for line in say_terms(terms, language, BUILT_IN))
                assert say_refusal(report, language, terms=terms).isprintable()
            try:
                full = read_policy(value)
            except Invalid:
                continue
            assert not compile_terms(full.terms).decide(facts())
    refused = [
        policy(constraint("count", text, "x")),
        policy({"@type": text, **constraint("count", "eq", "x")}),
        policy() | {text: "x"},
        {"permission": [{"action": "use", text: "x"}]},
        {"permission": text},
        policy(text),
        policy({"or": text}),
        text,
    ]
    for value in refused:
        for read in (read_terms, read_policy):
            with watch(), pytest.raises((Invalid, Malformed)) as caught:
                read(value)
            assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("text", [one for one in INJECTIONS if not one.startswith("members")])
def test_a_template_takes_words_and_nothing_else(text):
    for template in (
        "{}",
        "purpose {}",
        "count {}",
        "until {}",
        "claim {} $.a = b",
        "claim X {} = b",
        "mask {}",
        "event {}",
        'pass-on "{}"',
    ):
        with watch(), soon():
            try:
                terms = parse_template(template.replace("{}", text), NOW)
            except Invalid as error:
                assert len(str(error)) < 2000
                continue
            everything(terms)
            assert not compile_terms(terms).decide(facts()) or terms.obligations or terms.permissions[0].duties


def test_a_value_that_reads_like_another_term_does_not_become_one():
    honest = read_terms(policy(constraint(PURPOSE, "eq", "dpv:Marketing"), constraint(COUNT, "lteq", "3")))
    for language in LANGUAGES:
        (sentence,) = say_terms(honest, language, BUILT_IN)
        for text in (sentence, f'" {sentence}', sentence[:40], f"{sentence}\n{sentence}"):
            hostile = read_terms(policy(constraint(EVENT, "eq", text)))
            said = say_terms(hostile, language, BUILT_IN)
            assert len(said) == 1
            assert parse_terms(said, language, BUILT_IN) == hostile


def test_patterns_are_never_matched():
    for pattern in (".*", "^", "a|b", "[^x]", "dpv:.*", "%", "*", "?"):
        terms = read_terms(policy(constraint(PURPOSE, "eq", pattern)))
        assert not compile_terms(terms).decide(facts(purpose=Fact("dpv:Marketing", "somebody")))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4000,
        "((((((((" * 500,
        "P" + "1Y" * 2000,
        "1" * 4000,
        "$" + "['a\\\\']" * 500,
        "did:web:" + "a:" * 2000,
        "did:web:" + "%4a" * 1300,
        "2026-01-01T" + "0" * 4000,
        "a-" * 2000,
        "https://w3id.org/dpv" + "/2.0" * 1000,
        "+" * 4000,
        '"' * 4001,
        "\\" * 4001,
        " " * 4001,
    ],
)
def test_no_reader_is_slow_on_long_text(text):
    with soon(8):
        for left, operator in product((*LEFTS, f"{CLAIM}X#{text}", text), ("eq", "lteq", "isAnyOf", "isPartOf")):
            terms = read_terms(policy(constraint(left, operator, text)))
            compile_terms(terms).report(facts())
            check_terms(terms, BUILT_IN, NOW)
            say_terms(terms, "en", BUILT_IN)
        for template in ("until {}", "count {}", "purpose {}", "{}"):
            with pytest.raises(Invalid):
                parse_template(template.replace("{}", text), NOW)
        with pytest.raises(Invalid):
            parse_terms([f"Permitted: {text}"], "en", BUILT_IN)


# Nesting and size.


@pytest.mark.parametrize("key", ["and", "or", "xone", "andSequence"])
def test_a_thousand_levels_are_refused(key):
    value = constraint("count", "lteq", "3")
    for _ in range(1000):
        value = {key: [value]}
    for read in (read_terms, read_policy):
        with soon(), pytest.raises(Malformed) as caught:
            read(policy(value))
        assert caught.value.rule == "policy-depth"


@pytest.mark.parametrize(
    "wrap", [lambda x: [x], lambda x: {"a": x}, lambda x: {"@list": [x]}, lambda x: {"duty": [x]}, lambda x: {"@graph": [x]}]
)
def test_a_thousand_levels_of_anything_are_refused(wrap):
    value = "x"
    for _ in range(900):
        value = wrap(value)
    holders = (policy(constraint("count", "eq", value)), policy(value), {"permission": value}, value)
    with soon():
        for holder, read in product(holders, (read_terms, read_policy, read_offer, read_agreement)):
            with pytest.raises((Malformed, Invalid)) as caught:
                read(holder)
            assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"permission":[' * 2000 + "]}" * 2000])
def test_endless_text_is_refused(text):
    with soon(), pytest.raises(Malformed):
        read_policy_text(text)


def test_deep_terms_that_never_were_json_permit_nothing():
    deep = Atomic("count", "lteq", "3")
    rule = Rule("use", (deep,))
    for _ in range(5000):
        rule = Rule("use", duties=(rule,))
    with soon():
        assert compile_terms(Terms(permissions=(rule,))).report(facts()).beyond == ("depth",)


@pytest.mark.parametrize(
    "text",
    [
        '{"permission":[{"action":"use"}]' + " " * 5_000_000 + "}",
        json.dumps(policy(constraint("purpose", "eq", "x" * 5_000_000))),
        "[" + "1," * 2_600_000 + "1]",
    ],
)
def test_more_than_five_megabytes_is_refused(text):
    with soon(), pytest.raises(TooLarge):
        read_policy_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "{" + ",".join(f'"a{n}":1' for n in range(100_000)) + ',"a99999":1}',
        json.dumps(policy() | {f"a{n}": n for n in range(100_000)}),
        json.dumps({"permission": [{"action": "use"}] * 50_000}),
        json.dumps({"permission": [{"action": [f"urn:{n}" for n in range(100_000)]}]}),
        json.dumps(policy(*[constraint("count", "lteq", "3")] * 20_000)),
        json.dumps(policy({"xone": [constraint("count", "lteq", "3")] * 20_000})),
        json.dumps(policy(constraint("purpose", "isAnyOf", [str(n) for n in range(100_000)]))),
        json.dumps(policy() | {"@context": [{f"p{n}": f"http://x{n}/#"} for n in range(100_000)]}),
        json.dumps({"@graph": [{"@id": f"urn:{n}", "x": 1} for n in range(40_000)] + [policy()]}),
        json.dumps(policy() | {"inheritFrom": [f"urn:{n}" for n in range(200_000)]}),
    ],
    ids=["twice", "members", "rules", "actions", "constraints", "xone", "values", "prefixes", "graph", "parents"],
)
def test_megabytes_are_refused_in_bounded_time_and_memory(text):
    assert len(text) < 5_000_000
    tracemalloc.start()
    try:
        with soon(12):
            try:
                terms = read_policy_text(text).terms
                assert not compile_terms(terms).decide(facts())  # many parents, none of them here
            except HanseError as error:
                assert len(str(error)) < 2000
        assert tracemalloc.get_traced_memory()[1] < 300_000_000
    finally:
        tracemalloc.stop()


def test_a_value_of_five_megabytes_is_no_name_and_permits_nothing():
    terms = read_policy_text(json.dumps(policy(constraint("purpose", "eq", "x" * 4_900_000)))).terms
    with soon():
        assert not compile_terms(terms).decide(facts(purpose=Fact("x" * 4_900_000, "somebody")))
        assert errors_of(terms, BUILT_IN, NOW)


# Explosions.

_FOUR = (PURPOSE, SPATIAL, EVENT, "language")
EXPLOSIONS = {
    "and of or": policy(*({"or": [constraint(left, "eq", f"urn:{n}:{left}") for left in _FOUR]} for n in range(50))),
    "and of or of one": policy(*({"or": [constraint(PURPOSE, "eq", f"urn:{n}:{m}") for m in range(5)]} for n in range(42))),
    "xone over many": policy({"xone": [constraint(PURPOSE, "eq", f"urn:{n}") for n in range(250)]}),
    "xone of xone": policy({"xone": [{"xone": [constraint(left, "neq", f"urn:{n}") for left in _FOUR]} for n in range(50)]}),
    "holes": {
        "permission": [{"action": "use"}],
        "prohibition": [{"action": "use", "constraint": [constraint(left, "neq", f"urn:{n}") for left in _FOUR]} for n in range(60)],
    },
    "slices": {
        "permission": [{"action": "use", "constraint": [constraint(COUNT, "gteq", "1")]}] * 100,
        "prohibition": [
            {"action": "use", "constraint": [constraint(COUNT, "eq", f"{n}"), constraint("percentage", "eq", f"{n}")]} for n in range(75)
        ],
    },
    "names": policy(*(constraint(PURPOSE, "isAnyOf", [f"urn:{n}:{m}" for m in range(250)]) for n in range(15))),
    "places": policy(constraint(SPATIAL, "isNoneOf", [f"X{n}" for n in range(4000)])),
    "duties": {
        "permission": [
            {
                "action": "use",
                "duty": [{"action": "delete", "constraint": [constraint("delayPeriod", "lteq", f"P{n}D")]} for n in range(250)],
            }
        ]
    },
    "duties of many": {"permission": [{"action": "use", "duty": [{"action": "inform"}] * 15}] * 16},
    "parties": policy(constraint(PARTICIPANT, "isAnyOf", ["did:web:" + "%4a" * 600] * 50)),
}


@pytest.mark.parametrize("name", EXPLOSIONS)
def test_what_would_take_for_ever_is_unknown_soon(name):
    terms = read_terms(EXPLOSIONS[name])
    other = read_terms(policy(constraint(PURPOSE, "isAnyOf", ["a"]), constraint(COUNT, "lteq", "3")))
    with soon(15):
        for wanted, offered in ((terms, terms), (terms, other), (other, terms)):
            found = match(wanted, offered, BUILT_IN)
            assert found.verdict is not Verdict.COVERED or wanted is offered
            assert subsumes(wanted, offered, BUILT_IN) is not True or wanted is offered or satisfiable(wanted, BUILT_IN)[0] is False
            beyond(wanted, offered, BUILT_IN)
        equivalent(terms, terms, BUILT_IN)
        satisfiable(terms, BUILT_IN)
        check_terms(terms, BUILT_IN, NOW)
        assert not compile_terms(terms).decide(facts())
        assert len(say_refusal(compile_terms(terms).report(facts()), terms=terms)) < 1_000_000


def test_many_duties_of_an_owner_are_compared_in_bounded_time():
    duties = tuple(Rule("delete", (Atomic("delayPeriod", "lteq", f"P{n}D"),) * 4) for n in range(1, 1001))
    a, b = Terms(permissions=(Rule("use", duties=duties),)), Terms(permissions=(Rule("use", duties=duties[::-1]),))
    with soon():
        assert match(a, b, BUILT_IN).verdict is Verdict.UNKNOWN
        assert subsumes(a, b, BUILT_IN) is None


# Inheritance.


def test_circles_of_any_length_are_refused():
    for length in (1, 2, 3, 200):
        parents = {f"urn:{n}": Terms(permissions=(Rule("use"),), inherits=(f"urn:{(n + 1) % length}",)) for n in range(length)}
        with soon(), pytest.raises(Invalid) as caught:
            inherit_terms(Terms(inherits=("urn:0",)), parents)
        assert caught.value.rule == "policy-circle"


def test_a_chain_of_a_thousand_parents_is_refused():
    parents = {f"urn:{n}": Terms(permissions=(Rule("use"),), inherits=(f"urn:{n + 1}",)) for n in range(1000)}
    with soon(), pytest.raises(Invalid) as caught:
        inherit_terms(Terms(inherits=("urn:0",)), parents | {"urn:1000": Terms(permissions=(Rule("use"),))})
    assert caught.value.rule == "policy-size"


def test_a_lattice_of_parents_is_gone_through_once():
    """Each level inherits from both of the one below: 2^100 ways, 200 policies."""
    parents = {
        f"urn:{n}:{side}": Terms(permissions=(Rule("use"),), inherits=(f"urn:{n + 1}:0", f"urn:{n + 1}:1"))
        for n in range(100)
        for side in (0, 1)
    }
    parents |= {f"urn:100:{side}": Terms(permissions=(Rule("use"),)) for side in (0, 1)}
    with soon():
        found = inherit_terms(Terms(permissions=(Rule("use"),), inherits=("urn:0:0", "urn:0:1")), parents)
    assert len(found.permissions) <= 203


def test_what_inherits_from_elsewhere_permits_nothing():
    """Not even for a parent at an address: nothing is fetched."""
    for uid in ("http://127.0.0.1:1/policy", "file:///etc/passwd", "did:web:evil.example#policy", "urn:x"):
        with watch():
            read = read_policy(policy() | {"inheritFrom": uid})
            report = compile_terms(read.terms).report(facts())
            with pytest.raises(Invalid) as caught:
                inherit(read, {})
        assert not report.permitted
        assert report.beyond == (f"inherits {uid}",)
        assert caught.value.rule == "policy-parent"


# The wire.


@pytest.mark.parametrize("right", ["3", "3.5", "-1", "1e5", "true", "false", "null", "0"])
def test_bare_values_are_refused_on_the_wire(right):
    for read in (read_terms, read_offer):
        with pytest.raises(Invalid) as caught:
            read(json.loads(text_of(right)) | ({"@id": "urn:x", "@type": "Offer"} if read is read_offer else {}))
        assert caught.value.rule == "policy-right-operand"
        assert caught.value.where.endswith("permission[0].constraint[0].rightOperand")


@pytest.mark.parametrize(
    "right", ["[3]", '{"@value": 3}', '{"@value": 3.5, "@type": "xsd:decimal"}', '[{"a": [1, 2]}]', '{"@value": true}']
)
def test_bare_values_within_a_value_mean_nothing_but_whole_numbers(right):
    terms = read_terms(json.loads(text_of(right)))
    assert compile_terms(terms).decide(facts(count=Fact(1, "counted"))) is (right == '{"@value": 3}')
    everything(terms)


STATUSES = [
    {"status": "3"},
    {"status": {"@value": "0", "@type": "xsd:integer"}},
    {"odrl:status": "0"},
    {"http://www.w3.org/ns/odrl/2/status": "0"},
]


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_of_the_other_side_is_refused(status):
    value = policy(constraint(COUNT, "lteq", "3") | status)
    agreed = {"@type": "Agreement", "@id": "urn:a", "target": "urn:t", "assigner": "did:web:a", "assignee": "did:web:b"} | value
    for read, one in ((read_terms, value), (read_policy, value), (read_agreement, agreed), (read_policy, agreed)):
        with pytest.raises(Invalid) as caught:
            read(one)
        assert "status" in caught.value.where


REMOTE = [
    "http://127.0.0.1:1/x",
    "https://evil.example/context.jsonld",
    "file:///etc/passwd",
    "//evil.example/x",
    "data:application/json,{}",
]


@pytest.mark.parametrize("address", REMOTE)
def test_nothing_is_ever_fetched(address):
    reference = {key: inner for key, inner in constraint(COUNT, "lteq", "3").items() if key != "rightOperand"}
    refused = [
        policy(reference | {"rightOperandReference": address}),
        policy(reference | {"rightOperandReference": {"@id": address}, "rightOperand": "3"}),
        policy() | {"@context": address},
        policy() | {"@context": [{"@import": address}]},
        policy() | {"@context": {"@vocab": address}},
        policy() | {"@context": {"odrl": address + "#"}},
        policy(address),
        policy({"@id": address}),
        {"permission": [address]},
        {"permission": {"@id": address}},
        policy() | {"dct:isReplacedBy": address},
    ]
    with watch():
        for value in refused:
            with pytest.raises((Invalid, Malformed)):
                read_policy(value)
        for value in refused[:2]:
            with pytest.raises(Invalid):
                read_terms(value)
        # As values these are names, and are compared as such; no profile from there is known.
        named = policy(constraint(PURPOSE, "eq", {"@id": address}))
        everything(read_terms(named))
        assert not compile_terms(read_terms(policy(profile=address))).decide(facts())
        duty = {"action": "nextPolicy", "constraint": [constraint(f"{HANSE}policy", "eq", address)]}
        passing = read_terms({"permission": [{"action": "use", "duty": [duty]}]})
        assert not compile_terms(passing).decide(facts())
        check_terms(passing, BUILT_IN, NOW)


def test_a_context_cannot_turn_a_prohibition_into_a_permission():
    for context in (
        {"prohibition": "odrl:permission"},
        {"odrl": "http://evil.example/"},
        {"use": "http://evil.example/use"},
        {"@base": "http://evil.example/"},
        {"x": {"@id": "odrl:permission", "@reverse": "odrl:prohibition"}},
        {"http": "http://evil.example/#"},
        {"@version": 1.1},
    ):
        with pytest.raises(Invalid) as caught:
            read_policy(policy() | {"@context": ["http://www.w3.org/ns/odrl.jsonld", context]})
        assert caught.value.rule in ("policy-context", "policy-text")


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-11-25",
        "now",
        "9999999-01-01T00:00:00Zx",
        "2026-13-01T00:00:00Z",
        "2026-11-25T25:00:00Z",
        "",
        "2026-11-25T00:00:00+99:00",
        "x" * 4000,
        "2026-11-25T00:00:00Z\n",
        "٢٠٢٦-11-25T00:00:00Z",
        "2026-11-25T00:00:00Z\x00",
    ],
)
def test_odd_timestamps_of_agreements_are_refused(stamp):
    agreed = {"@type": "Agreement", "@id": "urn:a", "target": "urn:t", "assigner": "did:web:a", "assignee": "did:web:b"}
    with soon(), pytest.raises(Invalid):
        read_agreement(agreed | policy() | {"timestamp": stamp})


# Numbers and moments.


@pytest.mark.parametrize("number", ["1e999999999", "1E-999999999", "-1e999999999", "0." + "1" * 1_000_000, "1e400"])
def test_numbers_beyond_measure_are_kept_and_decide_nothing(number):
    with soon():
        terms = read_policy_text(text_of(number)).terms
        assert not compile_terms(terms).decide(facts(count=Fact(1, "counted")))
        assert errors_of(terms, BUILT_IN, NOW)
        terms_hash(terms)
        say_terms(terms, "en", BUILT_IN)


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1" * 1_000_000, "1e99999999999999999999", "0x10", "1_000", "01", "+1", ".5"]
)
def test_numbers_that_are_none_are_refused(number):
    with soon(), pytest.raises(Malformed):
        read_policy_text(text_of(number))


VALUES = [
    "1e999999999",
    "1" * 4000,
    "9" * 40 + "e99",
    "NaN",
    "INF",
    "-INF",
    "inf",
    "1_0",
    "\u0663",
    "\uff13",
    "0x3",
    " 3",
    "3 ",
    "3\n",
    "3\0",
    "+-3",
    "1e",
    "",
]


@pytest.mark.parametrize("value", VALUES)
def test_texts_that_are_no_numbers_within_bounds_permit_nothing(value):
    rights = (value, {"@value": value, "@type": "xsd:decimal"}, {"@value": value, "@type": f"{HANSE}unit:GB"})
    for left, right, operator in product((COUNT, VOLUME, "percentage"), rights, ("lteq", "neq", "gteq", "isNoneOf")):
        with soon():
            terms = Terms(permissions=(Rule("use", (Atomic(left, operator, right),)),))
            if value != "9" * 40 + "e99":
                assert not compile_terms(terms).decide(facts(**{left: Fact(1, "counted")}))
            check_terms(terms, BUILT_IN, NOW)
            match(terms, terms, BUILT_IN)


PERIODS = [
    "P99999999999Y",
    "P1000000000000000000000D",
    "PT" + "9" * 100 + "S",
    "-P1D",
    "P",
    "PT",
    "P1.5D",
    "P1S",
    "P1D2Y",
    "PT1H1H",
    "p1d",
    "P١D",
    "P9999999D",
]


@pytest.mark.parametrize("period", PERIODS)
def test_odd_periods_permit_nothing(period):
    with soon():
        terms = read_terms(policy(constraint(ELAPSED_TIME, "lteq", period)))
        compiled = compile_terms(terms)
        found = compiled.report(facts(elapsedTime=Fact(NOW - timedelta(days=1), "the agreement")))
        assert not found.permitted  # a period that ends beyond the calendar is unknown
        everything(terms)


MOMENTS = [
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z",
    "2026-02-30",
    "2026-11-25T24:00:01Z",
    "2026-11-25T00:00:60Z",
]
MOMENTS += [
    "2026-11-25T00:00:00+15:00",
    "2026-11-25 00:00:00Z",
    "2026-329",
    "2026-W48-3",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31",
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_moments_beyond_the_calendar_permit_nothing(moment):
    with soon():
        for operator in ("lteq", "gteq", "lt", "gt", "neq"):
            terms = read_terms(policy(constraint(DATE_TIME, operator, moment)))
            assert not compile_terms(terms).decide(facts())
            everything(terms)


@pytest.mark.parametrize("now", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)])
def test_at_the_ends_of_the_calendar_nothing_breaks(now):
    terms = read_terms(
        policy(
            constraint(ELAPSED_TIME, "lteq", "P9999999D"),
            constraint(DATE_TIME, "lteq", "9999-12-31T23:59:59Z"),
            constraint("timeInterval", "gteq", "P9999999D"),
        )
    )
    known = {ELAPSED_TIME: Fact(now, "x"), "timeInterval": Fact(timedelta.max, "x"), COUNT: Fact(1, "x")}
    report = compile_terms(terms).report(Facts(now=now, known=known))
    assert report.valid_until is None or report.valid_until > now


# Facts.


def test_stale_facts_permit_nothing_and_forbid():
    wanted = read_terms(policy(constraint(PURPOSE, "eq", "dpv:Marketing")))
    barred = read_terms(
        {"permission": [{"action": "use"}], "prohibition": [{"action": "use", "constraint": [constraint(PURPOSE, "eq", "dpv:Marketing")]}]}
    )
    for expires in (NOW, NOW - timedelta(microseconds=1), datetime(1, 1, 1, tzinfo=UTC)):
        assert not compile_terms(wanted).decide(facts(purpose=Fact("dpv:Marketing", "somebody", NOW, expires)))
        assert not compile_terms(barred).decide(facts(purpose=Fact("dpv:Payment", "somebody", NOW, expires)))
    fresh = NOW + timedelta(microseconds=1)
    report = compile_terms(wanted).report(facts(purpose=Fact("dpv:Marketing", "somebody", NOW, fresh)))
    assert report.permitted
    assert report.valid_until == fresh


@pytest.mark.parametrize(
    "value", [None, True, 1.0, float("nan"), float("inf"), b"1", [], {}, object(), "1", (), frozenset(), "1" * 5000, -1, 10**4000]
)
@pytest.mark.parametrize("left", [COUNT, VOLUME, "payAmount", ELAPSED_TIME, PURPOSE, SPATIAL, EVENT, f"{CLAIM}X#$.a"])
def test_facts_of_another_form_are_unknown(left, value):
    name = CREDENTIAL if left.startswith(CLAIM) else left
    for operator, right in (("lteq", "3"), ("neq", "3"), ("isNoneOf", ["3"]), ("eq", {"@value": "3", "@type": f"{HANSE}unit:EUR"})):
        with soon():
            terms = Terms(permissions=(Rule("use", (Atomic(left, operator, right),)),))
            compiled = compile_terms(terms)
            report = compiled.report(facts(**{name: Fact(value, "somebody", NOW)}))
            assert compiled.decide(facts(**{name: Fact(value, "somebody", NOW)})) is report.permitted
            if value is None or isinstance(value, float | bytes):
                assert not report.permitted
            say_refusal(report, terms=terms)


@pytest.mark.parametrize("step", [timedelta(days=-30), timedelta(seconds=-1), timedelta(days=30)])
def test_a_clock_that_steps_is_decided_anew_at_the_next_boundary(step):
    terms = read_terms(policy(constraint(DATE_TIME, "gteq", "2026-11-25T00:00:00Z"), constraint(DATE_TIME, "lt", "2026-11-26T00:00:00Z")))
    compiled = compile_terms(terms)
    assert compiled.decide(facts())
    there = facts(NOW + step)
    assert not compiled.decide(there)
    until = compiled.report(there).valid_until
    assert until == (NOW if step < timedelta() else None)


def test_an_age_from_the_future_is_unknown_or_young():
    """The agreement lies ahead of the clock: somebody put the clock back. It must not become older by that."""
    old = read_terms(policy(constraint(ELAPSED_TIME, "gteq", "P1D")))
    assert not compile_terms(old).decide(facts(elapsedTime=Fact(NOW + timedelta(days=9), "the agreement")))


# Letters.


def test_confusable_letters_are_other_letters():
    assert did_key("did:web:\u212aelvin.example") != did_key("did:web:kelvin.example")
    assert did_key("did:web:Kelvin.Example%3a80:Path%3a") == "did:web:kelvin.example%3A80:Path%3A"
    assert did_key("did:web:a%%4%zz%4A") == "did:web:a%%4%zz%4A"
    for odd, name in (("\ufb01", "FI"), ("\u00df", "SS"), ("\u0131t", "IT"), ("d\uff25", "DE"), ("\u0405E", "SE")):
        assert place(odd) == odd
        terms = read_terms(policy(constraint(SPATIAL, "eq", odd)))
        assert not compile_terms(terms).decide(facts(spatial=Fact(name, "somebody")))
        assert not same_terms(terms, read_terms(policy(constraint(SPATIAL, "eq", name))))
    honest = read_terms(policy(constraint(PARTICIPANT, "eq", "did:web:zoo.example")))
    assert compile_terms(honest).decide(facts())
    for odd in (
        "did:web:zo\u043e.example",
        "did:web:zoo.example\u200b",
        "did:web:zoo.example\0",
        "did:web:zoo.example ",
        "did:web:zoo.example#",
        "did:web:z%6Fo.example",
    ):
        terms = read_terms(policy(constraint(PARTICIPANT, "eq", odd)))
        assert not compile_terms(terms).decide(facts())
        assert not same_terms(terms, honest)


@pytest.mark.parametrize(
    "name", ["\uff55se", "us\u0435", "use\u200b", "odrl:us\u0435", "USE", "use ", "\u202euse", "use\0", "odrl:odrl:use", "odrl:use/x"]
)
def test_words_that_only_look_like_terms_are_not_known(name):
    assert not compile_terms(read_terms({"permission": [{"action": name}]})).decide(facts())
    barred = read_terms({"permission": [{"action": "use"}], "prohibition": [{"action": name}]})
    assert not compile_terms(barred).decide(facts())
    assert errors_of(barred, BUILT_IN, NOW)
    with pytest.raises(Invalid):
        read_terms(policy(constraint(COUNT, name, "3")))


@pytest.mark.parametrize(
    "mark",
    [
        "\u202a",
        "\u202b",
        "\u202d",
        "\u202e",
        "\u2066",
        "\u2067",
        "\u2069",
        "\u200e",
        "\u200f",
        "\u061c",
        "\u2028",
        "\0",
        "\r",
        "\x7f",
        "\x85",
    ],
)
def test_marks_that_turn_or_hide_text_are_shown_as_escapes(mark):
    terms = read_terms(
        policy(constraint(EVENT, "eq", f"a{mark}b"), constraint(f"urn:x{mark}", "eq", {"@value": mark}), profile=f"urn:{mark}")
    )
    for language in LANGUAGES:
        for said in (*say_terms(terms, language, BUILT_IN), say_refusal(compile_terms(terms).report(facts()), language, terms=terms)):
            assert mark not in said
    for problem in check_terms(terms, BUILT_IN, NOW):
        assert mark not in problem.what


def test_halves_of_characters_are_taken_as_json_has_them_or_refused():
    for half in ("\\ud800", "\\udfff\\ud800", "a\\udc00"):
        text = text_of(f'"{half}"')
        try:
            terms = read_policy_text(text).terms
            everything(terms)
        except HanseError:
            continue
        assert not compile_terms(terms).decide(facts(count=Fact(1, "counted")))


def test_what_is_written_is_read_back_whatever_it_holds():
    for text in INJECTIONS:
        terms = read_terms(policy(constraint(EVENT, "isAnyOf", [text, {"@value": text}])))
        assert read_terms(write_terms(terms)) == terms
        assert read_terms(json.loads(json.dumps(write_terms(terms)))) == terms
