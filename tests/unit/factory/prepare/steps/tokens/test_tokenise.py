"""Tokens are those of the package `tokenizers`, on real documents; what does not match is refused before anything is read."""

from __future__ import annotations

import json
import os
import pkgutil
import random
import subprocess
import sys
from base64 import b64decode, b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, normalizers

from hanse.factory.prepare.steps.tokens.bpe import GPT2, halves
from hanse.factory.prepare.steps.tokens.files import brought, from_json
from hanse.factory.prepare.steps.tokens.tokenise import END, Tokenise
from hanse.factory.prepare.steps.tokens.training import lowest, sample, train
from hanse.factory.prepare.steps.tokens.words import Words
from hanse.kernel.errors import Invalid

WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""How GPT-4 splits texts."""
ODD = [
    "",
    " ",
    "\n\n \t",
    "a" * 5_000,
    "é\u0301 日本語 \u200d😀🇪🇺",
    "it's IT'S don’t",
    "<|endoftext|> <|endoftext|>",
    "\x00\x7f\u2028\x85 1²3½",
]


@pytest.fixture(scope="module")
def documents():
    """Return a thousand real texts: the standard library's modules, in pieces that begin and end anywhere, and odd ones."""
    folder = Path(os.__file__).parent
    names = sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if (folder / f"{module.name}.py").exists())
    text = "\n".join((folder / f"{name}.py").read_text("utf-8", errors="replace") for name in names[:40])
    size = min(len(text), 600_000) // 1_000
    return [*ODD, *(text[at : at + size] for at in range(0, size * 1_000, size))]


@pytest.fixture(scope="module")
def trained(documents):
    """Return two tokenizers, each with another way of splitting texts."""
    texts = documents[::3]
    return {pattern: train(texts, 3_000, END, pattern).content for pattern in (GPT2, WORDS)}


def records(texts):
    """Make records of texts."""
    ids = [f"s@1/f#{number}" for number in range(len(texts))]
    return pa.table({"id": ids, "source": ["s@1"] * len(ids), "text": pa.array(texts, pa.large_string())})


def tokenised(step, texts, into):
    """Do what the engine does with two parts."""
    half = len(texts) // 2
    parts = [records(texts).slice(0, half), records(texts).slice(half)]
    step.check()
    step.decide([(f"part-{number}", step.look(part)) for number, part in enumerate(parts)], into)
    made = [step.apply(part, into) for part in parts]
    return [row for one in made for row in one.records["tokens"].to_pylist()], made


def theirs(content):
    """Return the package's own tokenizer, for which special tokens in a text are text."""
    tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.encode_special_tokens = True
    return tokenizer


@pytest.mark.parametrize("pattern", [GPT2, WORDS])
def test_ids_are_those_of_tokenizers_on_a_thousand_documents(trained, documents, tmp_path, pattern):
    (tmp_path / "brought.json").write_bytes(trained[pattern])
    step = Tokenise(tokenizer=str(tmp_path / "brought.json"))
    mine, made = tokenised(step, documents, tmp_path)
    assert mine == [one.ids for one in theirs(trained[pattern]).encode_batch(documents)]
    assert sum(one.counts["tokens"] for one in made) == sum(map(len, mine))
    assert theirs(trained[pattern]).decode(mine[-1]) == documents[-1]
    assert (tmp_path / "product" / "tokenizer.json").read_bytes() == trained[pattern]
    digest = sha256(trained[pattern]).hexdigest()
    assert step.fingerprint() == {"tokenizer": digest}
    assert made[0].records.schema.field("tokens").metadata == {b"tokenizer": digest.encode(), b"vocabulary": b"3000", b"end": b"0"}


def test_tokens_are_counted_by_language_where_records_say_theirs(trained, tmp_path):
    (tmp_path / "brought.json").write_bytes(trained[GPT2])
    step = Tokenise(tokenizer=str(tmp_path / "brought.json"))
    step.decide([], tmp_path)
    said = ["de", "de-AT", "fr", None, "dropped", "a\nb"]
    table = records(["eins", "zwei drei", "un", "x", "y", "z"]).append_column("language", pa.array(said, pa.string()))
    made = step.apply(table, tmp_path)
    tokens = [len(row) for row in made.records["tokens"].to_pylist()]
    of = {"tokens-de": sum(tokens[:2]), "tokens-fr": tokens[2], "tokens-und": sum(tokens[3:])}
    assert made.counts == {"tokens": sum(tokens)} | of


