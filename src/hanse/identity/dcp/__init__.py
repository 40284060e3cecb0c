"""The Decentralized Claims Protocol 1.0, its pure part: messages, scopes and access tokens."""
