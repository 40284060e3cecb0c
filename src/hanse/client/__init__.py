"""What runs on the consumer's side: pulling data, and the typed client of the management API."""
