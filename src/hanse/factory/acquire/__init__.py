"""Acquire: from a wish to data that is stored: search, plan, ask, negotiate, fetch, verify."""
