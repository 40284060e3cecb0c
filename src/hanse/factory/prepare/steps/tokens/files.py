"""Reading a tokenizer: a `tokenizer.json` of Hugging Face with a byte-level BPE, or a file of merges as tiktoken has them.

Whatever does not lead to the very same ids as the tokenizer's own library is refused before anything is read.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from hanse.factory.prepare.steps.tokens.bpe import GPT2, LARGEST_VOCABULARY, Bpe, alphabet, halves, prove, refused, splits

LARGEST_FILE: Final = 64 << 20

_Id = Annotated[int, Meta(ge=0, lt=LARGEST_VOCABULARY)]


class _Added(Struct):
    id: _Id
    content: Annotated[str, Meta(min_length=1, max_length=1000)]
    special: bool = False
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False


class _Model(Struct):
    vocab: dict[str, _Id]
    merges: list[str | tuple[str, str]]
    type: str = "BPE"
    dropout: float | None = None
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None
    byte_fallback: bool = False
    ignore_merges: bool = False


class _Json(Struct):
    model: _Model
    added_tokens: list[_Added] = []
    normalizer: dict[str, Any] | None = None
    pre_tokenizer: dict[str, Any] | None = None


class Brought(Struct, frozen=True):
    """A tokenizer and its `tokenizer.json`, as it lies in the product."""

    bpe: Bpe
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the `tokenizer.json`, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def content_of(path: str) -> bytes:
    """Return the bytes of a tokenizer's file. Raises `Invalid` if it cannot be read or is too large."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise refused(
            f"The tokenizer cannot be read: {error.strerror or 'no such file'}.", hint="Name a tokenizer.json, or a file of merges."
        ) from None
    if len(content) > LARGEST_FILE:
        raise refused(f"The tokenizer is larger than {LARGEST_FILE >> 20} MiB.")
    return content


@lru_cache(maxsize=4)
def brought(content: bytes, end: str, end_id: int | None, pattern: str) -> Brought:
    """Return the tokenizer in a file, proved. Raises `Invalid` with what does not match."""
    if content.lstrip()[:1] == b"{":
        if end_id is not None:
            raise refused("A tokenizer.json says itself which id its end token has.", "end_id")
        bpe = from_json(content, proved=True)
        if pattern and pattern != bpe.pattern:
            raise refused("A tokenizer.json says itself how it splits a text, and otherwise than is stated.", "pattern")
        if end not in bpe.special:
            known = ", ".join(sorted(bpe.special)[:10]) or "none"
            raise refused(f"The tokenizer has no special token {end[:80]!r}.", "end", f"Its special tokens: {known}.")
        return Brought(bpe, content)
    bpe = _from_merges(content, end, end_id, pattern or GPT2)
    return Brought(bpe, to_json(bpe))


def from_json(content: bytes, *, proved: bool) -> Bpe:
    """Return the tokenizer of a `tokenizer.json`; `proved` says that it is looked at in full. Raises `Invalid`."""
    try:
        read = msgspec.json.decode(content, type=_Json)
    except (msgspec.DecodeError, RecursionError) as error:
        raise refused(
            f"The tokenizer is no tokenizer.json with a BPE: {str(error)[:200]}.", hint="Only byte-level BPE tokenizers can be brought."
        ) from None
    _plain(read.model)
    composed = _normal(read.normalizer)
    pattern = _pattern(read.pre_tokenizer)
    vocabulary, merges, tokens = _merged(read)
    if proved:
        _ids(read)
        prove(tokens, merges, whole=read.model.ignore_merges)
    return Bpe(
        tokens=tokens,
        ids=[vocabulary[token] for token in tokens],
        special={token.content: token.id for token in read.added_tokens if token.special},
        added=_said(read.added_tokens),
        pattern=pattern,
        whole=read.model.ignore_merges,
        composed=composed,
    )


def _plain(model: _Model) -> None:
    if model.type != "BPE":
        raise refused(f"The tokenizer is a {model.type[:40]}, no BPE.", hint="Only byte-level BPE tokenizers can be brought.")
    if model.byte_fallback or model.dropout or model.continuing_subword_prefix or model.end_of_word_suffix:
        raise refused("The tokenizer is no byte-level BPE: it has a byte fallback, a dropout, a prefix or a suffix.")


