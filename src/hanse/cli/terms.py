"""Policies as they are typed: a template, ODRL JSON, a file with either, or the id of an offer or a contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanse.cli.files import read_text
from hanse.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from hanse.client import Client

LARGEST = 5_000_000
"""Bytes of a file that holds a policy."""

_ID = re.compile("(agr|neg|off|ds)_[0-9A-Za-z_-]{1,100}")
_RULES = ("permission", "prohibition", "obligation", "profile")


def terms_of(text: str) -> str | Mapping[str, Any]:
    """Return what stands for terms: a template as it is typed, or the ODRL JSON of a file. Raises `Invalid`."""
    where = "policy"
    if not text.lstrip().startswith(("{", "[")):
        path = Path(text)
        if not (text.endswith((".json", ".jsonld")) or path.is_file()):
            return text
        text, where = read_text(path, "policy"), str(path)
    import msgspec

    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Invalid(f"The policy is no JSON object: {error}.", where=where, rule="json") from None
    except RecursionError:
        raise Invalid("The policy is nested too deeply.", where=where, rule="json") from None


def needed(purpose: str | None, need: str | None) -> str | Mapping[str, Any] | None:
    """Return the terms of a use that is needed for a purpose and under terms, each of which may be missing. Raises `Invalid`."""
    terms = None if need is None else terms_of(need)
    if purpose is None:
        return terms
    if isinstance(terms, Mapping):
        raise Invalid("A purpose cannot be added to ODRL JSON.", where="--purpose", rule="policy", hint="Write it into the policy.")
    return f"purpose {purpose}" if terms is None else f"purpose {purpose} + {terms}"


def stated(purpose: str | None) -> dict[str, str] | None:
    """Return what is stated to the provider about the use: the purpose, if exactly one is named; of several, the contract says which."""
    if purpose is None or "," in purpose:
        return None
    return {"purpose": purpose if ":" in purpose else f"dpv:{purpose}"}


def named_terms(client: Client, text: str, peer: str | None = None) -> list[str | Mapping[str, Any]]:
    """Return the terms that `text` stands for; the id of a dataset stands for all its offers. Raises `NotFound`, `Invalid`.

    `peer` (a DID or a member's name) is who offers what is named; otherwise it is an own dataset or offer.
    """
    kind = text.partition("_")[0] if _ID.fullmatch(text) else ""
    if kind == "agr":
        return [rules(client.contracts.get(text).agreement)]
    if kind == "neg":
        return [rules(client.negotiations.get(text).offer.terms)]
    if kind == "ds":
        dataset = client.assets.get(text).dataset if peer is None else client.dataset(peer, text)
        return [rules(offer.terms) for offer in dataset.offers]
    if kind == "off":
        return [rules(_offer(client, text, peer))]
    return [terms_of(text)]


def peer_of(client: Client, text: str) -> str | None:
    """Return the other side of the contract or negotiation that `text` is the id of."""
    if not _ID.fullmatch(text) or text[:3] not in ("agr", "neg"):
        return None
    return client.contracts.get(text).peer if text.startswith("agr") else client.negotiations.get(text).peer


def _offer(client: Client, id: str, peer: str | None) -> Mapping[str, Any]:
    datasets = [asset.dataset for asset in client.assets.list()] if peer is None else client.catalog(peer).datasets
    for offer in (offer for dataset in datasets for offer in dataset.offers):
        if offer.id == id:
            return offer.terms
    whose = "You offer" if peer is None else f"{peer[:80]} offers you"
    raise NotFound(
        f"{whose} nothing under {id[:80]!r}.", where="policy", hint="`hanse offer list` shows yours, `hanse catalog` those of others."
    )


def rules(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the terms of an offer or agreement without its parties."""
    return {name: policy[name] for name in _RULES if name in policy}
