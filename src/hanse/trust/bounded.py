"""A dictionary in memory that never grows beyond its bounds, and forgets what was used longest ago first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """At most `entries` values, which say for themselves how large they are: at most `size` of that in all."""

    def __init__(self, entries: int, size: int | None = None) -> None:
        self._bounds = (entries, size)
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._held = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return the value, which counts as used now, or nothing."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size: int = 0) -> None:
        """Insert or replace."""
        self.pop(key)
        self._values[key] = (value, size)
        self._held += size
        entries, most = self._bounds
        while self._values and (len(self._values) > entries or (most is not None and self._held > most)):
            self.pop(next(iter(self._values)))

    def pop(self, key: K) -> V | None:
        """Forget the value, and return it if there was one."""
        value, size = self._values.pop(key, (None, 0))
        self._held -= size
        return value

    def drop(self, test: Callable[[K, V], bool]) -> None:
        """Forget all of which the test holds."""
        for key in [key for key, (value, _) in self._values.items() if test(key, value)]:
            self.pop(key)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._held = 0
