"""Steps that leave out what is there twice, or must not be there at all: the same text, nearly the same text, the text of a test."""
