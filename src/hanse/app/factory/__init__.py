"""Builds the AI factory's services, and fills their ports with the other rooms."""
