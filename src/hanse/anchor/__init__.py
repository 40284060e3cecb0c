"""The trust anchor: a participant that keeps the signed list of a space's members, and how members read that list."""
