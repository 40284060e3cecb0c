"""The offered form: what a catalogue says of a dataset, before anybody has its bytes.

Its one FileObject has a resolver URN in place of an address, because there is none before an agreement. A hash is there as it is
offered; where none is, the description says so (`hanse:missing`), and a strict reader such as mlcroissant may refuse it.
"""

from __future__ import annotations

from hanse.dcat.croissant.about import filled, write_about
from hanse.dcat.croissant.ids import Names
from hanse.dcat.croissant.names import resolver
from hanse.dcat.croissant.read import read_described
from hanse.dcat.model import Dataset
from hanse.dcat.rest import rest_of

Json = dict[str, object]
_ASKED = (("licence", "license"), ("creators", "creator"), ("issued", "datePublished"))


def write_offered(dataset: Dataset, provider: str) -> Json:
    """Return the description of a dataset that the participant `provider` (a DID) offers."""
    urn = resolver(provider, dataset.id)
    out = write_about(dataset, urn)
    out.setdefault("publisher", {"@type": "Organization", "identifier": provider})
    out["provider"] = {"@type": "Organization", "identifier": provider}
    missing = [name for field, name in _ASKED if not getattr(dataset, field)]
    if missing:
        out["hanse:missing"] = missing
    out["distribution"] = [_file(dataset, urn)]
    rest = rest_of(dataset, read_described(out).dataset)
    return out | ({"hanse:rest": rest} if rest else {})


def _file(dataset: Dataset, urn: str) -> Json:
    sums = {one.algorithm: one.value for one in reversed(dataset.checksums)}
    taken = [offer.id for offer in dataset.offers]
    missing = [name for name, there in (("sha256", sums.get("sha256")), ("encodingFormat", dataset.media_type)) if not there]
    return {
        "@type": "cr:FileObject",
        "@id": Names(taken).new("data"),
        "name": dataset.title,
        "contentUrl": urn,
    } | filled(
        {
            "encodingFormat": dataset.media_type,
            "contentSize": f"{dataset.byte_size} B" if dataset.byte_size is not None else None,
            "sha256": sums.get("sha256"),
            "hanse:blake3": sums.get("blake3"),
            "hanse:files": dataset.files,
            "hanse:format": list(dataset.formats),
            "hanse:missing": missing,
        }
    )
