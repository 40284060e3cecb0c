"""Carries approved items out: negotiate, fetch, look inside, store, document; from wherever an interruption left them."""
