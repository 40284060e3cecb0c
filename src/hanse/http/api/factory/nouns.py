"""All operations of an AI factory's interface, one module per noun."""

from __future__ import annotations

from hanse.http.api.factory.assessments import AssessmentOperations
from hanse.http.api.factory.custody import CustodyOperations, QuestionOperations
from hanse.http.api.factory.documents import DocumentOperations
from hanse.http.api.factory.evidence import EvidenceOperations
from hanse.http.api.factory.facility import FacilityOperations
from hanse.http.api.factory.links import LinkOperations
from hanse.http.api.factory.mirrors import MirrorOperations
from hanse.http.api.factory.models import ModelOperations
from hanse.http.api.factory.openings import OpeningOperations
from hanse.http.api.factory.orders import OrderOperations
from hanse.http.api.factory.preparations import PreparationOperations
from hanse.http.api.routing import OfNoun
from hanse.http.api.services import Services


def factory_nouns(services: Services) -> list[OfNoun]:
    """Return the nouns."""
    return [
        OrderOperations(services),
        LinkOperations(services),
        FacilityOperations(services),
        PreparationOperations(services),
        MirrorOperations(services),
        OpeningOperations(services),
        EvidenceOperations(services.factory.archives),
        AssessmentOperations(services),
        CustodyOperations(services),
        QuestionOperations(services),
        ModelOperations(services),
        DocumentOperations(services),
    ]
