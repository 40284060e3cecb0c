"""The AI factory, as steps."""
