"""The story of any id."""
