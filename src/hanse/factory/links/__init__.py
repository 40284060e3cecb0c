"""Links: the mode of collaboration between the factory and each space."""
