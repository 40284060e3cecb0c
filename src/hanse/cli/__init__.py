"""The command line: one module per noun, each loaded when it is used."""

from __future__ import annotations


def main() -> None:
    """Run `hanse` with the arguments of this process."""
    import os
    import sys

    from hanse.cli.kit import INTERRUPTED
    from hanse.cli.root import hanse

    try:
        hanse(prog_name="hanse")
    except SystemExit as ended:
        if ended.code == INTERRUPTED and "daft" in sys.modules:
            # All has been said and put away. Daft's threads go on meanwhile, and Python's own end would end in a crash.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise
