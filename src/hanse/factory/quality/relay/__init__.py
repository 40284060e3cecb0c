"""The quality relay: provider, space, factory and user each assess and sign, and whoever comes later verifies what was said earlier."""
