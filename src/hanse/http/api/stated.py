"""What somebody says of a use, checked before anything is signed."""

from __future__ import annotations

from difflib import get_close_matches

from hanse.kernel.errors import Invalid
from hanse.odrl.constraints.purposes import DPV, PURPOSES, purpose


def check_purpose(name: str | None) -> None:
    """Raise `Invalid` for a purpose that the Data Privacy Vocabulary is said to have, and has not; others pass as they are."""
    canonical = purpose(name or "")
    if not canonical.startswith(DPV) or canonical in PURPOSES.extents:
        return
    names = {one.removeprefix(DPV).lower(): one for one in PURPOSES.extents}
    near = [names[one] for one in get_close_matches(canonical.removeprefix(DPV).lower()[:80], names, n=3)]
    raise Invalid(
        f"{canonical[:80]!r} is not a purpose of the Data Privacy Vocabulary.",
        where="purpose",
        rule="purpose",
        hint=f"Near: {', '.join(near)}." if near else None,
    )
