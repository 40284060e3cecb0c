"""Finds personal data and masks it, or drops the records that have some."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
import pyarrow as pa

from hanse.factory.prepare.base import TEXT, Applied, Step
from hanse.factory.prepare.steps.filters.verdicts import applied
from hanse.factory.prepare.steps.personal.masking import Mask, label, masked, nothing, pseudonyms
from hanse.factory.prepare.steps.personal.scan import NATIONAL, kinds, scan
from hanse.kernel.errors import Invalid, Misconfigured

_SALT: Final = (16, 4096)
"""Bytes that a salt has at least and at most."""


class Personal(Step, frozen=True, kw_only=True):
    """Finds personal data in the texts by form, checksum and the words beside it; names of persons are not found.

    `personal-email`, `personal-iban` and so on count what was found, and are the reasons of dropped records.
    """

    name: ClassVar[str] = "personal"
    version: ClassVar[str] = "1"
    hides: ClassVar[bool] = True

    find: tuple[str, ...] = ()
    """The kinds to find; empty is all. `national` is all identifiers that states give to persons."""
    mask: Literal["label", "remove", "hash", "drop"] = "label"
    """What becomes of a finding: `[EMAIL]`, nothing, a pseudonym (`[EMAIL-5f0c...]`), or the whole record is dropped."""
    salt_file: str = ""
    """The file with the secret of the pseudonyms (16 to 4,096 bytes). Only its name is recorded; whoever has the file can test guesses."""

    def check(self) -> None:
        """Raise `Invalid` for a kind that is not known, and for pseudonyms without a salt or a salt without pseudonyms."""
        for number, kind in enumerate(self.find):
            if kind != NATIONAL and kind not in kinds():
                raise Invalid(
                    f"There is no kind of personal data {kind[:80]!r}.",
                    where=f"find[{number}]",
                    rule="step",
                    hint=f"There are: {', '.join((NATIONAL, *kinds()))}.",
                )
        if (self.mask == "hash") != bool(self.salt_file):
            hint = "Write 32 random bytes into a file that only you can read, and name it."
            raise Invalid("Pseudonyms need a salt, and nothing else does.", where="salt_file", rule="step", hint=hint)
        if self.salt_file:
            self._salt()

    def apply(self, records: pa.Table, decided: Path | None) -> Applied:
        """Mask the texts, or drop the records. What a dropped record's sample shows is masked, too."""
        findings = scan(records.column(TEXT), self.find)
        counts = {f"personal-{kind}": count for kind, count in findings.counts.items()}
        if not counts:
            return Applied(records)
        column = records.schema.get_field_index(TEXT)
        texts = masked(records.column(TEXT), findings, self._mask())
        changed = records.set_column(column, records.schema.field(TEXT), texts)
        if self.mask != "drop":
            return Applied(changed, (), counts)
        reasons = [""] * len(records)
        first = np.unique(findings.records, return_index=True)
        for record, at in zip(*(part.tolist() for part in first), strict=True):
            reasons[record] = f"personal-{findings.kinds[int(findings.codes[at])]}"
        return applied(changed, reasons, counts)

    def _mask(self) -> Mask:
        if self.mask == "hash":
            return pseudonyms(self._salt())
        return nothing if self.mask == "remove" else label

    def _salt(self) -> bytes:
        try:
            with Path(self.salt_file).open("rb") as file:
                salt = file.read(_SALT[1] + 1)
        except OSError as error:
            raise Misconfigured(f"The salt cannot be read: {error.strerror}.", where="salt_file", rule="step") from None
        if not _SALT[0] <= len(salt) <= _SALT[1]:
            raise Misconfigured(f"A salt has {_SALT[0]} to {_SALT[1]} bytes.", where="salt_file", rule="step")
        return salt
