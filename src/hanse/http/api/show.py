"""From the services' records to what operators are shown: sentences beside every policy, and no secret in anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hanse.anchor.joining.fit import FitReport
from hanse.connector import records
from hanse.connector.browse import Browsed
from hanse.connector.preferences import Preferences
from hanse.connector.views import Seen
from hanse.dcat import model as dcat
from hanse.dcat.quality import name_of
from hanse.http.api import space_structs as sp
from hanse.http.api import structs as s
from hanse.http.api.described_structs import Measure
from hanse.odrl import model as odrl
from hanse.odrl.forms.write import write_agreement, write_terms
from hanse.odrl.reservations.model import say_reservation
from hanse.odrl.say import say_agreement, say_terms
from hanse.participants import records as participants

T = TypeVar("T")
R = TypeVar("R")


def page(found: Sequence[R], limit: int, show: Callable[[R], T], key: Callable[[R], str]) -> s.Page[T]:
    """Return a page of `limit` from what was found with one more asked for."""
    shown = found[:limit]
    return s.Page(items=[show(one) for one in shown], next=key(shown[-1]) if len(found) > limit else None)


def operator(one: participants.Operator) -> s.Operator:
    """Return an operator without the hash of its token."""
    return s.Operator(id=one.id, name=one.name, role=one.role, created=one.created, expires=one.expires)


def issued(one: participants.Issued) -> s.IssuedOperator:
    """Return an operator with its new token."""
    return s.IssuedOperator(operator=operator(one.operator), token=one.token)


def offer(one: odrl.Offer) -> s.Offer:
    """Return an offer in sentences and as ODRL JSON."""
    return s.Offer(id=one.id, sentences=say_terms(one.terms), terms=write_terms(one.terms))


def dataset(one: dcat.Dataset) -> s.Dataset:
    """Return a dataset."""
    return s.Dataset(
        id=one.id,
        title=one.title,
        description=one.description,
        keywords=list(one.keywords),
        theme=one.theme,
        licence=one.licence,
        language=list(one.language),
        media_type=one.media_type,
        byte_size=one.byte_size,
        files=one.files,
        checksums=list(one.checksums),
        version=one.version,
        issued=one.issued,
        modified=one.modified,
        spatial=list(one.spatial),
        creators=[agent.id or agent.name for agent in one.creators],
        rai={stated.term: list(stated.texts) for stated in one.rai},
        measures=[Measure(metric=name_of(each.metric) or each.metric, value=each.value, claim=each.claim) for each in one.measures],
        formats=list(one.formats),
        offers=[offer(each) for each in one.offers],
    )


def asset(one: records.Asset) -> s.Asset:
    """Return an own asset."""
    return s.Asset(
        id=one.id,
        dataset=dataset(one.dataset),
        source=one.source,
        visible_to=list(one.visible_to),
        answering=one.answering,
        preferences=None if one.preferences is None else limits(one.preferences),
        derived_from=list(one.derived_from),
        rights_held=one.rights_held,
        reservations=[sentence for found in one.reservations for sentence in say_reservation(found)],
        withdrawn=one.withdrawn,
        created=one.created,
        updated=one.updated,
    )


def limits(one: Preferences) -> s.ShownLimits:
    """Return the limits of a negotiation."""
    return s.ShownLimits(
        sentences=say_terms(one.must), must=write_terms(one.must), max_rounds=one.max_rounds, ask_declared=one.ask_declared
    )


def catalogue(one: Browsed) -> s.Catalogue:
    """Return a page of a peer's catalogue."""
    shown = [dataset(each) for each in one.datasets]
    return s.Catalogue(participant=one.participant, datasets=shown, unreadable=one.unreadable, next=one.next)


def negotiation(one: Seen[records.Negotiation]) -> s.Negotiation:
    """Return a negotiation, with what it waits for."""
    process = one.process
    return s.Negotiation(
        id=process.id,
        role=process.role.value,
        peer=process.peer,
        state=process.state.value if process.state else None,
        final=process.final,
        pending=process.intent.step if process.intent else None,
        waits_for=one.explanation.waits_for if one.explanation else "",
        who=one.explanation.who if one.explanation else "",
        deadline=process.deadline,
        dataset=process.dataset,
        created=process.created,
        updated=process.updated,
        offer=offer(process.offer),
        offered_by=process.offered_by.value,
        answering=process.answering,
        contract=process.agreement.id if process.agreement and process.state != "TERMINATED" else None,
    )


def transfer(one: Seen[records.Transfer]) -> s.Transfer:
    """Return a transfer, with what it waits for, and without its address: that holds a token."""
    process = one.process
    return s.Transfer(
        id=process.id,
        role=process.role.value,
        peer=process.peer,
        state=process.state.value if process.state else None,
        final=process.final,
        pending=process.intent.step if process.intent else None,
        waits_for=one.explanation.waits_for if one.explanation else "",
        who=one.explanation.who if one.explanation else "",
        deadline=process.deadline,
        dataset=process.dataset,
        created=process.created,
        updated=process.updated,
        contract=process.agreement_id,
        format=process.format,
        suspended_by=process.suspended_by.value if process.suspended_by else None,
        address=process.address is not None,
    )


def contract(one: records.Contract, names: Mapping[str, str]) -> s.Contract:
    """Return a contract in sentences; `names` are those of DIDs, where they are known."""
    return s.Contract(
        id=one.id,
        role=one.role.value,
        peer=one.peer,
        dataset=one.dataset,
        negotiation=one.negotiation,
        finalized=one.finalized,
        ended=one.ended,
        end_reason=one.end_reason,
        end_how=one.end_how,
        ended_by=one.ended_by,
        end_statement=one.end_statement,
        sentences=say_agreement(one.agreement, names),
        agreement=write_agreement(one.agreement),
    )


def fit(report: FitReport) -> sp.Fit:
    """Return a fit report."""
    checks = [sp.FitCheck(what=check.what, met=check.met, why=check.why, help=check.help) for check in report.checks]
    return sp.Fit(fits=report.fits, decided_by=report.decided_by, checks=checks)
