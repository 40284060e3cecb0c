"""The rulebook as an author writes it: a YAML file, read with a line number for every mistake; no I/O."""
