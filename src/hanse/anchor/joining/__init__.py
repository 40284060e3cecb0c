"""How a participant becomes a member, and what becomes of it: application, decision by one or two, suspension, revocation, leaving."""
