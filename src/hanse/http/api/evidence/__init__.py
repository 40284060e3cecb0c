"""The management interface of the ledger, and of what is stated under contracts."""
