"""Checks of descriptions: `description.check` is the door."""
