"""The management interface of an AI factory."""
