"""Terms compiled into decisions and reports; many agreements at once."""
