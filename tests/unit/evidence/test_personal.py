"""Personal data never enters the log: every field of every factory's statement is looked at, and none is forgotten."""

from __future__ import annotations

import pytest
from msgspec import structs

from hanse.evidence import kinds as k
from hanse.evidence.kinds import OF_FACTORIES, kind_of
from hanse.evidence.kinds.base import UNDATED, Predicate
from hanse.evidence.personal import WORDS, redact, redacted, sign_of

ROOT = "ab" * 32
PERSONAL = "ask Maria: maria.mueller@example.org, +49 30 1234567, /home/maria/letters.txt"
NAMES = frozenset(
    [
        "order",
        "version",
        "dataset",
        "provider",
        "subject",
        "document",
        "use",
        "operator",
        "lease",
        "holder",
        "model",
        "keeper",
        "hold",
        "space",
        "mode",
        "before",
        "mirror",
        "witness",
        "inputs",
        "under",
        "step",
        "step_version",
    ]
)
"""Ids, DIDs and names that programs make or a participant publishes; of an operator the id."""
DIGESTS = frozenset(["root", "sha256", "log", "digest", "note", "pipeline", "account", "output"])
NUMBERS = frozenset(
    ["count", "size", "moved", "openings", "seconds", "removed", "sound", "steps", "number", "records_in", "records_out", "added"]
)
MOMENTS = frozenset({"until"})
VOCABULARY = frozenset(["what", "action", "sums", "purpose"])
"""Words of this program's, and IRIs that terms of agreements know."""

EXAMPLES = (
    k.Ordered(order="ord_1", what="placed", query=PERSONAL, limits={PERSONAL: PERSONAL}, reasons=(PERSONAL,), operator="op_1"),
    k.Acquired(version="a@1", dataset="ds_1", root=ROOT, count=1, size=1, changes=(PERSONAL,)),
    k.Documented(subject="a@1", document="croissant", sha256=ROOT),
    k.Opened(version="a@1", root=ROOT, action="use", operator="op_1"),
    k.Leased(lease="lea_1", version="a@1", holder="x", until=UNDATED, action="use"),
    k.Returned(lease="lea_1", version="a@1", openings=1, log=ROOT, gaps=(PERSONAL,)),
    k.Trained(model="net", digest=ROOT, action="train", inputs=(), code=PERSONAL, parameters={"x": PERSONAL}),
    k.Derived(version="a@1", root=ROOT, count=1, size=1, action="train", inputs=(), pipeline=ROOT, account=ROOT, steps=1),
    k.Prepared(
        version="a@1",
        root=ROOT,
        number=1,
        step="decode",
        code=PERSONAL,
        parameters={PERSONAL: PERSONAL},
        inputs=(ROOT,),
        output=ROOT,
        dropped={PERSONAL: 1},
        counts={PERSONAL: 2},
    ),
    k.Kept(version="a@1", root=ROOT, keeper="did:web:x", until=UNDATED, reason=PERSONAL),
    k.Held(hold="hld_1", version="a@1", root=ROOT, what="set"),
    k.Drilled(version="a@1", root=ROOT, sound=False, problems=(PERSONAL,)),
    k.Linked(space="https://x", mode="ad-hoc"),
    k.Mirrored(mirror="mir_1", root=ROOT, count=1, size=1),
)


def test_every_kind_has_an_example():
    assert {type(one) for one in EXAMPLES} == set(OF_FACTORIES)


@pytest.mark.parametrize("kind", OF_FACTORIES, ids=lambda kind: kind.__name__)
def test_every_field_is_of_a_sort_that_tells_of_nobody(kind):
    own = set(kind.__struct_fields__) - set(Predicate.__struct_fields__)
    known = NAMES | DIGESTS | NUMBERS | MOMENTS | VOCABULARY | WORDS
    assert own <= known, f"decide what may stand in {own - known}, and look it through if it is words"
    for one in structs.fields(kind):
        if one.name in DIGESTS:
            assert "64" in str(one.type) or "0-9a-f" in str(one.type), f"{one.name} must be a digest"


@pytest.mark.parametrize("says", EXAMPLES, ids=kind_of)
def test_no_words_of_a_statement_tell_of_a_person(says):
    clean = redacted(says)
    for word in ("maria", "1234567", "letters"):
        assert word not in str(clean)
    assert type(clean) is type(says)
    assert redacted(clean) == clean


def test_what_is_fine_stays_as_it_is():
    says = k.Ordered(order="ord_1", what="placed", query="rain, +40 degrees, rain@1, https://x.example/home/rain, git:abc", operator="op_1")
    assert redacted(says) is says
    notice = k.Notice(agreement="agr_1", about="x", text=PERSONAL)
    assert redacted(notice) is notice  # what a person writes to a peer is that person's affair
    assert sign_of("train.py") is None


def test_long_texts_take_no_time():
    for text in ("a" * 4_000, "a@" * 2_000, "+1" * 2_000, "a.b-" * 1_000, "~" * 4_000, "x@" + "a." * 2_000):
        assert len(redact(text)) <= 40_000
