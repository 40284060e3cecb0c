"""Benchmarks: ratios and medians of repeated runs, each beside a named rival or limit. `make bench` writes RESULTS.md."""
