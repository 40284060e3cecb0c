"""A running space for the command line."""

from tests.scenarios.cli.conftest import space

__all__ = ["space"]
