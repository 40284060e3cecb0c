"""`import hanse` costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hanse


def test_importing_the_package_imports_none_of_its_parts():
    code = "import sys, hanse; print([m for m in sys.modules if m.startswith(('hanse.', 'httpx', 'msgspec', 'rich', 'click', 'asyncio'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    for name in hanse.__all__:
        assert getattr(hanse, name) is not None
    assert hanse.errors.NotFound.rule == "not-found"
    with pytest.raises(AttributeError):
        hanse.nothing  # noqa: B018 - the access is the test
