"""Croissant 1.1 with the terms of RAI 1.0: descriptions of datasets for machine learning, written, read and checked."""
