"""Streams, in bounded memory."""

import random
import tracemalloc

from hanse.factory.prepare.base import SourceFile
from hanse.factory.prepare.steps.decode.account import Account, Place
from hanse.factory.prepare.steps.decode.jsonl import read
from hanse.factory.prepare.steps.decode.limits import Limits
from hanse.factory.prepare.steps.decode.streams import Long, blocks
from hanse.factory.prepare.steps.decode.tables import Wanted


def test_blocks_are_the_lines_without_those_that_are_too_long():
    rnd = random.Random(6)
    for _ in range(200):
        data = b"".join(rnd.choice([b"a", b"bb", b"\n", b"c" * 7]) for _ in range(rnd.randrange(60)))
        cuts = sorted(rnd.randrange(len(data) + 1) for _ in range(rnd.randrange(8)))
        chunks = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        limit = rnd.randrange(1, 12)
        found = list(blocks([one for one in chunks if one], limit))
        lines = data.splitlines(keepends=True)
        assert b"".join(one for one in found if isinstance(one, bytes)) == b"".join(line for line in lines if len(line) <= limit)
        assert sum(isinstance(one, Long) for one in found) == sum(len(line) > limit for line in lines)


def test_a_line_of_256_mib_never_is_in_memory():
    chunk = b"x" * (1 << 20)

    def chunks():
        yield b'{"text":"a"}\n{"text":"'
        for _ in range(256):
            yield chunk
        yield b'"}\n{"text":"b"}\n'

    limits = Limits(line_bytes=4 << 20)
    account = Account(SourceFile(version="v@1", path="a.jsonl", local="", size=1), limits)
    tracemalloc.start()
    found = list(read(chunks(), Place(account, "v@1/a.jsonl"), Wanted(text="text", language="language", licence="licence", keep=None)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [text for table in found for text in table.column("id").to_pylist()] == ["v@1/a.jsonl#1", "v@1/a.jsonl#3"]
    assert [one.reason for one in account.applied(found[0]).dropped] == ["line-too-long"]
    assert peak < 24 << 20
