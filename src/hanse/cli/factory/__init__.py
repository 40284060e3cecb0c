"""The commands of an AI factory."""
