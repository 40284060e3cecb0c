"""Participants as values: who is hosted here, what each may use, and which operators act for it."""
