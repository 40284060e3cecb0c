"""The management interface of a wallet: credentials, requests for more, and keys."""
