"""Policies by name, for people who do not write ODRL: `members + purpose dpv:ResearchAndDevelopment + until 2027-01-01`."""

from hanse.odrl.templates.catalogue import TEMPLATES
from hanse.odrl.templates.grammar import near, parse_template
from hanse.odrl.templates.pieces import Template
from hanse.odrl.templates.uses import ACTION_WORDS

__all__ = ["ACTION_WORDS", "TEMPLATES", "Template", "near", "parse_template"]
