"""Adapters to HTTP: servers for peers and operators, the client for peers, and the limits both keep."""
