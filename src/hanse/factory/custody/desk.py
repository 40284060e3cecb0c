"""Custody, models and an authority's questions, as operators see them."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.factory.custody.drills import Drilling
from hanse.factory.custody.looking import Looking
from hanse.factory.custody.models import Models
from hanse.factory.custody.questions import Questions
from hanse.factory.custody.register import Register
from hanse.factory.custody.risks import Risks


@dataclass(frozen=True)
class Desk:
    """The room's services."""

    register: Register
    models: Models
    questions: Questions
    looking: Looking
    drilling: Drilling
    risks: Risks
