"""The facility: a content-addressed, encrypted store of immutable dataset versions."""
