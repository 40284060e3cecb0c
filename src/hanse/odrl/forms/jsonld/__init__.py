"""ODRL in JSON-LD, compact, prefixed or expanded, without a JSON-LD processor: nothing is ever fetched, and no context is run.

`text` decodes, `context` knows the names, `document` brings every form to one, `values` and `rules` read what it says.
"""
