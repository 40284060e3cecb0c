"""The 65 exchanges of the compatibility kit in our own words: what is said, by whom, and what the connector then tells.

    > step    the peer says it, and the connector takes it
    ! step    the peer says it, and the connector refuses it: 4xx but not 404, with an error body, and nothing changes
    < step    the connector says it
    = STATE   the connector tells that state

Groups: in CN and TP the connector provides, in CN_C and TP_C it consumes, asked by a webhook. MET and CAT are in `reads`.
"""

from __future__ import annotations

from typing import NamedTuple

_LINES = """
CN:01-01    > request < offer > terminate = TERMINATED
CN:01-02    > request < offer > request < terminate = TERMINATED
CN:01-03    > request < offer > accept < agree > verify < finalize = FINALIZED
CN:01-04    > request < agree > verify < finalize = FINALIZED
CN:02-01    > request < terminate = TERMINATED
CN:02-02    > request > terminate = TERMINATED
CN:02-03    > request < agree > terminate = TERMINATED
CN:02-04    > request < offer > terminate = TERMINATED
CN:02-05    > request < offer < terminate = TERMINATED
CN:02-06    > request < offer > accept < terminate = TERMINATED
CN:02-07    > request < agree > verify < terminate = TERMINATED
CN:03-01    > request < agree > verify < finalize = FINALIZED ! terminate = FINALIZED
CN:03-02    > request < offer = OFFERED ! verify = OFFERED
CN:03-03    > request < offer > accept ! verify = ACCEPTED
CN:03-04    > request < offer > request ! request = REQUESTED

CN_C:01-01  < request > offer < accept > agree < verify > finalize = FINALIZED
CN_C:01-02  < request > offer < request > terminate = TERMINATED
CN_C:01-03  < request > offer < terminate = TERMINATED
CN_C:01-04  < request > agree < verify > finalize = FINALIZED
CN_C:02-01  < request > terminate = TERMINATED
CN_C:02-02  < request < terminate = TERMINATED
CN_C:02-03  < request > agree < terminate = TERMINATED
CN_C:02-04  < request > offer = OFFERED > terminate = TERMINATED
CN_C:02-05  < request > offer < accept > terminate = TERMINATED
CN_C:02-06  < request > agree < verify > terminate = TERMINATED
CN_C:03-01  < request ! finalize = REQUESTED
CN_C:03-02  < request > offer = OFFERED ! agree = OFFERED
CN_C:03-03  < request > offer ! finalize = OFFERED
CN_C:03-04  < request > offer < accept ! finalize = ACCEPTED
CN_C:03-05  < request > offer < accept ! offer = ACCEPTED
CN_C:03-06  < request > offer < accept > agree ! finalize = AGREED

TP:01-01    > request < start < terminate = TERMINATED
TP:01-02    > request < start < complete = COMPLETED
TP:01-03    > request < start < suspend < terminate = TERMINATED
TP:01-04    > request < start < suspend < start < complete = COMPLETED
TP:01-05    > request < terminate = TERMINATED
TP:02-01    > request < start = STARTED > terminate = TERMINATED
TP:02-02    > request < start = STARTED > complete = COMPLETED
TP:02-03    > request < start = STARTED > suspend = SUSPENDED > terminate = TERMINATED
TP:02-05    > request = REQUESTED > terminate = TERMINATED
TP:03-01    > request = REQUESTED ! complete = REQUESTED
TP:03-02    > request = REQUESTED ! suspend = REQUESTED
TP:03-03    > request < start = STARTED > suspend = SUSPENDED ! complete = SUSPENDED
TP:03-04    > request < start = STARTED > terminate = TERMINATED ! start = TERMINATED
TP:03-05    > request < start = STARTED > terminate = TERMINATED ! suspend = TERMINATED
TP:03-06    > request < start = STARTED > terminate = TERMINATED ! complete = TERMINATED

TP_C:01-01  < request > start = STARTED > terminate = TERMINATED
TP_C:01-02  < request > start = STARTED > complete = COMPLETED
TP_C:01-03  < request > start = STARTED > suspend = SUSPENDED > terminate = TERMINATED
TP_C:01-04  < request > start = STARTED > suspend = SUSPENDED > start = STARTED > complete = COMPLETED
TP_C:01-05  < request > terminate = TERMINATED
TP_C:02-01  < request > start < terminate = TERMINATED
TP_C:02-02  < request > start < complete = COMPLETED
TP_C:02-03  < request > start < suspend < terminate = TERMINATED
TP_C:02-05  < request < terminate = TERMINATED
TP_C:03-01  < request = REQUESTED ! complete = REQUESTED
TP_C:03-02  < request = REQUESTED ! suspend = REQUESTED
TP_C:03-03  < request > start = STARTED > suspend = SUSPENDED ! complete = SUSPENDED
TP_C:03-04  < request > start = STARTED > terminate = TERMINATED ! start = TERMINATED
TP_C:03-05  < request > start = STARTED > terminate = TERMINATED ! suspend = TERMINATED
TP_C:03-06  < request > start = STARTED > terminate = TERMINATED ! complete = TERMINATED
"""


class Case(NamedTuple):
    """One exchange: its name as in the kit, and its (sign, word) pairs."""

    name: str
    moves: tuple[tuple[str, str], ...]

    @property
    def group(self) -> str:
        """`CN`, `CN_C`, `TP` or `TP_C`."""
        return self.name.partition(":")[0]

    @property
    def about(self) -> str:
        """The name by which `sample_ids` knows what the case is about, without its last word, e.g. `CN_C_01_02`."""
        return self.name.replace(":", "_").replace("-", "_")


def _parse(line: str) -> Case:
    name, *words = line.split()
    return Case(name, tuple(zip(words[::2], words[1::2], strict=True)))


CASES = tuple(_parse(line) for line in _LINES.splitlines() if line)
