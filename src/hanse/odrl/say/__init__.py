"""Policies, decisions and refusals in words, in English, German, French and Dutch; and sentences back to policies."""

from hanse.odrl.say.decisions import say_badge, say_refusal, say_report
from hanse.odrl.say.terms import parse_terms, say_agreement, say_terms

__all__ = ["parse_terms", "say_agreement", "say_badge", "say_refusal", "say_report", "say_terms"]
