"""The verifier in `examples/`, loaded as a module of its own: what it says of an archive."""

import contextlib
import importlib.util
import io
from functools import cache
from pathlib import Path

EXAMPLE = Path(__file__).parents[4] / "examples" / "verify_evidence.py"


@cache
def _module():
    spec = importlib.util.spec_from_file_location("verify_evidence", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def refused(raw, folder=None):
    """Return why it refuses an archive; empty if it does not."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            _module().verify(_module().read_files(raw), folder)
        except Exception as fault:  # noqa: BLE001 - as the program does
            return str(fault) or type(fault).__name__
    return ""
