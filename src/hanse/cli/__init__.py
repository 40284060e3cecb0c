"""The command line: one module per noun, each loaded when it is used."""

from __future__ import annotations


def main() -> None:
    """Run `hanse` with the arguments of this process."""
    from hanse.cli.root import hanse

    hanse(prog_name="hanse")
