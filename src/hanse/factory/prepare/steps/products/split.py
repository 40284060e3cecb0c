"""`split`: puts each record into `train`, `validation` or `test`, for good, by the hash of its id or of its group."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from hanse.factory.prepare.base import ID, SPLIT, Applied, Dropped, Step
from hanse.factory.prepare.steps.products.sections import DOCUMENT
from hanse.kernel.errors import Invalid

_ALL: Final = 1 << 64


class Split(Step, frozen=True, kw_only=True):
    """Set the column `split`: about the stated shares for `validation` and `test`, the others for `train`.

    What has the same value in the column `by` is in the same split: all of a person, a case, a website. Without it that is the document
    that a section or chunk was cut out of, or the record itself. A record's split depends on that value alone, so it stays when other
    records come or go. Drops with `split-no-group` what has no value there.
    """

    name: ClassVar[str] = "split"

    validation: float = 0.01
    test: float = 0.01
    by: str = ""

    def check(self) -> None:
        """Raise `Invalid` for shares that are none."""
        for where, share in (("validation", self.validation), ("test", self.test)):
            if not 0 <= share <= 1:
                raise Invalid("A share is between 0 and 1.", where=where, rule="share")
        if self.validation + self.test > 1:
            raise Invalid("The shares add up to more than 1.", where="test", rule="share")

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Set the column `split`. Raises `Invalid` for a column that has no plain values."""
        groups = self._groups(records)
        kept = records.filter(pc.is_valid(groups))
        dropped = [Dropped(name, "split-no-group") for name in records[ID].filter(pc.is_null(groups)).to_pylist()]
        of_group = {group: self._split(group) for group in pc.unique(groups).to_pylist() if group is not None}
        splits = [of_group[group] for group in groups.to_pylist() if group is not None]
        if SPLIT in kept.column_names:
            kept = kept.drop_columns([SPLIT])
        return Applied(kept.append_column(SPLIT, pa.array(splits, pa.string())), dropped, Counter(splits))

    def _groups(self, records: pa.Table) -> pa.ChunkedArray:
        name = self.by or (DOCUMENT if DOCUMENT in records.column_names else ID)
        if name not in records.column_names:
            return pa.chunked_array([pa.nulls(len(records), pa.large_string())])
        try:
            return records[name].cast(pa.large_string())
        except pa.ArrowException:
            raise Invalid(f"The column {name[:80]!r} has no plain values to group by.", where="by", rule="column") from None

    def _split(self, group: str) -> str:
        at = int.from_bytes(blake2b(group.encode(), digest_size=8, person=b"hanse-split").digest()) / _ALL
        if at < self.test:
            return "test"
        return "validation" if at < self.test + self.validation else "train"
