"""Policies read and written: the form of the Dataspace Protocol, ODRL in JSON-LD, and what travels from one to the other."""
