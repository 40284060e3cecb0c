"""The official compatibility kits by their Maven coordinates. Each has a class path of its own: they want different libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kit:
    """One kit at one version."""

    name: str
    """What its lines begin with."""
    coordinates: str
    junit: str
    """The version of JUnit that it was made with."""
    main_class: str
    own_class_path: str
    """Environment variable: the class path of a copy of the kit, for a machine whose Maven repositories do not have it."""

    @property
    def version(self) -> str:
        """The kit's version."""
        return self.coordinates.rpartition(":")[2]

    def arguments(self) -> list[str]:
        """Return what `pom.xml` leaves open, as arguments of Maven."""
        group, artifact, version = self.coordinates.split(":")
        return [f"-Dkit.group={group}", f"-Dkit.artifact={artifact}", f"-Dkit.version={version}", f"-Djunit.version={self.junit}"]


DSP: Final = Kit(
    name="DSP",
    coordinates="org.eclipse.dataspacetck.dsp:dsp-tck:1.0.1",
    junit="6.1.0",
    main_class="org.eclipse.dataspacetck.dsp.suite.DspTckSuite",
    own_class_path="DSP_KIT_CLASSPATH",
)
DCP_1_0_2: Final = Kit(
    name="DCP 1.0.2",
    coordinates="org.eclipse.dataspacetck.dcp:dcp-tck:1.0.2",
    junit="6.1.0",
    main_class="org.eclipse.dataspacetck.dcp.suite.DcpTckSuite",
    own_class_path="DCP_1_0_2_KIT_CLASSPATH",
)
DCP_1_2_1: Final = Kit(
    name="DCP 1.2.1",
    coordinates="org.eclipse.dataspacetck.dcp:dcp-tck:1.2.1",
    junit="6.1.2",
    main_class="org.eclipse.dataspacetck.dcp.suite.DcpTckSuite",
    own_class_path="DCP_1_2_1_KIT_CLASSPATH",
)
