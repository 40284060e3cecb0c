"""How many examples the suites try that compare two ways to one answer: 500 in `make test`, 10,000 in `make test-long`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("HANSE_EXAMPLES", "500"))

thorough = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Decorates such a test."""
