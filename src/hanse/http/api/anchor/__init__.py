"""The management interface of an anchor: its space, members, rulebook, and what it issues."""
