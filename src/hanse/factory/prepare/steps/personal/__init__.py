"""Personal data in texts: what is found by its form, its checksum and the words beside it (`scan`), and how it is masked (`step`)."""
