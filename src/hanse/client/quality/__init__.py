"""`hanse.assess`: the quality of a stored version, a folder or a file, measured in the user's own process."""
