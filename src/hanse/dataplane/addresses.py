"""Data addresses that this data plane gives out and understands.

Property names are those of the HTTP and token renewal profiles (Data Plane Signaling, sections 7 and 8); `manifest`,
`layout` and `rangeSize` are our own, which others ignore. The profile's endpoint type demands https, so plain http,
which exists on loopback only, goes by the general HTTP type.
"""

from __future__ import annotations

from hanse.dataplane.records import Issued
from hanse.dsp.messages import DataAddress

HTTP_PULL = "https://w3id.org/dspace-sig/profile/http-pull"
HTTP_PUSH = "https://w3id.org/dspace-sig/profile/http-push"
HTTP = "https://w3id.org/idsa/v4.1/HTTP"


def _type(endpoint: str, profile: str) -> str:
    return profile if endpoint.startswith("https:") else HTTP


def pull_address(endpoint: str, issued: Issued, range_size: int | None = None) -> DataAddress:
    """Return where and how a consumer pulls.

    `range_size` asks the consumer for ranges of at most that many bytes, which a web server in front can deliver.
    """
    properties = {
        "authorization": issued.access_token,
        "authType": "bearer",
        "refreshToken": issued.refresh_token,
        "expiresIn": str(issued.lifetime),
        "refreshEndpoint": f"{endpoint}/refresh",
        "manifest": f"{endpoint}/manifest",
    }
    if range_size is not None:
        properties["rangeSize"] = str(range_size)
    return DataAddress(endpoint_type=_type(endpoint, HTTP_PULL), endpoint=endpoint, properties=properties)


def sink_address(endpoint: str, issued: Issued) -> DataAddress:
    """Return where and how a provider pushes: one PUT per file of a folder (`layout`)."""
    properties = {"authorization": issued.access_token, "authType": "bearer", "layout": "files"}
    return DataAddress(endpoint_type=_type(endpoint, HTTP_PUSH), endpoint=endpoint, properties=properties)
