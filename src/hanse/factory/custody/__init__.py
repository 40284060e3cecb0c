"""Custody: who keeps which bytes until when, holds, drills, trained models, and the questions of an authority."""
