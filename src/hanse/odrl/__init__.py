"""ODRL 2.2: the model, its JSON form, checks, decisions, sentences. Pure."""