def test_a_file_of_merges_gives_the_same_ids_and_a_tokenizer_json(trained, documents, tmp_path):
    bpe = from_json(trained[WORDS], proved=True)
    lines = sorted((number - 1, b64encode(token)) for token, number in zip(bpe.tokens, bpe.ids, strict=True))
    (tmp_path / "words.tiktoken").write_bytes(b"".join(word + b" %d\n" % rank for rank, word in lines))
    step = Tokenise(tokenizer=str(tmp_path / "words.tiktoken"), pattern=WORDS, end_id=5_000)
    mine, made = tokenised(step, documents[:200], tmp_path)
    written = (tmp_path / "product" / "tokenizer.json").read_bytes()
    assert mine == [[number - 1 for number in one.ids] for one in theirs(trained[WORDS]).encode_batch(documents[:200])]
    assert mine == [one.ids for one in theirs(written).encode_batch(documents[:200])]
    assert theirs(written).token_to_id(END) == 5_000
    assert made[0].records.schema.field("tokens").metadata[b"vocabulary"] == b"5001"
    assert b64decode(lines[0][1]) in bpe.tokens


def test_added_tokens_and_normal_forms_are_as_in_tokenizers(trained, documents, tmp_path):
    tokenizer = Tokenizer.from_str(trained[WORDS].decode())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False), AddedToken("</tool>", normalized=False)])
    tokenizer.save(str(tmp_path / "more.json"))
    texts = ["<tool>cafe\u0301</tool> <tool", *documents[:50]]
    mine, _ = tokenised(Tokenise(tokenizer=str(tmp_path / "more.json")), texts, tmp_path)
    assert mine == [one.ids for one in theirs((tmp_path / "more.json").read_bytes()).encode_batch(texts)]
    assert {3_000, 3_001} <= set(mine[0])


def test_training_gives_the_same_bytes_in_every_process(documents, tmp_path):
    """Another process has other hashes, and here other threads."""
    code = (
        "import sys, json; from hanse.factory.prepare.steps.tokens.training import train;"
        "sys.stdout.buffer.write(train(json.load(sys.stdin), 1000, '<|endoftext|>', sys.argv[1]).content)"
    )
    texts = json.dumps(documents[:150]).encode()
    first = train(documents[:150], 1_000, END, GPT2).content
    environment = os.environ | {"RAYON_NUM_THREADS": "5", "PYTHONHASHSEED": "5"}
    again = subprocess.run([sys.executable, "-c", code, GPT2], input=texts, env=environment, capture_output=True, check=True)
    assert again.stdout == first


def test_the_sample_is_the_same_however_the_records_are_parted(documents):
    table = records(documents)
    whole = lowest([sample(table, 100_000)], 100_000)
    parted = lowest([sample(table.slice(at, 70), 100_000) for at in range(0, len(documents), 70)], 100_000)
    assert whole == parted
    assert 90_000 < sum(len(text.encode()) for text in whole) <= 100_000


def test_a_trained_tokenizer_is_in_the_product(tmp_path):
    step = Tokenise(vocabulary=300)
    step.check()
    table = records(["to be or not to be " * 20, " " * 1_500_000, "to be"])
    step.decide([("part", step.look(table.slice(0, 1)))], tmp_path)
    made = step.apply(table, tmp_path)
    engine = theirs((tmp_path / "product/tokenizer.json").read_bytes())
    first, blanks, last = made.records["tokens"].combine_chunks()
    assert [first.as_py(), last.as_py()] == [engine.encode(text).ids for text in ("to be or not to be " * 20, "to be")]
    assert len(blanks) == 1_500_000
    assert blanks.values.unique().to_pylist() == engine.encode(" ").ids
    assert step.apply(made.records, tmp_path).records.equals(made.records)


def test_an_endless_run_of_blanks_is_dropped_where_the_engine_cannot_look_back(trained, tmp_path):
    (tmp_path / "brought.json").write_bytes(trained[WORDS])
    step = Tokenise(tokenizer=str(tmp_path / "brought.json"))
    step.decide([], tmp_path)
    made = step.apply(records(["to be", " " * 1_500_000, "or not"]), tmp_path)
    assert [(drop.id, drop.reason) for drop in made.dropped] == [("s@1/f#1", "tokenise-endless-run")]
    assert made.records["id"].to_pylist() == ["s@1/f#0", "s@1/f#2"]
    assert made.records["tokens"].to_pylist() == [theirs(trained[WORDS]).encode(text).ids for text in ("to be", "or not")]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab's'tdmlverSé½1٣ \n\t\x85\xa0\u2028\u3000日😀\u0301-."), max_size=14), max_size=8))
