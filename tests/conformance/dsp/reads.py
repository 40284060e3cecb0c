"""The four cases in which something is only read: the versions and the catalogue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.conformance.dsp.letters import CONTEXT
from tests.conformance.dsp.peer import Peer, Wrong
from tests.wire.schemas import validate


async def versions(peer: Peer) -> None:
    """MET:01-01: the version document names 2025-1, its path and its binding."""
    answer = await peer.client.get(f"{peer.connector.base}/.well-known/dspace-version")
    document = answer.raise_for_status().json()
    validate("protocol-version", document)
    paths = {entry["path"]: entry["binding"] for entry in document["protocolVersions"] if entry["version"] == "2025-1"}
    _demand(peer.connector.base + next(iter(paths)) == peer.connector.protocol and set(paths.values()) == {"HTTPS"}, document)


async def catalogue(peer: Peer) -> None:
    """CAT:01-01: the catalogue holds the dataset."""
    message = {"@context": [CONTEXT], "@type": "CatalogRequestMessage", "filter": []}
    answer = await peer.client.post(f"{peer.connector.protocol}/catalog/request", json=message)
    document = answer.raise_for_status().json()
    validate("catalog", document)
    _demand(document["participantId"] == peer.connector.did, document)
    _demand("CAT0101" in {dataset["@id"] for dataset in document["dataset"]}, document)


async def dataset(peer: Peer) -> None:
    """CAT:01-02: a dataset by its id."""
    answer = await peer.client.get(f"{peer.connector.protocol}/catalog/datasets/CAT0102")
    document = answer.raise_for_status().json()
    validate("dataset", document)
    _demand(document["@id"] == "CAT0102" and document["hasPolicy"][0]["@id"] == "CD123:CAT0102:456", document)


async def unknown_dataset(peer: Peer) -> None:
    """CAT:01-03: a dataset that does not exist."""
    answer = await peer.client.get(f"{peer.connector.protocol}/catalog/datasets/CAT0103")
    _demand(answer.is_client_error, answer.status_code)
    validate("CatalogError", answer.json())


def _demand(holds: bool, shown: object) -> None:
    if not holds:
        raise Wrong(str(shown))


READS: dict[str, Callable[[Peer], Awaitable[None]]] = {
    "MET:01-01": versions,
    "CAT:01-01": catalogue,
    "CAT:01-02": dataset,
    "CAT:01-03": unknown_dataset,
}
