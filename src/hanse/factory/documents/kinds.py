"""The documents that can be made of a version or a model: a name for each kind, and what makes it. One line per kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hanse.factory.documents.annex4 import annex_iv
from hanse.factory.documents.article10 import article10
from hanse.factory.documents.card import make_card
from hanse.factory.documents.croissant import make_croissant
from hanse.factory.documents.cyclonedx import make_cyclonedx, make_model_cyclonedx
from hanse.factory.documents.datasheet import make_datasheet
from hanse.factory.documents.dmp import make_dmp
from hanse.factory.documents.material import Document, Material, Trainings
from hanse.factory.documents.proofs import Proofs
from hanse.factory.documents.spdx import make_model_spdx, make_spdx
from hanse.factory.documents.training_summary import training_summary
from hanse.factory.documents.tree import Act

Maker = Callable[[Material], Document]
"""Makes a document. It blocks, and may take minutes where data is measured: call it in a thread."""

KINDS: Final[dict[str, Maker]] = {
    "croissant": make_croissant,
    "datasheet": make_datasheet,
    "card": make_card,
    "dmp": make_dmp,
    "spdx": make_spdx,
    "cyclonedx": make_cyclonedx,
}
OF_MODELS: Final[dict[str, Callable[[Trainings], Document]]] = {
    "spdx": make_model_spdx,
    "cyclonedx": make_model_cyclonedx,
}
LAWS: Final[dict[str, Callable[[Proofs], Act]]] = {
    "article10": article10,
    "annex-iv": annex_iv,
    "training-summary": training_summary,
}
"""The AI Act's: of models and versions, in two forms each (see `acts`), made only if they are named."""
OFFERED: Final = "croissant-offered"
"""What a catalogue says of a dataset, as Croissant; made of the catalogue's dataset, not of a version."""
