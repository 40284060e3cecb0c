"""Where the public test data lies: `shared/data` beside the clone. A user's clone has none; in CI it is always there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_data() -> Path:
    """Return the folder, or skip the test; with `CI=true` its absence is a failure."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the public test data is missing: {folder}")
        pytest.skip(f"the public test data is not here: {folder}")
    return folder
