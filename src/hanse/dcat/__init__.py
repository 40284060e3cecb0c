"""DCAT 3: datasets, distributions and the fields that a catalogue can be searched by. Pure."""
