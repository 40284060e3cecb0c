"""Quality filters with published rules: Gopher, C4 and FineWeb."""
