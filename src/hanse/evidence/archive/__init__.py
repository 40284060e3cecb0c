"""The evidence archive: one file that proves, offline and years later, what was agreed, received, used and made.

`docs/evidence-archive.md` describes it for whoever writes a reader of their own.
"""
