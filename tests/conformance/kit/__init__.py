"""The official compatibility kits, each run as a program of its own.

    require_kit(DSP, "DSP kit")       # skips where it cannot run; with CI=true it fails, but for a registry without the kit
    result = run_kit(DSP, dsp_properties.connector_properties(...))    # echoes each result line of the kit
    assert sorted(dsp_properties.EXPECTED) == result.passed

`dsp_properties` and `dcp_properties` say what the kits ask of the system under test, and with which ids.
"""

from tests.conformance.kit.kits import DCP_1_0_2, DCP_1_2_1, DSP, Kit
from tests.conformance.kit.registry import KitMissing, KitNotInRegistry, class_path, require_kit
from tests.conformance.kit.runner import KitFailed, KitResult, run_kit

__all__ = [
    "DCP_1_0_2",
    "DCP_1_2_1",
    "DSP",
    "Kit",
    "KitFailed",
    "KitMissing",
    "KitNotInRegistry",
    "KitResult",
    "class_path",
    "require_kit",
    "run_kit",
]
