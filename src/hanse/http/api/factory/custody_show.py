"""How custody, models, answers and risk are shown."""

from __future__ import annotations

from datetime import datetime

from hanse.evidence.kinds import Input
from hanse.factory.custody.drills import DrillReport
from hanse.factory.custody.models import Model, Recorded, Training
from hanse.factory.custody.questions import Answer, Line
from hanse.factory.custody.records import Conflict, Drill, Hold, Keeping
from hanse.factory.custody.register import Custody
from hanse.factory.custody.risk import Risk
from hanse.factory.facility.jobs import Job
from hanse.http.api.factory import custody_structs as cs
from hanse.http.api.factory.facility_structs import FacilityProblem


def custody(one: Custody, now: datetime) -> cs.CustodyShown:
    """Return all that is known of the keeping of one version."""
    stored = one.stored
    return cs.CustodyShown(
        version=one.version,
        size=0 if stored is None else stored.size,
        tier=None if stored is None or stored.deleted is not None else stored.tier,
        contract=None if stored is None else stored.agreement,
        deleted=None if stored is None else stored.deleted,
        keepings=[_keeping(each) for each in one.keepings],
        holds=[hold(each, now) for each in one.holds],
        drill=None if one.drill is None else drill(one.drill),
        drill_due=one.drill_due,
        overdue=one.drill_due is not None and one.drill_due <= now,
        conflicts=[conflict(each) for each in one.conflicts],
        contracts=[] if stored is None else list(stored.agreements),
    )


def _keeping(one: Keeping) -> cs.KeepingShown:
    why = None if one.note is None else one.note.text
    return cs.KeepingShown(keeper=one.keeper, since=one.since, until=one.until, entry=one.entry, reason=one.reason, why=why)


def hold(one: Hold, now: datetime) -> cs.HoldShown:
    """Return a hold."""
    return cs.HoldShown(
        id=one.id,
        version=one.version,
        since=one.since,
        entry=one.entry,
        reason=one.note.text,
        stands=one.stands(now),
        told=one.told,
        contract=one.agreement,
        until=one.until,
        lifted=one.lifted,
        contracts=list(one.agreements),
    )


def drill(one: Drill) -> cs.DrillShown:
    """Return a drill."""
    return cs.DrillShown(
        version=one.version,
        root=one.root,
        at=one.at,
        entry=one.entry,
        sound=one.sound,
        tier=one.tier,
        files=one.files,
        size=one.size,
        seconds=one.seconds,
        problems=list(one.problems),
    )


def conflict(one: Conflict) -> cs.ConflictShown:
    """Return a contradiction."""
    return cs.ConflictShown(version=one.version, contract=one.agreement, keep=one.keep, delete=one.delete, text=one.text)


def answer(one: Answer) -> cs.AnswerShown:
    """Return an answer."""
    return cs.AnswerShown(question=one.question, about=one.about, lines=[_line(each) for each in one.lines], notes=list(one.notes))


def _line(one: Line) -> cs.AnswerLine:
    facts = {name: list(value) if isinstance(value, tuple) else value for name, value in one.facts.items()}
    return cs.AnswerLine(text=one.text, entry=one.entry, at=one.at, facts=facts)


def job(one: Job) -> cs.CustodyJob:
    """Return a job with what came of it."""
    shown = cs.CustodyJob(id=one.id, what=one.what, began=one.began, done=one.done, size=one.size, over=one.over)
    result: object = one.result
    if isinstance(result, DrillReport):
        drills = [drill(each) for each in result.drills]
        shown.report = cs.DrillReportShown(began=result.began, seconds=result.seconds, sound=result.sound, size=result.size, drills=drills)
    elif isinstance(result, Answer):
        shown.answer = answer(result)
    if one.error is not None:
        error = one.error
        shown.problem = FacilityProblem(rule=error.rule, message=error.message, where=error.where, hint=error.hint)
    return shown


def _input(one: Input) -> cs.ModelInput:
    contracts = [one.agreement] if one.agreement else list(one.under)
    return cs.ModelInput(version=one.version, root=one.root, contract=one.agreement or None, contracts=contracts)


def training(one: Training) -> cs.TrainingShown:
    """Return a training."""
    says = one.says
    return cs.TrainingShown(
        entry=one.index,
        at=one.at,
        model=says.model,
        digest=says.digest,
        action=says.action,
        inputs=[_input(each) for each in says.inputs],
        code=says.code,
        parameters=dict(says.parameters),
    )


def model(one: Model) -> cs.ModelShown:
    """Return a model."""
    return cs.ModelShown(name=one.name, trainings=[training(each) for each in one.trainings])


def recorded(one: Recorded) -> cs.RecordedTraining:
    """Return what was recorded."""
    return cs.RecordedTraining(
        training=training(one.training),
        warnings=list(one.warnings),
        kept=list(one.kept),
        until=one.until,
        conflicts=[conflict(each) for each in one.conflicts],
        again=one.again,
    )


def risk(one: Risk) -> cs.RiskShown:
    """Return a risk."""
    shares = [
        cs.RiskShare(
            mark=each.mark,
            versions=each.versions,
            size=each.size,
            share=each.share,
            of_records=each.of_records,
            of_tokens=each.of_tokens,
        )
        for each in one.shares
    ]
    advice = [
        cs.RiskAdvice(version=each.version, mark=each.mark, todo=each.todo, contract=each.contract, provider=each.provider)
        for each in one.advice
    ]
    marks = {id: list(found) for id, found in one.marks.items()}
    return cs.RiskShown(about=one.about, size=one.size, shares=shares, marks=marks, advice=advice)