def test_many_texts_at_once_are_split_as_one_after_the_other(texts):
    check(texts, block=10)


@cache
def small():
    """Return a tokenizer with a few merges."""
    return train(["it's all the 's and they'll've"] * 3, 300, END, GPT2).bpe


def check(texts, block=1 << 22):
    """Compare with the engine's own way of splitting."""
    engine = small()
    words = Words(lambda word: engine.encode(word.decode()).tolist(), np.arange(300), block)
    ids, counts = words.texts([text.encode() for text in texts])
    one_by_one = [engine.encode(text) for text in texts]
    assert counts.tolist() == list(map(len, one_by_one))
    assert ids.tolist() == [number for row in one_by_one for number in row]
    assert [counts.tolist(), ids.tolist()] == [found.tolist() for found in reversed(engine.encode_all(texts))]


def test_every_letter_of_unicode_is_of_the_same_kind_for_both():
    letters = [chr(point) for point in (*range(0x3400), *range(0x3400, 0x110000, 101)) if not 0xD800 <= point < 0xE000]
    texts = ["".join(f"a{one}1{one} {one}{one}\n{one}'s" for one in letters[at : at + 500]) for at in range(0, len(letters), 500)]
    check(texts)
    check(texts[:20], block=3_000)


def test_merging_a_word_follows_the_list():
    """By hand: with the merges b+c, a+b, the word abc is a, bc, since b+c stands first."""
    ranks = {b"a": 0, b"b": 1, b"c": 2, b"bc": 256, b"ab": 257}
    assert halves(b"abc", ranks, 258) == [b"a", b"bc"]
    assert halves(b"abab", ranks, 258) == [b"ab", b"ab"]
    assert halves(b"abc", ranks, 256) == [b"a", b"b", b"c"]


def changed(content, change):
    """Return a tokenizer.json after a change."""
    read = json.loads(content)
    change(read)
    return json.dumps(read).encode()


def _swap(read):
    read["model"]["merges"].reverse()


def _cut(read):
    del read["model"]["merges"][5]


def _renamed(read):
    read["model"]["vocab"]["<end>"] = read["model"]["vocab"].pop(END)
    read["added_tokens"][0]["content"] = "<end>"


def _other(**fields):
    return lambda read: read["model"].update(fields)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_swap, "can never come of"),
        (_other(type="Unigram"), "is a Unigram"),
        (_other(byte_fallback=True), "no byte-level BPE"),
        (_other(end_of_word_suffix="</w>"), "no byte-level BPE"),
        (_other(merges=[["a", "b", "c"]]), "no tokenizer.json"),
        (_other(merges=["abc"]), "no pair"),
        (_other(merges=[["\u0120", "\u4e00"]]), "stands for no byte"),
        (_other(merges=[["z", "\u0120q"]]), "no token for one of them"),
        (lambda read: read["model"]["vocab"].pop("A"), "1 of the 256 bytes"),
        (lambda read: read["model"]["vocab"].update(a=1 << 40), "no tokenizer.json"),
        (lambda read: read["model"]["vocab"].update(a=-1), "no tokenizer.json"),
        (lambda read: read["model"]["vocab"].update(a=20), "two tokens with one id"),
        (lambda read: read["added_tokens"][0].update(id=9), "stands for two tokens"),
        (lambda read: read["added_tokens"][0].update(content="<end>"), "stands for two tokens"),
        (_renamed, "no special token"),
        (lambda read: read["added_tokens"][0].update(special=False), "no special token"),
        (lambda read: read["added_tokens"].append({"id": 3_000, "content": " x", "lstrip": True}), "take blanks away"),
        (lambda read: read["added_tokens"].append({"id": 9_000, "content": "<tool>"}), "out of the order"),
        (lambda read: read.update(normalizer={"type": "Lowercase"}), "Lowercase"),
        (lambda read: read.update(pre_tokenizer={"type": "Whitespace"}), "splits texts in a way"),
        (lambda read: read.update(pre_tokenizer=None), "splits texts in a way"),
        (lambda read: read["pre_tokenizer"].update(add_prefix_space=True), "splits texts in a way"),
        (lambda read: read.update(model=[]), "no tokenizer.json"),
    ],
)
def test_a_tokenizer_that_does_not_match_is_refused(trained, tmp_path, change, says):
    (tmp_path / "bad.json").write_bytes(changed(trained[GPT2], change))
    with pytest.raises(Invalid, match=says) as caught:
        Tokenise(tokenizer=str(tmp_path / "bad.json")).check()
    assert caught.value.rule == "tokenizer"


