"""Who is who, and what is true of whom: DIDs, keys, tokens, statements, credentials, rulebooks. Pure: no I/O, no clock."""
