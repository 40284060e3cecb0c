"""How many tokens a model wants, what the data at hand yields, what is missing, and which entries of catalogues would fill it."""
