"""The official Dataspace Protocol compatibility kit (1.0.1), run as a program of its own.

    require_kit()                                  # skips where it cannot run; with CI=true it fails, but for a registry without the kit
    result = run_kit(connector_properties(...))    # echoes each result line of the kit
    assert result.passed == EXPECTED

`kit_properties.py` says what the kit asks of the connector under test, and with which ids.
"""

from tests.conformance.kit.kit_properties import EXPECTED, connector_properties
from tests.conformance.kit.runner import KitFailed, KitMissing, KitNotInRegistry, KitResult, class_path, require_kit, run_kit

__all__ = [
    "EXPECTED",
    "KitFailed",
    "KitMissing",
    "KitNotInRegistry",
    "KitResult",
    "class_path",
    "connector_properties",
    "require_kit",
    "run_kit",
]
