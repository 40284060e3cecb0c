"""Who is who: DIDs and their documents, keys, self-issued tokens and signed statements. Pure: no I/O, no clock."""