def test_unused_words_of_a_vocabulary_do_no_harm(trained, documents):
    """A token that no merge makes never comes out of either engine, unless words are taken as a whole."""
    for whole in (False, True):
        read = json.loads(trained[GPT2])
        read["model"]["ignore_merges"] = whole
        read["model"]["vocab"]["zqxzqx"] = 3_500
        content = json.dumps(read).encode()
        ours = brought(content, END, None, "").bpe
        for text in ("zqxzqx", " zqxzqx zqxzqxa", *documents[:30]):
            assert ours.encode(text).tolist() == theirs(content).encode(text).ids, whole


def test_random_merges_are_proved_or_refused_but_never_wrong():
    """Whatever merges somebody writes down: if they are accepted, both engines agree on every word of three letters' alphabet."""
    from hanse.factory.prepare.steps.tokens.bpe import alphabet
    from hanse.factory.prepare.steps.tokens.files import to_json

    chance = random.Random(5)
    letters = {byte: letter for letter, byte in alphabet().items()}
    accepted = 0
    base = json.loads(to_json(train(["x"], 257, END, GPT2).bpe))
    for _ in range(150):
        tokens = [b"a", b"b", b"c"]
        merges = []
        for _ in range(chance.randrange(1, 6)):
            pair = (chance.choice(tokens), chance.choice(tokens))
            merges.append(["".join(letters[byte] for byte in half) for half in pair])
            tokens.append(pair[0] + pair[1])
        base["model"]["merges"] = merges
        for left, right in merges:
            base["model"]["vocab"].setdefault(left + right, 1_000 + len(base["model"]["vocab"]))
        content = json.dumps(base).encode()
        try:
            ours = from_json(content, proved=True)
        except Invalid:
            continue
        accepted += 1
        engine = theirs(content)
        for _ in range(40):
            word = "".join(chance.choice("aaabbc") for _ in range(chance.randrange(1, 14)))
            assert ours.encode(word).tolist() == engine.encode(word).ids, (merges, word)
    assert 20 < accepted < 140


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "256 of the 256 bytes"),
        (b"YQ== 0\nYQ== 1\n", "one token twice"),
        (b"YQ== 0\nYg== 0\n", "repeats a rank"),
        (b"YQ== -1\n", "out of range"),
        (b"YQ== 99999999\n", "out of range"),
        (b" 0\n", "has no token"),
        (b"hello world\n", "line 1"),
        (b"\xff\xfe\x00", "line 1"),
        (b"{", "no tokenizer.json"),
        (b'{"a":' * 100_000, "no tokenizer.json"),
    ],
)
def test_a_file_that_is_no_tokenizer_is_refused(tmp_path, content, says):
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(Invalid, match=says):
        Tokenise(tokenizer=str(tmp_path / "bad")).check()


def test_a_tokenizer_that_is_too_large_is_refused(trained, tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(Invalid, match="larger than 64 MiB"):
        Tokenise(tokenizer=str(tmp_path / "large")).check()
    long = changed(trained[GPT2], lambda read: (_other(ignore_merges=True)(read), read["model"]["vocab"].update({"a" * 20_000: 3_000})))
    with pytest.raises(Invalid, match="too long"):
        brought(long, END, None, "")


@pytest.mark.parametrize(
    "fields",
    [
        {"vocabulary": 256},
        {"vocabulary": 1 << 30},
        {"sample": -1},
        {"end": ""},
        {"end_id": 5},
        {"pattern": "("},
        {"tokenizer": "nowhere.json"},
        {"tokenizer": "/"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(fields):
    with pytest.raises(Invalid):
        Tokenise(**fields).check()


@pytest.mark.parametrize("run", ["a", "😀", "漢", "ab", "\u00a0"])
def test_a_giant_run_neither_stops_the_training_nor_gives_giant_tokens(run):
    made = train(["hello world, this is text " * 50, run * (65_536 // len(run))], 400, END, GPT2)
    assert max(map(len, theirs(made.content).get_vocab())) <= 128
