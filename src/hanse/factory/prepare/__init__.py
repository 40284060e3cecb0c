"""Data made ready for training: a pipeline of steps over records, on this machine or on a Ray cluster, with an account of every record."""
