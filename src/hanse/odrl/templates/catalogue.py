"""All templates, in the order in which they are shown."""

from __future__ import annotations

from hanse.odrl.templates.how import HOW
from hanse.odrl.templates.limits import LIMITS
from hanse.odrl.templates.owed import OWED
from hanse.odrl.templates.pieces import Template
from hanse.odrl.templates.uses import USES
from hanse.odrl.templates.who import WHO

MADE = {template.name: (template, parser) for template, parser in (*WHO, *LIMITS, *HOW, *USES, *OWED)}
"""Each template with what reads it, by name."""

TEMPLATES: tuple[Template, ...] = tuple(template for template, _ in MADE.values())
"""The templates, for documents and help. They combine with `+`: then all conditions must hold, and all that is owed is owed."""
