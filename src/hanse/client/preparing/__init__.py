"""Data made ready for training, in the user's process: versions are opened, prepared, and stored again as a derived version."""