def _normal(normalizer: Mapping[str, Any] | None) -> bool:
    if normalizer is None:
        return False
    if normalizer.get("type") != "NFC":
        raise refused(f"The tokenizer's normalizer {str(normalizer.get('type'))[:40]!r} is not known.", hint="Known are none and NFC.")
    return True


def _pattern(pre: Mapping[str, Any] | None) -> str:
    """Return by which pattern words are split: of `ByteLevel` itself, or of a `Split` before it."""
    steps: Any = pre.get("pretokenizers") if pre and pre.get("type") == "Sequence" else [pre]
    match steps:
        case [{"type": "ByteLevel", "add_prefix_space": False} as level] if level.get("use_regex", True):
            return GPT2
        case [
            {"type": "Split", "pattern": {"Regex": str() as pattern}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
        ]:
            return compiled(pattern)
        case _:
            hint = "Known are ByteLevel without a space in front, and Split by a pattern before it."
            raise refused("The tokenizer splits texts in a way that is not known.", hint=hint)


def compiled(pattern: str) -> str:
    """Return a pattern that texts can be split by. Raises `Invalid` if it is none."""
    import tiktoken

    try:
        tiktoken.Encoding("pattern", pat_str=pattern, mergeable_ranks={bytes([byte]): byte for byte in range(256)}, special_tokens={})
    except ValueError as error:
        raise refused(f"The pattern by which texts are split is none: {str(error)[:200]}.", "pattern") from None
    return pattern


def _merged(read: _Json) -> tuple[dict[bytes, int], dict[bytes, set[tuple[bytes, bytes]]], list[bytes]]:
    """Return the ids by token, the pairs that make each token, and the tokens by rank."""
    letters = alphabet()
    outside = {token.content for token in read.added_tokens}
    try:
        vocabulary = {_bytes(word, letters): number for word, number in read.model.vocab.items() if word not in outside}
        pairs = [tuple(_bytes(half, letters) for half in _halves(merge)) for merge in read.model.merges]
    except KeyError as error:
        raise refused(
            f"The tokenizer has a token with the letter {error.args[0]!r}, which stands for no byte.", hint="Bring a byte-level BPE."
        ) from None
    if missing := [byte for byte in range(256) if bytes([byte]) not in vocabulary]:
        raise refused(f"The tokenizer has no token for {len(missing)} of the 256 bytes, the first of them 0x{missing[0]:02x}.")
    tokens = [bytes([byte]) for byte in range(256)]
    merges: dict[bytes, set[tuple[bytes, bytes]]] = {}
    for left, right in pairs:
        made = left + right
        if not {left, right, made} <= vocabulary.keys():
            raise refused(f"The tokenizer merges {left!r:.60} and {right!r:.60}, but has no token for one of them, or for both together.")
        if made not in merges:
            tokens.append(made)
        elif tokens[-1] != made:
            raise refused(f"The tokenizer's merges to {made!r:.60} do not stand together.")
        merges.setdefault(made, set()).add((left, right))
    if read.model.ignore_merges:
        tokens.extend(token for token in vocabulary if len(token) > 1 and token not in merges)
    return vocabulary, merges, tokens


def _bytes(word: str, letters: Mapping[str, int]) -> bytes:
    return bytes([letters[letter] for letter in word])


def _halves(merge: str | tuple[str, str]) -> Sequence[str]:
    halves_ = merge.split(" ") if isinstance(merge, str) else merge
    if len(halves_) != 2 or not all(halves_):
        raise refused("The tokenizer has a merge that is no pair.")
    return halves_


def _ids(read: _Json) -> None:
    """Show that each id is one token's, and the one that `tokenizers` gives it. Raises `Invalid`."""
    by_id = {number: word for word, number in read.model.vocab.items()}
    if len(by_id) != len(read.model.vocab):
        raise refused("The tokenizer has two tokens with one id.")
    following = len(by_id)
    for token in read.added_tokens:
        if by_id.setdefault(token.id, token.content) != token.content:
            raise refused(f"The tokenizer's id {token.id} stands for two tokens.")
        if token.id != read.model.vocab.get(token.content, following):
            raise refused(f"The tokenizer's id {token.id} is out of the order of its added tokens.", hint=f"Here it would be {following}.")
        following = max(following, token.id + 1)


def _said(added: Sequence[_Added]) -> dict[str, int]:
    """Return the tokens that a text can say. Raises `Invalid` if the engines would not find the same ones."""
    plain = sorted(token.content for token in added if not token.special)
    if any(token.single_word or token.lstrip or token.rstrip for token in added if not token.special):
        raise refused("The tokenizer has added tokens that take blanks away or stand alone.")
    if any(one in other for one in plain for other in plain if one != other):
        raise refused("The tokenizer has added tokens that are within one another.")
    return {token.content: token.id for token in added if not token.special}


def _from_merges(content: bytes, end: str, end_id: int | None, pattern: str) -> Bpe:
    """Return the tokenizer of a file with a token in base64 and its rank in each line."""
    by_rank: dict[int, bytes] = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            word, rank = line.split(b" ")
            by_rank[int(rank)] = b64decode(word, validate=True)
        except (ValueError, binascii.Error):
            raise refused(
                f"The tokenizer is neither a tokenizer.json nor a list of merges: line {number}.", hint="A line is: TOKEN-IN-BASE64 RANK."
            ) from None
        if number > LARGEST_VOCABULARY or not 0 <= int(rank) < LARGEST_VOCABULARY:
            raise refused(f"The tokenizer's line {number} is out of range.", hint=f"Ranks are below {LARGEST_VOCABULARY}.")
        if len(by_rank) != number or not by_rank[int(rank)]:
            raise refused(f"The tokenizer's line {number} repeats a rank, or has no token.")
    ids = {token: rank for rank, token in sorted(by_rank.items())}
    if len(ids) != len(by_rank):
        raise refused("The tokenizer has one token twice.")
    if missing := [byte for byte in range(256) if bytes([byte]) not in ids]:
        raise refused(f"The tokenizer has no token for {len(missing)} of the 256 bytes, the first of them 0x{missing[0]:02x}.")
    tokens = [bytes([byte]) for byte in range(256)] + [token for token in ids if len(token) > 1]
    last = max(ids.values()) + 1 if end_id is None else end_id
    if last in by_rank or not 0 <= last < LARGEST_VOCABULARY:
        raise refused(f"The id {last} of the end token is another token's, or out of range.", "end_id")
    pairs = _pairs(tokens)
    whole = any(len(found) != 1 for found in pairs.values())
    prove(tokens, pairs, whole=whole)
    return Bpe(tokens=tokens, ids=[ids[token] for token in tokens], special={end: last}, pattern=compiled(pattern), whole=whole)


def _pairs(tokens: Sequence[bytes]) -> dict[bytes, set[tuple[bytes, bytes]]]:
    """Return the pair that makes each token; all there are for a token that is only ever taken as a whole."""
    ranks = {token: rank for rank, token in enumerate(tokens)}
    pairs: dict[bytes, set[tuple[bytes, bytes]]] = {}
    for rank, token in enumerate(tokens[256:], 256):
        left = halves(token, ranks, rank)
        pairs[token] = {(left[0], left[1])} if len(left) == 2 else splits(token, ranks)
    return pairs


def to_json(bpe: Bpe) -> bytes:
    """Return a tokenizer as a `tokenizer.json`, the same bytes each time."""
    letters = {byte: letter for letter, byte in alphabet().items()}
    words = {token: "".join(letters[byte] for byte in token) for token in bpe.tokens}
    vocabulary = {words[token]: number for token, number in zip(bpe.tokens, bpe.ids, strict=True)}
    merges = [[words[left], words[right]] for pairs in _pairs(bpe.tokens).values() for left, right in sorted(pairs)]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": bpe.pattern == GPT2}
    split = {"type": "Split", "pattern": {"Regex": bpe.pattern}, "behavior": "Isolated", "invert": False}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return msgspec.json.encode(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [{"id": number, "content": word} | plain | {"special": True} for word, number in bpe.special.items()],
            "normalizer": {"type": "NFC"} if bpe.composed else None,
            "pre_tokenizer": level if bpe.pattern == GPT2 else {"type": "Sequence", "pretokenizers": [split, level]},
            "post_processor": None,
            "decoder": level | {"use_regex": True},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "ignore_merges": bpe.whole,
                "vocab": dict(sorted({**vocabulary, **bpe.special}.items(), key=lambda entry: entry[1])),
                "merges": merges,
            },
        }
    )
