"""What bounds an own offer besides its own words: the agreements under which the data came, and reservations beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hanse.connector.ports import ConnectorTx
from hanse.connector.records import Asset, Contract
from hanse.dsp.messages import Role
from hanse.kernel.errors import Forbidden, Invalid
from hanse.odrl.constraints.base import Operands
from hanse.odrl.match.coverage import subsumes
from hanse.odrl.model import Atomic, Rule, Terms
from hanse.odrl.names import DISTRIBUTE, NEXT_POLICY, POLICY, plain
from hanse.odrl.normal import terms_hash
from hanse.odrl.reservations.model import goes_beyond
from hanse.odrl.templates import parse_template
from hanse.odrl.vocabulary import action_includes

_HASH = "sha-256:"


def check_rights(tx: ConnectorTx, asset: Asset, operands: Operands) -> None:
    """Raise `Invalid` or `Forbidden` if an offer of the asset gives more than its owner may give.

    Data that came under an agreement is passed on only where that permits it, and under terms within its next policy (ODRL 2.2
    Vocabulary, nextPolicy). What a reservation beside the data keeps back is not offered, unless the owner says that it holds
    the rights.
    """
    for index, id in enumerate(asset.derived_from):
        contract = tx.contracts.get(asset.tenant, id)
        if contract is None or contract.role is not Role.CONSUMER:
            raise Invalid(
                f"There is no contract {id[:80]!r} under which data came to you.", where=f"derived_from[{index}]", rule="contract"
            )
        _check_passing_on(contract, f"derived_from[{index}]")
        for where, terms in _given(asset):
            _check_next(contract, terms, asset, operands, where)
    if not asset.rights_held:
        _check_reservations(asset)


def _check_passing_on(contract: Contract, where: str) -> None:
    terms = contract.agreement.terms
    if contract.ended is not None:
        raise Forbidden(f"The contract {contract.id} has ended, and with it the right to pass the data on.", where=where, rule="ended")
    permitted = any(action_includes(rule.action, DISTRIBUTE) for rule in terms.permissions)
    forbidden = any(action_includes(rule.action, DISTRIBUTE) is not False for rule in terms.prohibitions)
    if not permitted or forbidden:
        raise Forbidden(
            f"The contract {contract.id} does not permit to pass the data on.",
            where=where,
            rule="distribute",
            hint=f"`hanse policy explain {contract.id}` says what it permits.",
        )


def _check_next(contract: Contract, terms: Terms, asset: Asset, operands: Operands, where: str) -> None:
    for wanted in _next_policies(contract.agreement.terms):
        if wanted.startswith(_HASH):
            kept = terms_hash(terms) == wanted
        else:
            kept = subsumes(terms, parse_template(wanted, contract.finalized), operands) is True
        if not kept:
            raise Invalid(
                f"The contract {contract.id} asks to pass the data on under {wanted[:300]!r}, and these terms may give more.",
                where=where,
                rule="next-policy",
                hint=f"Offer {asset.dataset.title!r} under those terms or stricter ones; `hanse policy diff` shows the difference.",
            )


def _next_policies(terms: Terms) -> Iterator[str]:
    owed: Sequence[Rule] = [*terms.obligations, *(duty for rule in terms.permissions for duty in rule.duties)]
    for rule in owed:
        if plain(rule.action) != NEXT_POLICY:
            continue
        for constraint in rule.constraints:
            if isinstance(constraint, Atomic) and plain(constraint.left) == POLICY and isinstance(constraint.right, str):
                yield constraint.right


def passed_on_under(tx: ConnectorTx, asset: Asset) -> str:
    """Return why an asset may not be passed on any more: a contract under which the data came has ended; nothing if it may be."""
    for id in asset.derived_from:
        contract = tx.contracts.get(asset.tenant, id)
        if contract is None or contract.ended is not None:
            return "The contract under which the data came has ended, and with it the right to pass it on."
    return ""


def _given(asset: Asset) -> Iterator[tuple[str, Terms]]:
    """Yield all terms that may be agreed to without a person: those on offer, and the limits within which others are negotiated."""
    for number, offer in enumerate(asset.dataset.offers):
        yield f"terms[{number}]", offer.terms
    if asset.preferences is not None:
        yield "preferences.must", asset.preferences.must


def _check_reservations(asset: Asset) -> None:
    for where, terms in _given(asset):
        for use, why in goes_beyond(terms, asset.reservations):
            raise Invalid(
                f"These terms permit {use.rpartition(':')[2]}, but {why}.",
                where=where,
                rule="reservation",
                hint="Add `forbid mine + forbid retrieve`, or the conditions. If you hold the rights, say so (--rights-held).",
            )
