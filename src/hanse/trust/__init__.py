"""What a participant believes about others: the register and the rulebook of its space, and the credentials that peers present."""
