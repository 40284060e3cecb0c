"""Token shards for training, as the step `pack` writes them.

with hanse.shards("corpus@1", action="train") as shards:
    for batch in shards.batches(8, seed=1):
        ...
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hanse.client.reading import opened
from hanse.factory.prepare.steps.tokens.layout import INDEX, TOKENIZER, Index, Shard
from hanse.kernel.errors import Invalid, Misconfigured, NotFound, StorageFailed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Shards:
    """The sequences of a product. Of plain files they are mapped into memory; of a stored version one shard is decrypted at a time.

    Close it, or use it in a `with`, if it opened a version.
    """

    def __init__(self, source: opened.Data | Path, over: Callable[[], None] = lambda: None) -> None:
        """Read the index. Raises `Invalid` if there are no shards in `source`."""
        self._source = source
        self._over = over
        try:
            self.index = msgspec.json.decode(self._bytes(INDEX), type=Index)
        except (NotFound, FileNotFoundError):
            raise Invalid("There are no token shards.", where=str(source), rule="no-shards", hint="The step `pack` writes them.") from None
        except msgspec.DecodeError as error:
            raise _damaged(INDEX, str(error)) from None

    def __repr__(self) -> str:
        return f"<token shards: {sum(shard.sequences for shard in self.index.shards)} sequences of {self.context} tokens>"

    @property
    def context(self) -> int:
        """Return how many tokens a sequence has."""
        return self.index.context

    def of(self, split: str = "train") -> list[Shard]:
        """Return the shards of a split, in order."""
        return [shard for shard in self.index.shards if shard.split == split]

    def sequences(self, split: str = "train") -> int:
        """Return how many sequences a split has."""
        return sum(shard.sequences for shard in self.of(split))

    def tokenizer(self) -> bytes:
        """Return the `tokenizer.json`. Raises `StorageFailed` if it is not the one that the tokens were made with."""
        content = self._bytes(TOKENIZER)
        if hashlib.sha256(content).hexdigest() != self.index.tokenizer:
            raise _damaged(TOKENIZER, "it is not the tokenizer of these shards")
        return content

    def array(self, name: str) -> np.ndarray[Any, Any]:
        """Return a shard's ids, `[sequences, context]`. Raises `NotFound`, and `StorageFailed` if it is not what the index says."""
        shard = next((shard for shard in self.index.shards if shard.name == name), None)
        if shard is None:
            raise NotFound(f"There is no shard {name[:80]!r}.", where=name)
        array = self._array(f"{name}.npy")
        if array.shape != (shard.sequences, self.context) or array.dtype.str != self.index.dtype:
            raise _damaged(name, "it is not what the index says")
        return array

    def documents(self, name: str) -> pa.Table:
        """Return what is in a shard: `id`, `source`, `position` in it, `length`, and `offset` in the document, in tokens."""
        from pyarrow import parquet

        return parquet.read_table(io.BytesIO(self._bytes(f"{name}.parquet")))

    def batches(self, size: int, split: str = "train", *, seed: int | None = None) -> Iterator[np.ndarray[Any, Any]]:
        """Yield all sequences of a split once, `size` at a time, `[size, context]`; the last ones may be fewer.

        With a `seed` the shards come in an order of its own, and the sequences of each shard, too: the same each time.
        """
        import numpy as np

        if size < 1:
            raise Invalid("A batch has one sequence at least.", where="size")
        chance = None if seed is None else np.random.Generator(np.random.PCG64(seed))
        shards = self.of(split)
        if chance is not None:
            shards = [shards[at] for at in chance.permutation(len(shards))]
        held: list[np.ndarray[Any, Any]] = []
        missing = size
        for array, order in self._orders(shards, chance):
            at = 0
            while at < len(order):
                rows = order[at : at + missing]
                held.append(array[rows])
                at, missing = at + len(rows), missing - len(rows)
                if not missing:
                    yield np.concatenate(held) if len(held) > 1 else held[0]
                    held, missing = [], size
        if held:
            yield np.concatenate(held)

    def _orders(
        self, shards: list[Shard], chance: np.random.Generator | None
    ) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Yield each shard with the order in which its sequences are wanted."""
        import numpy as np

        for shard in shards:
            array = self.array(shard.name)
            yield array, np.arange(len(array)) if chance is None else chance.permutation(len(array))

    def close(self) -> None:
        """End the use of the version."""
        self._over()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bytes(self, path: str) -> bytes:
        return (self._source / path).read_bytes() if isinstance(self._source, Path) else self._source.read(path)

    def _array(self, path: str) -> np.ndarray[Any, Any]:
        import numpy as np
        from numpy.lib import format as npy

        try:
            if isinstance(self._source, Path):
                return npy.open_memmap(self._source / path, mode="r")  # an array or nothing: no pickles, no archives
            content = self._source.read(path)
            header = io.BytesIO(content)
            npy.read_magic(header)
            shape, _, dtype = npy.read_array_header_1_0(header)
            return np.frombuffer(content, dtype, offset=header.tell()).reshape(shape)
        except (ValueError, TypeError, TokenError, OSError) as error:
            raise _damaged(path, str(error)) from None


def shards(source: str | Path | opened.Data, **how: Any) -> Shards:
    """Open the token shards of a stored version, as `hanse.open` does (`action`, `purpose`, `lease`, ...), or of a folder of plain files.

    Raises what `hanse.open` raises, and `Invalid` if there are no shards.
    """
    try:
        import numpy as np  # noqa: F401 - better said now than in the middle
    except ModuleNotFoundError:
        raise Misconfigured("Shards are NumPy arrays.", where="numpy", hint="pip install 'hanse[prepare]'") from None
    if isinstance(source, Path | opened.Data):
        return Shards(source)
    data = opened.open(source, **how)
    try:
        return Shards(data, data.close)
    except BaseException:
        data.close()
        raise


def _damaged(what: str, why: str) -> StorageFailed:
    return StorageFailed(f"The token shards are damaged: {what}: {why[:200]}.", where=what)
